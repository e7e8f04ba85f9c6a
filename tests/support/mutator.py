"""A host that lies: the sandbox's honest answers to an endpoint, changed in ways that are drawn from a seed and noted.

The mutator knows what exists (it pages through the honest host by itself) and what it told: after a conversation
`wrongly_complete` says why a market that was sealed complete must not have been.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import pytest
from aiohttp import web

import raw.fetch.day
from raw.archive.record_list import RecordList
from raw.endpoint.declaration import Endpoint, asked_for
from raw.endpoint.requests import RenderedRequest
from raw.fetch.conversation import Conversation, Position, Prepare
from raw.fetch.day import fetch_day
from raw.fetch.judging import Judgement
from raw.wiring.discovery import Oem
from resources.lake.lake import Lake
from resources.sandbox.serving.routes import World
from resources.sandbox.serving.server import Sandbox
from tests.support.declared import ASKED
from tests.support.lies import LIES, Lie
from tests.support.outgoing import Page, Told, names_in
from tests.support.played import Handler, PlayedApis

_POSITION = "x-position"
# of a market: (market code, slice as the sandbox names it, page number)
Key = tuple[str, str, int]
DAY = date(2026, 11, 20)


@dataclass
class HonestHost:
    """What an endpoint's host says without lies: pages by key, identities by market, and the sandbox behind it."""

    endpoint: Endpoint
    play: Handler
    pages: dict[Key, bytes] = field(default_factory=dict)
    identities: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    async def answer(self, request: web.BaseRequest) -> web.Response:
        answer = await self.play(request)
        assert isinstance(answer, web.Response)
        return answer

    async def record(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer, and keep what was answered."""
        answer = await self.answer(request)
        key = key_of(request)
        if key is not None and isinstance(answer.body, bytes) and records_of(self.endpoint, answer.body):
            self.pages[key] = answer.body
            self.identities[key[0]] |= identities_of(self.endpoint, answer.body)
        return answer


def key_of(request: web.BaseRequest) -> Key | None:
    """Which page a request asks for, as its client says; None for what is asked before the pages."""
    told = json.loads(request.headers.get(_POSITION, "null"))
    if told is None or told[0] == "*" or told[1].startswith(("first ", "list of ")):
        return None
    return told[0], told[1], told[2]


@contextmanager
def told_positions() -> Iterator[None]:
    """Every request says in a header of which market, slice and page it is, which no maker's request does."""

    class Telling(Conversation):
        async def ask(self, prepare: Prepare, position: Position, *arguments: Any) -> Judgement:
            def with_position(reveal: Callable[[str], str], once: dict[int, str]) -> RenderedRequest:
                rendered = prepare(reveal, once)
                told = json.dumps([position.market, position.slice, position.page])
                return replace(rendered, headers=(*rendered.headers, (_POSITION, told)))

            return await super().ask(with_position, position, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(raw.fetch.day, "Conversation", Telling)
        yield


@cache
def honest_host(oem: str, endpoint: str, vehicles: int) -> HonestHost:
    """The honest host of an endpoint, whose pages were fetched once."""
    (declaration,) = (of for maker, of in ASKED if (maker.name, of.name) == (oem, endpoint))
    host = HonestHost(declaration, Sandbox(World(DAY, vehicles)).handler())
    with tempfile.TemporaryDirectory() as folder, told_positions():
        manifest = fetch_day(
            lake=Lake(Path(folder).as_uri()),
            oem=oem,
            endpoint=declaration,
            day=DAY,
            apis=PlayedApis("sandbox", handler=host.record),
            progress=lambda _: None,
        )
    assert all(market.complete for market in manifest.markets.values()), manifest.markets
    return host


def records_of(endpoint: Endpoint, body: bytes) -> list[Any]:
    """The records of a page, empty where there are none to be read."""
    try:
        decoded = msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError):
        return []
    return RecordList(endpoint.records).in_page(decoded) or []


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
    untold: list[str] = field(default_factory=list)
    """The lies that could not be told: mistakes of the mutator, which the host would hide as answers of status 500."""

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
        key = key_of(request)
        answer = await self.host.answer(request)
        if key is None:  # told as it is
            return answer
        self.requests[key[0]] += 1
        body = answer.body if isinstance(answer.body, bytes) else b""
        headers = {name: value for name, value in answer.headers.items() if name != "Content-Length"}
        asked = asked_for(self.host.endpoint, dict(parse_qsl(key[1])))
        page = Page(asked, key, answer.status, body, headers, self.host.pages)
        for number, lie in enumerate(self.lies):
            if lie.strikes(key, self._times[number, key]):
                self._times[number, key] += 1
                self._tell(lie, page, random.Random(f"{lie.seed}/{key}"))  # noqa: S311 - repeatable
        self.told[key] = page.told(is_end=key not in self.host.pages)
        if page.is_dropped and request.transport is not None:
            request.transport.close()
        return web.Response(status=page.status, body=page.body, headers=page.headers)

    def _tell(self, lie: Lie, page: Page, draw: random.Random) -> None:
        try:
            LIES[lie.kind](page, draw)
        except Exception as error:
            self.untold.append(f"{lie}: {error!r}")

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
        if self._has_sums:
            plain = {key: said for key, said in told.items() if self._is_plain(key[1])}
            if {key[1] for key in plain} - {key[1] for key, said in plain.items() if said.total is not None}:
                return "no total could be read"
            reported = _largest_totals(plain)
            if collected < reported * (1 - endpoint.total_tolerance):
                return f"{collected} records of {reported} reported"
        return self._hidden(market, landed, told)

    @property
    def _has_sums(self) -> bool:
        """Whether the totals of slices are trusted and add up: a market holds at least the sum of those told."""
        endpoint = self.host.endpoint
        return endpoint.trusted_total and not (endpoint.splits or endpoint.slices_overlap)

    def _is_plain(self, slice_name: str) -> bool:
        """Whether each page of a slice says how many records the slice holds. (A total that is declared otherwise, on
        the first page alone or as pages, is not read here.)"""
        return isinstance(asked_for(self.host.endpoint, dict(parse_qsl(slice_name))).pages.total, str)

    def _hidden(self, market: str, landed: set[str], told: Mapping[Key, Told]) -> str | None:
        """Listings that exist and were hidden although what was told gives that away."""
        endpoint = self.host.endpoint
        existing = self.host.identities[market]
        missing = existing - landed
        if len(missing) <= len(existing) * endpoint.total_tolerance:
            return None
        if any(said.is_consistent_lie for said in told.values()):
            return None
        has_whole_sum = self._has_sums and all(self._is_plain(slice_name) for _, slice_name, _ in told)
        if not has_whole_sum or _largest_totals(told) < len(existing) * (1 - endpoint.total_tolerance):
            return None
        return f"{len(missing)} of {len(existing)} listings are missing"


def _largest_totals(told: Mapping[Key, Told]) -> int:
    """The largest total told of each slice, added up."""
    largest: dict[str, int] = defaultdict(int)
    for (_, slice_name, _), said in told.items():
        largest[slice_name] = max(largest[slice_name], said.total or 0)
    return sum(largest.values())
