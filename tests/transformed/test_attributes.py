"""A column that was filled and is empty, and codes that suddenly miss, are told by name, market and share."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from raw.audi import SCS_SEARCH
from resources.lake.lake import Lake
from tests.support.transformed_support import DAY, body_of, car, lake_at, land, run
from transformed.day.attributes import earlier_reports, faded
from transformed.day.report import Report

pytestmark = pytest.mark.slow

RENAMED: dict[str, Any] = {"typedPrices": None, "priceList": [{"type": "retail", "amount": 5}]}
OTHER_CODES: dict[str, Any] = {"fuel": {"code": "ZZ", "description": "Gasolina"}}


def day_of(lake: Lake, number: int, cars: int = 20, **changes: Any) -> Report:
    """The report of a day on which every car has these changes."""
    day = DAY + timedelta(days=number)
    land(lake, "audi", SCS_SEARCH, {"es": [body_of(SCS_SEARCH, [car(one, **changes) for one in range(cars)])]}, day)
    return run(lake, day=day)


def told(lake: Lake, report: Report, number: int) -> list[str]:
    return faded(report, earlier_reports(lake, report, DAY + timedelta(days=number)))


def test_the_shares_are_kept_by_market_and_column(tmp_path: Path) -> None:
    lake = lake_at(tmp_path)
    cars = [car(1), car(2, **OTHER_CODES), car(3, fuel=None, typedPrices=None), car(4)]
    few = [car(5), car(6, fuel=None), car(7, fuel=None)]
    bodies = {"es": [body_of(SCS_SEARCH, cars)], "pl": [body_of(SCS_SEARCH, few)], "gb": []}
    land(lake, "audi", SCS_SEARCH, bodies)
    report = run(lake)
    assert report.fill["pl"]["fuel_type"] == 0.3333
    assert report.fill["gb"] == {}
    assert (report.fill["es"]["listing_id"], report.fill["es"]["price_amount"]) == (1.0, 0.75)
    assert (report.fill["es"]["fuel_type"], report.known_codes["es"]["fuel_type"]) == (0.5, 0.6667)
    assert report.fill["es"]["url"] == 0.0


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (RENAMED, "schema_drift of attributes: es: 0% of the rows have price_amount, 100% did in the 3 days before"),
        ({"dealer": None}, "es: 0% of the rows have dealer_id, 100% did"),
        ({"used": None}, "es: 0% of the rows have mileage_km, 100% did"),
        (OTHER_CODES, "es: 0% of the source's codes are known for fuel_type, 100% did"),
    ],
)
def test_what_fades_is_told_and_nothing_is_refused(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    lake = lake_at(tmp_path)
    for number in range(3):
        assert told(lake, day_of(lake, number), number) == []
    report = day_of(lake, 3, **changes)
    assert any(sentence in line for line in told(lake, report, 3)), told(lake, report, 3)
    assert (report.markets["es"].accepted, report.markets["es"].sightings) == (20, 20)


def test_a_column_that_was_always_empty_and_a_tiny_market_say_nothing(tmp_path: Path) -> None:
    lake = lake_at(tmp_path)
    day_of(lake, 0)
    day_of(lake, 1, cars=4)
    report = day_of(lake, 2, cars=4, **RENAMED)
    assert told(lake, report, 2) == []
    assert not any("url" in line for line in told(lake, day_of(lake, 3, **RENAMED), 3))


def test_only_the_last_seven_days_count(tmp_path: Path) -> None:
    lake = lake_at(tmp_path)
    day_of(lake, 0)
    assert told(lake, day_of(lake, 8, **RENAMED), 8) == []
    assert told(lake, day_of(lake, 7, **RENAMED), 7) != []


def test_the_median_of_the_days_counts_and_not_one_of_them(tmp_path: Path) -> None:
    lake = lake_at(tmp_path)
    for number, changes in enumerate(({}, RENAMED, {}, {})):
        day_of(lake, number, **changes)
    assert any("price_amount" in line for line in told(lake, day_of(lake, 4, **RENAMED), 4))


def test_a_day_whose_report_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    lake = lake_at(tmp_path)
    day_of(lake, 0)
    lake.write_atomic(f"transformed/audi/scs_inventory/{DAY + timedelta(days=1)}/report.json", b"{")
    assert any("price_amount" in line for line in told(lake, day_of(lake, 2, **RENAMED), 2))
