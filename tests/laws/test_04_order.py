"""Law 4: days consolidated in any order, or twice, give the same tables as once in order.

Random nights, corrections, incomplete days, decisions, changes of coverage and debounce, killed tries and expiries go
through the whole of consolidated, mostly on tables in memory, some on real ones. The tables have to agree with the
reference model (`tests/support/history_model.py`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consolidated.history.acceptance import Decision
from consolidated.maintenance.settings import MaintenanceSettings
from consolidated.maintenance.tasks import expire_snapshots
from consolidated.tables.columns import COUNTS
from resources.failures import PlatformError
from tests.support.acceptance_model import Sealed
from tests.support.consolidated_support import History, Kept, MemoryHistory, assert_same_rows
from tests.support.counts import count
from tests.support.history_model import History as Expected
from tests.support.history_model import history
from tests.support.memory_tables import Killed
from tests.support.random_histories import assert_agree, sealed_day
from tests.support.typed_days import MARKET, OEM, day_number, vehicle


@dataclass(frozen=True)
class Night:
    """A day is consolidated; sealed: None for one that was not fetched whole. killed_after: on tables in memory the
    first try is killed when so many tables are committed, and the day is done again, perhaps after another one."""

    number: int
    sealed: Sealed | None
    debounce_days: int
    killed_after: int | None = None

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What hypothesis prints of a shrunk failure: of each car only what is not as usual."""
        usual = vehicle("", date.min) | {"dealer_id": "north"}
        told = sorted(usual.keys() - {"listing_id", "date"})
        fetched = "not fetched whole"
        if self.sealed:
            named = [row for row in self.sealed.rows if not row["listing_id"].startswith("crowd")]
            cars = [
                " ".join([row["listing_id"], *(f"{name}={row[name]}" for name in told if row[name] != usual[name])])
                for row in named
            ]
            crowd = len(self.sealed.rows) - len(named)
            fetched = f"coverage {self.sealed.coverage}, {cars} and a crowd of {crowd}"
        killed = "" if self.killed_after is None else f", killed after {self.killed_after}"
        printer.text(f"Night({self.number}, {fetched}, debounce {self.debounce_days}{killed})")


@dataclass(frozen=True)
class Word:
    """An operator accepts or refuses a day, or takes that back."""

    number: int
    decision: Decision | None


@dataclass(frozen=True)
class Expiry:
    """The earlier versions of the present cannot be read any more, but for `kept`."""

    kept: int


Happening = Night | Word | Expiry


@st.composite
def lives(draw: st.DrawFn, longest: int) -> list[Happening]:
    """Nights in any order, some of them twice, some corrected, some killed; words and expiries in between; the debounce
    changes once."""
    is_crowded = draw(st.booleans())
    first_debounce, debounce = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))

    def night(number: int, days: int) -> Night:
        sealed = draw(sealed_day(day_number(number), is_crowded=is_crowded))
        killed_after = draw(st.sampled_from([None, None, None, 0, 1, 2, 3, 4]))
        return Night(number, None if draw(st.integers(0, 7)) == 0 else sealed, days, killed_after)

    numbers = range(draw(st.integers(1, longest)))
    happens: list[Happening] = [night(number, first_debounce) for number in numbers]
    again = draw(st.lists(st.sampled_from(numbers), max_size=2))
    corrected = draw(st.lists(st.sampled_from(numbers), max_size=2))
    happens += [one for one in happens if isinstance(one, Night) and one.number in again]
    happens += [night(number, first_debounce) for number in corrected]
    decisions: st.SearchStrategy[Decision | None] = st.sampled_from(["accept", "refuse", "refuse", "cover", None])
    happens += [Word(number, draw(decisions)) for number in draw(st.lists(st.sampled_from(numbers), max_size=3))]
    happens += draw(st.lists(st.builds(Expiry, st.integers(1, 3)), max_size=2))
    happens = draw(st.permutations(happens))
    since = draw(st.integers(0, len(happens)))
    return [
        replace(one, debounce_days=debounce) if isinstance(one, Night) and at >= since else one
        for at, one in enumerate(happens)
    ]


@dataclass
class Outcome:
    """What is known after a life, as simply as it can be said: the last word on each day and its last whole fetch."""

    days: dict[date, Sealed]
    incomplete: set[date]
    debounce_days: int


def lived(kept: Kept, happens: Iterable[Happening]) -> Outcome:
    """Let it happen to tables; returns what they have to know then."""
    outcome = Outcome({}, set(), 0)
    killed: Night | None = None
    for one in happens:
        if killed and not (isinstance(one, Night) and one.number != killed.number):
            _consolidated(kept, killed, outcome)
            killed = None
        if isinstance(one, Expiry):
            _expired(kept, one)
        elif isinstance(one, Word):
            _decided(kept, one, outcome)
        elif killed is None and _killed_on_the_way(kept, one):
            killed = one
        else:
            _consolidated(kept, one, outcome)
            if killed:
                _consolidated(kept, killed, outcome)
            killed = None
    if killed:
        _consolidated(kept, killed, outcome)
    return outcome


def _expired(kept: Kept, expiry: Expiry) -> None:
    if isinstance(kept, MemoryHistory):
        if kept.memory.versions:
            kept.memory.forget("inventory", expiry.kept)
    elif kept.store.source():
        settings = MaintenanceSettings(snapshot_days=0, snapshots_at_least=expiry.kept)
        expire_snapshots(cast("History", kept).catalog, settings)


def _decided(kept: Kept, word: Word, outcome: Outcome) -> None:
    day = day_number(word.number)
    if day in outcome.days:
        kept.decide(day, word.decision)
        outcome.days[day] = replace(outcome.days[day], decision=word.decision)
    else:
        with pytest.raises(PlatformError):
            kept.decide(day, word.decision)


def _killed_on_the_way(kept: Kept, night: Night) -> bool:
    """Consolidate a day by a process that is killed between two commits; False where nothing killed it."""
    if night.killed_after is None or night.sealed is None or not isinstance(kept, MemoryHistory):
        return False
    kept.debounce_days = night.debounce_days
    kept.memory.killed_after = night.killed_after
    try:
        kept.seal(day_number(night.number), night.sealed)
    except Killed:
        return True
    finally:
        kept.memory.killed_after = None
    return False


def _consolidated(kept: Kept, night: Night, outcome: Outcome) -> None:
    day = day_number(night.number)
    kept.debounce_days = outcome.debounce_days = night.debounce_days
    if night.sealed is None:
        kept.day(day, [], complete=False, cause="timeout", message="too slow")
        outcome.incomplete.add(day)
        return
    kept.seal(day, night.sealed)
    decision = outcome.days[day].decision if day in outcome.days else None
    outcome.days[day] = replace(night.sealed, decision=decision)


def assert_tables_agree(kept: Kept, outcome: Outcome) -> None:
    days = outcome.days
    expected = history(days, outcome.debounce_days)
    runs = {row["date"]: row for row in kept.table("runs").to_dicts()}
    assert runs.keys() == days.keys() | outcome.incomplete
    assert {day for day in runs if runs[day]["complete"]} == days.keys()
    assert [day for day in sorted(runs) if runs[day]["accepted"]] == expected.accepted
    found = Expected(
        expected.accepted,
        {row["vehicle_id"]: row for row in kept.table("inventory").to_dicts()},
        {row.pop("event_id"): row for row in kept.table("inventory_events").to_dicts()},
        {day: {name: runs[day][name] for name in COUNTS} for day in expected.accepted},
    )
    assert_agree(found, expected)
    assert kept.table("inventory").height == len(found.present)
    assert kept.table("inventory_events").height == len(found.events)
    assert kept.table("inventory_daily").height == sum(len(one.rows) for one in days.values())


def assert_order_is_nothing(kept: Kept, in_order: Kept, happens: list[Happening], random: Any) -> None:
    """The tables agree with the model; the same day again commits nothing; in order the same rows come out."""
    outcome = lived(kept, happens)
    assert_tables_agree(kept, outcome)
    snapshots = kept.snapshots()
    if not outcome.days:
        return
    kept.sealed(outcome.days, [random.choice(sorted(outcome.days))])
    assert kept.snapshots() == snapshots, "the same again commits nothing"

    in_order.debounce_days = outcome.debounce_days
    words: list[Night | Word] = []
    nights: list[Night | Word] = []
    for number in range(max((one.number for one in happens if not isinstance(one, Expiry)), default=-1) + 1):
        day = day_number(number)
        if day in outcome.days:
            nights.append(Night(number, outcome.days[day], outcome.debounce_days))
            if decision := outcome.days[day].decision:
                words.append(Word(number, cast("Decision", decision)))
    lived(in_order, [*nights, *words])
    ours, theirs = kept.content(), in_order.content()
    for name in ("inventory_daily", "inventory", "inventory_events"):
        assert ours[name] == theirs[name], f"{name} differs"


@pytest.mark.slow
@given(lives(longest=5), st.randoms(use_true_random=False))
@settings(max_examples=count(12, 5000))
def test_tables_in_memory_hold_what_is_known_however_it_became_known(happens: list[Happening], random: Any) -> None:
    assert_order_is_nothing(MemoryHistory(), MemoryHistory(), happens, random)


@pytest.mark.slow
@given(lives(longest=5), st.randoms(use_true_random=False))
@settings(max_examples=count(1, 300))
def test_real_tables_hold_what_is_known_however_it_became_known(happens: list[Happening], random: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        kept, in_order = History(Path(folder) / "as it came"), History(Path(folder) / "in order")
        assert_order_is_nothing(kept, in_order, happens, random)


@pytest.mark.slow
@given(st.data())
@settings(max_examples=count(8, 300))
def test_dealers_in_any_order(data: st.DataObject) -> None:
    """Dealers follow the rules of vehicles without prices and identity: order and repeats are what can go wrong."""
    numbers = range(data.draw(st.integers(1, 5)))
    ids = [str(one) for one in range(24)]
    few = st.lists(st.sampled_from(["a", "b", "c"]), unique=True)
    crowd = st.sampled_from([0, 4, 13, 24])
    networks = {number: [*data.draw(few), *ids[: data.draw(crowd)]] for number in numbers}
    order = data.draw(st.permutations([*numbers, *data.draw(st.lists(st.sampled_from(numbers), max_size=2))]))
    shuffled, in_order = MemoryHistory(), MemoryHistory()
    for kept, sequence in ((shuffled, order), (in_order, list(numbers))):
        for number in sequence:
            rows = [{"oem": OEM, "market": MARKET, "dealer_id": one, "name": one} for one in networks[number]]
            kept.day(day_number(number), rows, dealers=True)
    assert_same_rows(shuffled.content(), in_order.content())
    snapshots = shuffled.snapshots()
    for number in numbers:
        shuffled.consolidate(day_number(number), dealers=True)
    assert shuffled.snapshots() == snapshots
