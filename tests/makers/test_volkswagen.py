"""Volkswagen: the real capture as rows; hosts and keys of the day that never lie in the archive."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl

from raw.archive.seal import read_seal
from raw.fetch.day import fetch_day
from raw.volkswagen import ENDPOINTS, GSL_SEARCH
from resources.lake.lake import Lake
from resources.sandbox.serving.routes import World
from resources.sandbox.volkswagen import _Release
from tests.support.one_record import typed_body
from tests.support.played import PlayedApis
from tests.support.transformed_support import captures

DAY = date(2026, 11, 2)


def test_the_captured_cars_are_rows() -> None:
    body = captures("volkswagen", "gsl_bff_search", "vwde_search_fixture_2026-08-11.json").read_bytes()
    found = typed_body("volkswagen", GSL_SEARCH, body, "de")
    assert (len(found.rows), found.quarantine) == (4, [])
    # the fourth car is registered after the day on which the helper says that it was fetched
    assert [line.partition(":")[0] for line in found.drift] == ["first_registration_on"]
    rows = {row["listing_id"]: row for row in found.rows}
    assert {(row["dealer_id"], row["condition"]) for row in found.rows} == {
        ("43851", "used"),
        ("48691", "used"),
        ("12345", "new"),
    }
    first = rows["DEU4385118916-34"]
    assert (first["model"], first["power_kw"], first["mileage_km"]) == ("ID.4 Pure", 125, 10_937)
    assert (first["price_amount"], first["first_registration_on"]) == (Decimal(34410), date(2025, 10, 1))


def test_the_keys_of_the_day_are_not_archived(tmp_path: Path) -> None:
    release = _Release(World(DAY, 200))
    for endpoint in ENDPOINTS:
        lake = Lake((tmp_path / endpoint.name).as_uri())
        apis = PlayedApis("sandbox", vehicles=200)
        fetch_day(lake=lake, oem="volkswagen", endpoint=endpoint, day=DAY, apis=apis, progress=lambda _: None)
        assert read_seal(lake, "volkswagen", endpoint.name, DAY).markets["de"].complete
        parts = sorted((tmp_path / endpoint.name).rglob("part-*.parquet"))
        archived = "".join(str(pl.read_parquet(part).to_dicts()) for part in parts)
        assert release.stock in archived or release.dealers in archived
        assert release.stock_key not in archived or endpoint is not GSL_SEARCH
        assert release.dealer_key not in archived or endpoint is GSL_SEARCH
