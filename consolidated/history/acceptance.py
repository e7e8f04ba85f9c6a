"""Which sealed days of an (oem, market) are accepted: the plausible ones, a new level, an operator's word."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Literal

from resources.failures import Cause

SHARE = 0.6
"""Fewer vehicles than this share of the median of the last seven accepted days are implausible."""
MEDIAN_DAYS = 7
SMALLEST_MEDIAN = 20
"""Under this median the rule says nothing: a small market may well sell half its stock in a day."""
NEW_LEVEL_DAYS = 3

Decision = Literal["accept", "refuse"]


@dataclass(frozen=True, slots=True)
class SealedDay:
    """A day whose fetch was complete, with its number of distinct vehicles."""

    date: date
    vehicles: int
    decision: Decision | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """`reason` says why, where it is not simply plausible."""

    accepted: bool
    reason: str | None = None


def judge_days(days: Iterable[SealedDay]) -> dict[date, Judgement]:
    """Accept or refuse each sealed day, in date order, whatever the order in which they are given.

    Refused is a day with fewer than 60 % of the median of the last seven accepted days before it, where that
    median is 20 or more. Three such days in a row, none under 60 % of their own median, are a new level and all
    accepted. A day that an operator refused counts nowhere, not even in "in a row"; one that an operator
    accepted is an accepted day like any other.
    """
    judgements: dict[date, Judgement] = {}
    accepted: list[int] = []
    in_a_row: list[SealedDay] = []
    for day in sorted(days, key=lambda sealed: sealed.date):
        if day.decision == "refuse":
            judgements[day.date] = Judgement(False, "operator: refused")
            continue
        usual = median(accepted[-MEDIAN_DAYS:]) if accepted else 0
        if day.decision == "accept" or usual < SMALLEST_MEDIAN or day.vehicles >= SHARE * usual:
            judgements[day.date] = Judgement(True, "operator: accepted" if day.decision else None)
            accepted.append(day.vehicles)
            in_a_row = []
            continue
        judgements[day.date] = Judgement(
            False,
            f"{Cause.VOLUME_DROP.value}: {day.vehicles} vehicles, under 60 % of {usual:g},"
            f" the median of the last {len(accepted[-MEDIAN_DAYS:])} accepted days",
        )
        in_a_row = [*in_a_row, day][-NEW_LEVEL_DAYS:]
        if _is_new_level(in_a_row):
            figures = ", ".join(str(one.vehicles) for one in in_a_row)
            for one in in_a_row:
                judgements[one.date] = Judgement(True, f"new_level: {figures} vehicles on three sealed days in a row")
                accepted.append(one.vehicles)
            in_a_row = []
    return judgements


def _is_new_level(days: list[SealedDay]) -> bool:
    counts = [day.vehicles for day in days]
    return len(counts) == NEW_LEVEL_DAYS and min(counts) >= SHARE * median(counts)
