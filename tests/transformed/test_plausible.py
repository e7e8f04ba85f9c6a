"""A value that cannot be true, in a typed row: it becomes null and drift tells it, and the row stays."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from transformed.contract.drift import Drift
from transformed.contract.plausible import FIGURES, plausible

FETCHED = datetime(2026, 6, 24, 6, tzinfo=UTC)


def judged(**values: Any) -> tuple[dict[str, Any], list[str]]:
    """A row after `plausible`, and the lines of drift."""
    row = {
        "archive_address": "part#0/0",
        "fetched_at": FETCHED,
        "vin": None,
        "vin_is_temporary": False,
        "price_amount": None,
        "list_price_amount": None,
        "first_registration_on": None,
        **dict.fromkeys(FIGURES),
        "model_year": None,
        "power_kw": None,
    }
    types: dict[str, Any] = {"vin": pl.String, "first_registration_on": pl.Date, "fetched_at": pl.Datetime("us", "UTC")}
    types |= dict.fromkeys(["price_amount", "list_price_amount"], pl.Decimal(14, 2))
    drift = Drift()
    return plausible(pl.DataFrame([row | values], schema_overrides=types), drift).to_dicts()[0], drift.lines()


@pytest.mark.parametrize(
    ("day", "is_real"),
    [
        (date(1950, 1, 1), True), (date(1949, 12, 31), False), (date(2026, 6, 25), True), (date(2026, 6, 26), False),
        (date(1, 1, 1), False), (date(1900, 1, 1), False), (date(9999, 12, 31), False),
    ],
)  # fmt: skip
def test_a_registration_lies_between_1950_and_tomorrow(day: date, is_real: bool) -> None:
    row, drift = judged(first_registration_on=day)
    assert row["first_registration_on"] == (day if is_real else None)
    expected = [f"first_registration_on: outside 1950 and tomorrow: `{day}` (1 record, first part#0/0)"]
    assert drift == ([] if is_real else expected)


def test_an_empty_text_says_nothing_and_refuses_no_row() -> None:
    row, drift = judged(street="", city="Leioa", services=[None, "sales", ""], tags=None)
    assert (row["street"], row["city"], row["services"], row["tags"]) == (None, "Leioa", ["sales"], None)
    assert drift == []


@pytest.mark.parametrize("column", ["model_year", "power_kw"])
def test_a_year_or_a_power_of_zero_is_unknown_and_told(column: str) -> None:
    row, drift = judged(**{column: 0})
    assert row[column] is None
    assert drift == [f"{column}: says that it is not known: `0` (1 record, first part#0/0)"]


@pytest.mark.parametrize(
    ("column", "value", "what"),
    [
        ("latitude", 90.1, "outside -90 and 90: `90.1`"),
        ("longitude", -181.0, "outside -180 and 180: `-181.0`"),
        ("country_code", "DEUTSCHLAND", "no country's code: `DEUTSCHLAND`"),
        ("country_code", "-", "no country's code: `-`"),
    ],
)
def test_a_dealer_is_not_refused_for_its_place(column: str, value: object, what: str) -> None:
    row, drift = judged(**{column: value})
    assert row[column] is None
    assert drift == [f"{column}: {what} (1 record, first part#0/0)"]


def test_the_figures_of_real_cars_lie_within_the_bounds() -> None:
    """An electric car emits nothing, a plug-in hybrid goes a kilometre, a bus has thirty seats."""
    assert FIGURES == {
        "battery_capacity_kwh": (0.1, 1000), "electric_range_km": (1, 3000), "co2_g_per_km": (0, 2000), "doors": (1, 9),
        "seats": (1, 30),
    }  # fmt: skip


@pytest.mark.parametrize("column", FIGURES)
def test_a_figure_outside_its_bounds_is_unknown_and_breaks_no_row(column: str) -> None:
    low, high = FIGURES[column]
    for value in (low, high):
        assert judged(**{column: value}) == (judged()[0] | {column: value}, [])
    for value in (low - 1, high + 1):
        row, drift = judged(**{column: value})
        assert row[column] is None
        assert drift == [f"{column}: outside {low:g} and {high:g}: `{value}` (1 record, first part#0/0)"]


@pytest.mark.parametrize("column", ["price_amount", "list_price_amount"])
@pytest.mark.parametrize(("amount", "is_real"), [("0.01", True), ("0", False), ("-0.01", False), ("-5000", False)])
def test_a_price_is_above_zero(column: str, amount: str, is_real: bool) -> None:
    row, drift = judged(**{column: Decimal(amount)})
    assert row[column] == (Decimal(amount) if is_real else None)
    assert [line.partition(": `")[0] for line in drift] == ([] if is_real else [f"{column}: no price"])


@pytest.mark.parametrize(
    ("vin", "is_real"),
    [
        ("WAUZZZ8V0KA000001", True), ("W1KZH6AB2NB028936", True), ("WAUZZZ8V0KA111111", True),
        ("00000000000000000", False), ("XXXXXXXXXXXXXXXXX", False), ("99999999999999999", False),
        ("WAUZZZ00000000000", False), ("WAUZZZ8V000000000", False), ("12345678901234567", False),
        ("ABCDEFGHJKLMNPRST", False), ("WAUZZZ8V0KA00000", False), ("WAUZZZ8V0KAO00001", False), ("N/A", False),
        ("UNKNOWN", False), ("WAUZZZ8V0KA000001X", False), ("WAUZZZ8V0KA-00001", False),
    ],
)  # fmt: skip
def test_a_vin_is_real_or_null_with_its_text_in_drift(vin: str, is_real: bool) -> None:
    row, drift = judged(vin=vin)
    assert row["vin"] == (vin if is_real else None)
    assert len(drift) == (0 if is_real else 1)
    assert all(line.startswith("vin: ") and f"`{vin}`" in line for line in drift)


def test_a_temporary_vin_identifies_nothing() -> None:
    row, drift = judged(vin="WAUZZZ8V0KA000001", vin_is_temporary=True)
    assert (row["vin"], row["vin_is_temporary"]) == (None, True)
    assert drift == ["vin: temporary and identifies nothing: `WAUZZZ8V0KA000001` (1 record, first part#0/0)"]
