"""Stellantis in the United States: counts as texts, errors with status 200, captured dealers of Alfa Romeo."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from raw.endpoint.declaration import Endpoint
from raw.fetch.day import fetch_day
from raw.stellantis import DEALER_LOCATOR, HOSTD_INVENTORY
from resources.lake.lake import Lake
from tests.support.one_record import typed, typed_body
from tests.support.played import PlayedApis
from tests.support.sweeps import DAY
from tests.support.transformed_support import captures


def fetched(endpoint: Endpoint, folder: Path) -> Any:
    lake, apis = Lake(folder.as_uri()), PlayedApis("sandbox", vehicles=300)
    manifest = fetch_day(lake=lake, oem="stellantis", endpoint=endpoint, day=DAY, apis=apis, progress=lambda _: None)
    return manifest.markets["us"]


def test_an_error_in_the_body_is_no_empty_line(tmp_path: Path) -> None:
    good = fetched(HOSTD_INVENTORY, tmp_path / "good")
    assert good.complete, good.message
    assert good.reported_total == good.unique > 200
    request: Any = HOSTD_INVENTORY.request
    wrong = replace(
        HOSTD_INVENTORY, request=replace(request, params={**request.params, "modelYearCode": "{letter}{year}{number}"})
    )
    refused = fetched(wrong, tmp_path / "wrong")
    assert (refused.complete, refused.cause) == (False, "bad_request")


def test_a_dealer_of_several_brands_is_one_dealer(tmp_path: Path) -> None:
    seal = fetched(DEALER_LOCATOR, tmp_path)
    assert seal.complete, seal.message
    assert seal.unique < seal.collected


def test_captured_dealers() -> None:
    rows: list[dict[str, Any]] = []
    for page in sorted(captures("stellantis/us_MDLSDealerLocator").glob("*.json.gz")):
        found = typed_body("stellantis", DEALER_LOCATOR, gzip.decompress(page.read_bytes()), "us")
        assert (found.quarantine, found.drift) == ([], []), page.name
        rows += found.rows
    # three dealers have a second place, under the same code
    assert (len(rows), len({row["dealer_id"] for row in rows})) == (106, 103)
    portland = next(row for row in rows if row["dealer_id"] == "69344")
    assert (portland["postal_code"], portland["country_code"]) == ("97267-4956", "US")
    hours = json.loads(portland["opening_hours"])
    assert (hours["sales"]["Su"], hours["service"]["Mo"]) == ([["10:30", "19:00"]], [["07:30", "17:30"]])


def test_prices_are_texts_and_the_brand_stands_in_the_code() -> None:
    # fmt: off
    car = {"vin": "1C4RJXP60TW000001", "ccode": "IUJ202617JLXP74A", "modelYear": "2026",
           "price": {"msrp": "61,250", "destination": "1895", "discountedPrice": "55000"},
           "attributes": {"attributes": [{"typeId": 1, "value": "4x4"}, {"typeId": 1001, "value": "Plug-In Hybrid"}]}}
    # fmt: on
    row = typed("stellantis", HOSTD_INVENTORY, [car], "us").row
    assert (row["brand"], row["fuel_type"], row["drive_type"]) == ("Jeep", "plug_in_hybrid", "all")
    # what only some buyers are given is taken off by nobody
    assert (int(row["price_amount"]), int(row["list_price_amount"])) == (63145, 61250)
