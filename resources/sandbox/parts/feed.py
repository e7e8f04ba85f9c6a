"""An endpoint as a part: a maker's module names what is served, how it is narrowed and paged, and how the body looks.

A request passes the checks, names its market, is narrowed, cut into a page and answered, in this order; each stage may
refuse it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from resources.sandbox.parts.checks import Check, headers_of, let_pass
from resources.sandbox.parts.graphql import GraphQL
from resources.sandbox.parts.listing import Listing, Order, Supply
from resources.sandbox.parts.narrowing import Choice, Narrowing
from resources.sandbox.parts.page import Page
from resources.sandbox.parts.paging import Cut, Paging, Whole
from resources.sandbox.parts.request_values import Place
from resources.sandbox.parts.template import Template
from resources.sandbox.serving.replay import Captured, captured_records, no_capture
from resources.sandbox.serving.routes import Answer, Asked, Record, Refusal, Route, Target, World, json_answer

_KEPT_LISTINGS = 48


@dataclass(frozen=True, kw_only=True)
class Feed:
    """An endpoint that serves cars or dealers.

    world: the played day. oem, endpoint, host, path, method, records, identity, total, total_header, example: as in
    `Route`. serves: the stock or the dealers; record: how an item is served. market: how a request names it, or the
    only market's key. order: of the items where the request asks for none. aims: what a fault can be aimed at, where
    that is another place than the market's (a class, a model): the place and the values that it may hold.
    told_by: the place and the value by which a request is this feed's, where several makers are played at one address.
    checks, narrowing, paging: what a request must hold, what it narrows, how the rest is cut.
    answer: the body of a page, or an Answer; None is JSON's null. headers: of a page's response. status: of an answer
    that is good. empty: the answer where nothing is found. graphql: the field, for a GraphQL endpoint, whose value
    `answer` gives. faults: the faults that only these records can show, by name; `drift` is one of every feed.
    captured: where the captured answers lie that a replay serves here. example_headers: what the example needs beside
    the keys that the checks ask for in headers.
    """

    world: World
    oem: str
    endpoint: str
    host: str
    path: str
    serves: Supply
    record: Template | Callable[[Any], Record]
    market: Choice | str
    answer: Callable[[Page], Any]
    records: str
    identity: str
    example: str
    method: str = "GET"
    status: int = 200
    paging: Paging = field(default_factory=Whole)
    order: Order | None = None
    told_by: tuple[Place, str] | None = None
    checks: Sequence[Check] = ()
    narrowing: Sequence[Narrowing] = ()
    aims: tuple[Place, Sequence[str]] | None = None
    headers: Callable[[Page], Mapping[str, str]] | None = None
    empty: Answer | None = None
    total: str | None = None
    total_header: str | None = None
    graphql: GraphQL | None = None
    faults: Mapping[str, Callable[[Record], None]] = field(default_factory=dict)
    captured: Captured | None = None
    example_headers: Mapping[str, str] = field(default_factory=dict)

    def route(self) -> Route:
        return Route(
            oem=self.oem,
            endpoint=self.endpoint,
            host=self.host,
            path=self.path,
            method="POST" if self.graphql else self.method,
            answer=_Service(self).answer,
            target=self._target,
            is_meant=self._is_meant,
            markets=self._markets,
            records=self.records,
            identity=self.identity,
            total=self.total,
            total_header=self.total_header,
            is_paged=self.paging.is_paged,
            graphql=self.graphql is not None,
            is_captured=self.captured is not None,
            record_faults={"drift": _drift, **self.faults},
            example=self.example,
            example_headers=headers_of(self.checks) | dict(self.example_headers),
        )

    def _is_meant(self, asked: Asked) -> bool:
        """Several makers, and several fields of a GraphQL service, may have one address."""
        if self.told_by is not None and self.told_by[0].read(asked) != self.told_by[1]:
            return False
        return self.graphql is None or self.graphql.is_asked(asked.body)

    @property
    def _markets(self) -> tuple[str, ...]:
        if self.aims is not None:
            return tuple(self.aims[1])
        return tuple(self.market.codes) if isinstance(self.market, Choice) else ()

    def _target(self, asked: Asked) -> Target:
        if self.aims is not None:
            found = self.aims[0].read(asked)
            code = found[0] if isinstance(found, list) and found else found
        else:
            code = self.market.code(asked) if isinstance(self.market, Choice) else None
        return Target(None if code is None else str(code), self.paging.number(asked))


@dataclass
class _Service:
    """What a feed keeps between requests: its narrowed listings, the captured answers, its GraphQL schema."""

    feed: Feed
    _kept: OrderedDict[Any, Listing] = field(default_factory=OrderedDict)
    _decoded: tuple[list[Record], list[Any]] | None = None
    """In a replay, the day's captured records and answers, which nobody changes."""

    def answer(self, asked: Asked) -> Answer:
        feed = self.feed
        let_pass(asked, feed.checks)
        if feed.graphql is None:
            return self._good_answer(asked)
        feed.graphql.check(self._schema, asked.body)
        value = feed.answer(self._page(asked)) if feed.graphql.is_asked(asked.body) else None
        return value if isinstance(value, Answer) else feed.graphql.execute(self._schema, asked.body, value)

    def _good_answer(self, asked: Asked) -> Answer:
        feed = self.feed
        if feed.captured is not None and feed.captured.whole and feed.world.captures is not None:
            return Answer(feed.status, self._contents(feed.world.captures, feed.captured)[0])
        page = self._page(asked)
        value = feed.answer(page)
        headers = {} if feed.headers is None else feed.headers(page)
        if isinstance(value, Answer):
            return replace(value, headers={**value.headers, **headers})
        return json_answer(value, feed.status, headers)

    def _page(self, asked: Asked) -> Page:
        feed = self.feed
        market = feed.market.read(asked) if isinstance(feed.market, Choice) else feed.market
        captures: list[Any] | None = None
        render: Callable[[Any], Record]
        if feed.world.captures is not None:
            found, captures = self._captured(feed.world.captures, market, asked)
            render = _as_it_is
        else:
            found = self._found(market, asked)
            render = feed.record.render if isinstance(feed.record, Template) else feed.record
        if asked.halved:
            found = found.halved()
        if not len(found) and feed.empty is not None:
            raise Refusal(feed.empty)
        cut = feed.paging.cut(asked, len(found))
        return Page(feed.world, market, asked, found, cut, render, feed.serves, captures)

    def _found(self, market: str, asked: Asked) -> Listing:
        """The items that a request leaves, kept for its next page."""
        feed = self.feed
        key = (market, *(narrowing.key(asked) for narrowing in feed.narrowing))
        found = self._kept.get(key)
        if found is None:
            found = self._ordered(market)
            for narrowing in feed.narrowing:
                found = narrowing.narrow(found, asked)
            self._kept[key] = found
            if len(self._kept) > _KEPT_LISTINGS:
                self._kept.popitem(last=False)
        return found

    def _ordered(self, market: str) -> Listing:
        if not market:  # a code of the host's own for a market without anything in it
            return Listing((), _as_it_is)
        if market not in self._whole:
            listing = self.feed.serves.listing(self.feed.world, market)
            self._whole[market] = listing if self.feed.order is None else listing.ordered(self.feed.order)
        return self._whole[market]

    @cached_property
    def _whole(self) -> dict[str, Listing]:
        return {}

    def _contents(self, root: Path, captured: Captured) -> list[bytes]:
        return captured.contents(root, self.feed.oem, self.feed.world.date)

    def _captured(self, root: Path, market: str, asked: Asked) -> tuple[Listing, list[Any]]:
        """The captured records that a request leaves, and the captured answers. Raises Refusal."""
        feed, captured = self.feed, self.feed.captured
        if captured is None or captured.market not in (None, market):
            raise no_capture(f"{feed.oem} {feed.endpoint} {market}", root)
        if self._decoded is None:
            answers = [msgspec.json.decode(content) for content in self._contents(root, captured)]
            self._decoded = captured_records(captured, answers, feed.records), answers
        records, answers = self._decoded
        left = [record for record in records if all(narrowing.keeps(record, asked) for narrowing in feed.narrowing)]
        return Listing(range(len(left)), left.__getitem__), answers

    @cached_property
    def _schema(self) -> Any:
        feed = self.feed
        assert feed.graphql is not None
        assert isinstance(feed.record, Template), "the schema follows from the template's example"
        nothing = Listing((), _as_it_is)
        page = Page(
            feed.world, "", Asked({}, {}, {}), nothing, Cut(0, 1, 0), feed.record.render, example=feed.record.example
        )
        return feed.graphql.schema(feed.answer(page))


def _as_it_is(item: Any) -> Any:
    return item


def _drift(record: Record) -> None:
    """The schema drifts: a number becomes text, and a key comes that was not there."""
    for key, value in record.items():
        if isinstance(value, (int, float)):
            record[key] = str(value)
            break
    record["batteryHealth"] = {"percent": 97}


@dataclass(frozen=True, kw_only=True)
class Extra:
    """A route beside the feeds: a token's mint, a site's configuration, a list of codes. answer: the body, or an
    Answer; checks: what a request must hold."""

    oem: str
    host: str
    path: str
    answer: Callable[[Asked], Any]
    endpoint: str = "extra"
    method: str = "GET"
    checks: Sequence[Check] = ()
    example: str = "/"

    def route(self) -> Route:
        return Route(
            oem=self.oem,
            endpoint=self.endpoint,
            host=self.host,
            path=self.path,
            method=self.method,
            answer=self._answer,
            is_endpoint=False,
            example=self.example,
        )

    def _answer(self, asked: Asked) -> Answer:
        let_pass(asked, self.checks)
        value = self.answer(asked)
        return value if isinstance(value, Answer) else json_answer(value)
