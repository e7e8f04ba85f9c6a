"""Requests as a maker's module declares them, and one page's request rendered from such a declaration.

`{name}` in a text is filled with the parameter of that name. A text that is nothing but `{name}` becomes the parameter
as it is, so that numbers stay numbers in bodies and variables.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from string import Formatter
from typing import Any, Literal
from urllib.parse import quote, urlencode

from raw.endpoint.places import InBody, InField, InHeader, InJsonParam, InQuery, InUrl, InVariable, Place

Json = Any
"""A JSON value in which texts are templates, and a `Secret` or `Computed` may stand for a text."""
Paging = Mapping["str | Place", Any]
"""The value of each place of a page's request; a text is the request's usual place."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A credential, named by its environment variable; its value is never declared, archived or printed."""

    variable: str


@dataclass(frozen=True, slots=True)
class Computed:
    """A value that is computed for each request that goes out, such as a nonce. It is no part of the coverage."""

    function: Callable[[], str]

    def value(self) -> str:
        return self.function()


def secret(variable: str) -> Secret:
    """Declare that a value is the credential in the environment variable `variable`."""
    return Secret(variable)


def computed(function: Callable[[], str]) -> Computed:
    """Declare that a value is what `function` returns, called for each request that goes out."""
    return Computed(function)


@dataclass(frozen=True, slots=True)
class Get:
    """A GET request. json_params: parameters of the query whose values are JSON."""

    url: str
    params: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, Any] = field(default_factory=dict)
    json_params: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Post:
    """A POST request with a JSON body."""

    url: str
    body: Json = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Form:
    """A POST request whose body is a form."""

    url: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GraphQL:
    """A GraphQL query by POST. The query itself is no template. An answer of status 200 with `errors` is a refusal."""

    url: str
    query: str
    variables: Mapping[str, Json] = field(default_factory=dict)
    headers: Mapping[str, Any] = field(default_factory=dict)


Request = Get | Post | Form | GraphQL
_USUAL: dict[type, type[Place]] = {Get: InQuery, Post: InBody, Form: InField, GraphQL: InVariable}


@dataclass(frozen=True, slots=True)
class RenderedRequest:
    """One request as it goes out, or as it is archived: with credentials, or with their names in their places."""

    method: Literal["GET", "POST"]
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None


def named(variable: str) -> str:
    """What stands for a credential in whatever is kept."""
    return f"<{variable}>"


def placeholders(request: Request) -> frozenset[str]:
    """The names of the parameters with which a request's templates are filled."""
    parse = Formatter().parse
    texts = [value for value in _values(request) if isinstance(value, str)]
    return frozenset(name for text in texts for _, name, _, _ in parse(text) if name)


def secrets_of(request: Request, parameters: Mapping[str, Any] | None = None) -> list[str]:
    """The environment variables of a request's credentials, and of those among the parameters that fill it."""
    used = placeholders(request)
    filled = [value for name, value in (parameters or {}).items() if name in used]
    return list(dict.fromkeys(one.variable for one in [*_values(request), *filled] if isinstance(one, Secret)))


def render(
    request: Request,
    parameters: Mapping[str, Any],
    paging: Paging | None = None,
    *,
    reveal: Callable[[str], str] = named,
    once: dict[int, str] | None = None,
) -> RenderedRequest:
    """The request for one page.

    parameters fill the templates; paging sets the values of a page. reveal: what stands for a credential. once:
    remembers computed values, so that the request that goes out is the one that is archived.
    Raises KeyError naming the placeholder for which there is no parameter.
    """
    usual = _USUAL[type(request)]
    places = {place if isinstance(place, Place) else usual(place): value for place, value in (paging or {}).items()}
    in_url = {place.name: value for place, value in places.items() if isinstance(place, InUrl)}
    fill = _Filler({**parameters, **in_url}, reveal, {} if once is None else once)
    url = fill.text(request.url)
    headers = {name: _text(fill(value)) for name, value in request.headers.items()}
    headers |= {place.name: _text(value) for place, value in places.items() if isinstance(place, InHeader)}
    query = {} if isinstance(request, GraphQL) else dict(fill(request.params))
    query |= {place.name: value for place, value in places.items() if isinstance(place, InQuery)}
    if isinstance(request, Get):
        parts = fill(request.json_params)
        for place, value in places.items():
            if isinstance(place, InJsonParam):
                put(parts.setdefault(place.name, {}), place.path, value)
        query |= {name: json.dumps(value, ensure_ascii=False, separators=(",", ":")) for name, value in parts.items()}
        return RenderedRequest("GET", _with_query(url, query), tuple(headers.items()), None)
    kind, body = _body(request, fill, places)
    sent = {"Content-Type": kind} if not any(name.lower() == "content-type" for name in headers) else {}
    return RenderedRequest("POST", _with_query(url, query), tuple((sent | headers).items()), body)


def put(value: Any, path: str, new: Any) -> None:
    """Set what stands at a dotted path of a JSON value; objects on the way are made where they are missing.

    Raises KeyError where the path leads through a list that is too short or through a value that is no object.
    """
    *parents, last = path.split(".")
    for key in parents:
        if isinstance(value, list):
            value = value[_index(value, key, path)]
        elif isinstance(value, dict):
            value = value.setdefault(key, {})
        else:
            raise KeyError(f"{path} leads through a value that is no object, at {key}")
    if isinstance(value, list):
        value[_index(value, last, path)] = new
    elif isinstance(value, dict):
        value[last] = new
    else:
        raise KeyError(f"{path} leads through a value that is no object, at {last}")


def _index(values: list[Any], key: str, path: str) -> int:
    if not key.isdecimal() or int(key) >= len(values):
        raise KeyError(f"{path} leads to a place that the list has not")
    return int(key)


def _body(request: Post | Form | GraphQL, fill: _Filler, places: Mapping[Place, Any]) -> tuple[str, bytes]:
    if isinstance(request, Form):
        fields = dict(fill(request.fields)) | {
            place.name: value for place, value in places.items() if isinstance(place, InField)
        }
        return "application/x-www-form-urlencoded", urlencode(_pairs(fields)).encode()
    body = fill(request.body if isinstance(request, Post) else request.variables)
    for place, value in places.items():
        if isinstance(place, (InBody, InVariable)):
            put(body, place.name, value)
    if isinstance(request, GraphQL):
        body = {"query": request.query, "variables": body}
    return "application/json", json.dumps(body, ensure_ascii=False).encode()


@dataclass(frozen=True)
class _Filler:
    """Fills templates; the result shares no list or object with the declaration."""

    parameters: Mapping[str, Any]
    reveal: Callable[[str], str]
    once: dict[int, str]

    def __call__(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: self(inner) for name, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self(inner) for inner in value]
        if isinstance(value, Secret):
            return self.reveal(value.variable)
        if isinstance(value, Computed):
            if id(value) not in self.once:
                self.once[id(value)] = value.value()
            return self.once[id(value)]
        if not isinstance(value, str):
            return value
        name = value[1:-1]
        return self.parameter(name) if value == f"{{{name}}}" and name.isidentifier() else self.text(value)

    def text(self, template: str) -> str:
        return template.format_map(_Texts(self))

    def parameter(self, name: str) -> Any:
        """A parameter's value. A text is no template, even where it holds a bracket."""
        value = self.parameters[name]
        return value if isinstance(value, str) else self(value)


@dataclass(frozen=True, slots=True)
class _Texts:
    """The parameters as texts, each made when a template asks for it."""

    fill: _Filler

    def __getitem__(self, name: str) -> str:
        return _text(self.fill.parameter(name))


def _text(value: Any) -> str:
    """A value as it stands in a query, a header or a URL."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _pairs(query: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A list is a parameter that comes once for each entry."""
    return [
        (name, _text(one)) for name, value in query.items() for one in (value if isinstance(value, list) else [value])
    ]


def _with_query(url: str, query: Mapping[str, Any]) -> str:
    """The URL with its query, encoded as browsers do: `:` and `,` stay, a space is `%20`."""
    return f"{url}?{urlencode(_pairs(query), safe=':,/', quote_via=quote)}" if query else url


def _values(request: Request) -> Iterable[Any]:
    """Every text of a request that may hold placeholders, and every secret and computed value."""
    parts: list[Any] = [request.url, request.headers]
    if isinstance(request, Get):
        parts += [request.params, request.json_params]
    elif isinstance(request, Post):
        parts += [request.params, request.body]
    elif isinstance(request, Form):
        parts += [request.params, request.fields]
    else:
        parts += [request.variables]
    return _leaves(parts)


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield value
