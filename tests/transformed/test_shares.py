"""How much of each column is filled and how many codes are known, counted batch by batch; which days are compared."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from resources.failures import Cause, PlatformError
from transformed.day import attributes
from transformed.day.attributes import Shares, earlier_reports


def rows(**columns: list[str | None]) -> pl.DataFrame:
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))


def test_a_share_is_that_of_the_rows_of_all_batches() -> None:
    shares = Shares(["model", "trim"])
    shares.add(rows(model=["a", None], trim=[None, None], url=["x", "y"]))
    shares.add(rows(model=["b"], trim=["t"], url=[None]))
    assert shares.of_filled() == {"model": 0.6667, "trim": 0.3333}
    assert shares.of_known() == {}, "neither is a column of codes"


def test_without_rows_there_are_no_shares() -> None:
    assert (Shares(["model"]).of_filled(), Shares(["model"]).of_known()) == ({}, {})


def test_codes_are_known_among_those_that_the_source_states() -> None:
    shares = Shares(["fuel_type", "fuel_type_source", "body_type", "body_type_source"])
    shares.add(
        rows(
            fuel_type=["petrol", None, "diesel"],
            fuel_type_source=["B", "X", None],
            body_type=[None] * 3,
            body_type_source=[None] * 3,
        )
    )
    shares.add(
        rows(fuel_type=["diesel"], fuel_type_source=["D"], body_type=[None], body_type_source=[None]),
    )
    assert shares.of_known() == {"fuel_type": 0.6667}, "a source that states no code knows none, and misses none"
    assert shares.of_filled()["fuel_type"] == 0.75


def test_a_day_is_compared_with_the_seven_before_it_the_last_first(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str, date]] = []

    def read_report(_lake: object, oem: str, name: str, day: date) -> object:
        asked.append((oem, name, day))
        if day.day == 28:
            raise PlatformError(Cause.NEVER_LANDED, "nothing is transformed")
        return day

    monkeypatch.setattr(attributes, "read_report", read_report)
    lake: Any = None
    report: Any = SimpleNamespace(oem="maker", name="stock")
    found: list[Any] = list(earlier_reports(lake, report, date(2026, 3, 2)))
    days = [date(2026, 3, 1), *(date(2026, 2, number) for number in range(28, 22, -1))]
    assert asked == [("maker", "stock", day) for day in days]
    assert found == [day for day in days if day.day != 28]
