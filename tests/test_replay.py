"""Sixty real days of Mercedes-Benz USA through the real job, against what an observer of the captures could see."""

from __future__ import annotations

import csv
import gzip
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from tests.nights import captures, night_in

pytestmark = pytest.mark.slow

Price = tuple[str, Decimal]


def observed(folder: Path) -> dict[date, dict[str, Decimal]]:
    """VIN -> price of each captured day; a price of 0 is none, as SOURCES says."""
    days = {}
    for path in sorted((folder / "mercedes" / "mbusa_used_search").glob("*.json.gz")):
        records = json.loads(gzip.decompress(path.read_bytes()))["result"]["pagedVehicles"]["records"]
        days[date.fromisoformat(path.name[:10])] = {record["vin"]: Decimal(str(record["msrp"])) for record in records}
    return days


def labels(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "mercedes" / "lifecycle_labels" / name).open() as file:
        return list(csv.DictReader(file))


def test_sixty_real_days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = captures()
    days = observed(folder)
    assert len(days) >= 60
    with night_in(tmp_path, monkeypatch, apis=f"replay:{folder}") as night:
        for day in days:
            result = night.run("mercedes_nightly", day)
            assert result.success, day
        daily = night.table("inventory_daily")
        present = night.table("inventory")
        events = night.table("inventory_events")
        runs = night.table("runs").filter(pl.col("table") == "inventory")

        seen = {(day, vin) for day, cars in days.items() for vin in cars}
        assert {(row["date"], row["vin"]) for row in daily.iter_rows(named=True)} == seen
        assert daily.height == len(seen)
        prices: set[Price] = {(vin, price) for cars in days.values() for vin, price in cars.items() if price}
        priced = daily.filter(pl.col("price_amount").is_not_null())
        assert set(priced.select("vin", "price_amount").iter_rows()) == prices
        assert set(priced["price_currency"]) == {"USD"}

        # the collector looked hourly: what it saw and a daily look could see too is there
        labelled = {
            (row["vin"], Decimal(row["price"])) for row in labels(folder, "price_history.csv") if float(row["price"])
        }
        assert labelled & prices == labelled & set(priced.select("vin", "price_amount").iter_rows())
        assert len(labelled & prices) > 100
        labelled_vins = {row["vin"] for row in labels(folder, "listings.csv")}
        captured_vins = {vin for _, vin in seen}
        assert labelled_vins & captured_vins <= set(present["vin"])

        # the present is of accepted days only, and they are not all
        accepted = set(runs.filter(pl.col("accepted"))["date"])
        assert set(days) - accepted == {date(2026, 6, 21), date(2026, 6, 22)}
        assert set(present["vin"]) == {vin for day, vin in seen if day in accepted}
        last = max(accepted)
        assert set(present.filter(pl.col("status") == "listed")["vin"]) == set(days[last])

        # the history tells the prices of accepted days, and no others
        told = events.filter(pl.col("new_price_amount").is_not_null())
        accepted_prices = {(vin, price) for day in accepted for vin, price in days[day].items() if price}
        assert set(told.select("vin", "new_price_amount").iter_rows()) <= accepted_prices
        assert set(events["kind"]) >= {"covered", "listed", "price_changed", "delisted"}
        delisted = events.filter(pl.col("kind") == "delisted").height
        assert delisted < 80, "counting every disappearance as a sale overstates sales about ten times"

        # a day run twice changes nothing: the last one, one in the middle, one that was not accepted
        snapshots = night.snapshots()
        for day in (last, date(2026, 5, 20), date(2026, 6, 21)):
            assert night.run("mercedes_nightly", day).success
        assert night.snapshots() == snapshots


def test_a_day_that_was_not_captured_says_which_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with night_in(tmp_path, monkeypatch, apis=f"replay:{captures()}") as night:
        result = night.run("nightly", date(2026, 1, 1))
        lines = [
            event.step_failure_data.user_failure_data.description or ""
            for event in result.get_step_failure_events()
            if event.step_failure_data.user_failure_data
        ]
        assert any("no capture of audi" in line for line in lines)
        assert any("2026-04-26" in line for line in lines)
