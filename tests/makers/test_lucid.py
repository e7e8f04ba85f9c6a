"""Lucid: captured days, of which a pull holds every car twice; where the price of a used car stands."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from typing import Any

import pytest

from raw.lucid import STORE_INVENTORY
from tests.support.one_record import typed
from tests.support.transformed_support import captures

# the collector's columns -> the feed's fields, as far as they are known
_NAMED = {
    "Model": "model", "Color": "color", "Interior": "interior", "Wheels": "wheels", "Roof": "roof", "Look/Trim": "look",
    "Seating": "seating", "Packages": "packages", "Driver Assistance": "driverAssistance",
    "Sound System": "soundSystem",
}  # fmt: skip


def _record(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "VIN": row["VIN"], "modelYear": row["Model Year"], "titleStatus": row["Title Status"],
        "availability": row["Availability"], "inTransit": row["In Transit"], "atStudio": row["At Studio"],
        "atHub": row["At Hub"], "category": row["Category"], "salesStatus": row["Sales Status"],
        "greaterArea": row["Greater Area"], "address": {"state": row["State"]}, "imageURL": row["Image URL"],
        "price": {"afterDiscountPrice": row["Price"]},
        **{name: {"technicalName": row[column]} for column, name in _NAMED.items()},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("pull", "records", "cars"),
    [
        ("2026-07-28T001943", 152, 152), ("2026-07-28T111631", 312, 156), ("2026-07-28T112330", 156, 156),
        ("2026-07-29T093817", 166, 166), ("2026-07-30T060028", 162, 162), ("2026-07-31T060028", 161, 161),
    ],
)  # fmt: skip
def test_captured_pulls(pull: str, records: int, cars: int) -> None:
    file = captures("lucid", "us_store_inventory_vehicles_flat", f"{pull}.json.gz")
    rows = [_record(row) for row in json.loads(gzip.decompress(file.read_bytes()))]
    done = typed("lucid", STORE_INVENTORY, rows, "us")
    assert (len(rows), len({row["listing_id"] for row in done.rows})) == (records, cars)
    assert done.quarantine == []
    assert [line for line in done.drift if "unknown" in line] == []
    assert {row["price_amount"] is None for row in done.rows} == {False}
    assert {row["availability"] for row in done.rows} <= {"in_stock", "in_transit"}
    assert {row["body_type"] for row in done.rows} == {"saloon"}


def test_the_price_of_a_used_car_is_not_its_sticker() -> None:
    car = {
        "VIN": "50EA1PGA7RA015498", "titleStatus": "Used", "isCPO": True, "model": {"technicalName": "Air Pure"},
        "price": {"value": 73950, "afterDiscountPrice": 73950},
        "listing": {"currentSalePrice": 40298, "odometer": 10941},
    }  # fmt: skip
    row = typed("lucid", STORE_INVENTORY, [car], "us").row
    assert (row["price_amount"], row["list_price_amount"]) == (Decimal(40298), Decimal(73950))
    assert (row["condition"], row["mileage_km"], row["trim"]) == ("certified", 17608, "Pure")
