"""Law 12: a change of our own (mapping, contract, coverage, debounce, code) makes no event."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.consolidated_support import History, Kept, MemoryHistory
from tests.support.counts import IS_SOAK
from tests.support.typed_days import FULL, day_number, stock

pytestmark = pytest.mark.slow


def history(folder: Path, debounce_days: int = 2) -> Kept:
    """In memory, since the rules are what is told apart here; on Iceberg tables under `make soak`."""
    return History(folder, debounce_days) if IS_SOAK else MemoryHistory(debounce_days=debounce_days)


def test_cars_that_a_wider_question_finds_are_not_new(tmp_path: Path) -> None:
    kept = history(tmp_path / "lake")
    for number in range(2):
        kept.day(day_number(number), stock(day_number(number)), coverage="narrow")
    kept.day(day_number(2), stock(day_number(2), range(FULL + 6)), coverage="wide")
    events = kept.table("inventory_events").to_dicts()
    assert {event["kind"] for event in events} <= {"covered"}
    appeared = [row for row in kept.table("inventory").to_dicts() if row["first_seen_on"] == day_number(2)]
    assert len(appeared) == 6
    assert all(row["first_seen_is_censored"] for row in appeared)


def test_another_debounce_delists_nothing_by_itself(tmp_path: Path) -> None:
    kept = history(tmp_path / "lake", debounce_days=3)
    for number in range(3):
        kept.day(day_number(number), stock(day_number(number), range(min(number, 1), FULL)))
    kept.debounce_days = 9
    kept.day(day_number(3), stock(day_number(3), range(1, FULL)))
    assert "delisted" not in set(kept.table("inventory_events")["kind"])
