"""What a maker's module offers the server: its routes, each with a pure function from a request to its answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

ANY = "*"
JSON_TYPE = "application/json; charset=utf-8"

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class World:
    """The played day: everything that is served is a function of these.

    vehicles: on sale at each OEM, all its markets together (within a few percent). captures: the folder of captured
    answers that a replay serves, None where the stock is made up.
    """

    date: date
    vehicles: int = 2000
    seed: int = 1
    captures: Path | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A request. parameters: from the path; query: the first value of each name; headers: names in lower case;
    every: all values of each name of the query, where a name may come more than once.

    halved, repeated, capped are set by faults: serve every second record only (with totals that agree), the first
    page whatever page is asked for, at most half of a page.
    """

    parameters: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""
    every: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    halved: bool = False
    repeated: bool = False
    capped: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: status, body and headers beside Content-Length."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": JSON_TYPE})

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, msgspec.json.encode(value), {"Content-Type": JSON_TYPE, **(headers or {})})


class Refusal(Exception):  # noqa: N818 - an answer, not a mistake
    """Raised by an `answer` function to refuse: `answer` becomes the response as it is."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status, answer.body)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Target:
    """What a fault can be aimed at: the market code or class on the wire that a request names, and the page from 0."""

    market: str | None
    page: int


@dataclass(frozen=True, kw_only=True)
class Route:
    """One endpoint of an OEM, named as in `raw/<oem>.py`.

    path: template with `{name}` for what a segment, or a part of one, may hold; path and method may be `*`: any.
    is_endpoint: False for what stands beside the endpoints: a token's mint, a site's configuration.
    markets: codes on the wire that a fault can be aimed at. target: what of the endpoint a request asks for; it never
    raises on a request that `answer` would refuse.
    is_meant: whether a request is this route's, where several makers are played at one address.
    records, total: dotted paths in a good body (`records` is "" where the body is the list, `[]` goes into each item of
    a list, `*` into each value of an object); total_header: the response header of the total. identity: the path of a
    record's key in the record. is_paged: whether more than one page can be asked for. record_faults: faults that only
    this OEM's records can show, by name. is_captured: whether a replay has something to serve here.
    example, example_headers: what can be tried with curl.
    """

    oem: str
    endpoint: str
    host: str
    path: str
    answer: Callable[[Asked], Answer]
    target: Callable[[Asked], Target] = lambda asked: Target(None, 0)
    is_meant: Callable[[Asked], bool] = lambda asked: True
    records: str = ""
    identity: str = ""
    example: str = "/"
    method: str = "GET"
    is_endpoint: bool = True
    markets: tuple[str, ...] = ()
    total: str | None = None
    total_header: str | None = None
    is_paged: bool = False
    graphql: bool = False
    is_captured: bool = False
    example_headers: Mapping[str, str] = field(default_factory=dict)
    record_faults: Mapping[str, Callable[[Record], None]] = field(default_factory=dict)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        parts = re.split(r"\{(\w+)\}", self.path.strip("/"))
        texts, names = parts[::2], parts[1::2]
        pattern = re.escape(texts[0])
        for name, text in zip(names, texts[1:], strict=True):
            pattern += f"(?P<{name}>[^/]+){re.escape(text)}"
        return re.compile(pattern)

    def match(self, path: str) -> dict[str, str] | None:
        """The path's parameters, None where this route does not serve it."""
        if self.path == ANY:
            return {}
        found = self._pattern.fullmatch(path.strip("/"))
        return None if found is None else found.groupdict()
