"""Whose night ended how: from the rows of `runs` and the runs of Dagster to the facts that alerts follow from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from consolidated.night.alerts import facts
from consolidated.night.alerts.facts import read_night, served
from consolidated.night.alerts.messages import Night, Served
from consolidated.night.failures import Failure
from consolidated.night.runs import NightRuns
from consolidated.tables.definitions import RUNS
from resources.failures import Cause

DAY = date(2026, 11, 3)
BEFORE, LONG_BEFORE = DAY - timedelta(days=1), DAY - timedelta(days=9)
MAKERS = ("audi", "bmw", "ford")


def row(oem: str, day: date = DAY, market: str = "es", **values: Any) -> dict[str, Any]:
    return {
        "oem": oem, "market": market, "table": "inventory", "date": day, "endpoint": "stock", "complete": True,
        "accepted": True, "vehicles": 10, **values,
    }  # fmt: skip


class Lake:
    """A store by its rows of `runs`; and what Dagster knows of the night."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] | None = []
        self.ran: dict[str, str] = {}
        self.whole: frozenset[str] = frozenset()
        self.failures: list[Failure] = []
        self.is_running = False

    def source(self) -> str | None:
        return None if self.rows is None else "sandbox"

    def open(self, source: str) -> Lake:
        assert source == "sandbox"
        return self

    def read(self, table: Any, where: pl.Expr, columns: Sequence[str]) -> pl.DataFrame:
        assert table is RUNS
        schema = {name: RUNS.frame_schema[name] for name in columns}
        rows = [{name: one.get(name) for name in columns} for one in self.rows or []]
        return pl.DataFrame(rows, schema=schema).filter(where)

    def night(self) -> Night:
        return read_night(self, None, DAY, MAKERS)  # type: ignore[arg-type]


@pytest.fixture
def lake(monkeypatch: pytest.MonkeyPatch) -> Lake:
    of = Lake()

    def runs_of_night(_instance: Any, day: date, oems: Sequence[str]) -> NightRuns:
        assert (day, oems) == (DAY, MAKERS)
        ran: dict[str, Any] = {
            oem: SimpleNamespace(run_id=run_id, status=SimpleNamespace(value="CANCELED"))
            for oem, run_id in of.ran.items()
        }
        return NightRuns(ran, of.whole, of.is_running)

    monkeypatch.setattr(facts, "runs_of_night", runs_of_night)
    monkeypatch.setattr(facts, "failures_of_night", lambda *_: {one.place: one for one in of.failures})
    return of


def test_a_night_is_told_by_its_own_rows_and_knows_the_last_one_before_it(lake: Lake) -> None:
    lake.ran, lake.whole = dict.fromkeys(("audi", "bmw"), "run"), frozenset(("audi", "bmw"))
    lake.rows = [
        row("bmw"),
        row("audi", market="it", complete=False, accepted=False, cause="blocked", message="it is blocked", vehicles=0),
        row("audi", market="de", accepted=False, decision_reason="volume_drop: 3 vehicles", vehicles=3),
        row("audi", BEFORE, market="it", complete=False, accepted=False, cause="timeout", message="long ago"),
        row("audi", LONG_BEFORE, market="it"),
        row("ford", DAY + timedelta(days=1)),
    ]
    night = lake.night()
    assert (night.day, night.ran, night.last_day) == (DAY, {"audi": "run", "bmw": "run"}, BEFORE)
    told = [(one.kind, one.oem, one.place, one.cause) for one in night.matters]
    assert told == [
        ("DOUBTFUL", "audi", "audi de inventory", Cause.VOLUME_DROP),
        ("NOT WHOLE", "audi", "audi it inventory", Cause.BLOCKED),
    ]
    assert night.served == (
        Served("audi", "de", "inventory", None, None),
        Served("audi", "it", "inventory", LONG_BEFORE, 10),
    )


def test_a_first_night_and_a_lake_without_tables_have_nothing_before_them(lake: Lake) -> None:
    lake.rows = [row("audi")]
    assert (lake.night().last_day, lake.night().served) == (None, ())
    lake.rows = None
    assert lake.night() == Night(DAY, {})
    lake.is_running = True
    assert lake.night().is_running


def test_a_maker_whose_whole_night_left_nothing_is_a_matter_and_one_of_whom_assets_alone_ran_is_none(
    lake: Lake,
) -> None:
    lake.ran = {"audi": "a", "bmw": "b", "ford": "f"}
    lake.whole = frozenset(("audi", "bmw"))
    lake.rows = [row("audi")]
    night = lake.night()
    assert night.ran == {"audi": "a", "bmw": "b"}, "assets of ford were made by hand, and told nothing"
    (matter,) = night.matters
    assert (matter.kind, matter.oem, matter.cause, matter.run_id) == ("NOT RUN", "bmw", None, "b")
    assert "the night's run ended as CANCELED before anything of it was fetched" in matter.words
    assert matter.advice == "Look at the run, then start the job `bmw_nightly` again."
    lake.rows.append(row("ford"))
    assert set(lake.night().ran) == set(MAKERS), "the rows that the assets left are of the night"


def test_a_maker_that_failed_had_its_turn(lake: Lake) -> None:
    lake.ran, lake.whole = dict.fromkeys(("audi", "bmw"), "run"), frozenset(("audi", "bmw"))
    lake.rows = [row("audi")]
    lake.failures = [Failure("bmw/raw/stock", None, (Cause.BLOCKED,), "blocked", "run")]
    assert [(one.kind, one.oem) for one in lake.night().matters] == [("FAILED", "bmw")]
    lake.rows, lake.failures = [], [Failure("audi/raw/stock", None, (), "what", "run"), *lake.failures]
    assert [(one.kind, one.oem) for one in lake.night().matters] == [("FAILED", "audi"), ("FAILED", "bmw")]


def test_a_night_that_ended_before_every_makers_turn_is_one_matter(lake: Lake) -> None:
    lake.ran, lake.whole = dict.fromkeys(MAKERS, "run"), frozenset(MAKERS)
    night = lake.night()
    assert night.ran == {"all makers": "run"}
    (matter,) = night.matters
    assert (matter.kind, matter.place, matter.run_id) == ("NOT RUN", "all makers", "run")
    assert matter.advice == "Look at the run, then start the job `nightly` again."
    lake.rows = [row("tesla")]  # of a maker that is no longer there
    assert lake.night().ran == {"all makers": "run"}


def test_a_market_that_never_counted_is_served_without_a_day_and_one_that_counts_needs_no_word() -> None:
    runs = pl.DataFrame(
        [
            row("bmw", DAY, accepted=False),
            row("audi", BEFORE, market="it", vehicles=7),
            row("audi", LONG_BEFORE, market="it", vehicles=5),
            row("audi", DAY),
            row("audi", DAY, table="dealers", accepted=False, vehicles=None),
            row("audi", BEFORE, table="dealers", vehicles=None),
        ]
    )
    assert served(runs, DAY) == [
        Served("audi", "es", "dealers", BEFORE, None),
        Served("audi", "it", "inventory", BEFORE, 7),
        Served("bmw", "es", "inventory", None, None),
    ]
