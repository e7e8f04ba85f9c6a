"""The fingerprint of how a market is asked, by which history knows that the way of asking changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any

from raw.endpoint.declaration import Endpoint, market_parameters
from raw.endpoint.paging import Offset, PageIndex, SinglePage
from raw.endpoint.requests import Computed, Get, GraphQL, Secret, placeholders

_WITHOUT_KIND = (Get, GraphQL, Offset, PageIndex, SinglePage, Secret)
_ALWAYS = frozenset({"total", "ends_with", "first", "params", "headers", "variables"})
"""Fields that are in the fingerprint though they have their default values: they were there before there were more."""
_ADDED = ("of_slice", "way_of_slice", "slices_overlap", "split", "success", "answers_of")


def coverage(endpoint: Endpoint, market: str) -> str:
    """Fingerprint (16 hex digits) of how a market is asked: request, filters, paging and scope, not politeness.

    When it changes, vehicles that appear were perhaps there before: history must not call them new. So a field that is
    added to a declaration must leave the fingerprint alone where it has its default value. Computed values, and values
    that come from a first answer, are no part of it.
    """
    request = endpoint.request_in(market)
    in_request = placeholders(request)
    facts = {name: value for name, value in market_parameters(endpoint, market).items() if name in in_request}
    asked = {
        "request": _plain(request),
        "pages": {"kind": type(endpoint.pages).__name__, **_plain(endpoint.pages)},
        "records": endpoint.records,
        "identity": endpoint.identity,
        "market": {name: _plain(value) for name, value in {**facts, **endpoint.markets[market]}.items()},
        "slices": _plain(endpoint.slices_in(market)),
        **{name: _plain(getattr(endpoint, name)) for name in _ADDED if getattr(endpoint, name)},
    }
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]


def _plain(value: Any) -> Any:
    """A declaration as JSON."""
    if isinstance(value, Computed):
        return "computed"
    if is_dataclass(value) and not isinstance(value, type):
        kind = {} if isinstance(value, _WITHOUT_KIND) else {"kind": type(value).__name__}
        return kind | {one.name: _plain(getattr(value, one.name)) for one in fields(value) if _is_told(one, value)}
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, (frozenset, set)):
        return sorted(value)
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value


def _is_told(one: Field[Any], value: Any) -> bool:
    if one.metadata.get("asked") is False:
        return False
    if one.name == "ends_with" and isinstance(value, SinglePage):
        return False
    default = one.default_factory() if one.default_factory is not MISSING else one.default
    return one.name in _ALWAYS or default is MISSING or getattr(value, one.name) != default
