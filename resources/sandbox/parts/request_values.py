"""Where a value stands in a request: query, path, header, JSON body, form, GraphQL arguments, JSON in the query.

A server reads a page number from one of these places, a market from another. Each class reads its place and answers
None where nothing stands there. Texts of the query, the path, a header or a form may be read as numbers; a value of a
JSON body or of GraphQL has a type of its own, and the text "20" is no number there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import parse_qsl

import msgspec

from resources.sandbox.parts.graphql import arguments_of
from resources.sandbox.serving.routes import Asked


class Place(Protocol):
    def read(self, asked: Asked) -> Any:
        """The value that stands there, None where there is none. Never raises."""


@dataclass(frozen=True)
class InQuery:
    """The first value of a name of the query; every=True: all of them, joined by commas."""

    name: str
    every: bool = False

    def read(self, asked: Asked) -> str | None:
        if self.every and self.name in asked.every:
            return ",".join(asked.every[self.name])
        return asked.query.get(self.name)


@dataclass(frozen=True)
class InPath:
    """A `{name}` of the route's path."""

    name: str

    def read(self, asked: Asked) -> str | None:
        return asked.parameters.get(self.name)


@dataclass(frozen=True)
class InHeader:
    name: str

    def read(self, asked: Asked) -> str | None:
        return asked.headers.get(self.name.lower())


@dataclass(frozen=True)
class InForm:
    """A field of a form body (`application/x-www-form-urlencoded`)."""

    name: str

    def read(self, asked: Asked) -> str | None:
        return dict(parse_qsl(asked.body.decode(errors="replace"), keep_blank_values=True)).get(self.name)


@dataclass(frozen=True)
class InBody:
    """A dotted path in a JSON body; a number is an index of a list."""

    path: str

    def read(self, asked: Asked) -> Any:
        return value_at(json_of(asked.body), self.path)


@dataclass(frozen=True)
class InArguments:
    """A dotted path in the arguments of the first field of a GraphQL query, wherever the client put their values."""

    path: str

    def read(self, asked: Asked) -> Any:
        return value_at(arguments_of(asked.body), self.path)


@dataclass(frozen=True)
class InQueryJson:
    """A dotted path in a parameter of the query whose value is JSON."""

    name: str
    path: str

    def read(self, asked: Asked) -> Any:
        return value_at(json_of(asked.query.get(self.name, "").encode()), self.path)


TEXTS = (InQuery, InPath, InHeader, InForm)
"""The places that can hold nothing but text."""


@lru_cache(maxsize=64)
def json_of(body: bytes) -> Any:
    """The decoded JSON, None where it is none. Shared: not to be changed."""
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None


def value_at(value: Any, path: str) -> Any:
    """What stands at a dotted path of objects and lists, None where nothing does."""
    for key in path.split(".") if path else ():
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


def whole_number(place: Place | None, asked: Asked, default: int) -> int | None:
    """The whole number >= 0 at a place, the default where nothing stands there, None where it is something else."""
    found = None if place is None else place.read(asked)
    if found is None:
        return default
    if isinstance(found, str):
        is_number = isinstance(place, TEXTS) and found.isascii() and found.isdecimal() and len(found) < 10
        return int(found) if is_number else None
    is_number = isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 10**9
    return found if is_number else None
