"""What the makers' declarations say, for tests: endpoints, hosts, credentials, assets.

Every list of makers in a test comes from here, so that a new maker needs no edit of a test.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any
from urllib.parse import urlsplit

from raw.endpoint.declaration import Endpoint
from raw.endpoint.requests import Secret
from raw.wiring.discovery import Oem, discover
from resources.sandbox.serving.routes import Route

OEMS: list[Oem] = discover()
ENDPOINTS: list[tuple[Oem, Endpoint]] = [(oem, endpoint) for oem in OEMS for endpoint in oem.endpoints]
ENDPOINT_IDS = [f"{oem.name}-{endpoint.name}" for oem, endpoint in ENDPOINTS]


def hosts(oem: Oem) -> set[str]:
    """The hosts that a maker's requests go to."""
    urls = [value for endpoint in oem.endpoints for value in _within(endpoint, str) if value.startswith("https://")]
    return {urlsplit(url).netloc for url in urls}


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
