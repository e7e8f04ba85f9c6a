"""A market's days in `runs`: which are judged anew, what is written again, and from where the tables are computed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest

from consolidated.day.ledger import Boundary, Ledger, SealedContent, day_row
from consolidated.history.acceptance import Shares
from consolidated.history.spells import AcceptedDay
from consolidated.tables.columns import COUNTS
from consolidated.tables.definitions import RUNS
from tests.support.typed_days import day_number, market_report
from transformed.day.report import Report

DAYS = [day_number(number) for number in range(6)]
REPORT = Report(
    oem="maker", name="stock", endpoint="search", table="inventory", date=DAYS[0].isoformat(), source="sandbox",
    contract_version=1, files=[], quarantine_file=None, quarantined_by_rule={}, markets={}, interpretation="1",
)  # fmt: skip


def row(day: date, vehicles: int = 30, **values: Any) -> dict[str, Any]:
    """A complete day's row, which nobody has judged yet."""
    report = replace(REPORT, date=day.isoformat())
    made = day_row(report, market_report(vehicles), 2, SealedContent(vehicles, vehicles, f"of {day}"), None)
    assert values.keys() <= made.keys()
    return made | values


def ledger(*rows: dict[str, Any], debounce_days: int = 2) -> Ledger:
    return Ledger(debounce_days, {one["date"]: one for one in rows})


def read_again(kept: Ledger) -> Ledger:
    """As another night reads what was written."""
    return Ledger(kept.debounce_days, {day: dict(one) for day, one in kept.rows.items()})


def judged(*rows: dict[str, Any], debounce_days: int = 2) -> Ledger:
    found = ledger(*rows, debounce_days=debounce_days)
    found.judge(None)
    found.enter_boundaries()
    found.enter_states()
    return found


def test_a_judgement_is_written_into_the_days_row() -> None:
    stale: dict[str, Any] = dict.fromkeys(COUNTS, 7) | {"rewrites_since": DAYS[0]}
    days = ledger(
        row(DAYS[0], **stale), row(DAYS[1], 5, **stale), row(DAYS[2], complete=False, **stale), row(DAYS[3]),
        debounce_days=4,
    )  # fmt: skip
    days.judge(None)
    assert days.accepted() == [DAYS[0], DAYS[3]]
    assert [one["accepted"] for one in days.rows.values()] == [True, False, False, True]
    assert str(days.rows[DAYS[1]]["decision_reason"]).startswith("volume_drop")
    assert days.rows[DAYS[2]]["decision_reason"] is None
    assert {one["debounce_days"] for one in days.rows.values()} == {4}
    # what a day that does not count says of history is nothing
    assert [one["listed"] for one in days.rows.values()] == [7, None, None, None]
    assert [one["rewrites_since"] for one in days.rows.values()] == [DAYS[0], None, None, None]
    assert all(one["judged_after"] is None for one in days.rows.values())


def test_turnover_is_measured_once_for_the_days_that_it_is_measured_against() -> None:
    asked: list[tuple[date, tuple[date, ...]]] = []

    def measure(day: date, accepted: Any) -> Shares:
        asked.append((day, tuple(accepted)))
        return Shares(0.9, 0.95 if day == DAYS[1] else 0.1)

    first = ledger(*map(row, DAYS[:3]))
    first.judge(measure)
    assert asked == [(DAYS[1], (DAYS[0],)), (DAYS[2], (DAYS[0],))]
    assert first.accepted() == [DAYS[0], DAYS[2]]
    assert str(first.rows[DAYS[1]]["decision_reason"]).startswith("turnover: 90% of the last accepted day's vehicles")
    assert [(one["absent_share"], one["unseen_share"]) for one in first.rows.values()] == [
        (None, None),
        (0.9, 0.95),
        (0.9, 0.1),
    ]
    assert [one["judged_after"] is None for one in first.rows.values()] == [True, False, False]

    asked.clear()
    again = read_again(first)
    again.judge(measure)
    assert asked == []
    assert (again.accepted(), again.rows) == (first.accepted(), first.rows)

    # another first day: both are measured anew; another day in between that does not count: none is
    for changed, measured in ((DAYS[0], 2), (DAYS[1], 0)):
        asked.clear()
        another = read_again(first)
        another.rows[changed]["content_hash"] = "another"
        another.judge(measure)
        assert len(asked) == measured


def test_a_day_is_compared_with_the_day_before_as_its_own_interpretation_reads_it() -> None:
    days = judged(
        row(DAYS[0]), row(DAYS[1], interpretation="2"), row(DAYS[2], 1), row(DAYS[3], interpretation="2"), row(DAYS[4])
    )
    boundaries = [Boundary(DAYS[0], DAYS[1], "2"), Boundary(DAYS[3], DAYS[4], "1")]
    assert days.boundaries() == boundaries
    assert days.enter_boundaries() == boundaries
    days.enter_retyped(boundaries[0], pl.DataFrame({"listing_id": ["a"]}), 3)
    days.enter_retyped(boundaries[1], None, None)
    assert days.enter_boundaries() == []
    assert [one["retyped_as"] for one in days.rows.values()] == ["2", None, None, "1", None]
    assert [one["reinterpreted"] for one in days.rows.values()] == [None, 3, None, None, None]
    assert (bool(days.rows[DAYS[0]]["retyped_hash"]), days.rows[DAYS[3]]["retyped_hash"]) == (True, None)
    assert days.days() == [
        AcceptedDay(DAYS[0], True, 2, "1", False), AcceptedDay(DAYS[1], False, 2, "2", True),
        AcceptedDay(DAYS[3], False, 2, "2", False), AcceptedDay(DAYS[4], False, 2, "1", False),
    ]  # fmt: skip

    # a count that is missing, and another interpretation, are reasons to type again
    days.rows[DAYS[1]]["reinterpreted"] = None
    assert days.enter_boundaries() == boundaries[:1]
    days.rows[DAYS[1]] |= {"interpretation": "3", "reinterpreted": 3}
    assert days.enter_boundaries() == [Boundary(DAYS[0], DAYS[1], "3"), Boundary(DAYS[1], DAYS[3], "2")]

    # where no boundary is left, nothing of one is kept
    for one in days.rows.values():
        one["interpretation"] = None
    assert days.enter_boundaries() == []
    assert {one[name] for one in days.rows.values() for name in ("retyped_as", "retyped_hash", "reinterpreted")} == {
        None
    }
    assert days.interpretation(DAYS[0]) == ""


def test_a_day_covers_where_the_market_is_asked_otherwise_or_somebody_says_so() -> None:
    days = judged(row(DAYS[0]), row(DAYS[1]), row(DAYS[2], coverage="B"), row(DAYS[3], coverage="B", decision="cover"),
                  row(DAYS[4], coverage="B"), row(DAYS[5], coverage="B", decision="accept"))  # fmt: skip
    assert [one.is_covering for one in days.days()] == [True, False, True, True, False, False]


CHANGES = {
    "content_hash": "another", "coverage": "B", "decision": "cover", "interpretation": "2",
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_each_fact_of_a_day_changes_its_fingerprint_and_those_after_it(name: str) -> None:
    before = judged(*map(row, DAYS[:4]))
    after = read_again(before)
    after.rows[DAYS[1]][name] = CHANGES[name]
    after.judge(None)
    after.enter_boundaries()
    after.enter_states()
    assert [one == other for one, other in zip(before.states(), after.states(), strict=True)] == [
        True,
        False,
        False,
        False,
    ]
    assert after.undisturbed() == 1


def test_what_changes_nothing_of_history_leaves_the_fingerprints() -> None:
    before = judged(*map(row, DAYS[:3]), row(DAYS[3], 1))
    assert before.rows[DAYS[3]]["state"] is None
    after = read_again(before)
    after.rows[DAYS[1]] |= {"decision": "accept", "attempt": "another", "received": 7}
    after.judge(None)
    after.enter_boundaries()
    after.enter_states()
    assert (after.states(), after.undisturbed()) == (before.states(), 3)
    assert judged(*map(row, DAYS[:3]), debounce_days=3).states()[0] != before.states()[0]
    typed = read_again(judged(row(DAYS[0]), row(DAYS[1], interpretation="2")))
    typed.judge(None)
    typed.enter_retyped(typed.boundaries()[0], pl.DataFrame({"a": [1]}), 0)
    typed.enter_states()
    assert typed.undisturbed() == 1, "what a day is compared with is of its history"


def test_how_far_the_tables_stand_as_they_would_be_computed() -> None:
    before = judged(*map(row, DAYS[:5]))
    before.enter_counts(DAYS[3], dict.fromkeys(COUNTS, 1), DAYS[1])
    later = read_again(before)
    later.judge(None)
    later.enter_states()
    assert (later.undisturbed(), later.undisturbed(at_most=2), later.undisturbed(at_most=9)) == (5, 2, 5)
    # day 3 has changed what day 1 says: told again with it, so nothing from day 1 on is undisturbed
    later.rows[DAYS[4]]["content_hash"] = "another"
    later.enter_states()
    assert later.undisturbed() == 4, "the day that rewrote stays"
    assert [later.undisturbed(at_most=number) for number in (3, 2, 1, 0)] == [1, 1, 1, 0]
    later.rows[DAYS[2]]["content_hash"] = "another"
    later.enter_states()
    assert later.undisturbed() == 1
    assert read_again(judged()).undisturbed() == 0


def test_a_later_days_corrections_are_added_once() -> None:
    before = judged(*map(row, DAYS[:3]))
    for day in DAYS[:3]:
        before.enter_counts(day, dict.fromkeys(COUNTS, 10), None)
    written = read_again(before)
    written.judge(None)
    written.enter_states()
    written.correct({DAYS[0]: {"listed": -1}})
    assert written.rows[DAYS[0]]["listed"] == 10, "a killed step has written that already"
    written.enter_counts(DAYS[0], dict.fromkeys(COUNTS, 10), None)
    written.correct({DAYS[0]: {"listed": -1, "delisted": 2}, DAYS[1]: {"listed": -5}})
    assert [written.rows[DAYS[0]][name] for name in ("listed", "delisted", "relisted")] == [9, 12, 10]
    assert written.rows[DAYS[1]]["listed"] == 10
    grown = read_again(before)
    grown.rows[DAYS[3]] = row(DAYS[3])
    grown.judge(None)
    grown.enter_states()
    grown.correct({DAYS[1]: {"listed": 1}})
    assert grown.rows[DAYS[1]]["listed"] == 11


def test_what_is_written_again_begins_with_the_first_day_that_differs() -> None:
    days = read_again(judged(*map(row, DAYS[:4])))
    assert days.first_changed() is None
    days.rows[DAYS[3]]["attempt"] = "another"
    assert days.first_changed() == DAYS[3]
    days.rows[DAYS[5]] = row(DAYS[5])
    assert days.first_changed() == DAYS[3]
    days.rows[DAYS[1]]["listed"] = 3
    assert days.first_changed() == DAYS[1]
    frame = days.frame(RUNS.frame_schema, DAYS[3])
    assert (frame["date"].to_list(), frame.schema) == ([DAYS[3], DAYS[5]], RUNS.frame_schema)


def test_the_operators_words_and_what_was_there_before_a_day() -> None:
    word = {"decision": "accept", "decision_note": "a recall", "decided_by": "ana", "decided_at": None}
    days = judged(
        row(DAYS[2], disappeared=4), row(DAYS[1], 1, **word), row(DAYS[0], 40, disappeared=None), row(DAYS[3], 1)
    )
    assert days.words() == {DAYS[1]: word}
    assert days.before(DAYS[3]) == [(40, 0), (1, 0), (30, 4)]
    assert days.before(DAYS[2]) == [(40, 0), (1, 0)]


def test_a_day_that_comes_again_with_the_same_content_keeps_what_history_says_of_it() -> None:
    standing = row(
        DAYS[0], listed=5, rewrites_since=DAYS[1], decision="accept", decided_by="ana", accepted=True, state="s"
    )
    content = SealedContent(30, 30, f"of {DAYS[0]}")
    same = day_row(REPORT, market_report(30, attempt="another", fetch_seconds=99.0), 2, content, standing)
    assert same is standing, "another attempt alone changes nothing"
    told = day_row(REPORT, market_report(30, received=31), 2, content, standing)
    assert (told["received"], told["listed"], told["rewrites_since"]) == (31, 5, DAYS[1])
    assert [told[name] for name in ("decision", "decided_by", "accepted", "state")] == ["accept", "ana", False, None]
    for other in (replace(content, hash="another"), None):
        changed = day_row(REPORT, market_report(30), 2, other, standing)
        assert (changed["listed"], changed["rewrites_since"], changed["decision"]) == (None, None, "accept")
    asked_otherwise = day_row(REPORT, market_report(30, coverage="B"), 2, content, standing)
    assert asked_otherwise["listed"] is None


def test_a_days_row_says_what_was_fetched() -> None:
    content = SealedContent(3, 4, "h", ("d1", "d2"))
    found = day_row(REPORT, market_report(5, received=6, shortfall=1), 2, content, None)
    assert {name: value for name, value in found.items() if value is not None} == {
        "oem": "maker", "market": "es", "table": "inventory", "date": DAYS[0], "endpoint": "search", "debounce_days": 2,
        "attempt": "20260101T060000.000000Z", "coverage": "A", "complete": True, "received": 6, "accepted_rows": 5,
        "quarantined": 0, "duplicates": 0, "reported_total": 5, "shortfall": 1, "fetch_seconds": 1.5, "vehicles": 3,
        "sightings": 4, "content_hash": "h", "seen_without_row": "d1\nd2", "interpretation": "1", "accepted": False,
    }  # fmt: skip
    assert set(found) == set(RUNS.frame_schema)
    nothing = day_row(REPORT, market_report(0, cause="blocked", message="no"), 2, None, None)
    assert [nothing[name] for name in ("complete", "cause", "message")] == [False, "blocked", "no"]
    assert {nothing[name] for name in ("vehicles", "sightings", "content_hash", "seen_without_row")} == {None}
    assert day_row(REPORT, market_report(1), 2, SealedContent(1, 1, "h"), None)["seen_without_row"] is None


def test_the_fingerprints_of_days_stay_what_they_are_so_that_an_upgrade_computes_nothing_again() -> None:
    """Another one is meant where RULES moves: then the first night computes every market from its sealed days."""
    days = ledger(row(DAYS[0]), row(DAYS[1], interpretation="2", coverage="B", decision="cover"))
    days.judge(None)
    days.enter_retyped(days.boundaries()[0], None, None)
    days.enter_states()
    assert [state[:16] for state in days.states()] == ["864b39d8d73f01a4", "130716154c6855cd"]
