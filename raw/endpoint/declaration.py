"""What a maker's module declares of one endpoint: where it is, which markets it has, how to ask, when it is whole.

Declarations have no behaviour of their own: `raw.fetch` acts on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from raw.endpoint.paging import NOT_ASKED, Cursor, Offset, PageIndex, SinglePage
from raw.endpoint.requests import Get, Request, Secret, secrets_of
from raw.endpoint.signs import Refused, Sign
from raw.endpoint.slicing import First, Listed, Quarters, Split
from resources.markets import MARKETS
from resources.sizing.sizes import Size, Tier

Slices = Mapping[str, "tuple[str, ...] | Listed"]
"""Parameters that are asked one by one within a market (their product)."""


Pages = Offset | PageIndex | Cursor | SinglePage


@dataclass(frozen=True, slots=True)
class Way:
    """Another request, with pages of its own, for the slices of a value: a second service that serves the rest of a
    market. Its records stand where the endpoint's do, or at one more alternative of `records`."""

    request: Request
    pages: Pages = field(default_factory=SinglePage)


@dataclass(frozen=True, slots=True)
class MarketList:
    """A request that lists the markets which the OEM serves. It is asked first, so that a market which the OEM no
    longer knows is told apart from a market without stock.

    `codes` is the dotted path to the list, `code` the key in each of its entries, `parameter` the market parameter
    that is compared with it, `ignore` the pseudo-markets.
    """

    request: Request
    codes: str
    code: str
    parameter: str
    ignore: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Inventory:
    """The endpoint yields vehicles: the transformed asset `name`, merged into `inventory*`.

    `debounce_days`: accepted days of absence after which a vehicle counts as gone; `debounce_days_in`: of the markets
    that have another number.
    """

    name: str
    debounce_days: int = 3
    debounce_days_in: Mapping[str, int] = field(default_factory=dict)
    table: Literal["inventory"] = "inventory"


@dataclass(frozen=True, slots=True)
class Dealers:
    """The endpoint yields dealers: the transformed asset `name`, merged into `dealers`."""

    name: str
    debounce_days: int = 3
    debounce_days_in: Mapping[str, int] = field(default_factory=dict)
    table: Literal["dealers"] = "dealers"


@dataclass(frozen=True, slots=True)
class PerSecond:
    """Politeness: at most `requests` a second against the endpoint's host, `concurrency` of them at a time.
    rest_seconds: how long the host is left alone after a 429 that names no time."""

    requests: float
    concurrency: int = 4
    rest_seconds: float = 0.0


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
    records: the place of the records in a page's body, as `raw.archive.record_list.RecordList` reads it. identity:
    dotted path in a record of what identifies a listing, or several paths, of which the first that holds a value
    counts. markets: our market code, a row of `resources/markets.py`, -> the parameters that fill the request's
    templates, beside the market's own facts: `{code}`, `{language}`, `{currency}`, `{distance_unit}`.
    slices: parameters asked one by one within each market, where the OEM has no request for the whole.
    request_of_market, slices_of_market: where a market has others. first: answers asked for before anything else.
    of_slice: slice -> its value -> further parameters that follow from the value: the host of a brand.
    way_of_slice: slice -> its value -> how the slices of this value are asked, where that is another way.
    slices_overlap: each slice is the whole in another order, so that their totals are no sum. split: how a slice whose
    answer is cut off is asked in finer slices; several are used one after the other.
    limit: politeness. limits: of the markets that have another. success: the statuses of a good answer, where not all
    of 2xx are. succeeds_when: (dotted path, value) that a good body carries. refusals: answers that are none although
    their status is good. nothing: the sign of an answer without records whose list is missing.
    trusted_total: whether missing records against the reported total make the fetch incomplete;
    total_tolerance: the share that may be missing because the stock moves while we page.
    total_slack: records by which a total that is not trusted is off on good days: a page that lacks more than its own
    total promises contradicts itself, trusted or not; finer slices that lack more than the slice that they were asked
    in place of are a shortfall.
    minimum_expected: fewer records than this in a market is a silent zero; by market where that differs.
    bad_market_status: the status with which the OEM answers an unknown market, where that is not a 4xx.
    budget: what one attempt at a market may cost. markets_share_listings: whether one listing may stand in several
    markets; else two markets that hold the same listings were mixed up.
    answers_of: the name of another endpoint of the maker, whose archived answers hold these records too. Nothing is
    asked for then: request, pages and limit are that endpoint's.
    sizes: the size of a tier's step for this endpoint, where the tier's default does not fit.
    """

    name: str
    yields: Inventory | Dealers
    records: str
    identity: str | tuple[str, ...]
    markets: Mapping[str, Mapping[str, Any]]
    request: Request = field(default_factory=lambda: Get(""))
    pages: Pages = field(default_factory=SinglePage)
    limit: PerSecond = field(default_factory=lambda: PerSecond(1))
    limits: Mapping[str, PerSecond] = field(default_factory=dict, metadata=NOT_ASKED)
    slices: Slices = field(default_factory=dict)
    request_of_market: Mapping[str, Request] = field(default_factory=dict)
    slices_of_market: Mapping[str, Slices] = field(default_factory=dict)
    of_slice: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    way_of_slice: Mapping[str, Mapping[str, Way]] = field(default_factory=dict)
    slices_overlap: bool = False
    split: Split | Quarters | tuple[Split | Quarters, ...] = ()
    first: First | tuple[First, ...] = ()
    market_list: MarketList | None = None
    success: tuple[int, ...] = ()
    succeeds_when: tuple[str, Any] | None = None
    refusals: tuple[Refused, ...] = ()
    nothing: Sign | None = None
    trusted_total: bool = True
    total_tolerance: float = 0.005
    total_slack: int = 0
    minimum_expected: int | Mapping[str, int] = 1
    bad_market_status: int | None = None
    budget: Budget = field(default_factory=Budget)
    markets_share_listings: bool = False
    answers_of: str = ""
    sizes: Mapping[Tier, Size] = field(default_factory=dict)
    description: str = ""

    @property
    def identities(self) -> tuple[str, ...]:
        """The dotted paths of the identity, the first to be looked at first."""
        return (self.identity,) if isinstance(self.identity, str) else self.identity

    @property
    def splits(self) -> tuple[Split | Quarters, ...]:
        return self.split if isinstance(self.split, tuple) else (self.split,)

    @property
    def firsts(self) -> tuple[First, ...]:
        return self.first if isinstance(self.first, tuple) else (self.first,)

    def request_in(self, market: str) -> Request:
        """The request of a market's pages."""
        return self.request_of_market.get(market, self.request)

    def slices_in(self, market: str) -> Slices:
        return self.slices_of_market.get(market, self.slices)

    @property
    def ways(self) -> list[Way]:
        """The other ways in which slices are asked."""
        return [way for of_value in self.way_of_slice.values() for way in of_value.values()]

    def by(self, way: Way) -> Endpoint:
        """The endpoint as its slices of another way are asked."""
        return replace(self, request=way.request, pages=way.pages, request_of_market={}, way_of_slice={})

    def ways_in(self, market: str) -> list[Endpoint]:
        """The endpoint as the slices of a market are asked that go another way."""
        slices = self.slices_in(market)
        return [
            self.by(way)
            for name, of_value in self.way_of_slice.items()
            for value, way in of_value.items()
            if value in _known(slices.get(name, ()))
        ]

    def requests(self) -> list[Request]:
        """Every request that the endpoint may send."""
        listed = [
            values.request
            for slices in (self.slices, *self.slices_of_market.values())
            for values in slices.values()
            if isinstance(values, Listed)
        ]
        lists = [self.market_list.request] if self.market_list else []
        firsts = [first.request for first in self.firsts]
        ways = [way.request for way in self.ways]
        return [self.request, *self.request_of_market.values(), *ways, *lists, *firsts, *listed]


def _known(values: tuple[str, ...] | Listed) -> tuple[str, ...]:
    """The values of a slice that are known before anything is asked."""
    return values.known if isinstance(values, Listed) else values


def of_market(value: int | Mapping[str, int], market: str, otherwise: int) -> int:
    """A number that is declared for all markets or by market."""
    return value.get(market, otherwise) if isinstance(value, Mapping) else value


def before_splits(endpoint: Endpoint) -> dict[str, Any]:
    """The parameters of the splits of a slice that is not split."""
    whole: dict[str, Any] = {}
    for split in endpoint.splits:
        whole |= split.whole() if isinstance(split, Quarters) else {split.parameter: split.before}
    return whole


def following_from(endpoint: Endpoint, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """A slice's parameters, and those that follow from them by `of_slice`."""
    found = dict(parameters)
    for name, of_value in endpoint.of_slice.items():
        found |= of_value.get(parameters.get(name, ""), {})
    return found


def asked_for(endpoint: Endpoint, parameters: Mapping[str, Any]) -> Endpoint:
    """The endpoint as a slice of it is asked: itself, or with the request and the pages of the slice's other way."""
    for name, of_value in endpoint.way_of_slice.items():
        if way := of_value.get(parameters.get(name, "")):
            return endpoint.by(way)
    return endpoint


def market_parameters(endpoint: Endpoint, market: str) -> dict[str, Any]:
    """What fills the request's templates for a market: the facts of the market, then what the endpoint declares."""
    facts = asdict(MARKETS[market]) if market in MARKETS else {}
    return {**facts, **endpoint.markets[market]}


def credentials_of(endpoint: Endpoint) -> list[str]:
    """The environment variables of every credential that the endpoint's requests may carry."""
    in_markets = [value for parameters in endpoint.markets.values() for value in parameters.values()]
    found = [variable for request in endpoint.requests() for variable in secrets_of(request)]
    return list(dict.fromkeys([*found, *(value.variable for value in in_markets if isinstance(value, Secret))]))
