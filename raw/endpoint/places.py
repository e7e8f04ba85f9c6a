"""Where in a request a paging value stands.

A plain text in the place of a `Place` means the request's usual place: the query of a Get, a field of a Form, a
variable of a GraphQL query, a path in the body of a Post.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """name: of the parameter, header, field or placeholder; in a body or in variables a dotted path, in which a number
    is a place in a list."""

    name: str


@dataclass(frozen=True, slots=True)
class InQuery(Place):
    """A parameter of the query."""


@dataclass(frozen=True, slots=True)
class InField(Place):
    """A field of a form."""


@dataclass(frozen=True, slots=True)
class InBody(Place):
    """A path in the JSON body."""


@dataclass(frozen=True, slots=True)
class InVariable(Place):
    """A path in the variables of a GraphQL query."""


@dataclass(frozen=True, slots=True)
class InHeader(Place):
    """A header."""


@dataclass(frozen=True, slots=True)
class InUrl(Place):
    """A placeholder of the URL: `{page}`."""


@dataclass(frozen=True, slots=True)
class InJsonParam(Place):
    """A path in a parameter of the query whose value is JSON. name: the parameter."""

    path: str
