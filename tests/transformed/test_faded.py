"""From which shares on a column has faded, and which days it is compared with: reports made by hand."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import date
from typing import Any

import pytest

from resources.failures import Cause, PlatformError
from transformed.day import attributes
from transformed.day.attributes import earlier_reports, faded
from transformed.day.report import MarketReport, Report

COLUMN = "price_amount"


def report(fill: float | None = None, known: float | None = None, *, accepted: int = 5, market: str = "es") -> Report:
    of_market = MarketReport(
        market, accepted, accepted, 0, 0, True, None, None, "c", "attempt", None, 0, 1.0, sightings=accepted
    )
    day = date(2026, 11, 20).isoformat()
    filled = {market: {} if fill is None else {COLUMN: fill}}
    codes = {} if known is None else {market: {COLUMN: known}}
    return Report(
        "oem", "cars", "search", "inventory", day, "sandbox", 1, [], None, {}, {market: of_market}, fill=filled,
        known_codes=codes,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("today", "before", "is_told"),
    [
        (0.0499, [0.5], True),
        (0.05, [0.5], False),
        (0.0, [0.4999], False),
        (0.0, [1.0, 0.5, 0.0], True),
        (0.0, [1.0, 0.4, 0.0], False),
        (0.0, [], False),
    ],
)
def test_a_column_fades_from_half_of_the_rows_to_less_than_a_twentieth(
    today: float, before: list[float], is_told: bool
) -> None:
    sentences = faded(report(today), [report(share) for share in before])
    days = len(before)
    told = (
        f"{today:.0%} of the rows have {COLUMN}, {sorted(before)[days // 2] if days else 0:.0%} did in the {days} days"
    )
    assert sentences == ([f"schema_drift of attributes: es: {told} before"] if is_told else [])


@pytest.mark.parametrize(("today", "before", "is_told"), [(0.4999, 0.8, True), (0.5, 0.8, False), (0.0, 0.7999, False)])
def test_codes_fade_from_four_fifths_to_less_than_half(today: float, before: float, is_told: bool) -> None:
    assert bool(faded(report(known=today), [report(known=before)])) is is_told


@pytest.mark.parametrize(("today", "before", "is_told"), [(5, 5, True), (4, 5, False), (5, 4, False)])
def test_five_rows_say_something_of_a_column(today: int, before: int, is_told: bool) -> None:
    assert bool(faded(report(0.0, accepted=today), [report(1.0, accepted=before)])) is is_told


def test_another_market_is_not_compared_with() -> None:
    assert faded(report(0.0), [report(1.0, market="gb")]) == []
    assert faded(report(0.0), [report(1.0, market="gb"), report(1.0)]) != []


@pytest.mark.parametrize(("cause", "is_raised"), [(Cause.CONNECTION, True), (Cause.TRANSFORMED_DAMAGED, False)])
def test_a_storage_that_does_not_answer_is_no_day_without_a_report(
    cause: Cause, is_raised: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_report(_lake: object, _oem: str, _name: str, day: date) -> Report:
        if day == date(2026, 11, 18):
            raise PlatformError(cause, "no report")
        return report(1.0)

    monkeypatch.setattr(attributes, "read_report", read_report)
    lake: Any = None
    with pytest.raises(PlatformError) if is_raised else nullcontext():
        assert len(earlier_reports(lake, report(), date(2026, 11, 20))) == 6
