"""What each of Dagster's events tells a person who follows a night, and how far each maker is by it."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any, cast

import pytest
from dagster import AssetCheckSeverity, AssetKey, DagsterEventType

from consolidated.night.events import Follower, Line, MakerProgress, makers_of
from consolidated.night.failures import failure_of, failures_of_night, words_of
from resources.failures import Cause
from tests.support.declared import OEMS, assets
from tests.support.typed_days import day_number

STEP = "maker__raw__stock"


def event(kind: DagsterEventType, step: str | None = STEP, **data: Any) -> Any:
    failure = SimpleNamespace(**{"user_failure_data": None, "error": None} | data)
    return SimpleNamespace(
        event_type=kind, step_key=step, event_specific_data=failure, step_failure_data=failure,
        asset_check_evaluation_data=failure,
    )  # fmt: skip


def entry(about: Any = None, message: str = "", *, step: str | None = STEP, at: float = 100.0, level: int = 20) -> Any:
    return SimpleNamespace(
        dagster_event=about, user_message=message, step_key=step, timestamp=at, level=level, run_id="run"
    )


def follower(*makers: MakerProgress, pages: Any = None) -> Follower:
    return Follower(cast("Any", pages), {one.name: one for one in makers}, "run")


def told(by: Follower, *entries: Any) -> list[Line]:
    return [line for one in entries for line in by._lines(one)]


def error(message: str, cause: Any = None) -> Any:
    return SimpleNamespace(message=message, cause=cause)


def named(*causes: str, description: str | None = "our words") -> Any:
    metadata = {"cause": SimpleNamespace(value=causes[0])} if causes else None
    return SimpleNamespace(metadata=metadata, description=description)


def test_a_step_from_its_beginning_to_its_end() -> None:
    maker = MakerProgress("maker", 2)
    by = follower(maker)
    (line,) = told(by, entry(event(DagsterEventType.STEP_START), at=10.0))
    assert (line.text, line.is_news) == ("  maker/raw/stock", False)
    assert (maker.started_at, maker.running, maker.stage, maker.is_at_work) == (
        10.0,
        {"maker/raw/stock"},
        "fetching",
        True,
    )
    done = told(by, entry(event(DagsterEventType.STEP_SUCCESS), at=12.34))
    assert done == [Line("  maker/raw/stock done in 2.3 s")]
    assert (maker.running, maker.ended, maker.ended_at) == (set(), {"maker/raw/stock"}, None)
    other = "maker__transformed__stock"
    told(by, entry(event(DagsterEventType.STEP_START, other), step=other, at=13.0))
    assert (maker.started_at, maker.stage) == (10.0, "typing"), "its first step began it"
    (_, last) = told(by, entry(event(DagsterEventType.STEP_SUCCESS, other), step=other, at=15.0))
    assert last == Line("maker done: 5.0 s", is_news=True)
    assert (maker.ended_at, maker.is_at_work, maker.failures) == (15.0, False, 0)


@pytest.mark.parametrize(
    ("running", "stage"),
    [
        ({"m/raw/a", "m/transformed/a", "m/merged/all"}, "fetching"),
        ({"m/transformed/a", "m/consolidated/inventory"}, "typing"),
        ({"m/consolidated/inventory"}, "merging"),
        ({"m/other/a"}, "waiting"),
        (set(), "waiting"),
    ],
)
def test_a_maker_is_where_its_least_advanced_step_is(running: set[str], stage: str) -> None:
    assert MakerProgress("m", 3, running=running).stage == stage


def test_what_failed_is_told_and_counted() -> None:
    maker = MakerProgress("maker", 3, started_at=1.0)
    by = follower(maker)
    failed = event(DagsterEventType.STEP_FAILURE, user_failure_data=named("blocked"))
    assert told(by, entry(failed)) == [Line("  maker/raw/stock FAILED: our words", is_news=True)]
    assert by.failures["maker/raw/stock"].causes == (Cause.BLOCKED,)
    assert by.failures["maker/raw/stock"].run_id == "run"
    again = event(DagsterEventType.STEP_UP_FOR_RETRY, error=error("ValueError: a\n  hiccup\n"))
    line = "  maker/raw/stock failed and is tried again: ValueError: a hiccup"
    assert told(by, entry(again)) == [Line(line, is_news=True)]
    second, third = "maker__raw__other", "maker__raw__third"
    told(by, entry(event(DagsterEventType.STEP_FAILURE, second), step=second))
    skipped = told(by, entry(event(DagsterEventType.STEP_SKIPPED, third), step=third, at=4.0))
    assert skipped == [Line("maker done: 3.0 s, 2 steps FAILED", is_news=True)]
    assert maker.failures == 2


def test_a_step_that_is_not_run_is_told_and_ends_the_maker() -> None:
    maker = MakerProgress("maker", 1)
    message = "Dependencies for step maker__raw__stock failed: ['x']. Not executing."
    lines = told(follower(maker), entry(message=message, level=logging.ERROR))
    assert lines == [
        Line("  maker/raw/stock is not run, since a step before it failed"),
        Line("maker done: 0.0 s", is_news=True),
    ]


def test_words_of_a_step_are_told_from_info_on_and_say_how_far_a_market_is() -> None:
    maker = MakerProgress("maker", 2, started_at=1.0)
    by = follower(maker)
    for message in ("maker stock es: 96 of 190 records, page 1", "maker stock de: 7 records, page 2"):
        assert told(by, entry(message=message)) == [Line(f"    {message}")]
    assert maker.records == {"maker stock es": (96, 190), "maker stock de": (7, None)}
    assert maker.fetched == (103, 197)
    told(by, entry(message="maker stock es: 191 of 190 records, page 9"))
    assert maker.fetched == (198, 198), "more than was told of is no more than all"
    assert told(by, entry(message="quiet", level=logging.DEBUG), entry(message="of no step", step=None)) == []
    assert told(by, entry(message="of nobody: 5 of 6 records, x", step="else__raw__x")) == [
        Line("    of nobody: 5 of 6 records, x")
    ]
    told(by, entry(event(DagsterEventType.STEP_SUCCESS)))
    (_, done) = told(by, entry(event(DagsterEventType.STEP_SUCCESS, "maker__x__y"), step="maker__x__y"))
    assert done.text == "maker done: 198 records, 99.0 s"


def test_a_market_that_has_neither_sent_nor_reported_records_counts_none() -> None:
    assert MakerProgress("maker", 2, records={"es": (0, None)}).fetched == (0, 0)


@pytest.mark.parametrize(("severity", "is_news"), [(AssetCheckSeverity.ERROR, True), (AssetCheckSeverity.WARN, False)])
def test_a_failed_check_has_a_line_for_each_of_its_own(severity: AssetCheckSeverity, is_news: bool) -> None:
    def check(passed: bool, description: str | None) -> Any:
        return entry(event(
            DagsterEventType.ASSET_CHECK_EVALUATION, asset_key=AssetKey(["maker", "raw", "stock"]),
            check_name="complete", severity=severity, passed=passed, description=description, metadata={},
        ))  # fmt: skip

    by = follower(MakerProgress("maker", 1))
    assert told(by, check(True, "fine")) == []
    assert told(by, check(False, "one\ntwo\nthree")) == [
        Line("    ! maker/raw/stock complete: one", is_news), Line("      two", is_news), Line("      three", is_news),
    ]  # fmt: skip
    assert told(by, check(False, None)) == [Line("    ! maker/raw/stock complete: failed", is_news)]
    assert [one.words for one in by.failures.values()] == (["failed"] if is_news else [])
    assert told(by, entry(event(DagsterEventType.ENGINE_EVENT))) == []


def test_a_step_of_nobody_has_its_lines_and_no_maker() -> None:
    by = follower()
    lines = told(
        by, *(entry(event(kind), at=5.0) for kind in (DagsterEventType.STEP_START, DagsterEventType.STEP_SUCCESS))
    )
    assert lines == [Line("  maker/raw/stock"), Line("  maker/raw/stock done in 0.0 s")]
    failed = event(DagsterEventType.STEP_FAILURE, error=error("x"))
    assert told(by, entry(failed)) == [Line("  maker/raw/stock FAILED: x", is_news=True)]


class Pages:
    """An instance whose records come in pages."""

    def __init__(self, *pages: list[Any]) -> None:
        self.pages = pages
        self.asked: list[tuple[Any, ...]] = []

    def get_records_for_run(self, run_id: str, cursor: str | None, **more: Any) -> Any:
        self.asked.append((run_id, cursor, more.get("limit")))
        number = int(cursor or 0)
        records = [SimpleNamespace(event_log_entry=one) for one in self.pages[number : number + 1] for one in one]
        has_more = number + 1 < len(self.pages)
        return SimpleNamespace(records=records, cursor=str(number + 1), has_more=has_more)

    def get_runs(self, filters: Any) -> list[Any]:
        assert filters.tags == {"dagster/partition": day_number(0).isoformat()}
        return [SimpleNamespace(run_id="second"), SimpleNamespace(run_id="first")]


def test_all_that_has_happened_is_told_once_page_by_page() -> None:
    pages = Pages([entry(message="a"), entry(message="b")], [entry(message="c")])
    by = follower(pages=pages)
    assert [one.text.strip() for one in by.new_lines()] == ["a", "b", "c"]
    assert [(run, cursor) for run, cursor, _ in pages.asked] == [("run", None), ("run", "1")]
    assert list(by.new_lines()) == []
    assert pages.asked[-1][:2] == ("run", "2")
    assert {limit for *_, limit in pages.asked} == {1000}


def test_a_step_that_begins_again_takes_back_its_failure_and_those_of_its_checks() -> None:
    failed = event(DagsterEventType.STEP_FAILURE, user_failure_data=named("blocked"))
    other = event(
        DagsterEventType.STEP_FAILURE, "maker__raw__other", error=error("x", error("inner", error("innermost")))
    )
    begun = event(DagsterEventType.STEP_START)
    pages = Pages([entry(failed)], [entry(begun), entry(), entry(other)])
    found = failures_of_night(cast("Any", pages), day_number(0))
    told_of = {place: (one.words, one.run_id) for place, one in found.items()}
    assert told_of == {"maker/raw/other": ("innermost", "second")}
    assert [run for run, *_ in pages.asked] == ["first", "first", "second", "second"], "the newest run comes last"


@pytest.mark.parametrize(
    ("data", "words", "causes"),
    [
        ({"user_failure_data": named("blocked", "x")}, "our words", (Cause.BLOCKED,)),
        ({"user_failure_data": named("of tomorrow")}, "our words", ()),
        ({"user_failure_data": named()}, "our words", ()),
        ({"user_failure_data": named(description=None), "error": error("E: x")}, "E: x", ()),
        ({"error": error("outer", error("E:  in\nner"))}, "E: in ner", ()),
        ({}, "no cause was recorded", ()),
    ],
)
def test_a_failed_steps_words_are_ours_or_those_of_the_innermost_error(data: Any, words: str, causes: Any) -> None:
    failure = failure_of(event(DagsterEventType.STEP_FAILURE, **data), "run")
    assert failure is not None
    assert (failure.words, failure.causes, failure.place) == (words, causes, "maker/raw/stock")
    assert words_of(event(DagsterEventType.STEP_FAILURE, **data)) == words
    assert failure_of(event(DagsterEventType.STEP_SUCCESS), "run") is None


def test_a_maker_has_as_many_steps_as_assets() -> None:
    found = makers_of(OEMS)
    assert {name: one.steps for name, one in found.items()} == {oem.name: len(assets(oem)) for oem in OEMS}
