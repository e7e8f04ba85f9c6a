"""Which sealed days of a market are accepted, said day by day: volumes, a new level, a turnover, an operator's word."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from consolidated.history.acceptance import Judgement, SealedDay, Shares, cause_of_decision, judge_days, unusual
from resources.failures import Cause

FIRST = date(2026, 11, 1)


def day(number: int, vehicles: int, decision: Any = None) -> SealedDay:
    return SealedDay(FIRST + timedelta(days=number), vehicles, decision)


def judged(*vehicles: int, **more: Any) -> list[Judgement]:
    """Of days in a row with so many vehicles."""
    days = [day(number, many) for number, many in enumerate(vehicles)]
    return list(judge_days(reversed(days), **more).values())


def accepted(*vehicles: int) -> list[bool]:
    return [one.accepted for one in judged(*vehicles)]


@pytest.mark.parametrize(
    ("before", "vehicles", "is_accepted"),
    [
        ([], 0, True), ([0], 0, True), ([], 1, True),
        ([100], 60, True), ([100], 59, False), ([20], 12, True), ([20], 11, False),
        ([19], 8, True), ([19], 7, False), ([5], 2, True), ([5], 1, False), ([4], 0, True),
        ([100, 200], 90, True), ([100, 200], 89, False), ([39, 0], 12, True), ([40, 0], 11, False),
    ],
)  # fmt: skip
def test_a_day_keeps_three_fifths_of_the_usual_volume_and_a_small_market_two(
    before: list[int], vehicles: int, is_accepted: bool
) -> None:
    asked = [day(number, many, "accept") for number, many in enumerate(before)]
    found = judge_days([*asked, day(len(before), vehicles)])
    assert found[FIRST + timedelta(days=len(before))].accepted is is_accepted


def test_the_usual_volume_is_that_of_the_last_seven_accepted_days() -> None:
    assert accepted(100, *[60] * 7, 36) == [True] * 9
    grown = [day(0, 50), *(day(number, 100) for number in range(1, 4)), *(day(number, 60) for number in range(4, 8))]
    assert judge_days([*grown, day(8, 36)])[FIRST + timedelta(days=8)].accepted, "the median of seven, and not of eight"
    found = judged(100, 100, 10)[-1]
    assert found.reason == "volume_drop: 10 vehicles, under 60 % of 100, the median of the last 2 accepted days"
    assert (
        judged(10, 3)[-1].reason == "volume_drop: 3 vehicles, under 40 % of 10, the median of the last 1 accepted days"
    )


@pytest.mark.parametrize(
    ("dropped", "is_level"),
    [
        ([50, 50, 50], True), ([50, 50], False), ([50, 30, 50], True), ([50, 29, 50], False),
        ([1, 1, 1], True), ([0, 0, 0], False), ([0, 1, 1], False), ([2, 9, 9, 9], True),
    ],
)  # fmt: skip
def test_three_days_in_a_row_are_a_new_level_unless_one_is_empty_or_dropped_itself(
    dropped: list[int], is_level: bool
) -> None:
    found = judged(100, *dropped)
    last = found[-3:]
    assert [one.accepted for one in last] == [is_level] * len(last) if is_level else not found[-1].accepted
    if is_level:
        figures = ", ".join(map(str, dropped[-3:]))
        assert {one.reason for one in last} == {f"new_level: {figures} vehicles on three sealed days in a row"}


def test_after_a_new_level_days_are_compared_with_it_and_a_full_day_ends_the_row() -> None:
    assert accepted(100, 50, 50, 50, 30) == [True] * 5
    assert accepted(100, 50, 50, 100, 50, 50) == [True, False, False, True, False, False]
    assert accepted(100, 50, 50, 50, 29) == [True] * 4 + [False]


def test_an_operators_word_outdoes_every_rule() -> None:
    days = [day(0, 100), day(1, 5, "accept"), day(2, 100, "refuse"), day(3, 5, "cover"), day(4, 5)]
    found = list(judge_days(days).values())
    assert found == [
        Judgement(True), Judgement(True, "operator: accepted"), Judgement(False, "operator: refused"),
        Judgement(True, "operator: covered"), Judgement(True),
    ]  # fmt: skip
    between = [day(0, 100), day(1, 50), day(2, 0, "refuse"), day(3, 50), day(4, 50)]
    assert [one.accepted for one in judge_days(between).values()] == [True, True, False, True, True]
    between[3] = day(3, 50, "accept")
    assert [one.accepted for one in judge_days(between).values()] == [True, False, False, True, True]


def turned(shares: Shares | None, *days: SealedDay) -> tuple[list[bool], list[tuple[int, list[int]]]]:
    """The judgements, and between which days it was measured how much the market turned over."""
    asked: list[tuple[int, list[int]]] = []

    def turnover(of: SealedDay, before: Sequence[SealedDay]) -> Shares | None:
        asked.append(((of.date - FIRST).days, [(one.date - FIRST).days for one in before]))
        return shares

    return [one.accepted for one in judge_days(days, turnover).values()], asked


@pytest.mark.parametrize(
    ("shares", "is_turnover"),
    [
        (Shares(0.61, 0.61), True), (Shares(0.6, 0.9), False), (Shares(0.9, 0.6), False), (Shares(0.9, None), False),
        (None, False), (Shares(1.0, 1.0), True),
    ],
)  # fmt: skip
def test_a_market_has_turned_over_where_most_of_it_is_gone_and_most_is_new(
    shares: Shares | None, is_turnover: bool
) -> None:
    found, _ = turned(shares, day(0, 20), day(1, 20))
    assert found == [True, not is_turnover]


def test_a_turnover_says_how_much() -> None:
    found = judged(30, 30, turnover=lambda _day, _before: Shares(0.954, 0.7))[-1]
    assert found.reason == (
        "turnover: 95% of the last accepted day's vehicles are absent and 70% of these were never seen"
    )


@pytest.mark.parametrize(
    ("days", "asked"),
    [
        ([day(0, 20), day(1, 20)], [(1, [0])]),
        ([day(0, 19), day(1, 20)], []),
        ([day(0, 20), day(1, 19)], []),
        ([day(0, 99, "accept"), day(1, 20, "accept"), day(2, 20)], [(2, [0, 1])]),
        ([day(0, 20), day(7, 20)], [(7, [0])]),
        ([day(0, 20), day(8, 20)], []),
        ([day(0, 20), day(7, 20), day(14, 20)], [(7, [0]), (14, [0])]),
        ([day(0, 20, "refuse"), day(1, 20)], []),
    ],
)
def test_turnover_is_measured_between_days_of_twenty_vehicles_within_a_week_of_the_last_look(
    days: list[SealedDay], asked: list[tuple[int, list[int]]]
) -> None:
    assert turned(Shares(1.0, 1.0), *days)[1] == asked


def test_a_turnover_is_no_part_of_a_new_level() -> None:
    def turnover(of: SealedDay, _before: Sequence[SealedDay]) -> Shares | None:
        return Shares(1.0, 1.0) if of.date == FIRST + timedelta(days=3) else None

    found = judge_days([day(0, 100), day(1, 50), day(2, 50), day(3, 50), day(4, 50)], turnover)
    assert [one.accepted for one in found.values()] == [True, False, False, False, False]


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("volume_drop: 3 vehicles", Cause.VOLUME_DROP), ("turnover: 95%", Cause.TURNOVER),
        ("operator: refused", None), (None, None), ("", None),
    ],
)  # fmt: skip
def test_the_cause_of_a_refusal_is_read_off_its_reason(reason: str | None, cause: Cause | None) -> None:
    assert cause_of_decision(reason) is cause


@pytest.mark.parametrize(
    ("vehicles", "usual", "is_rise"),
    [(141, 100, True), (140, 100, False), (15, 10, True), (14, 9, True), (9, 5, False)],
)
def test_a_rise_is_more_than_two_fifths_and_five_vehicles_at_least(vehicles: int, usual: int, is_rise: bool) -> None:
    told = (
        f"rise: {vehicles} vehicles, more than 1.4 times {usual}, the median of the last 1 accepted days: is the market"
        " asked in another way?"
    )
    assert unusual(vehicles, 0, [(usual, 0)]) == ([told] if is_rise else [])


@pytest.mark.parametrize(
    ("newly_absent", "usually", "is_wave"),
    [(20, 0, True), (19, 0, False), (41, 10, True), (40, 10, False), (25, 6, False)],
)
def test_a_wave_is_more_than_four_times_as_many_and_twenty_more(newly_absent: int, usually: int, is_wave: bool) -> None:
    told = (
        f"wave: {newly_absent} vehicles are newly absent, more than 4 times {usually}, the median of the last 1"
        " accepted days: does the request leave some out?"
    )
    assert unusual(100, newly_absent, [(100, usually)]) == ([told] if is_wave else [])


def test_a_first_day_is_not_unusual_and_another_is_compared_with_the_seven_days_before_it() -> None:
    assert unusual(1000, 1000, []) == []
    days = [(1000, 300), *[(100, 0)] * 3, *[(1000, 300)] * 4]
    assert unusual(1000, 300, days) == []
    before = [(1000, 300), *[(100, 0)] * 4, *[(1000, 300)] * 3]
    assert len(unusual(1000, 300, before)) == 2
