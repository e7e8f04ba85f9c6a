"""Mercedes-Benz USA: what a captured record becomes.

`tests/consolidated/test_replay.py` has every record of sixty captured days.
"""

from __future__ import annotations

import gzip
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from raw.mercedes import MBUSA_DEALERS, MBUSA_SEARCH
from resources.markets import MARKETS
from tests.support.one_record import typed
from tests.support.transformed_support import captures, lake_at, land, rows_of
from transformed.day.transform import transform_day


def captured_days() -> list[Path]:
    return sorted(captures("mercedes", "mbusa_used_search").glob("*.json.gz"))


def test_a_captured_record_column_by_column(tmp_path: Path) -> None:
    path = captured_days()[0]
    day = date.fromisoformat(path.name.removesuffix(".json.gz"))
    lake = lake_at(tmp_path)
    land(lake, "mercedes", MBUSA_SEARCH, {"us": [gzip.decompress(path.read_bytes())]}, day)
    report = transform_day(lake=lake, oem="mercedes", endpoint=MBUSA_SEARCH, day=day)
    (found,) = (row for row in rows_of(lake, report) if row["vin"] == "W1KZH6AB2NB028936")
    assert found["archive_address"].endswith(".parquet#0/0")
    assert {name: value for name, value in found.items() if name not in ("archive_address", "fetched_at")} == {
        "oem": "mercedes",
        "market": "us",
        "listing_id": "W1KZH6AB2NB028936",
        "vin": "W1KZH6AB2NB028936",
        "vin_is_temporary": False,
        "stock_number": "NB028936",
        "condition": "certified",
        "condition_source": "PRE",
        "brand": "Mercedes-Benz",
        "model": "E 450 4MATIC All-Terrain Wagon",
        "model_code": "E450S4",
        "trim": None,
        "model_year": 2022,
        "body_type": "estate",
        "body_type_source": "Wagons",
        "fuel_type": "petrol",
        "fuel_type_source": "Gasoline",
        "transmission": "automatic",
        "transmission_source": "Automatic",
        "drive_type": "all",
        "drive_type_source": "4MATIC",
        "power_kw": 270,
        "battery_capacity_kwh": None,
        "electric_range_km": None,
        "co2_g_per_km": None,
        "doors": None,
        "seats": 7,
        "exterior_color": "Mojave Silver metallic",
        "interior_color": "MANUFAKTUR Macchiato Beige/Saddle Brown",
        "mileage_km": 88573,
        "first_registration_on": None,
        "previous_owners": None,
        "price_amount": Decimal("47717.00"),
        "price_currency": "USD",
        "price_kind": "asking_net",
        "list_price_amount": None,
        "vat_is_reclaimable": None,
        "availability": "in_stock",
        "availability_source": "true",
        "expected_on": None,
        "dealer_id": "42121",
        "dealer_name": "Mercedes-Benz of St. Paul",
        "dealer_city": "Maplewood",
        "offered_at": None,
        "url": None,
        "image_url": "https://content.homenetiol.com/2003058/2209910/0x0/0f37b4b0473b4869ac24bfaeda22cebc.jpg",
    }


VEHICLE: dict[str, Any] = {"vin": "W1KZH6AB2NB028936", "type": "PRE", "year": "2022", "msrp": 47717.0}


def row(**changes: Any) -> dict[str, Any]:
    return typed("mercedes", MBUSA_SEARCH, [{**VEHICLE, **changes}], "us").row


@pytest.mark.parametrize(("msrp", "price"), [(0, None), (0.0, None), (None, None), (47717, Decimal(47717))])
def test_a_price_of_zero_is_an_unknown_price_and_no_breach(msrp: Any, price: Decimal | None) -> None:
    assert row(msrp=msrp)["price_amount"] == price


def test_the_dealer_comes_from_the_used_attributes_not_from_the_root() -> None:
    used = {"dealer": {"id": "42121", "name": "St. Paul"}}
    found = row(usedVehicleAttributes=used, dealer={"id": "1", "name": "First"}, dealerId="99")
    assert (found["dealer_id"], found["dealer_name"]) == ("42121", "St. Paul")
    assert row(dealerId="99")["dealer_id"] == "99"


@pytest.mark.parametrize(
    ("sent", "availability"),
    [
        ({"available": True}, "in_stock"),
        ({"available": True, "isVehicleCurrentlyReserved": False}, "in_stock"),
        ({"available": True, "isVehicleCurrentlyReserved": True}, "reserved"),
        ({"available": False}, "sold"),
        ({}, None),
    ],
)
def test_a_car_that_is_not_available_is_still_listed_and_says_so(sent: Any, availability: str | None) -> None:
    assert row(**sent)["availability"] == availability


@pytest.mark.parametrize(
    ("used", "condition"),
    [({"certified": True, "demoVehicle": True}, "certified"), ({"demoVehicle": True}, "demonstrator"), (None, "used")],
)
def test_condition(used: Any, condition: str) -> None:
    assert row(usedVehicleAttributes=used)["condition"] == condition


NEW: dict[str, Any] = {
    "vin": "W1KLF4JB0TA000001", "type": "NEW", "year": "2027", "msrp": 77000.0, "dealerId": "42121",
    "dealer": {"id": "42121", "name": "St. Paul", "address": [{"city": "Maplewood"}]}, "images": ["https://b.example/1"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("shown", "kind", "price"), [(0.0, "list", 77_000), (None, "list", 77_000), (75_500.0, "asking_net", 75_500)]
)
def test_a_new_car_has_a_list_price_and_some_dealers_price_beside_it(shown: Any, kind: str, price: int) -> None:
    new = typed("mercedes", MBUSA_SEARCH, [{**NEW, "inventoryPrice": shown}], "us").row
    assert (new["condition"], new["condition_source"], new["mileage_km"]) == ("new", "NEW", None)
    assert (new["price_kind"], new["price_amount"], new["list_price_amount"]) == (kind, price, 77_000)
    assert new["price_currency"] == "USD"
    assert (new["dealer_id"], new["dealer_name"], new["dealer_city"]) == ("42121", "St. Paul", "Maplewood")
    assert new["image_url"] == "https://b.example/1"


def test_another_dealer_at_the_root_of_a_new_car_is_not_its_own() -> None:
    new = typed("mercedes", MBUSA_SEARCH, [{**NEW, "dealer": {**NEW["dealer"], "id": "1"}}], "us").row
    assert (new["dealer_id"], new["dealer_name"], new["dealer_city"]) == ("42121", None, None)


def test_what_a_dealer_shows_beside_the_price_of_a_used_car_is_no_price_of_it() -> None:
    used = row(inventoryPrice=65988.0)
    assert (used["price_kind"], used["price_amount"], used["list_price_amount"]) == ("asking_net", 47_717, None)
    root = row(dealer={"id": "99", "name": "First", "address": [{"city": "Elsewhere"}]}, dealerId="99")
    assert (root["dealer_id"], root["dealer_name"], root["dealer_city"]) == ("99", None, None)


@pytest.mark.parametrize("market", MBUSA_SEARCH.markets)
def test_a_price_and_a_mileage_without_their_units_have_the_markets(market: str) -> None:
    record = {**VEHICLE, "msrp": 20_000_000, "usedVehicleAttributes": {"mileage": 10_000}}
    found = typed("mercedes", MBUSA_SEARCH, [record], market).row
    assert (found["price_amount"], found["price_currency"]) == (Decimal(20_000_000), MARKETS[market].currency)
    assert found["mileage_km"] == {"km": 10_000, "mi": 16_093}[MARKETS[market].distance_unit]


def test_a_vin_is_upper_case() -> None:
    assert row(vin="w1kzh6ab2nb028936")["vin"] == "W1KZH6AB2NB028936"


def test_dealers() -> None:
    record = {
        "id": "42121",
        "name": "Mercedes-Benz of St. Paul",
        "address": [
            {
                "line1": "2780 Maplewood Drive",
                "line2": "",
                "city": "Maplewood",
                "state": "MN",
                "zip": "55109",
                "country": "US",
                "location": {"lat": "45.0238248", "lng": "-93.0485361", "dist": "1552.4"},
            }
        ],
        "contact": [{"type": "fax", "value": "(651) 766-2323"}, {"type": "phone", "value": "(651) 483-2681"}],
        "url": "http://www.mercedesbenzofstpaul.com",
        "activities": [{"name": "service", "url": ""}, {"name": "sales", "url": ""}],
    }
    result = typed("mercedes", MBUSA_DEALERS, [record, {"id": "1", "name": "Bare"}], "us")
    bare, found = result.rows
    assert (bare["dealer_id"], bare["street"], bare["services"]) == ("1", None, None)
    assert {name: found[name] for name in found if name not in ("archive_address", "fetched_at", "oem", "market")} == {
        "dealer_id": "42121",
        "name": "Mercedes-Benz of St. Paul",
        "street": "2780 Maplewood Drive",
        "postal_code": "55109",
        "city": "Maplewood",
        "region": "MN",
        "country_code": "US",
        "latitude": 45.0238248,
        "longitude": -93.0485361,
        "phone": "(651) 483-2681",
        "website": "http://www.mercedesbenzofstpaul.com",
        "services": ["sales", "service"],
        "opening_hours": None,
    }
    assert result.drift == []


@pytest.mark.parametrize("name", ["lat", "lng"])
def test_a_dealer_whose_place_is_no_number_has_none(name: str) -> None:
    where = {"lat": "45.0238248", "lng": "-93.0485361"} | {name: "north of town"}
    record = {"id": "1", "name": "Bare", "address": [{"location": where}]}
    result = typed("mercedes", MBUSA_DEALERS, [record], "us")
    assert (result.row["latitude"] is None, result.row["longitude"] is None) == (name == "lat", name == "lng")
