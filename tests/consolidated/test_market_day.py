"""A market's day: from where its history is computed, what is written of it, and what is said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast

import polars as pl
import pytest

from consolidated.day.market import NOTHING_ACCEPTED, MarketDay, StartingPoint
from consolidated.history.mass_change import mass_changes
from consolidated.tables import definitions
from consolidated.tables.columns import COUNTS
from consolidated.tables.definitions import DEALERS, INVENTORY, INVENTORY_EVENTS, RUNS, TableDefinition
from consolidated.tables.store import CONTENT, Tables

FIRST, SECOND, THIRD, FOURTH = (date(2026, month, day) for month, day in ((1, 30), (1, 31), (2, 1), (2, 2)))
HERE = {"oem": "maker", "market": "es"}


@dataclass
class Standing:
    """The tables' fingerprints, and what was noted to be written. differs: whether what is noted is another."""

    states: dict[str, str] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)
    differs: bool = True
    noted: list[tuple[str, pl.Expr, pl.DataFrame, str, str]] = field(default_factory=list)
    asked: list[tuple[str, pl.Expr, Any, Any]] = field(default_factory=list)

    def state(self, table: TableDefinition, scope: str) -> str | None:
        assert scope == "maker/es"
        return self.states.get(table.name)

    def versions(self, _table: TableDefinition, _scope: str) -> dict[str, int]:
        return self.kept

    def read(self, table: TableDefinition, where: pl.Expr, columns: Any = None, *, version: Any = None) -> pl.DataFrame:
        self.asked.append((table.name, where, columns, version))
        return pl.DataFrame(schema=table.frame_schema)

    def replace(self, table: TableDefinition, where: pl.Expr, rows: pl.DataFrame, *, scope: str, state: str) -> bool:
        self.noted.append((table.name, where, rows, scope, state))
        return self.differs


def row(day: date, *, accepted: bool = True, **values: Any) -> dict[str, Any]:
    found = dict.fromkeys(RUNS.frame_schema) | HERE | {
        "table": "inventory", "date": day, "endpoint": "search", "debounce_days": 2, "attempt": "a", "coverage": "A",
        "complete": True, "received": 30, "accepted_rows": 30, "quarantined": 0, "duplicates": 0, "shortfall": 0,
        "fetch_seconds": 1.0, "vehicles": 30, "sightings": 30, "content_hash": f"of {day}", "interpretation": "1",
        "accepted": accepted,
    }  # fmt: skip
    assert values.keys() <= found.keys()
    return found | values


def work_of(tables: Standing, *rows: dict[str, Any], day: date = FOURTH) -> MarketDay:
    runs = pl.DataFrame(rows, schema=RUNS.frame_schema, orient="row")
    return MarketDay.open(cast("Tables", tables), "maker", "es", "inventory", day, runs=runs)


def told(days: Sequence[date]) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows of accepted days as they were written, and their fingerprints."""
    work = work_of(Standing(), *map(row, days))
    judge(work)
    return list(work.ledger.rows.values()), work.ledger.states()


def judge(work: MarketDay) -> None:
    work.ledger.judge(None)
    work.ledger.enter_boundaries()
    work.ledger.enter_states()


def states(inventory: str | None, events: str | None) -> dict[str, str]:
    found = {"inventory": inventory, "inventory_events": events}
    return {name: state[:16] for name, state in found.items() if state is not None}


def start(work: MarketDay, *, dealers: bool = False) -> StartingPoint | None:
    judge(work)
    return work.starting_point(DEALERS) if dealers else work.starting_point(INVENTORY, INVENTORY_EVENTS)


def test_where_nothing_is_accepted_and_nothing_was_there_is_nothing_to_compute() -> None:
    assert start(work_of(Standing(), row(FIRST, complete=False, accepted=False), day=FIRST)) is None
    gone = start(work_of(Standing(states("x", "x")), row(FIRST, complete=False, accepted=False), day=FIRST))
    assert gone == StartingPoint(days=0, since=FIRST, version=None, is_current=False, state=NOTHING_ACCEPTED)
    kept, fingerprints = told([FIRST])
    refused = [one | {"decision": "refuse"} for one in kept]
    found = start(work_of(Standing(states(fingerprints[0], fingerprints[0])), *refused, day=SECOND))
    assert found == StartingPoint(days=0, since=FIRST, version=None, is_current=False, state=NOTHING_ACCEPTED)
    empty = states(NOTHING_ACCEPTED, NOTHING_ACCEPTED)
    assert start(work_of(Standing(empty), *[one | {"state": None, "accepted": False} for one in refused])) is None


def test_tables_that_hold_the_accepted_days_are_left_alone() -> None:
    kept, fingerprints = told([FIRST, SECOND])
    last = fingerprints[-1]
    assert start(work_of(Standing(states(last, last)), *kept)) is None
    # the present is written after the events: a step that was killed in between does the same again
    again = start(work_of(Standing(states(fingerprints[0], last)), *kept))
    assert again == StartingPoint(days=1, since=SECOND, version=None, is_current=True, state=last)
    assert start(work_of(Standing({"dealers": last[:16]}), *kept), dealers=True) is None
    behind = start(work_of(Standing({"dealers": fingerprints[0][:16]}), *kept), dealers=True)
    assert behind == StartingPoint(days=1, since=SECOND, version=None, is_current=True, state=last)


def test_a_new_day_is_computed_from_the_present_as_it_stands() -> None:
    kept, fingerprints = told([FIRST, SECOND])
    work = work_of(Standing(states(fingerprints[-1], fingerprints[-1])), *kept, row(THIRD, accepted=False))
    found = start(work)
    assert found == StartingPoint(days=2, since=THIRD, version=None, is_current=True, state=work.ledger.states()[-1])
    first = start(work_of(Standing(), row(FIRST, accepted=False), day=FIRST))
    assert first is not None
    assert (first.days, first.since, first.version, first.is_current) == (0, FIRST, None, False)


def test_events_of_rows_that_were_replaced_since_are_computed_from_the_first_day() -> None:
    kept, fingerprints = told([FIRST, SECOND])
    found = start(work_of(Standing(states(fingerprints[-1], "of nobody")), *kept, row(THIRD, accepted=False)))
    assert found is not None
    assert (found.days, found.since, found.version, found.is_current) == (0, FIRST, None, False)


def changed_second(kept: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one | {"content_hash": "another"} if one["date"] == SECOND else one for one in kept]


def test_after_a_day_of_the_past_has_changed_the_present_before_it_is_read_if_it_can_be() -> None:
    kept, fingerprints = told([FIRST, SECOND, THIRD])
    stand = states(fingerprints[-1], fingerprints[-1])
    readable = {fingerprints[0][:16]: 7, fingerprints[1][:16]: 8}
    found = start(work_of(Standing(stand, kept=readable), *changed_second(kept)))
    assert found is not None
    assert (found.days, found.since, found.version, found.is_current) == (1, SECOND, 7, False)
    expired = start(work_of(Standing(stand, kept={fingerprints[1][:16]: 8}), *changed_second(kept)))
    assert expired is not None
    assert (expired.days, expired.since, expired.version, expired.is_current) == (0, FIRST, None, False)


def test_a_day_that_counts_no_more_is_taken_out_from_its_own_day_on() -> None:
    kept, fingerprints = told([FIRST, SECOND, THIRD])
    stand = states(fingerprints[-1], fingerprints[-1])
    refused = [one | {"decision": "refuse"} if one["date"] == THIRD else one for one in kept]
    found = start(work_of(Standing(stand, kept={fingerprints[1][:16]: 8}), *refused))
    assert found == StartingPoint(days=2, since=THIRD, version=8, is_current=False, state=fingerprints[1])


def test_a_market_is_read_and_written_within_its_rows() -> None:
    tables = Standing()
    work = work_of(tables, row(FIRST))
    assert (work.scope, work.ledger.debounce_days) == ("maker/es", 2)
    rows = pl.DataFrame({"oem": ["maker", "maker", "other"], "market": ["es", "fr", "es"], "n": [1, 1, 1]})
    work.read(INVENTORY, pl.col("n") == 1, ["oem"], version=5)
    work.read(INVENTORY)
    work.will_replace(INVENTORY, None, rows, state="s")
    work.will_replace(INVENTORY, pl.col("n") == 2, rows, state=CONTENT)
    judge(work)
    assert work.day == FOURTH
    work.day = FIRST
    outcome = work.stage()
    assert [rows.filter(where).height for _, where, *_ in tables.asked] == [1, 1]
    assert [(name, *more) for name, _, *more in tables.asked] == [("inventory", ["oem"], 5), ("inventory", None, None)]
    assert [rows.filter(one[1]).height for one in tables.noted] == [1, 0]
    assert [one[3:] for one in tables.noted] == [("maker/es", "s"), ("maker/es", CONTENT)]
    assert outcome.committed
    tables.differs = False
    work.will_replace(INVENTORY, None, rows, state="s")
    assert not work.stage().committed
    assert len(tables.noted) == 3, "what was given to the tables is not given again"


def test_of_runs_the_months_from_the_first_changed_day_on_are_written() -> None:
    kept, _ = told([FIRST, SECOND, THIRD])
    for changed, days in ((None, None), (THIRD, [THIRD]), (SECOND, [FIRST, SECOND, THIRD])):
        tables = Standing()
        work = work_of(tables, *kept)
        if changed:
            work.ledger.rows[changed]["received"] = 99
        work.day = FIRST
        work.will_replace_runs()
        work.stage()
        if days is None:
            assert tables.noted == []
            continue
        ((name, where, rows, _, state),) = tables.noted
        assert (name, state, rows["date"].to_list()) == ("runs", CONTENT, days)
        others = pl.DataFrame([*kept, row(FIRST, table="dealers"), row(THIRD, market="fr")], schema=RUNS.frame_schema)
        assert others.filter(where)["date"].to_list() == days


def test_an_outcome_says_why_a_day_does_not_count_and_what_is_unusual_about_one_that_does() -> None:
    work = work_of(Standing(), row(FIRST), row(SECOND, complete=False, accepted=False, message="no", vehicles=None),
                   row(THIRD, vehicles=5, decision="cover", decided_by="ana"), row(FOURTH, vehicles=2))  # fmt: skip
    judge(work)
    found = {}
    for day in (FIRST, SECOND, THIRD, FOURTH):
        work.day = day
        found[day] = work.stage()
    assert [one.complete for one in found.values()] == [True, False, True, True]
    assert [one.accepted for one in found.values()] == [True, False, True, False]
    assert [one.vehicles for one in found.values()] == [30, 0, 5, 2]
    assert [one.reason for one in found.values()][:3] == [None, "no", "operator: covered"]
    assert (found[FOURTH].reason or "").startswith("volume_drop")
    assert {one.served for one in found.values()} == {THIRD}
    assert set(found[FIRST].words) == {THIRD}

    kept = [row(FIRST, disappeared=1), row(SECOND, vehicles=50, disappeared=30, listed=4), row(THIRD, complete=False)]
    work = work_of(Standing(), *kept, day=SECOND)
    judge(work)
    work.warnings.append("of the day")
    outcome = work.stage()
    assert [one.split(":")[0] for one in outcome.warnings] == ["of the day", "rise", "wave"]
    assert outcome.counts == {"disappeared": 30, "listed": 4}
    work.ledger.rows[SECOND] |= {"accepted": False}
    assert [one.split(":")[0] for one in work.stage().warnings] == ["of the day"]


def test_until_its_history_is_computed_a_days_row_says_of_history_what_it_said() -> None:
    standing = row(FIRST, state="s", rewrites_since=SECOND, listed=3)
    work = work_of(Standing(), standing, day=FIRST)
    entered = row(FIRST, accepted=False, received=31)
    work.ledger.rows[FIRST] = dict(entered)
    work.keep_standing(standing)
    found = work.ledger.rows[FIRST]
    assert {name: found[name] for name in ("accepted", "state", "rewrites_since", "listed", "received")} == {
        "accepted": True, "state": "s", "rewrites_since": SECOND, "listed": 3, "received": 31,
    }  # fmt: skip
    work.ledger.rows[FIRST] = dict(entered)
    work.keep_standing(None)
    assert work.ledger.rows[FIRST] == entered
    assert set(COUNTS) <= set(found)


def test_the_number_of_days_of_absence_is_the_makers_or_that_with_which_the_tables_stand() -> None:
    runs = pl.DataFrame([row(FIRST, debounce_days=5)], schema=RUNS.frame_schema, orient="row")
    tables = cast("Tables", Standing())
    for market, given, debounce_days in (("es", None, 5), ("es", 3, 3), ("fr", None, 0)):
        work = MarketDay.open(tables, "maker", market, "inventory", FIRST, given, runs=runs)
        assert work.ledger.debounce_days == debounce_days
    read = Standing()
    MarketDay.open(cast("Tables", read), "maker", "es", "dealers", FIRST)
    ((name, where, *_),) = read.asked
    days = [row(FIRST, table="dealers"), row(FIRST), row(FIRST, table="dealers", oem="other")]
    found = pl.DataFrame(days, schema=RUNS.frame_schema).filter(where).select("oem", "table").rows()
    assert (name, found) == (definitions.RUNS.name, [("maker", "dealers")])


@pytest.mark.parametrize(
    ("changed", "compared", "held"), [(20, 39, True), (20, 40, False), (19, 20, False), (21, 40, True)]
)
def test_a_column_that_changed_for_most_vehicles_is_named(changed: int, compared: int, held: bool) -> None:
    def event(number: int, kind: str, **values: Any) -> dict[str, Any]:
        found = dict.fromkeys(INVENTORY_EVENTS.frame_schema) | HERE
        return found | {"vehicle_id": str(number), "kind": kind, "event_date": FIRST, "known_on": FIRST} | values

    fields = [{"field": "mileage_km", "old": "1", "new": "2"}, {"field": "color", "old": None, "new": "red"}]
    rows = [event(n, "changed", changes=fields[: 1 + (n < 3)]) for n in range(changed)]
    rows += [event(n, "dealer_changed", old_dealer_id="a", new_dealer_id="b") for n in range(changed)]
    rows += [event(n, "price_changed", old_price_currency="EUR", new_price_currency="USD") for n in range(changed)]
    rows += [event(99, "listed")] * 60
    events = pl.DataFrame(rows, schema=INVENTORY_EVENTS.frame_schema, orient="row")
    share = f"{changed} of {compared} vehicles ({round(100 * changed / compared)} %)"
    names = ["price_currency", "dealer_id", "mileage_km"]
    assert mass_changes(events, compared) == [f"mass_change: {one} changed for {share}" for one in names if held]
