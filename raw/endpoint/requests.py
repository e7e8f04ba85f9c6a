"""Requests as a maker's module declares them, and one page's request rendered from such a declaration."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from string import Formatter
from typing import Literal
from urllib.parse import quote, urlencode


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

    def templates(self) -> Iterable[str]:
        """Every text that may hold placeholders."""
        return [self.url, *self.params.values(), *_plain(self.headers)]


@dataclass(frozen=True, slots=True)
class GraphQL:
    """A GraphQL query by POST. `{name}` in url, variables and headers is filled as in `Get`.

    An answer of status 200 with `errors` is a refusal.
    """

    url: str
    query: str
    variables: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str | Secret] = field(default_factory=dict)

    def templates(self) -> Iterable[str]:
        """Every text that may hold placeholders."""
        return [self.url, *self.variables.values(), *_plain(self.headers)]


@dataclass(frozen=True, slots=True)
class RenderedRequest:
    """One request as it goes out, with credentials still named rather than filled in."""

    method: Literal["GET", "POST"]
    url: str
    headers: tuple[tuple[str, str | Secret], ...]
    body: bytes | None


def placeholders(request: Get | GraphQL) -> frozenset[str]:
    """The names of the parameters with which a request's templates are filled."""
    parse = Formatter().parse
    return frozenset(name for text in request.templates() for _, name, _, _ in parse(text) if name)


def secrets_of(request: Get | GraphQL) -> list[str]:
    """The environment variables of a request's credentials."""
    return [value.variable for value in request.headers.values() if isinstance(value, Secret)]


def render(
    request: Get | GraphQL, parameters: Mapping[str, str], paging: Mapping[str, str] | None = None
) -> RenderedRequest:
    """The request for one page.

    parameters fill the templates; paging is added to a GET's query or to a GraphQL request's variables.
    Raises KeyError naming the placeholder for which there is no parameter.
    """
    paging = paging or {}
    headers = tuple(
        (name, value if isinstance(value, Secret) else value.format_map(parameters))
        for name, value in request.headers.items()
    )
    url = request.url.format_map(parameters)
    if isinstance(request, Get):
        query = _filled(request.params, parameters) | dict(paging)
        return RenderedRequest("GET", _with_query(url, query), headers, None)
    variables = _filled(request.variables, parameters) | dict(paging)
    body = json.dumps({"query": request.query, "variables": variables}, ensure_ascii=False).encode()
    return RenderedRequest("POST", url, (("Content-Type", "application/json"), *headers), body)


def _filled(templates: Mapping[str, str], parameters: Mapping[str, str]) -> dict[str, str]:
    return {name: text.format_map(parameters) for name, text in templates.items()}


def _with_query(url: str, query: Mapping[str, str]) -> str:
    """The URL with its query, encoded as browsers do: `:` and `,` stay, a space is `%20`."""
    return f"{url}?{urlencode(query, safe=':,/', quote_via=quote)}" if query else url


def _plain(headers: Mapping[str, str | Secret]) -> list[str]:
    return [value for value in headers.values() if not isinstance(value, Secret)]
