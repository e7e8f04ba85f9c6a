"""Hostile and drifted records: each costs only itself, and the quarantine says which rule and where."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from raw.audi import SCS_SEARCH
from raw.mercedes import MBUSA_SEARCH
from tests.support.hostile import HOSTILE, UNKNOWN
from tests.support.one_record import typed
from tests.support.transformed_support import DAY, assert_conserved, car, landed, quarantine_of, rows_of, run
from transformed.contract.contracts import CONTRACT_VERSION
from transformed.day.output import read_quarantine
from transformed.day.quarantine import QUARANTINE_SCHEMA

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_record_is_quarantined_under_its_rule_and_costs_no_other(tmp_path: Path, name: str) -> None:
    changes, rule = HOSTILE[name]
    lake = landed(tmp_path, {"es": [[car(1), car(2, **changes), car(3)]]})
    report = run(lake)
    assert [row["listing_id"] for row in rows_of(lake, report)] == ["ESP00001", "ESP00003"]
    (bad,) = quarantine_of(lake, report)
    assert bad["rule"] == rule
    assert report.quarantined_by_rule == {rule: 1}
    assert bad["archive_address"].endswith("part-00000.parquet#0/1")
    assert (bad["oem"], bad["market"], bad["endpoint"], bad["date"]) == ("audi", "es", "scs_search", DAY)
    assert bad["contract_version"] == CONTRACT_VERSION
    assert bad["message"]
    assert bad["identity"] == (None if "carId" in changes else "ESP00002")
    assert read_quarantine(lake, report).schema == QUARANTINE_SCHEMA
    assert_conserved(report)


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_value_that_is_none_is_unknown_and_told_and_the_car_stays_a_row(name: str) -> None:
    column = name.partition(" ")[0]
    found = typed("audi", SCS_SEARCH, [car(1, **UNKNOWN[name])], "es")
    assert found.row[column] is None
    field = {"price_amount": "typedPrices", "mileage_km": "$.used.mileage"}.get(column, column)
    assert [line for line in found.drift if field in line or line.startswith(f"{column}: ")], found.drift


@pytest.mark.parametrize("name", [name for name in UNKNOWN if name.startswith("price_amount")])
def test_every_maker_reads_a_price_that_is_none_as_unknown(name: str) -> None:
    amount = UNKNOWN[name]["typedPrices"][0]["amount"]
    assert (
        typed("mercedes", MBUSA_SEARCH, [{"vin": "W1KZH6AB2NB028936", "msrp": amount}], "us").row["price_amount"]
        is None
    )


@pytest.mark.parametrize("record", [None, 5, "a car", [], True, [car(9)]])
def test_a_record_that_is_no_object_is_quarantined(tmp_path: Path, record: Any) -> None:
    lake = landed(tmp_path, {"es": [[car(1), record]]})
    report = run(lake)
    assert (report.markets["es"].received, report.markets["es"].accepted) == (2, 1)
    assert report.quarantined_by_rule == {"schema_drift": 1}


def test_an_empty_record_lacks_its_id(tmp_path: Path) -> None:
    assert run(landed(tmp_path, {"es": [[{}]]})).quarantined_by_rule == {"listing_id": 1}


def test_a_record_that_breaks_several_rules_is_one_row_with_all_of_them(tmp_path: Path) -> None:
    prices = [{"type": "retail", "amount": 1, "currencyCode": "€"}]
    lake = landed(tmp_path, {"es": [[car(1, carId=None, typedPrices=prices, used={"mileage": -5})]]})
    report = run(lake)
    (bad,) = quarantine_of(lake, report)
    assert bad["rule"] == "listing_id, mileage_km|min, price_currency|regex"
    assert (bad["column"], bad["value"]) == ("listing_id, mileage_km, price_currency", "null, -5.0, €")
    assert report.quarantined_by_rule == dict.fromkeys(bad["rule"].split(", "), 1)
    assert report.markets["es"].quarantined == 1


def test_the_archive_address_leads_to_the_record(tmp_path: Path) -> None:
    lake = landed(tmp_path, {"es": [[car(1)], [car(2), car(3, carId=None, modelYear=2001)]], "gb": [[car(4)]]})
    report = run(lake)
    for row, year in [(quarantine_of(lake, report)[0], 2001), (rows_of(lake, report)[0], 2018)]:
        part, _, place = row["archive_address"].partition("#")
        page, index = map(int, place.split("/"))
        body = pq.read_table(lake.open_read(part)).column("body")[page].as_py()
        assert json.loads(body)["vehicleBasic"][index]["modelYear"] == year


def test_a_changed_type_and_an_unknown_field_are_reported_and_not_fatal(tmp_path: Path) -> None:
    cars = [car(number, modelYear="2018", batteryHealth={"percent": 97}) for number in range(3)]
    report = run(landed(tmp_path, {"es": [cars]}))
    assert report.markets["es"].accepted == 3
    assert any("`$.modelYear` is text, declared and read as whole number (3 records" in line for line in report.drift)
    assert any("unknown field `batteryHealth` (3 records" in line for line in report.drift)


def test_a_field_that_vanished_is_reported(tmp_path: Path) -> None:
    cars = [{key: value for key, value in car(number).items() if key != "typedPrices"} for number in range(3)]
    report = run(landed(tmp_path, {"es": [cars]}))
    assert report.markets["es"].accepted == 3
    assert "no record holds the declared field `typedPrices` (3 records)" in report.drift
