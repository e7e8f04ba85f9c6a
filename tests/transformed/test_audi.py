"""Audi's cars as rows: which field becomes which column, and what the feeds are known to do."""

from __future__ import annotations

import copy
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from raw.audi import SCS_SEARCH
from resources.markets import MARKETS
from tests.support.one_record import typed
from tests.support.transformed_support import CAR, DAY, PERSONS, captures, lake_at, land, landed, rows_of, run
from transformed.day.transform import transform_day


def car(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(CAR), **changes}


def row(record: dict[str, Any], market: str = "es") -> dict[str, Any]:
    """The row that the one record becomes."""
    return typed("audi", SCS_SEARCH, [record], market).row


def test_the_composite_page_field_by_field(tmp_path: Path) -> None:
    body = captures("audi", "scs_search", "COMPOSITE_example_page.json").read_bytes()
    lake = lake_at(tmp_path)
    land(lake, "audi", SCS_SEARCH, {"es": [body]})
    report = transform_day(lake=lake, oem="audi", endpoint=SCS_SEARCH, day=DAY)
    assert report.drift == []
    (found,) = rows_of(lake, report)
    address = f"raw/audi/scs_search/{DAY}/20260624T060000.000000Z/part-00000.parquet#0/0"
    assert found == {
        "archive_address": address,
        "fetched_at": datetime(2026, 6, 24, 6, tzinfo=UTC),
        "oem": "audi",
        "market": "es",
        "listing_id": "ESP05346127430246",
        "vin": None,
        "vin_is_temporary": False,
        "stock_number": "A12345",
        "condition": "certified",
        "condition_source": "U",
        "brand": "Audi",
        "model": "Audi A1 Sportback Adrenalin 1.0 TFSI 70 kW",
        "model_code": "8XFBFG",
        "trim": "Adrenalin",
        "model_year": 2018,
        "body_type": "hatchback",
        "body_type_source": "Sportback",
        "fuel_type": "petrol",
        "fuel_type_source": "Gasolina",
        "transmission": "manual",
        "transmission_source": "Cambio manual",
        "drive_type": "front",
        "drive_type_source": "Tracción delantera",
        "power_kw": 70,
        "battery_capacity_kwh": None,
        "electric_range_km": None,
        "co2_g_per_km": None,
        "doors": None,
        "seats": None,
        "exterior_color": "Blanco Amalfi",
        "interior_color": "Tela",
        "mileage_km": 61234,
        "first_registration_on": date(2018, 5, 10),
        "previous_owners": 1,
        "price_amount": Decimal("13590.00"),
        "price_currency": "EUR",
        "price_kind": "asking_gross",
        "list_price_amount": Decimal("21313.00"),
        "vat_is_reclaimable": False,
        "availability": None,
        "availability_source": None,
        "expected_on": None,
        "dealer_id": "05346",
        "dealer_name": "LEIOA WAGEN",
        "dealer_city": "Leioa",
        "offered_at": datetime(2026, 6, 11, tzinfo=UTC),
        "url": "https://entry.audi.com/entry?country=es&language=es&ctx=aesgwb&id=RVNQMDUzNDYxMjc0MzAyNDY=",
        "image_url": "https://vtpimages.audi.com/carimg2/0000/0000000001.jpg",
    }


@pytest.mark.parametrize("order", [1, -1])
def test_the_price_is_the_retail_entry_wherever_it_stands(order: int) -> None:
    found = row(car(typedPrices=CAR["typedPrices"][::order]))
    assert (found["price_amount"], found["list_price_amount"]) == (Decimal("13590.00"), Decimal("21313.00"))


@pytest.mark.parametrize("prices", [None, [], [None], [{}], CAR["typedPrices"][:1], [{"type": "retail"}]])
def test_no_retail_price_is_an_unknown_price(prices: Any) -> None:
    assert row(car(typedPrices=prices))["price_amount"] is None


@pytest.mark.parametrize(
    ("amount", "cents"), [(13590, "13590.00"), (1.15, "1.15"), (999999999999.99, "999999999999.99")]
)
def test_money_is_exact(amount: float, cents: str) -> None:
    prices = [{"type": "retail", "amount": amount, "currencyCode": "EUR"}]
    assert row(car(typedPrices=prices))["price_amount"] == Decimal(cents)


def test_an_amount_that_no_money_column_holds_is_unknown_and_reported() -> None:
    prices = [{"type": "retail", "amount": 1e13, "currencyCode": "EUR"}]
    found = typed("audi", SCS_SEARCH, [car(typedPrices=prices)], "es")
    assert found.row["price_amount"] is None
    assert any(line.startswith("price_amount: nothing can be read") for line in found.drift)


@pytest.mark.parametrize(
    ("amount", "won"), [(4990, 49_900_000), (49_900_000, 49_900_000), (1_000_000, 1_000_000), (999_999, 9_999_990_000)]
)
def test_korean_prices_are_won_whatever_the_unit(amount: float, won: int) -> None:
    prices = [{"type": kind, "amount": amount, "currencyCode": "KRW"} for kind in ("retail", "regular")]
    found = row(car(typedPrices=prices), market="kr")
    assert (found["price_amount"], found["list_price_amount"]) == (Decimal(won), Decimal(won))
    assert found["price_currency"] == "KRW"


def test_a_small_amount_in_another_currency_is_what_it_says() -> None:
    prices = [{"type": "retail", "amount": 4990, "currencyCode": "EUR"}]
    assert row(car(typedPrices=prices))["price_amount"] == Decimal("4990.00")


@pytest.mark.parametrize("market", SCS_SEARCH.markets)
def test_a_price_and_a_mileage_without_their_units_have_the_markets(market: str) -> None:
    record = {"carId": "1", "typedPrices": [{"type": "retail", "amount": 20_000_000}], "used": {"mileage": 10_000}}
    found = typed("audi", SCS_SEARCH, [record], market).row
    assert (found["price_amount"], found["price_currency"]) == (Decimal(20_000_000), MARKETS[market].currency)
    assert found["mileage_km"] == {"km": 10_000, "mi": 16_093}[MARKETS[market].distance_unit]


def test_miles_become_kilometres() -> None:
    assert row(car(used={"mileage": 10_000, "mileageUnit": "mi"}), "gb")["mileage_km"] == 16_093


@pytest.mark.parametrize(
    ("used", "day"),
    [
        ({"initialRegistration": "2018-05-10"}, date(2018, 5, 10)),
        ({"initialRegistrationDate": 1525910400000}, date(2018, 5, 10)),
        # midnight in Madrid and in Seoul
        ({"initialRegistrationDate": 1525903200000}, date(2018, 5, 10)),
        ({"initialRegistrationDate": 1525878000000}, date(2018, 5, 10)),
        ({"initialRegistration": "05/2018", "initialRegistrationDate": 1525910400000}, date(2018, 5, 10)),
        ({}, None),
    ],
)
def test_first_registration(used: dict[str, Any], day: date | None) -> None:
    assert row(car(used=used))["first_registration_on"] == day


@pytest.mark.parametrize("used", [{"initialRegistrationDate": 10**18}, {"initialRegistration": "05/2018"}])
def test_a_date_that_cannot_be_read_is_unknown_and_reported(used: dict[str, Any]) -> None:
    found = typed("audi", SCS_SEARCH, [car(used=used, dateOffer=-(10**18))], "es")
    assert (found.row["first_registration_on"], found.row["offered_at"]) == (None, None)
    assert [line.split(":")[0] for line in found.drift if "nothing can be read" in line] == [
        "first_registration_on",
        "offered_at",
    ]


@pytest.mark.parametrize(
    ("changes", "condition"),
    [
        ({"type": "N", "used": None}, "new"),
        ({"type": "U", "warrantyPlus": False}, "used"),
        ({"type": "U", "warrantyPlus": None}, "used"),
        ({"type": "U", "warrantyPlus": True}, "certified"),
        ({"type": None}, None),
    ],
)
def test_condition(changes: dict[str, Any], condition: str | None) -> None:
    assert row(car(**changes))["condition"] == condition


@pytest.mark.parametrize(
    ("code", "fuel"),
    [
        ("B", "petrol"),
        ("D", "diesel"),
        ("E", "electric"),
        ("H", "hybrid"),
        ("G", "liquefied_petroleum_gas"),
        ("C", "natural_gas"),
        ("W", "hydrogen"),
        (None, None),
    ],
)
def test_fuel_goes_by_the_code_for_the_text_is_in_the_markets_language(code: str | None, fuel: str | None) -> None:
    found = row(car(fuel={"code": code, "description": "휘발유"}))
    assert (found["fuel_type"], found["fuel_type_source"]) == (fuel, "휘발유")


def test_an_unknown_code_is_null_keeps_its_text_and_is_reported() -> None:
    found = typed("audi", SCS_SEARCH, [car(fuel={"code": "X", "description": "Hopes"})], "es")
    assert (found.row["fuel_type"], found.row["fuel_type_source"]) == (None, "Hopes")
    assert any(line.startswith("fuel_type: nothing can be read from `X` (1 record,") for line in found.drift)


def test_a_gear_that_scs_says_it_does_not_know_is_no_drift() -> None:
    found = typed("audi", SCS_SEARCH, [car(gearType={"code": "gear-type.null"})], "es")
    assert found.row["transmission"] is None
    assert not any(line.startswith("transmission") for line in found.drift)


@pytest.mark.parametrize("empty", [None, {}])
def test_a_car_with_nothing_but_its_id_is_a_row(empty: Any) -> None:
    objects = dict.fromkeys(["brand", "model", "fuel", "used", "dealer", "bodyType", "gearType", "trimline"], empty)
    found = row({"carId": "ESP1", **objects})
    assert (found["listing_id"], found["brand"], found["model"], found["dealer_id"]) == ("ESP1", "Audi", None, None)


def test_blank_text_is_no_text() -> None:
    found = row(car(dealer={"id": " 05346 ", "name": "", "city": "  "}, weblink=""))
    assert (found["dealer_id"], found["dealer_name"], found["dealer_city"], found["url"]) == ("05346", None, None, None)


def test_no_persons_name_reaches_a_typed_file_or_the_report(tmp_path: Path) -> None:
    bad = [car(carId=None), car(carId="x", modelYear=1000), car(carId="y", dealer=[{"lastname": PERSONS[1]}])]
    lake = landed(tmp_path, {"es": [[car(), *bad]]})
    report = run(lake)
    assert report.markets["es"].quarantined == 3
    folder = Path(lake.storage_path("transformed"))
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) == 4
    for path in files:
        if path.suffix == ".parquet":
            texts = json.dumps(pl.read_parquet(path).to_dicts(), default=str)
        else:
            texts = path.read_text()
        assert "05346" in texts or path.suffix != ".parquet" or path.name == "quarantine.parquet"
        for person in PERSONS:
            assert person not in texts
            assert person.encode() not in path.read_bytes()
