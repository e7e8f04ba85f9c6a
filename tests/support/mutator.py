"""A host that lies: the sandbox's honest answers to an endpoint, changed in ways that are drawn from a seed and noted.

The mutator knows what exists (it pages through the honest host by itself) and what it told: after a conversation
`wrongly_complete` says why a market that was sealed complete must not have been.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
from aiohttp import web

from raw.archive.json_fields import value_at
from raw.endpoint.declaration import Endpoint, market_parameters, slices_of
from raw.endpoint.requests import RenderedRequest, render
from raw.wiring.discovery import Oem
from resources.sandbox.serving.credentials import sandbox_credential
from resources.sandbox.serving.routes import Answer, Asked, Refusal, Route, World
from resources.sandbox.serving.server import Sandbox
from tests.support.declared import ASKED
from tests.support.lies import LIES, Lie, Page, Told, names_in

# of a market: (market code, slice as the sandbox names it, page number)
Key = tuple[str, str, int]
DAY = date(2026, 11, 20)


@dataclass
class HonestHost:
    """What an endpoint's host says without lies: pages by key, identities by market, and the sandbox behind it."""

    endpoint: Endpoint
    route: Route
    pages: dict[Key, bytes] = field(default_factory=dict)
    identities: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def market_of(self, code: str | None) -> str:
        """Our code of the market that a request names on the wire."""
        for market, parameters in self.endpoint.markets.items():
            if code in parameters.values():
                return market
        return next(iter(self.endpoint.markets))

    def is_market_list(self, asked: Asked) -> bool:
        market_list = self.endpoint.market_list
        return market_list is not None and asked.body == render(market_list.request, {}).body

    def answer(self, asked: Asked) -> Answer:
        try:
            return self.route.answer(asked)
        except Refusal as refusal:
            return refusal.answer

    def key_of(self, asked: Asked) -> Key:
        target = self.route.target(asked)
        return self.market_of(target.market), target.market or "", target.page

    def walk(self) -> None:
        """Page through every market until a page is empty or refused."""
        for market in self.endpoint.markets:
            for parameters in slices_of(self.endpoint, market):
                number = 0
                while True:
                    filled = {**market_parameters(self.endpoint, market), **parameters}
                    paging = self.endpoint.pages.parameters(number)
                    request = self.endpoint.request_in(market)
                    asked = self.asked(render(request, filled, paging, reveal=sandbox_credential))
                    answer = self.answer(asked)
                    records = records_of(self.endpoint, answer.body) if answer.status == 200 else []
                    if number and not records:
                        break
                    self.pages[self.key_of(asked)] = answer.body
                    self.identities[market] |= identities_of(self.endpoint, answer.body)
                    number += 1
                    if self.endpoint.pages.page_size is None:
                        break

    def asked(self, rendered: RenderedRequest) -> Asked:
        parts = urlsplit(rendered.url)
        parameters = self.route.match(parts.path)
        assert parameters is not None
        headers = {name.lower(): value for name, value in rendered.headers}
        return Asked(parameters, dict(parse_qsl(parts.query)), headers, rendered.body or b"")


@cache
def honest_host(oem: str, endpoint: str, vehicles: int) -> HonestHost:
    """The honest host of an endpoint, walked once."""
    (declaration,) = (of for maker, of in ASKED if (maker.name, of.name) == (oem, endpoint))
    routes = Sandbox(World(DAY, vehicles)).routes
    host = HonestHost(declaration, next(one for one in routes if (one.oem, one.endpoint) == (oem, endpoint)))
    host.walk()
    return host


def records_of(endpoint: Endpoint, body: bytes) -> list[Any]:
    """The records of a page, empty where there are none to be read."""
    try:
        found = value_at(msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf")), endpoint.records.split("."))
    except (ValueError, RecursionError):
        return []
    return found if isinstance(found, list) else []


def identities_of(endpoint: Endpoint, body: bytes) -> set[str]:
    """The identities of a page's records."""
    return {name for name in names_in(endpoint, body) or [] if name is not None}


@dataclass
class Mutator:
    """One conversation: an honest host behind a few lies. `handler` serves it, `told` keeps the last answer by page."""

    oem: Oem
    host: HonestHost
    seed: int
    lies: list[Lie] = field(init=False)
    told: dict[Key, Told] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)
    """How many requests came for each market."""

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - repeatable
        kinds = self._random.sample(sorted(LIES), k=self._random.choice((1, 1, 2, 3)))
        self.lies = [self._lie(kind) for kind in kinds]
        self._times: dict[tuple[int, Key], int] = defaultdict(int)

    def _lie(self, kind: str) -> Lie:
        """A lie about one market or all, one page or all, once or always."""
        draw = self._random
        market = draw.choice([None, *self.host.endpoint.markets])
        numbers = sorted({page for _, _, page in self.host.pages})
        page = draw.choice([None, draw.choice(numbers), draw.choice(numbers)])
        return Lie(kind, market, page, draw.choice((1, 2, None)), draw.randrange(2**32))

    def describe(self) -> str:
        """What is needed to repeat the conversation."""
        lies = "; ".join(str(lie) for lie in self.lies)
        return f"seed {self.seed}, {self.oem.name} {self.host.endpoint.name}: {lies}"

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        parts = urlsplit(request.raw_path)
        parameters = self.host.route.match(parts.path)
        if parameters is None:
            return web.Response(status=404)
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Asked(parameters, dict(parse_qsl(parts.query)), headers, await request.read())
        key = self.host.key_of(asked)
        known = self.host.pages.get(key)
        answer = self.host.answer(asked) if known is None or self.host.is_market_list(asked) else Answer(200, known)
        if self.host.is_market_list(asked):  # told as it is
            return web.Response(status=answer.status, body=answer.body, headers=answer.headers)
        self.requests[key[0]] += 1
        page = Page(self.host.endpoint, key, answer.status, answer.body, dict(answer.headers), self.host.pages)
        for number, lie in enumerate(self.lies):
            if lie.strikes(key, self._times[number, key]):
                self._times[number, key] += 1
                LIES[lie.kind](page, random.Random(f"{lie.seed}/{key}"))  # noqa: S311 - repeatable
        self.told[key] = page.told(is_end=known is None)
        if page.is_dropped and request.transport is not None:
            request.transport.close()
        return web.Response(status=page.status, body=page.body, headers=page.headers)

    def wrongly_complete(self, market: str, landed: set[str], collected: int) -> str | None:
        """Why a market that was sealed complete must not have been, from what was told and what exists.

        landed: the distinct identities that were archived as pages; collected: the records in them.
        """
        endpoint = self.host.endpoint
        told = {key: said for key, said in self.told.items() if key[0] == market}
        read = [said for said in told.values() if said.is_read]
        if unknown := set().union(*(said.identities for said in read)) - landed:
            return f"{len(unknown)} listings were told and did not land, {sorted(unknown)[0]} among them"
        nameless = sum(said.without_identity for said in read)
        if nameless > collected * endpoint.total_tolerance:
            return f"{nameless} records have no identity"
        refused = [key for key, said in told.items() if not said.is_read and not said.is_end]
        if refused:
            return f"page {refused[0]} was never told well"
        if endpoint.pages.total and endpoint.trusted_total:
            slices = {key[1] for key in told}
            if slices - {key[1] for key, said in told.items() if said.total is not None}:
                return "no total could be read"
            reported = _largest_totals(told)
            if collected < reported * (1 - endpoint.total_tolerance):
                return f"{collected} records of {reported} reported"
        return self._hidden(market, landed, told)

    def _hidden(self, market: str, landed: set[str], told: Mapping[Key, Told]) -> str | None:
        """Listings that exist and were hidden although what was told gives that away."""
        endpoint = self.host.endpoint
        existing = self.host.identities[market]
        missing = existing - landed
        if len(missing) <= len(existing) * endpoint.total_tolerance:
            return None
        if any(said.is_consistent_lie for said in told.values()):
            return None
        is_trusted = bool(endpoint.pages.total) and endpoint.trusted_total
        if not is_trusted or _largest_totals(told) < len(existing) * (1 - endpoint.total_tolerance):
            return None
        return f"{len(missing)} of {len(existing)} listings are missing"


def _largest_totals(told: Mapping[Key, Told]) -> int:
    """The largest total told of each slice, added up."""
    largest: dict[str, int] = defaultdict(int)
    for (_, slice_name, _), said in told.items():
        largest[slice_name] = max(largest[slice_name], said.total or 0)
    return sum(largest.values())
