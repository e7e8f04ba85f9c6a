"""Lexus in the United States: one host for two makers, told apart by the brand of the request."""

from __future__ import annotations

from pathlib import Path

from raw.archive.reader import read_pages
from raw.fetch.day import fetch_day
from raw.lexus import LOCATE_VEHICLES
from resources.lake.lake import Lake
from tests.support.one_record import typed
from tests.support.played import PlayedApis
from tests.support.sweeps import DAY


def test_the_host_that_it_shares_answers_with_its_own_cars(tmp_path: Path) -> None:
    lake = Lake(tmp_path.as_uri())
    apis = PlayedApis("sandbox")
    manifest = fetch_day(lake=lake, oem="lexus", endpoint=LOCATE_VEHICLES, day=DAY, apis=apis, progress=lambda _: None)
    assert manifest.markets["us"].complete
    bodies = b"".join(page.body for page in read_pages(lake, manifest.markets["us"]))
    assert b'"brand":"LEXUS"' in bodies
    assert b"TOYOTA" not in bodies


def test_a_plug_in_hybrid_in_transit() -> None:
    row = typed(
        "lexus", LOCATE_VEHICLES,
        [{"vin": "JTJKKCFZ7T2000001", "brand": "LEXUS", "year": 2026, "isTempVin": False, "dealerCategory": "F",
          "engine": {"name": "2.5L 4-Cyl. Plug-in Hybrid"}, "price": {"totalMsrp": 62000, "advertizedPrice": 0.0},
          "eta": {"currFromDate": None, "currToDate": "2026-07-04T00:00:00.000Z"}}], "us",
    ).row  # fmt: skip
    assert (row["brand"], row["fuel_type"], row["availability"]) == ("Lexus", "plug_in_hybrid", "in_transit")
    # no price is advertised: the list price is what is known
    assert (float(row["price_amount"]), row["price_kind"]) == (62000.0, "list")
    assert row["expected_on"].isoformat() == "2026-07-04"
