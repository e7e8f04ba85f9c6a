"""Toyota in the United States: null past the end, the window, temporary VINs, captured days of 2023 and dealers."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from aiohttp import web

from raw.endpoint.declaration import Endpoint
from raw.endpoint.slicing import Split
from raw.fetch.day import fetch_day
from raw.toyota import LOCATE_VEHICLES, US_DEALERS
from resources.lake.lake import Lake
from tests.support.counts import count
from tests.support.one_record import typed, typed_body
from tests.support.played import PlayedApis
from tests.support.sweeps import DAY
from tests.support.transformed_support import captures

_CAPTURED = "toyota/locateVehiclesByZip"


def nested(record: dict[str, Any]) -> dict[str, Any]:
    """A record of a flat capture as the search answers it: `price.dph` stands in `price`."""
    found: dict[str, Any] = {}
    for path, value in record.items():
        name, _, field = path.partition(".")
        if not field:
            found.setdefault(name, value)
        else:
            found[name] = {**(found.get(name) or {}), field: value}
    empty = {name for name, value in found.items() if isinstance(value, dict) and not any(value.values())}
    return {name: None if name in empty else value for name, value in found.items() if name != "__index_level_0__"}


def fetched(endpoint: Endpoint, folder: Path, vehicles: int) -> Any:
    lake, apis = Lake(folder.as_uri()), PlayedApis("sandbox", vehicles=vehicles)
    manifest = fetch_day(lake=lake, oem="toyota", endpoint=endpoint, day=DAY, apis=apis, progress=lambda _: None)
    return manifest.markets["us"]


@pytest.mark.slow
def test_a_stock_that_is_too_large_for_one_search_is_split_by_series(tmp_path: Path) -> None:
    whole = fetched(LOCATE_VEHICLES, tmp_path / "whole", 700)
    narrow = replace(LOCATE_VEHICLES, pages=replace(LOCATE_VEHICLES.pages, window=500))
    split = fetched(narrow, tmp_path / "split", 700)
    assert whole.complete
    assert split.complete, split.message
    assert split.unique == whole.unique > 500
    assert {name for name, cars in split.slices.items() if cars} >= {"series=4runner", "series=rav4"}


def test_an_answer_of_202_and_nothing_is_a_block(tmp_path: Path) -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=202)

    lake, apis = Lake(tmp_path.as_uri()), PlayedApis("sandbox", handler=handle)
    manifest = fetch_day(lake=lake, oem="toyota", endpoint=LOCATE_VEHICLES, day=DAY, apis=apis, progress=lambda _: None)
    assert manifest.markets["us"].cause == "blocked"


def test_a_series_that_nobody_lists_makes_the_market_incomplete(tmp_path: Path) -> None:
    known = replace(
        LOCATE_VEHICLES,
        pages=replace(LOCATE_VEHICLES.pages, window=500),
        split=Split("series", ("4runner", "camry", "corolla")),
    )
    assert not fetched(known, tmp_path, 700).complete


def test_captured_pages() -> None:
    counts = {"2023-05-03_page1": 226, "2023-05-04_page1": 250, "2023-05-04_page2": 43}
    for name, cars in counts.items():
        file = captures(_CAPTURED, "derived_json_pages", f"grcorolla_{name}.json.gz")
        found = typed_body("toyota", LOCATE_VEHICLES, gzip.decompress(file.read_bytes()), "us")
        assert len(found.rows) == cars
        assert not found.quarantine
        assert {line.partition(":")[0] for line in found.drift} <= {"vin"}


@pytest.mark.slow
@pytest.mark.parametrize("series", ["grcorolla", "priusprime"])
def test_every_captured_day(series: str) -> None:
    # the days resemble each other: every sixth, and all under `make soak`
    for file in sorted(captures(_CAPTURED, series).glob("*.parquet"))[:: count(6, 1)]:
        records = [nested(record) for record in pl.read_parquet(file).to_dicts()]
        found = typed("toyota", LOCATE_VEHICLES, records, "us")
        assert len(found.rows) == len(records)
        assert not found.quarantine
        # a temporary VIN is reported, and nothing else
        assert {line.partition(":")[0] for line in found.drift} <= {"vin"}, file.name
        assert {row["transmission"] for row in found.rows} == {"manual" if series == "grcorolla" else "automatic"}
        temporary = [row for row in found.rows if row["vin_is_temporary"]]
        assert all(row["vin"] is None and row["listing_id"] for row in temporary)


def test_captured_4runners() -> None:
    file = captures("toyota/us_locateVehiclesByZip_raw_records", "2023-03-25_4runner_134_records.json.gz")
    found = typed(
        "toyota", LOCATE_VEHICLES, [nested(one) for one in json.loads(gzip.decompress(file.read_bytes()))], "us"
    )
    assert len(found.rows) == 134
    assert (found.quarantine, found.drift_of("drive_type")) == ([], [])
    presold = [row for row in found.rows if row["availability"] == "reserved"]
    assert len(presold) == 39


def test_captured_dealers() -> None:
    file = captures("toyota/us_dealers_by_zip", "2025-08_merged_test_234.json.gz")
    found = typed("toyota", US_DEALERS, json.loads(gzip.decompress(file.read_bytes())), "us")
    assert len(found.rows) == 234
    assert (found.quarantine, found.drift) == ([], [])
    manhattan = next(row for row in found.rows if row["dealer_id"] == "31162")
    hours = json.loads(manhattan["opening_hours"])
    assert hours["sales"] == {**{day: [["09:00", "18:00"]] for day in ("Mo", "Tu", "We", "Th", "Fr")},
                              "Sa": [["09:00", "17:00"]], "Su": []}  # fmt: skip
