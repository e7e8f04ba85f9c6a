"""Rows and reports of typed days, written without `transformed`: a vehicle, a stock, what a report says of a market."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from tests.support.acceptance_model import Row
from transformed.contract.contracts import Dealer, Vehicle
from transformed.day.report import MarketReport

OEM, MARKET, NAME = "maker", "es", "stock"
FULL = 30
"""Vehicles of an ordinary day."""
FIRST_DAY = date(2026, 1, 25)  # so that a week of days crosses a month


def day_number(number: int) -> date:
    return FIRST_DAY + timedelta(days=number)


def vehicle(listing_id: str, day: date, **values: Any) -> Row:
    """A vehicle's row with the fields that matter to history; the contract's others are null or constant."""
    row = {
        "oem": OEM,
        "market": MARKET,
        "listing_id": listing_id,
        "vin": None,
        "vin_is_temporary": False,
        "mileage_km": None,
        "list_price_amount": None,
        "price_amount": None,
        "price_currency": None,
        "dealer_id": None,
        "date": day,
    }
    assert values.keys() <= row.keys()
    return row | values


def contract_frame(contract: type[Vehicle] | type[Dealer], rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    constant = {"brand": "Maker", "archive_address": "part#0/0", "fetched_at": datetime(2026, 1, 1, tzinfo=UTC)}
    schema = {name: column.dtype for name, column in contract.columns().items()}
    full = [{name: row.get(name, constant.get(name)) for name in schema} for row in rows]
    return pl.DataFrame(full, schema=schema, orient="row")


def market_report(rows: int, **values: Any) -> MarketReport:
    report: dict[str, Any] = {
        "market": MARKET,
        "received": rows,
        "accepted": rows,
        "quarantined": 0,
        "duplicates": 0,
        "complete": True,
        "cause": None,
        "message": None,
        "coverage": "A",
        "attempt": "20260101T060000.000000Z",
        "reported_total": rows,
        "shortfall": 0,
        "fetch_seconds": 1.5,
    }
    return MarketReport(**(report | values))


def stock(day: date, numbers: range = range(FULL), amount: str = "100.00") -> list[Row]:
    return [
        vehicle(f"car {number:03}", day, price_amount=Decimal(amount), price_currency="EUR", dealer_id="north")
        for number in numbers
    ]
