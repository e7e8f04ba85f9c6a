"""What a day proves to be there: every record with an identity, whatever came of it; VINs that identify nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from raw.audi import PSS_DEALERS
from tests.support.transformed_support import (
    DAY,
    assert_conserved,
    body_of,
    car,
    lake_at,
    land,
    landed,
    rows_of,
    run,
)
from transformed.day import sightings
from transformed.day.output import read_rows, read_sightings
from transformed.day.report import Report, read_report, report_folder
from transformed.day.transform import transform_day

pytestmark = pytest.mark.slow

VIN = "WAUZZZ8V0KA000001"
NO_PRICE = {"typedPrices": [{"type": "retail", "amount": 0, "currencyCode": "EUR"}]}


def seen(report: Report, folder: Path) -> list[tuple[str, str, str | None, str]]:
    found = read_sightings(lake_at(folder), report)
    assert found.schema == sightings.SCHEMA
    return found.rows()


def test_accepted_quarantined_and_merged_listings_were_all_seen(tmp_path: Path) -> None:
    cars = [
        car(1, vin=VIN),
        car(2, vin=VIN, trimline={"description": "S line"}),
        car(3, modelYear=1066, vin="WAUZZZ8V0KA000003"),
        car(4, modelYear="MY18"),
        {"carId": 5, "dealer": "Leioa"},
    ]
    report = run(landed(tmp_path, {"es": [cars]}))
    assert_conserved(report)
    assert seen(report, tmp_path) == [
        ("es", "5", None, "quarantined"),
        ("es", "ESP00001", VIN, "merged"),
        ("es", "ESP00002", VIN, "accepted"),
        ("es", "ESP00003", "WAUZZZ8V0KA000003", "quarantined"),
        ("es", "ESP00004", None, "quarantined"),
    ]
    assert (report.markets["es"].sightings, report.markets["es"].without_identity) == (5, 0)


@pytest.mark.parametrize("first", [0, 1])
def test_of_a_listing_that_came_twice_the_best_outcome_counts(tmp_path: Path, first: int) -> None:
    twice = [car(1), car(1, modelYear=1066, vin=VIN)]
    report = run(landed(tmp_path, {"es": [[twice[first]], [twice[1 - first]]]}))
    assert seen(report, tmp_path) == [("es", "ESP00001", VIN, "accepted")]


@pytest.mark.parametrize("record", [{}, {"x": 1}, {"carId": None}, {"carId": " "}, {"carId": True}, None, 7, "a", []])
def test_a_record_without_identity_proves_nothing(tmp_path: Path, record: Any) -> None:
    report = run(landed(tmp_path, {"es": [[car(1), record, record]]}))
    assert seen(report, tmp_path) == [("es", "ESP00001", None, "accepted")]
    assert (report.markets["es"].sightings, report.markets["es"].without_identity) == (1, 2)


def test_a_market_that_hides_its_prices_is_seen_whole_and_stays_in_rows(tmp_path: Path) -> None:
    lake = landed(tmp_path, {"es": [[car(number, **NO_PRICE) for number in range(40)]]})
    report = run(lake)
    assert (report.markets["es"].accepted, report.markets["es"].quarantined) == (40, 0)
    assert {row["price_amount"] for row in rows_of(lake, report)} == {None}
    assert [line for line in report.drift if line.startswith("price_amount: no price: `0.00` (40 records")]


def test_a_record_that_the_table_is_not_about_is_no_sighting(tmp_path: Path) -> None:
    lake = lake_at(tmp_path)
    dealers = [{"dealerId": "1", "name": "One"}, {"dealerId": "2", "name": "Test", "street": "test"}]
    land(lake, "audi", PSS_DEALERS, {"es": [body_of(PSS_DEALERS, dealers)]})
    report = transform_day(lake=lake, oem="audi", endpoint=PSS_DEALERS, day=DAY)
    assert seen(report, tmp_path) == [("es", "1", None, "accepted")]
    assert (report.markets["es"].sightings, report.markets["es"].without_identity) == (1, 0)


def test_a_day_without_records_has_no_sightings(tmp_path: Path) -> None:
    report = run(landed(tmp_path, {"es": [[]]}))
    assert (report.sightings_file, seen(report, tmp_path)) == (None, [])


# --- VINs that identify nothing --------------------------------------------------------------------------------


@pytest.mark.parametrize("cut", [30, 2])
def test_a_vin_on_more_than_two_listings_of_a_market_identifies_none_of_them(tmp_path: Path, cut: int) -> None:
    cars = [car(number, vin=VIN if number < 3 else f"WAUZZZ8V0KA0001{number:02d}") for number in range(30)]
    pages = [cars[start : start + cut] for start in range(0, 30, cut)]
    lake = landed(tmp_path, {"es": pages, "gb": [[car(1, vin=VIN)]]})
    report = run(lake)
    rows = read_rows(lake, report)
    es = rows.filter(pl.col("market") == "es").sort("listing_id")
    assert (len(es), report.markets["es"].duplicates) == (30, 0)
    assert es["vin"][:3].to_list() == [None] * 3
    assert es["vin"][3:].null_count() == 0
    assert rows.filter(pl.col("market") == "gb")["vin"].to_list() == [VIN], "another market has its own count"
    assert f"vin: `{VIN}` stands on 3 listings of es and identifies none (3 records)" in report.drift
    assert {vin for _, _, vin, _ in seen(report, tmp_path)[:3]} == {None}
    assert report.fill["es"]["vin"] == 0.9


@pytest.mark.parametrize("listings", [["a", "a", "a"], ["a", "b"], ["a", "b", "a", "b"]])
def test_one_or_two_listings_with_a_vin_are_one_vehicle_however_often_they_come(
    tmp_path: Path, listings: list[str]
) -> None:
    lake = landed(tmp_path, {"es": [[{**car(1), "carId": name, "vin": VIN} for name in listings]]})
    report = run(lake)
    (row,) = rows_of(lake, report)
    assert (row["listing_id"], row["vin"]) == ("a", VIN)
    assert report.markets["es"].duplicates == len(listings) - 1


def test_a_listing_in_quarantine_counts_where_a_vin_is_shared(tmp_path: Path) -> None:
    lake = landed(tmp_path, {"es": [[car(1, vin=VIN), car(2, vin=VIN), car(3, vin=VIN, modelYear=1066)]]})
    report = run(lake)
    assert [row["vin"] for row in rows_of(lake, report)] == [None, None]
    assert {vin for _, _, vin, _ in seen(report, tmp_path)} == {None}


# --- reports of version 1 --------------------------------------------------------------------------------------


def test_a_report_of_version_1_reads_and_its_rows_and_quarantine_are_its_sightings(tmp_path: Path) -> None:
    lake = landed(tmp_path, {"es": [[car(1, vin=VIN), car(2, modelYear=1066), car(1), {"x": 1}]]})
    present = run(lake)
    path = f"{report_folder('audi', 'scs_inventory', DAY)}/report.json"
    value = json.loads(lake.read_bytes(path))
    for added in ("sightings_file", "interpretation", "fill", "known_codes", "sha256", "failed"):
        del value[added]
    for market in value["markets"].values():
        del market["sightings"], market["without_identity"]
    lake.write_json(path, {**value, "version": 1})
    old = read_report(lake, "audi", "scs_inventory", DAY)
    assert (old.version, old.interpretation, old.sightings_file) == (1, "", None)
    assert old.markets["es"].sightings == 3
    assert seen(old, tmp_path) == [("es", "ESP00001", VIN, "accepted"), ("es", "ESP00002", None, "quarantined")]
    assert read_rows(lake, old).equals(read_rows(lake, present))
