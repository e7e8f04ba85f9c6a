"""Which sealed days of an (oem, market) are accepted: the plausible ones, a new level, an operator's word."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Literal

from resources.failures import Cause

SHARE = 0.6
"""A day with fewer vehicles than this share of the median of the last seven accepted days dropped in volume."""
SMALL_MARKET_SHARE = 0.4
"""The same where the median is under SMALLEST_MEDIAN: a small market may well sell half of its stock in a day."""
MEDIAN_DAYS = 7
SMALLEST_MEDIAN = 20
SMALLEST_SMALL_MEDIAN = 5
"""Under this median the rule of volume says nothing."""
NEW_LEVEL_DAYS = 3
TURNOVER_SHARE = 0.6
TURNOVER_VEHICLES = 20
TURNOVER_DAYS = 7
RISE, RISE_BY = 1.4, 5
WAVE, WAVE_BY = 4, 20

Decision = Literal["accept", "refuse", "cover"]


@dataclass(frozen=True, slots=True)
class SealedDay:
    """A day whose fetch was complete, with its number of distinct vehicles."""

    date: date
    vehicles: int
    decision: Decision | None = None


@dataclass(frozen=True, slots=True)
class Shares:
    """How much of a market turned over. absent: share of the last accepted day's vehicles that are absent on the day.
    unseen: share of the day's vehicles that were seen on no accepted day; None where absent alone is plausible."""

    absent: float
    unseen: float | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """reason: why the day is accepted or not, where it is not simply plausible."""

    accepted: bool
    reason: str | None = None


def cause_of_decision(reason: str | None) -> Cause | None:
    """The cause that a Judgement's reason begins with, None for an operator's word and where there is none."""
    code = (reason or "").partition(":")[0]
    return next((cause for cause in (Cause.VOLUME_DROP, Cause.TURNOVER) if cause.value == code), None)


Turnover = Callable[[SealedDay, Sequence[SealedDay]], Shares | None]
"""Of a day and the accepted days before it, in order, one at least. None: not measured, which counts as plausible."""


def judge_days(days: Iterable[SealedDay], turnover: Turnover = lambda _day, _accepted: None) -> dict[date, Judgement]:
    """Accept or refuse each sealed day, in date order, whatever the order in which they are given.

    Refused is a day with fewer vehicles than 60 % of the median of the last seven accepted days before it, where that
    median is 20 or more, or than 40 % where it is 5 to 19. Three such days in a row, none empty and none under 60 % of
    their own median, are a new level and all accepted. Refused is also a turnover: more than 60 % of the last
    accepted day's vehicles are absent, and more than 60 % of its own were seen on no accepted day. A turnover is
    measured only between days of 20 vehicles or more, and if the market was looked at within the last 7 days; it is
    no part of a new level. A day that an operator refused counts nowhere, not even in "in a row"; a day that an
    operator accepted or covered is an accepted day like any other.
    """
    judgements: dict[date, Judgement] = {}
    accepted: list[SealedDay] = []
    dropped: list[SealedDay] = []
    watched: date | None = None  # the last day that was accepted, or whose turnover waits for a word
    for day in sorted(days, key=lambda sealed: sealed.date):
        if day.decision == "refuse":
            judgements[day.date] = Judgement(False, "operator: refused")
            continue
        if day.decision is not None:
            judgements[day.date] = Judgement(True, f"operator: {_PAST[day.decision]}")
        elif watched and (shares := _turned_over(day, accepted, watched, turnover)):
            judgements[day.date] = Judgement(
                False,
                f"{Cause.TURNOVER.value}: {shares.absent:.0%} of the last accepted day's vehicles are absent and"
                f" {shares.unseen:.0%} of these were never seen",
            )
            watched, dropped = day.date, []
            continue
        elif reason := _dropped(day, accepted):
            judgements[day.date] = Judgement(False, reason)
            dropped = [*dropped, day][-NEW_LEVEL_DAYS:]
            if _is_new_level(dropped):
                figures = ", ".join(str(one.vehicles) for one in dropped)
                level = Judgement(True, f"new_level: {figures} vehicles on three sealed days in a row")
                judgements |= {one.date: level for one in dropped}
                accepted += dropped
                watched, dropped = day.date, []
            continue
        else:
            judgements[day.date] = Judgement(True)
        accepted.append(day)
        watched, dropped = day.date, []
    return judgements


_PAST = {"accept": "accepted", "cover": "covered"}


def _turned_over(day: SealedDay, accepted: Sequence[SealedDay], watched: date, turnover: Turnover) -> Shares | None:
    if not accepted or min(day.vehicles, accepted[-1].vehicles) < TURNOVER_VEHICLES:
        return None
    if (day.date - watched).days > TURNOVER_DAYS:
        return None
    shares = turnover(day, accepted)
    if shares is None or shares.unseen is None or min(shares.absent, shares.unseen) <= TURNOVER_SHARE:
        return None
    return shares


def _dropped(day: SealedDay, accepted: Sequence[SealedDay]) -> str | None:
    """Why the day dropped in volume, None where it did not."""
    last = [one.vehicles for one in accepted[-MEDIAN_DAYS:]]
    if not last or (usual := median(last)) < SMALLEST_SMALL_MEDIAN:
        return None
    share = SHARE if usual >= SMALLEST_MEDIAN else SMALL_MARKET_SHARE
    if day.vehicles >= share * usual:
        return None
    return (
        f"{Cause.VOLUME_DROP.value}: {day.vehicles} vehicles, under {share:.0%} of {usual:g},"
        f" the median of the last {len(last)} accepted days"
    ).replace("%", " %")


def _is_new_level(days: list[SealedDay]) -> bool:
    counts = [day.vehicles for day in days]
    return len(counts) == NEW_LEVEL_DAYS and min(counts) > 0 and min(counts) >= SHARE * median(counts)


def unusual(vehicles: int, newly_absent: int, before: Sequence[tuple[int, int]]) -> list[str]:
    """What is unusual about an accepted day, in words; such a day counts all the same.

    before: vehicles and newly absent vehicles of the accepted days before it, in order.
    """
    last = before[-MEDIAN_DAYS:]
    if not last:
        return []
    words = []
    usual, usually_absent = median(count for count, _ in last), median(absent for _, absent in last)
    if vehicles > RISE * usual and vehicles - usual >= RISE_BY:
        words.append(
            f"rise: {vehicles} vehicles, more than {RISE:g} times {usual:g}, the median of the last {len(last)}"
            " accepted days: is the market asked in another way?"
        )
    if newly_absent > WAVE * usually_absent and newly_absent - usually_absent >= WAVE_BY:
        words.append(
            f"wave: {newly_absent} vehicles are newly absent, more than {WAVE} times {usually_absent:g}, the median of"
            f" the last {len(last)} accepted days: does the request leave some out?"
        )
    return words
