"""What the makers' declarations say, for tests: endpoints, hosts, credentials, assets.

Every list of makers in a test comes from here, so that a new maker needs no edit of a test. A test that runs whole
nights takes SMALL or FEW, so that a new maker does not lengthen it; a test that asks a maker little takes OEMS.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from itertools import combinations
from math import prod
from typing import Any

from raw.endpoint.declaration import Dealers, Endpoint, Inventory
from raw.endpoint.hosts import hosts_of
from raw.endpoint.requests import Secret
from raw.endpoint.signs import Sign
from raw.endpoint.slicing import First, Listed
from raw.wiring.discovery import Oem, discover
from resources.sandbox.serving.routes import Route
from tests.support.counts import IS_SOAK

OEMS: list[Oem] = discover()
ENDPOINTS: list[tuple[Oem, Endpoint]] = [(oem, endpoint) for oem in OEMS for endpoint in oem.endpoints]
ASKED: list[tuple[Oem, Endpoint]] = [(oem, endpoint) for oem, endpoint in ENDPOINTS if not endpoint.answers_of]
"""The endpoints that are asked for; the others read the answers of one of these."""
ASKED_IDS = [f"{oem.name}-{endpoint.name}" for oem, endpoint in ASKED]
ENDPOINT_IDS = [f"{oem.name}-{endpoint.name}" for oem, endpoint in ENDPOINTS]


def hosts(oem: Oem) -> set[str]:
    """The hosts that a maker's requests name; a host that comes from a first answer is none of them."""
    return {host for endpoint in oem.endpoints for host in hosts_of(endpoint)}


def credentials(declaration: Oem | Endpoint) -> set[str]:
    """The environment variables of the credentials of a maker or of one of its endpoints."""
    endpoints = declaration.endpoints if isinstance(declaration, Oem) else (declaration,)
    return {secret.variable for endpoint in endpoints for secret in _within(endpoint, Secret)}


def assets(oem: Oem, *endpoints: Endpoint) -> set[str]:
    """The keys of a maker's assets, `<oem>/<tier>/<name>`; with endpoints, of those that make or need their rows."""
    return {
        f"{oem.name}/{tier}/{name}"
        for endpoint in endpoints or oem.endpoints
        for tier, name in (
            ("raw", endpoint.name),
            ("transformed", endpoint.yields.name),
            ("consolidated", endpoint.yields.table),
        )
    }


def markets(oem: Oem, table: str) -> set[str]:
    """Our codes of the markets in which a maker has vehicles (`inventory`) or dealers (`dealers`)."""
    return {market for endpoint in oem.endpoints if endpoint.yields.table == table for market in endpoint.markets}


def feeds(endpoint: Endpoint) -> int:
    """How many lists of records an endpoint's night asks for, each page by page: one a market and slice, as far as the
    slices are declared."""
    return sum(
        prod(
            len(values.known if isinstance(values, Listed) else values) or 1
            for values in endpoint.slices_in(market).values()
        )
        for market in endpoint.markets
    )


def steps(oem: Oem, *endpoints: Endpoint) -> set[str]:
    """The keys of a maker's steps, `<oem>__<tier>__<name>`; with endpoints, of those that make or need their rows."""
    return {name.replace("/", "__") for name in assets(oem, *endpoints)}


def aim(oem: Oem, endpoint: Endpoint, market: str, routes: Iterable[Route]) -> str:
    """Where a fault of the sandbox strikes this market: `<oem>/<endpoint>/<code on the wire>`, or the whole endpoint
    where the maker's requests do not name a market."""
    route = next(route for route in routes if (route.oem, route.endpoint) == (oem.name, endpoint.name))
    codes = [value for value in endpoint.markets[market].values() if value in route.markets]
    return "/".join([oem.name, endpoint.name, *codes[:1]])


def statuses(endpoint: Endpoint) -> set[int]:
    """The statuses of answers that an endpoint's declaration names."""
    signs = {one.status for one in _within(endpoint, Sign) if one.status is not None}
    firsts = {status for one in _within(endpoint, First) for status in one.again_after}
    named = {endpoint.bad_market_status, endpoint.pages.ends_with, *endpoint.success}
    return signs | firsts | {status for status in named if status is not None}


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


def few(oems: Iterable[Oem]) -> list[Oem]:
    """The two makers whose nights of few markets cost the least, cheapest first, that both have vehicles and dealers,
    of which one has a credential and one has vehicles in several markets.

    Raises ValueError where no two makers are such.
    """
    small = {oem.name: with_few_markets(oem) for oem in oems}
    whole = [oem for oem in oems if small[oem.name].yielding(Inventory) and small[oem.name].yielding(Dealers)]
    pairs = [
        pair
        for pair in combinations(sorted(whole, key=lambda oem: _cost(small[oem.name])), 2)
        if any(credentials(small[oem.name]) for oem in pair)
        and any(len(markets(small[oem.name], "inventory")) > 1 for oem in pair)
    ]
    return list(min(pairs, key=lambda pair: _cost(*(small[oem.name] for oem in pair))))


def with_few_markets(oem: Oem) -> Oem:
    """The maker with at most two markets of vehicles, so that one may follow another, and one of dealers: of its first
    endpoints, and without the endpoints that have no market left."""
    left: dict[type, int] = {Inventory: 2, Dealers: 1}
    kept: dict[str, Endpoint] = {}
    for endpoint in oem.endpoints:
        answers = kept[endpoint.answers_of].markets if endpoint.answers_of in kept else {}
        reachable = [market for market in endpoint.markets.items() if not endpoint.answers_of or market[0] in answers][
            : left[type(endpoint.yields)]
        ]
        if reachable:
            left[type(endpoint.yields)] -= len(reachable)
            kept[endpoint.name] = replace(endpoint, markets=dict(reachable))
    return replace(oem, endpoints=tuple(kept.values()))


def _cost(*oems: Oem) -> tuple[int, int]:
    """What a night of makers costs, roughly: each market is typed and committed, each list of records is asked for."""
    asked = [endpoint for oem in oems for endpoint in oem.endpoints if not endpoint.answers_of]
    return sum(map(_market_days, oems)), sum(map(feeds, asked))


def _market_days(oem: Oem) -> int:
    return sum(len(endpoint.markets) for endpoint in oem.endpoints)


FEW: list[Oem] = sorted(OEMS, key=_market_days) if IS_SOAK else few(OEMS)
"""The makers of whole nights in tests; every maker under `make soak`."""
SMALL: list[Oem] = FEW if IS_SOAK else [with_few_markets(oem) for oem in FEW]
"""FEW with few markets, for nights in this process (`night_in(oems=SMALL)`)."""
MANY_MARKETS: Oem = next(oem for oem in few(OEMS) if len(markets(oem, "inventory")) > 1)
"""One maker with vehicles and dealers, in several markets."""
WITH_CREDENTIAL: Oem = next(oem for oem in few(OEMS) if credentials(oem))
SHARING: list[tuple[Oem, Endpoint]] = [(oem, one) for oem, one in ENDPOINTS if oem.shares_table(one)]
"""The endpoints that yield rows of a table to which another endpoint of the maker yields rows too."""
LIGHTEST: tuple[Oem, Endpoint] = min(ENDPOINTS, key=lambda pair: feeds(pair[1]))
"""The endpoint that asks for the fewest lists of records, with its maker."""
