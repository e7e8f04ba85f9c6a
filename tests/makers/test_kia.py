"""Kia: one answer that yields vehicles and dealers; the captured answer of 2022 under the list's name of then."""

from __future__ import annotations

import gzip
from decimal import Decimal

import pytest

from raw.fetch.page_reader import PageReader
from raw.kia import KR_INVENTORY, US_DEALERS, US_INVENTORY
from tests.support.one_record import typed, typed_body
from tests.support.transformed_support import captures


def test_the_captured_answer_gives_vehicles_and_dealers() -> None:
    body = gzip.decompress(captures("kia", "us_inventory", "2022-03-05_ev6_90210_15mi.json.gz").read_bytes())
    page = PageReader(US_INVENTORY).read(body)
    assert (len(set(page.identities)), page.total) == (67, 67)
    vehicles = typed_body("kia", US_INVENTORY, body, "us")
    dealers = typed_body("kia", US_DEALERS, body, "us")
    assert (len(vehicles.rows), vehicles.quarantine, vehicles.drift) == (67, [], [])
    assert (len(dealers.rows), dealers.quarantine, dealers.drift) == (3, [], [])
    first = next(row for row in vehicles.rows if row["vin"] == "KNDC4DLC4N5032944")
    assert (first["price_amount"], first["list_price_amount"]) == (Decimal("56936.00"), Decimal("57540.00"))
    assert (first["fuel_type"], first["battery_capacity_kwh"], first["electric_range_km"]) == ("electric", 77.4, 499)
    assert (first["drive_type"], first["availability"]) == ("all", "in_stock")
    assert {row["dealer_id"] for row in vehicles.rows} <= {row["dealer_id"] for row in dealers.rows}


@pytest.mark.parametrize(
    ("engine", "fuel"),
    [("가솔린 1.6 터보", "petrol"), ("가솔린 하이브리드", "hybrid"), ("디젤 2.2", "diesel"), ("전기", "electric")],
)
def test_the_engine_tells_the_fuel(engine: str, fuel: str) -> None:
    car = {"id": 7, "modelEngine": engine, "modelMission": "자동", "plateNumber": "000가0000", "reserved": True}
    row = typed("kia", KR_INVENTORY, [car], "kr").row
    assert (row["fuel_type"], row["fuel_type_source"], row["availability"]) == (fuel, engine, "reserved")
    assert "000가0000" not in {str(value) for value in row.values()}


@pytest.mark.parametrize(("sent", "read"), [(7, "7"), ("007", "007"), ("A7", "A7")])
def test_an_id_may_be_a_number_or_a_text(sent: object, read: str) -> None:
    found = typed("kia", KR_INVENTORY, [{"id": sent, "modelEngine": "전기"}], "kr")
    assert (found.row["listing_id"], found.row["url"]) == (read, f"https://cpo.kia.com/products/detail/?id={read}")
    assert not [line for line in found.drift if "`$" in line]
