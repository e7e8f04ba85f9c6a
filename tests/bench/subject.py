"""What is measured: one maker's stock in several markets and its dealers, chosen by what the declarations say."""

from __future__ import annotations

from datetime import date

from raw.endpoint.declaration import Dealers, Endpoint, Inventory
from raw.endpoint.paging import Offset
from raw.endpoint.requests import Get
from raw.wiring.discovery import Oem, discover

DAYS = (date(2026, 11, 1), date(2026, 11, 2))
"""Played days: a fixed pair, so that two runs measure the same bytes."""


def subject() -> Oem:
    """The maker of the stock that is asked for page by page in most markets, with that endpoint and one of dealers.

    The other endpoints of the maker are left out: the peer fetches the same stock and nothing else.
    """
    stock = [(oem, endpoint) for oem in discover() for endpoint in oem.endpoints if _can_be_measured(endpoint)]
    oem, endpoint = max(stock, key=lambda one: len(one[1].markets))
    dealers = max(oem.yielding(Dealers), key=lambda one: len(one.markets))
    return Oem(oem.name, (endpoint, dealers))


def stock_of(oem: Oem) -> Endpoint:
    return oem.yielding(Inventory)[0]


def _can_be_measured(endpoint: Endpoint) -> bool:
    """Whether the peer's own source can page through the endpoint: GET requests, row offsets, a total in the body."""
    return (
        isinstance(endpoint.yields, Inventory)
        and isinstance(endpoint.request, Get)
        and isinstance(endpoint.pages, Offset)
        and isinstance(endpoint.pages.size, str)
        and isinstance(endpoint.pages.total, str)
        and not (endpoint.slices or endpoint.request_of_market or endpoint.answers_of)
    )
