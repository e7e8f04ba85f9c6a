"""Which makers and endpoints stand for the others in `make test`.

A test that asks much of every maker (a night, every fault) does the same again for each maker that is declared in the
same kinds of words. `make test` runs it for representatives, chosen from the declarations: together they use every
kind of word that any maker uses, so that the first maker with a new kind of word is one of them. The parameters of the
others carry the mark `soak`: `make soak` runs them, and so does whoever names a maker (`pytest -k lexus`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import pytest

from raw.endpoint.declaration import Endpoint
from raw.wiring.discovery import Oem
from tests.support.counts import IS_SOAK
from tests.support.declared import ASKED, ASKED_IDS, MANY_MARKETS, OEMS, SMALL, feeds, with_few_markets

_One = TypeVar("_One")
_MOST_MARKETS = 2


def kinds(value: Any) -> frozenset[str]:
    """The kinds of words that a declaration is made of: the names of the classes of all that it holds."""
    if is_dataclass(value):
        held = [getattr(value, field.name) for field in fields(value)]
        return frozenset({type(value).__name__}).union(*map(kinds, held))
    if isinstance(value, Mapping):
        return frozenset().union(*map(kinds, value.values()))
    if isinstance(value, list | tuple | frozenset):
        return frozenset().union(*map(kinds, value))
    return frozenset()


def representatives(candidates: Sequence[tuple[_One, frozenset[str], int]]) -> list[_One]:
    """The fewest, roughly, that use every kind of word together. candidates: each with its kinds and its cost.

    The one with the most kinds that are still missing is next, of such ones the cheapest, of such the first.
    """
    missing = frozenset().union(*(kinds for _, kinds, _ in candidates))
    chosen = []
    while missing:
        one, its_kinds, _ = max(candidates, key=lambda candidate: (len(candidate[1] & missing), -candidate[2]))
        chosen.append(one)
        missing -= its_kinds
    return chosen


ENDPOINTS: list[tuple[Oem, Endpoint]] = representatives(
    [((oem, endpoint), kinds(endpoint), feeds(endpoint)) for oem, endpoint in ASKED]
)
_OF_FEW_MARKETS = {oem.name: with_few_markets(oem) for oem in OEMS}
MAKERS: list[Oem] = representatives(
    [(oem, kinds(few.endpoints), sum(map(feeds, few.endpoints))) for oem in OEMS for few in [_OF_FEW_MARKETS[oem.name]]]
)


def _few_markets(endpoint: Endpoint) -> Endpoint:
    return replace(endpoint, markets=dict(list(endpoint.markets.items())[:_MOST_MARKETS]))


def _marks(stands_for_others: bool) -> list[pytest.MarkDecorator]:
    return [] if stands_for_others else [pytest.mark.soak]


of_every_endpoint = pytest.mark.parametrize(
    ("oem", "endpoint"),
    [
        pytest.param(
            oem,
            endpoint if IS_SOAK else _few_markets(endpoint),
            marks=_marks((oem, endpoint) in ENDPOINTS),
            id=name,
        )
        for (oem, endpoint), name in zip(ASKED, ASKED_IDS, strict=True)
    ],
)
"""A test of every endpoint that is asked for: with its first markets, with all under `make soak`."""
nights_of_every_maker = pytest.mark.parametrize(
    "oem",
    [
        pytest.param(oem if IS_SOAK else _OF_FEW_MARKETS[oem.name], marks=_marks(oem in MAKERS), id=oem.name)
        for oem in OEMS
    ],
)
"""A night of every maker: with few markets, with all under `make soak`."""
ONE: list[Oem] = SMALL if IS_SOAK else [_OF_FEW_MARKETS[MANY_MARKETS.name]]
"""One maker with vehicles in several markets and dealers, for tests that run many nights; more under `make soak`."""
