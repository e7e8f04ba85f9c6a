"""What an OEM declares of one endpoint: where, which markets, how to ask, how to page, when it is whole.

Belongs here: declarations without behaviour, and the rendering of one page's request from them.
Does not belong here: sending anything (`raw.fetch.day`), and any car maker (`raw/<oem>.py`).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import product
from typing import Any, Literal

from resources.sizing.sizes import Size, Tier


@dataclass(frozen=True, slots=True)
class Secret:
    """A credential, named by its environment variable; its value is never declared, archived or printed."""

    variable: str


def secret(variable: str) -> Secret:
    """Declare that a header's value is the credential in the environment variable `variable`."""
    return Secret(variable)


@dataclass(frozen=True, slots=True)
class Get:
    """A GET request. `{name}` in url, params and headers is filled from the market's and slice's parameters."""

    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str | Secret] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GraphQL:
    """A GraphQL query by POST. An answer of status 200 with `errors` is a refusal."""

    url: str
    query: str
    variables: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str | Secret] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Offset:
    """Paging by row offset: `start`=0, step, 2*step ... and `size`=step in the query.

    `total` is the dotted path of the reported total in the body; `ends_with` the status with which the OEM
    answers a page past the end, where that is not a short or an empty page.
    """

    start: str
    size: str
    step: int
    total: str | None = None
    ends_with: int | None = None


@dataclass(frozen=True, slots=True)
class PageIndex:
    """Paging by page number from `first`: `index`=first, first+1 ... and `size`=step in the query."""

    index: str
    size: str
    step: int
    first: int = 0
    total: str | None = None
    ends_with: int | None = None


@dataclass(frozen=True, slots=True)
class SinglePage:
    """No paging: one answer holds everything. `total` as in `Offset`."""

    total: str | None = None


Pages = Offset | PageIndex | SinglePage


@dataclass(frozen=True, slots=True)
class MarketList:
    """A request that lists the markets which the OEM serves; asked first, so that a market it no longer knows
    is told apart from one without stock. `codes` is the dotted path to the list, `code` the key in each of
    its entries, `parameter` the market parameter that is compared with it, `ignore` the pseudo-markets."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One endpoint of one OEM.

    name: of the raw asset. yields: the table that follows. request, pages: how to ask.
    records: dotted path to the list of records in a page's body. identity: the record's key that identifies
    a listing. markets: our market code -> the parameters that fill the request's templates.
    slices: parameters asked one by one within each market (their product), where the OEM has no request
    for the whole. limit: politeness. succeeds_when: (dotted path, value) that a good body carries.
    trusted_total: whether missing records against the reported total make the fetch incomplete;
    total_tolerance: the share that may be missing because the stock moves while we page.
    minimum_expected: fewer records than this in a market is a silent zero.
    bad_market_status: the status with which the OEM answers an unknown market, where that is not a 4xx.
    sizes: the size of a tier's step for this endpoint, where the tier's default does not fit.
    """

    name: str
    yields: Inventory | Dealers
    request: Get | GraphQL
    pages: Pages
    records: str
    identity: str
    markets: Mapping[str, Mapping[str, str]]
    limit: PerSecond
    slices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    market_list: MarketList | None = None
    succeeds_when: tuple[str, Any] | None = None
    trusted_total: bool = True
    total_tolerance: float = 0.005
    minimum_expected: int = 1
    bad_market_status: int | None = None
    sizes: Mapping[Tier, Size] = field(default_factory=dict)
    description: str = ""


@dataclass(frozen=True, slots=True)
class RenderedRequest:
    """One request as it goes out, with credentials still named rather than filled in."""

    method: Literal["GET", "POST"]
    url: str
    params: tuple[tuple[str, str], ...]
    headers: tuple[tuple[str, str | Secret], ...]
    body: bytes | None


_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


def _fill(template: str, parameters: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: parameters[match[1]], template)


def slices_of(endpoint: Endpoint) -> list[dict[str, str]]:
    """The parameter sets asked one by one within a market; a single empty one where the endpoint has none."""
    names = list(endpoint.slices)
    return [dict(zip(names, values, strict=True)) for values in product(*endpoint.slices.values())]


def render(
    request: Get | GraphQL, parameters: Mapping[str, str], paging: Mapping[str, str] | None = None
) -> RenderedRequest:
    """The request for one page.

    parameters fill the templates; paging is added to a GET's query or to a GraphQL request's variables.
    Raises KeyError naming the placeholder for which there is no parameter.
    """
    paging = paging or {}
    headers = tuple(
        (name, value if isinstance(value, Secret) else _fill(value, parameters))
        for name, value in request.headers.items()
    )
    url = _fill(request.url, parameters)
    if isinstance(request, Get):
        params = tuple((name, _fill(value, parameters)) for name, value in request.params.items()) + tuple(
            paging.items()
        )
        return RenderedRequest("GET", url, params, headers, None)
    variables = {name: _fill(value, parameters) for name, value in request.variables.items()} | dict(paging)
    body = json.dumps({"query": request.query, "variables": variables}, ensure_ascii=False).encode()
    return RenderedRequest("POST", url, (), (("Content-Type", "application/json"), *headers), body)


def page_parameters(pages: Pages, number: int) -> dict[str, str]:
    """The paging parameters of the `number`-th page, counted from 0."""
    if isinstance(pages, Offset):
        return {pages.start: str(number * pages.step), pages.size: str(pages.step)}
    if isinstance(pages, PageIndex):
        return {pages.index: str(pages.first + number), pages.size: str(pages.step)}
    return {}


def coverage(endpoint: Endpoint, market: str) -> str:
    """Fingerprint (16 hex digits) of how a market is asked: request, filters, paging and scope, not politeness.

    When it changes, vehicles that appear were perhaps there before: history must not call them new.
    """
    asked = {
        "request": asdict(endpoint.request),
        "pages": {"kind": type(endpoint.pages).__name__, **asdict(endpoint.pages)},
        "records": endpoint.records,
        "identity": endpoint.identity,
        "market": dict(endpoint.markets[market]),
        "slices": dict(endpoint.slices),
    }
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]
