"""Audi in the US: the captured dealers, the box that is quartered, cars of other makes. New cars of Spain."""

from __future__ import annotations

import gzip
import json
from base64 import b64decode
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from raw.audi import SCS_SEARCH
from raw.endpoint import GraphQL
from raw.fetch.day import fetch_day
from raw.platforms.omnigraph import US_DEALERS, US_STOCK
from resources.lake.lake import Lake
from tests.support.one_record import typed
from tests.support.played import PlayedApis
from tests.support.transformed_support import captures


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_the_captured_dealers_are_rows(number: int) -> None:
    file = captures("audi", "us_dealersByTerm", f"2025-09-14_response{number}.json.gz")
    found = json.loads(gzip.decompress(file.read_bytes()))["data"]["dealersByTerm"]
    assert found["meta"]["resultCount"] == len(found["dealers"]) == 20  # the nearest, and no total
    made = typed("audi", US_DEALERS, found["dealers"], "us")
    assert (len(made.rows), made.quarantine) == (20, [])
    assert [line for line in made.drift if "unknown" in line] == []
    for column in ("street", "city", "region", "postal_code", "latitude", "phone", "opening_hours"):
        assert all(row[column] for row in made.rows), column
    assert {row["dealer_id"] for row in made.rows} == {dealer["kvpsPartnerKey"] for dealer in found["dealers"]}


@pytest.mark.parametrize(("split", "is_complete"), [(US_DEALERS.split, True), ((), False)])
def test_a_box_that_is_cut_off_is_quartered_or_the_market_is_incomplete(
    split: Any, is_complete: bool, tmp_path: Path
) -> None:
    endpoint = replace(US_DEALERS, split=split)
    if not split:
        variables = {"northEastLat": 72.0, "northEastLng": -60.0, "southWestLat": 15.0, "southWestLng": -180.0}
        assert isinstance(US_DEALERS.request, GraphQL)
        endpoint = replace(endpoint, request=replace(US_DEALERS.request, variables=variables))
    manifest = fetch_day(
        lake=Lake((tmp_path / "lake").as_uri()),
        oem="audi",
        endpoint=endpoint,
        day=date(2026, 11, 2),
        apis=PlayedApis("sandbox", vehicles=200),
        progress=lambda _: None,
    )
    market = manifest.markets["us"]
    assert (market.complete, market.unique) == ((True, 160) if is_complete else (False, 100))
    assert market.cause == (None if is_complete else "capped")


@pytest.mark.parametrize(
    ("title", "brand"), [("2025 Audi Q8", "Audi"), ("2021 Land Rover Defender", "Land Rover"), ("2019 BMW X5", "BMW")]
)
def test_a_car_that_was_traded_in_has_its_own_brand(title: str, brand: str) -> None:
    car = {
        "vin": "WA1EVBF13SD035902",
        "titleText": title,
        "carPrices": [{"type": "final", "price": {"value": 62411}}, {"type": "sale", "price": {"value": 61512}}],
        "mileage": {"unitText": "miles", "value": {"number": 5918}},
        "dealer": {"id": "USA07B04"},
    }
    row = typed("audi", US_STOCK, [{"stockCar": car}], "us").row
    assert (row["brand"], row["price_amount"], row["mileage_km"], row["dealer_id"]) == (brand, 61512, 9524, "USA07B04")


def test_the_captured_new_cars_of_spain() -> None:
    """A collector's rows as SCS told them: the identity stands in the link, the price apart from the typed ones."""
    file = captures("audi", "es_new_stock_normalized", "2026-06-09T103454.json.gz")
    cars = [
        {
            "carId": b64decode(parse_qs(urlsplit(row["URL"]).query)["id"][0] + "==").decode(), "type": "N",
            "model": {"description": row["Model"]}, "modelYear": int(float(row["Year"])), "weblink": row["URL"],
            "extColor": {"description": row["Ext_Color"]}, "dealer": {"name": row["Dealer"], "city": row["City"]},
            "priceDetails": {"totalPrices": {"customer": {"grossAmount": float(row["RRP_EUR"])}}},
        }
        for row in json.loads(gzip.decompress(file.read_bytes()))
    ]  # fmt: skip
    done = typed("audi", SCS_SEARCH, cars, "es")
    assert (len(done.rows), len({row["listing_id"] for row in done.rows}), done.quarantine) == (4694, 4694, [])
    assert {row["condition"] for row in done.rows} == {"new"}
    prices = {row["listing_id"]: row["price_amount"] for row in done.rows}
    assert prices["ESP004850218545-2025"] == Decimal("23214.31")
    assert all(row["price_amount"] for row in done.rows)


def test_both_lots_of_spain_are_asked_for(tmp_path: Path) -> None:
    apis = PlayedApis("sandbox", vehicles=200)
    lake, day = Lake((tmp_path / "lake").as_uri()), date(2026, 11, 2)
    of_spain = replace(SCS_SEARCH, markets={"es": {}})
    seal = fetch_day(lake=lake, oem="audi", endpoint=of_spain, day=day, apis=apis, progress=lambda _: None).markets[
        "es"
    ]
    assert (seal.complete, sorted(seal.slices), min(seal.slices.values()) > 0) == (
        True,
        ["market=es", "market=esuc"],
        True,
    )
