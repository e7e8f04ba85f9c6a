"""A trial of an endpoint's requests: each is rendered once as it would go out, with made-up values for first answers.

What only rendering shows is found so when the definitions load: a paging value whose path leads through a text, a
template with a bracket too many.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from raw.endpoint.declaration import Endpoint, before_splits, following_from, market_parameters
from raw.endpoint.requests import Computed, Request, render
from raw.endpoint.slicing import Listed

_MADE_UP = "x"


def requests_in(endpoint: Endpoint, market: str) -> list[Request]:
    """The requests of a market: its pages', the first ones', those of its slices, those of other ways."""
    ways = [asked.request for asked in endpoint.ways_in(market)]
    return [endpoint.request_in(market), *_asked_before(endpoint, market), *ways]


def _asked_before(endpoint: Endpoint, market: str) -> list[Request]:
    """The requests that are sent before those of the pages: the first ones, then those for the values of slices."""
    listed = [one.request for one in endpoint.slices_in(market).values() if isinstance(one, Listed)]
    return [*(first.request for first in endpoint.firsts), *listed]


def unrenderable(endpoint: Endpoint) -> Iterator[tuple[str, str]]:
    """What of an endpoint's requests cannot be rendered, and what to write instead."""
    for market in endpoint.markets:
        known: dict[str, Any] = market_parameters(endpoint, market)
        sliced = {
            name: _MADE_UP if isinstance(values, Listed) or not values else values[0]
            for name, values in endpoint.slices_in(market).items()
        }
        for number, request in enumerate(_asked_before(endpoint, market)):
            named = {name: _MADE_UP for first in endpoint.firsts[:number] for name in first.values}
            if number >= len(endpoint.firsts):
                named |= following_from(endpoint, sliced)
            yield from _failure(request, {**known, **named}, {}, f"a request before the pages of {market}")
        for first in endpoint.firsts:
            known |= dict.fromkeys(first.values, _MADE_UP)
        known |= following_from(endpoint, sliced)
        known |= before_splits(endpoint)
        for asked in (endpoint, *endpoint.ways_in(market)):
            paging = asked.pages.parameters(1, received=1, token=_MADE_UP)
            yield from _failure(asked.request_in(market), known, paging, f"the request of {market}")


def _failure(request: Request, filled: Mapping[str, Any], paging: Any, what: str) -> Iterator[tuple[str, str]]:
    once = {id(value): _MADE_UP for value in _computed(request)}  # a trial computes nothing
    try:
        render(request, filled, paging, once=once)
    except KeyError as error:
        yield f"{what} cannot be made: {error.args[0]}", "Correct the template, or the place of the paging value."
    except (IndexError, TypeError, AttributeError) as error:
        yield f"{what} cannot be made: {error}", "Correct the template, or the value that fills it."


def _computed(value: Any) -> Iterator[Computed]:
    if isinstance(value, Computed):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _computed(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _computed(inner)
    elif hasattr(value, "__dataclass_fields__"):
        for one in fields(value):
            yield from _computed(getattr(value, one.name))
