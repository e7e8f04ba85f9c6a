"""What a maker's module declares of one endpoint: where it is, which markets it has, how to ask, when it is whole.

Declarations have no behaviour of their own: `raw.fetch` acts on them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import product
from typing import Any, Literal

from raw.endpoint.paging import Offset, PageIndex, SinglePage
from raw.endpoint.requests import Get, GraphQL, placeholders
from resources.markets import MARKETS
from resources.sizing.sizes import Size, Tier


@dataclass(frozen=True, slots=True)
class MarketList:
    """A request that lists the markets which the OEM serves. It is asked first, so that a market which the OEM no
    longer knows is told apart from a market without stock.

    `codes` is the dotted path to the list, `code` the key in each of its entries, `parameter` the market parameter
    that is compared with it, `ignore` the pseudo-markets.
    """

    request: Get | GraphQL
    codes: str
    code: str
    parameter: str
    ignore: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Inventory:
    """The endpoint yields vehicles: the transformed asset `name`, merged into `inventory*`.

    `debounce_days`: accepted days of absence after which a vehicle counts as gone.
    """

    name: str
    debounce_days: int = 3
    table: Literal["inventory"] = "inventory"


@dataclass(frozen=True, slots=True)
class Dealers:
    """The endpoint yields dealers: the transformed asset `name`, merged into `dealers`."""

    name: str
    debounce_days: int = 3
    table: Literal["dealers"] = "dealers"


@dataclass(frozen=True, slots=True)
class PerSecond:
    """Politeness: at most `requests` a second against the endpoint's host, `concurrency` of them at a time."""

    requests: float
    concurrency: int = 4


@dataclass(frozen=True, slots=True)
class Budget:
    """What one attempt at a market may cost, so that a feed without an end costs a night no other market.

    requests: sent, repeated ones included. refusals: responses that were no good. decoded_bytes: of all bodies.
    seconds: from the first request to the last. body_bytes: of one body.
    """

    requests: int = 20_000
    refusals: int = 200
    decoded_bytes: int = 8 * 1024**3
    seconds: float = 2 * 3600.0
    body_bytes: int = 64 * 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One endpoint of one OEM.

    name: of the raw asset. yields: the table that follows. request, pages: how to ask.
    records: dotted path to the list of records in a page's body. identity: the record's key that identifies
    a listing. markets: our market code, a row of `resources/markets.py`, -> the parameters that fill the request's
    templates, beside the market's own facts: `{code}`, `{language}`, `{currency}`, `{distance_unit}`.
    slices: parameters asked one by one within each market (their product), where the OEM has no request
    for the whole. limit: politeness. succeeds_when: (dotted path, value) that a good body carries.
    trusted_total: whether missing records against the reported total make the fetch incomplete;
    total_tolerance: the share that may be missing because the stock moves while we page.
    total_slack: records by which a total that is not trusted is off on good days: a page that lacks more than its own
    total promises contradicts itself, trusted or not.
    minimum_expected: fewer records than this in a market is a silent zero.
    bad_market_status: the status with which the OEM answers an unknown market, where that is not a 4xx.
    budget: what one attempt at a market may cost. markets_share_listings: whether one listing may stand in several
    markets; else two markets that hold the same listings were mixed up.
    sizes: the size of a tier's step for this endpoint, where the tier's default does not fit.
    """

    name: str
    yields: Inventory | Dealers
    request: Get | GraphQL
    pages: Offset | PageIndex | SinglePage
    records: str
    identity: str
    markets: Mapping[str, Mapping[str, str]]
    limit: PerSecond
    slices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    market_list: MarketList | None = None
    succeeds_when: tuple[str, Any] | None = None
    trusted_total: bool = True
    total_tolerance: float = 0.005
    total_slack: int = 0
    minimum_expected: int = 1
    bad_market_status: int | None = None
    budget: Budget = field(default_factory=Budget)
    markets_share_listings: bool = False
    sizes: Mapping[Tier, Size] = field(default_factory=dict)
    description: str = ""


def slices_of(endpoint: Endpoint) -> list[dict[str, str]]:
    """The parameter sets asked one by one within a market; a single empty one where the endpoint has none."""
    names = list(endpoint.slices)
    return [dict(zip(names, values, strict=True)) for values in product(*endpoint.slices.values())]


def market_parameters(endpoint: Endpoint, market: str) -> dict[str, str]:
    """What fills the request's templates for a market: the facts of the market, then what the endpoint declares."""
    facts = asdict(MARKETS[market]) if market in MARKETS else {}
    return {**facts, **endpoint.markets[market]}


def coverage(endpoint: Endpoint, market: str) -> str:
    """Fingerprint (16 hex digits) of how a market is asked: request, filters, paging and scope, not politeness.

    When it changes, vehicles that appear were perhaps there before: history must not call them new. So a new field
    of a declaration must leave the fingerprint alone where it has its default value.
    """
    in_request = placeholders(endpoint.request)
    facts = {name: value for name, value in market_parameters(endpoint, market).items() if name in in_request}
    pages = asdict(endpoint.pages)
    if pages.get("end_sign", ...) is None:
        del pages["end_sign"]
    asked = {
        "request": asdict(endpoint.request),
        "pages": {"kind": type(endpoint.pages).__name__, **pages},
        "records": endpoint.records,
        "identity": endpoint.identity,
        "market": {**facts, **endpoint.markets[market]},
        "slices": dict(endpoint.slices),
    }
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]
