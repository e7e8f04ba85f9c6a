"""Whatever is done to a market, in whatever order: the tables are those of the days that stand in the end.

Nights, days that arrive late, days fetched again with another result, broken fetches, an operator's words, other
coverage, another debounce: all through the real functions and real tables, against the plain model (laws 3, 4, 5).
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consolidated.acceptance import Decision
from tests.consolidated_support import History, assert_same_rows, day_number, vehicle
from tests.counts import count
from tests.history_model import Sealed
from tests.test_consolidated_model import assert_tables_agree, listings

pytestmark = pytest.mark.slow

LONGEST = 6


@dataclass(frozen=True)
class Land:
    """A whole fetch of a day; `crowd` more vehicles decide whether it is plausible."""

    day: int
    sealed: Sealed

    def __repr__(self) -> str:
        cars = [f"{row['listing_id']}/{row['vin']} {row['price_amount']}" for row in self.sealed.rows]
        return f"Land(day {self.day}, coverage {self.sealed.coverage}, {len(cars)} cars: {cars[:5]})"


@dataclass(frozen=True)
class Break:
    """A fetch of a day that is not whole."""

    day: int


@dataclass(frozen=True)
class Say:
    """An operator's word on a day, if it is sealed by then."""

    day: int
    word: Decision | None


@dataclass(frozen=True)
class Again:
    """The day's step once more, as it landed last."""

    day: int


Operation = Land | Break | Say | Again


@st.composite
def landings(draw: st.DrawFn) -> Land:
    number = draw(st.integers(0, LONGEST - 1))
    size = draw(st.sampled_from([0, 24, 24, 24, 30, 13, 4]))
    crowd = [vehicle(f"crowd {one:02}", day_number(number)) for one in range(size)]
    coverage = draw(st.sampled_from(["A", "A", "A", "B"]))
    return Land(number, Sealed(coverage, tuple(draw(listings(day_number(number))) + crowd)))


def operations() -> st.SearchStrategy[Operation]:
    number = st.integers(0, LONGEST - 1)
    return st.one_of(
        landings(),
        landings(),
        st.builds(Break, number),
        st.builds(Say, number, st.sampled_from(["accept", "refuse", None])),
        st.builds(Again, number),
    )


def standing(done: list[Operation]) -> dict[date, Sealed]:
    """The sealed days in the end: the last whole fetch of each, with the operator's last word on it."""
    days: dict[date, Sealed] = {}
    for one in done:
        day = day_number(one.day)
        if isinstance(one, Land):
            word = days[day].decision if day in days else None
            days[day] = Sealed(one.sealed.coverage, one.sealed.rows, word)
        elif isinstance(one, Say) and day in days:
            days[day] = Sealed(days[day].coverage, days[day].rows, one.word)
    return days


def do(kept: History, done: list[Operation]) -> None:
    landed: set[int] = set()
    sealed: set[int] = set()
    for one in done:
        day = day_number(one.day)
        if isinstance(one, Land):
            kept.day(day, one.sealed.rows, coverage=one.sealed.coverage)
            landed.add(one.day)
            sealed.add(one.day)
        elif isinstance(one, Break) and one.day not in sealed:
            kept.day(day, [], complete=False, cause="timeout", message="too slow")
        elif isinstance(one, Say) and one.day in sealed:
            kept.decide(day, one.word)
        elif isinstance(one, Again) and one.day in landed:
            kept.consolidate(day)


@given(st.lists(operations(), min_size=1, max_size=12), st.integers(1, 3))
@settings(max_examples=count(12, 1000))
def test_law_4_whatever_is_done_the_tables_tell_the_days_that_stand(done: list[Operation], debounce_days: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        kept = History(Path(folder), debounce_days)
        do(kept, done)
        days = standing(done)
        if not days:
            return
        assert_tables_agree(kept, days)
        snapshots = kept.snapshots()
        for day in days:
            assert not kept.consolidate(day).committed
        assert kept.snapshots() == snapshots


@given(st.lists(operations(), min_size=3, max_size=9), st.integers(1, 3), st.integers(1, 3))
@settings(max_examples=count(5, 300))
def test_law_4_another_debounce_tells_everything_by_it(done: list[Operation], before: int, after: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        do(History(Path(folder), before), done)
        days = standing(done)
        if not days:
            return
        kept = History(Path(folder), after)
        kept.consolidate(max(days))
        expected = History(Path(folder) / "afresh", after)
        for day in sorted(days):
            expected.day(day, days[day].rows, coverage=days[day].coverage)
            if days[day].decision:
                expected.decide(day, cast("Decision", days[day].decision))
        assert_same_rows(_without(kept), _without(expected))


def _without(kept: History) -> dict[str, list[dict[str, object]]]:
    """Content but for `runs`, whose rows each tell the debounce of their own night."""
    return {name: rows for name, rows in kept.content().items() if name != "runs"}
