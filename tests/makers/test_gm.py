"""GM in the United States: pages of 20, a search that wants a way to pay, cars without dealer, Buick's dealers."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from raw.archive.json_fields import value_at
from raw.endpoint.declaration import Endpoint
from raw.fetch.day import fetch_day
from raw.fetch.signs import Answer, holds
from raw.gm import _CIRCLES, DEALER_LOCATOR, VEHICLE_SEARCH
from resources.lake.lake import Lake
from tests.support.one_record import typed, typed_body
from tests.support.played import PlayedApis
from tests.support.sweeps import DAY
from tests.support.transformed_support import captures


def fetched(endpoint: Endpoint, folder: Path) -> Any:
    lake, apis = Lake(folder.as_uri()), PlayedApis("sandbox", vehicles=300)
    manifest = fetch_day(lake=lake, oem="gm", endpoint=endpoint, day=DAY, apis=apis, progress=lambda _: None)
    return manifest.markets["us"]


def test_each_model_of_each_brand_is_asked_for(tmp_path: Path) -> None:
    good = fetched(VEHICLE_SEARCH, tmp_path / "good")
    assert good.complete, good.message
    assert good.unique == good.reported_total
    assert {"brand=gmc&model=hummer ev", "brand=buick&model=encore gx"} <= set(good.slices)
    # pages of 100 are asked for, and 20 come: a page is then short, though its total says that there are more
    request: Any = VEHICLE_SEARCH.pages
    assert not fetched(replace(VEHICLE_SEARCH, pages=replace(request, step=100)), tmp_path / "large").complete


def test_a_search_without_ways_to_pay_is_no_empty_stock(tmp_path: Path) -> None:
    request: Any = VEHICLE_SEARCH.request
    wrong = replace(VEHICLE_SEARCH, request=replace(request, body={**request.body, "paymentTypes": []}))
    assert fetched(wrong, tmp_path).cause == "bad_request"


def test_a_model_without_stock_is_told_by_a_404_with_a_key_of_its_own() -> None:
    request: Any = VEHICLE_SEARCH.pages
    body = {"errorDetails": {"key": "inventory.notFound"}}
    for status, said, ends in ((404, body, True), (500, body, False), (404, {"errorDetails": {"key": "x"}}, False)):
        answer = Answer(status, {}, json.dumps(said).encode())
        assert holds(request.ends, answer, partial(value_at, said)) is ends


def test_a_vehicle_without_dealer_and_prices_as_texts() -> None:
    car = {"id": "1GT40BDD9TA000001", "make": "GMC", "model": "HUMMER EV Pickup", "year": 2026,
           "pricing": {"cash": {"msrp": {"value": "99590.0"}, "netPrice": {"value": "91000.0"}}}}  # fmt: skip
    row = typed("gm", VEHICLE_SEARCH, [car], "us").row
    assert (row["dealer_id"], int(row["price_amount"]), row["price_kind"]) == (None, 99590, "list")


@pytest.mark.parametrize(("msrp", "kind"), [("1.0", "list"), ("0", None), (None, None)])
def test_a_list_price_of_nothing_is_none(msrp: str | None, kind: str | None) -> None:
    car = {"id": "1GT40BDD9TA000001", "make": "GMC", "pricing": {"cash": {"msrp": {"value": msrp}}}}
    row = typed("gm", VEHICLE_SEARCH, [car], "us").row
    assert (row["price_amount"] is None, row["price_kind"]) == (kind is None, kind)


def test_the_circles_of_dealers_lie_on_the_map() -> None:
    """Outside of Alaska and Hawaii each lies within the country's box."""
    circles = [circle for name, circle in _CIRCLES.items() if name not in ("alaska", "hawaii")]
    assert len(circles) == 4 + 6 + 7 + 7 + 8 == len(_CIRCLES) - 2
    assert all(24 < one["latitude"] < 49 and -125 < one["longitude"] < -66 for one in circles)


def test_captured_dealers() -> None:
    page = gzip.decompress(captures("gm/us_dealers", "2025_buick_97756.json.gz").read_bytes())
    found = typed_body("gm", DEALER_LOCATOR, page, "us")
    assert (len(found.rows), found.quarantine, found.drift) == (23, [], [])
    gresham = next(row for row in found.rows if row["dealer_id"] == "116738")
    hours = json.loads(gresham["opening_hours"])
    assert (hours["sales"]["Su"], hours["parts"]["Sa"]) == ([["10:00", "20:00"]], [["08:00", "16:00"]])
