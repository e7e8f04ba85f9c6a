"""Days of a plain stock: numbered cars that come and go one by one, and what the tables say of them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl

from tests.support.consolidated_support import History, day_number, vehicle
from tests.support.history_model import Row

FULL = 30


def stock(day: date, numbers: range = range(FULL), amount: str = "100.00") -> list[Row]:
    return [
        vehicle(f"car {number:03}", day, price_amount=Decimal(amount), price_currency="EUR", dealer_id="north")
        for number in numbers
    ]


def nights(kept: History, count: int) -> None:
    """Nights on which the stock moves by one vehicle, and one price."""
    for number in range(count):
        day = day_number(number)
        kept.day(
            day, [*stock(day, range(number, FULL + number - 1)), *stock(day, range(500, 501), f"{90 + number}.00")]
        )


def statuses(kept: History) -> dict[str, int]:
    return dict(kept.table("inventory")["status"].value_counts().iter_rows())


def run(kept: History, day: date) -> Row:
    return kept.table("runs").filter(pl.col("date") == day).row(0, named=True)
