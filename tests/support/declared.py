"""What the makers' declarations say, for tests: endpoints, hosts, credentials, assets.

Every list of makers in a test comes from here, so that a new maker needs no edit of a test.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from string import Formatter
from typing import Any
from urllib.parse import urlsplit

from raw.endpoint.declaration import Endpoint, market_parameters
from raw.endpoint.requests import Secret
from raw.wiring.discovery import Oem, discover
from resources.sandbox.serving.routes import Route

OEMS: list[Oem] = discover()
ENDPOINTS: list[tuple[Oem, Endpoint]] = [(oem, endpoint) for oem in OEMS for endpoint in oem.endpoints]
ASKED: list[tuple[Oem, Endpoint]] = [(oem, endpoint) for oem, endpoint in ENDPOINTS if not endpoint.answers_of]
"""The endpoints that are asked for; the others read the answers of one of these."""
ASKED_IDS = [f"{oem.name}-{endpoint.name}" for oem, endpoint in ASKED]
ENDPOINT_IDS = [f"{oem.name}-{endpoint.name}" for oem, endpoint in ENDPOINTS]


def hosts(oem: Oem) -> set[str]:
    """The hosts that a maker's requests name; a host that comes from a first answer is none of them."""
    urls = [request.url for endpoint in oem.endpoints for request in endpoint.requests() if request.url]
    named = [url for url in urls if not placeholders_of(urlsplit(url).netloc)]
    in_markets = [
        request.url.format_map(market_parameters(endpoint, market))
        for endpoint in oem.endpoints
        for market in endpoint.markets
        for request in [endpoint.request_in(market)]
        if placeholders_of(urlsplit(request.url).netloc) and not endpoint.firsts
    ]
    return {urlsplit(url).netloc for url in (*named, *in_markets)}


def placeholders_of(text: str) -> set[str]:
    """The names in braces of a text."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def credentials(oem: Oem) -> set[str]:
    """The environment variables of a maker's credentials."""
    return {secret.variable for endpoint in oem.endpoints for secret in _within(endpoint, Secret)}


def assets(oem: Oem) -> set[str]:
    """The keys of a maker's assets, `<oem>/<tier>/<name>`."""
    return {
        f"{oem.name}/{tier}/{name}"
        for endpoint in oem.endpoints
        for tier, name in (
            ("raw", endpoint.name),
            ("transformed", endpoint.yields.name),
            ("consolidated", endpoint.yields.table),
        )
    }


def markets(oem: Oem, table: str) -> set[str]:
    """Our codes of the markets in which a maker has vehicles (`inventory`) or dealers (`dealers`)."""
    return {market for endpoint in oem.endpoints if endpoint.yields.table == table for market in endpoint.markets}


def aim(oem: Oem, endpoint: Endpoint, market: str, routes: Iterable[Route]) -> str:
    """Where a fault of the sandbox strikes this market: `<oem>/<endpoint>/<code on the wire>`, or the whole endpoint
    where the maker's requests do not name a market."""
    route = next(route for route in routes if (route.oem, route.endpoint) == (oem.name, endpoint.name))
    codes = [value for value in endpoint.markets[market].values() if value in route.markets]
    return "/".join([oem.name, endpoint.name, *codes[:1]])


def _within(value: Any, kind: type) -> Iterator[Any]:
    """Every value of a type anywhere in a declaration."""
    if isinstance(value, kind):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from _within(getattr(value, field.name), kind)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _within(item, kind)
    elif isinstance(value, list | tuple | frozenset):
        for item in value:
            yield from _within(item, kind)
