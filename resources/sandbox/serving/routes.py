"""What a maker's module offers the server: its routes, each with a pure function from a request to its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import msgspec

ANY = "*"
JSON_TYPE = "application/json; charset=utf-8"

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class World:
    """The played day: everything that is served is a function of these three.

    vehicles: on sale at each OEM, all its markets together (within a few percent).
    """

    date: date
    vehicles: int = 2000
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Asked:
    """A request. parameters: from the path; query: the first value of each name; headers: names in lower case.

    halved: serve every second record only (the fault `half`), with totals that agree.
    """

    parameters: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""
    halved: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: status, body and headers beside Content-Length."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": JSON_TYPE})


def json_answer(value: Any, status: int = 200) -> Answer:
    return Answer(status, msgspec.json.encode(value))


class Refusal(Exception):  # noqa: N818 - an answer, not a mistake
    """Raised by an `answer` function to refuse: becomes the response as it is."""

    def __init__(self, status: int, value: Any) -> None:
        super().__init__(status, value)
        self.answer = json_answer(value, status)


@dataclass(frozen=True, slots=True)
class Target:
    """What a fault can be aimed at: the market code or class on the wire that a request names, and the page from 0."""

    market: str | None
    page: int


@dataclass(frozen=True, kw_only=True)
class Route:
    """One endpoint of an OEM, named as in `raw/<oem>.py`.

    path: template with `{name}` for a segment; path and method may be `*`: any. markets: codes on the wire
    that a fault can be aimed at.
    target: what of the endpoint a request asks for; it never raises on a request that `answer` would refuse.
    records, total: dotted paths in a good body; identity: the record's key. page_parameter: the query's name for
    the page or the offset. record_faults: faults that only this OEM's records can show, by name.
    example, example_headers: what can be tried with curl.
    """

    oem: str
    endpoint: str
    host: str
    path: str
    answer: Callable[[Asked], Answer]
    target: Callable[[Asked], Target]
    records: str
    identity: str
    example: str
    method: str = "GET"
    markets: tuple[str, ...] = ()
    total: str | None = None
    page_parameter: str | None = None
    graphql: bool = False
    example_headers: Mapping[str, str] = field(default_factory=dict)
    record_faults: Mapping[str, Callable[[Record], None]] = field(default_factory=dict)

    @cached_property
    def _segments(self) -> list[str]:
        return self.path.strip("/").split("/")

    def match(self, path: str) -> dict[str, str] | None:
        """The path's parameters, None where this route does not serve it."""
        if self.path == ANY:
            return {}
        segments = path.strip("/").split("/")
        if len(segments) != len(self._segments):
            return None
        parameters: dict[str, str] = {}
        for template, segment in zip(self._segments, segments, strict=True):
            if template.startswith("{"):
                parameters[template[1:-1]] = segment
            elif template != segment:
                return None
        return parameters


def whole_number(query: Mapping[str, str], name: str, default: int) -> int | None:
    """A query parameter as a whole number >= 0, the default where it is missing, None where it is neither."""
    text = query.get(name)
    if text is None:
        return default
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
