"""CUPRA, and the platform VTP that SEAT shares: key/value lists, pages in headers, lots that differ."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from raw.cupra import VTP_SEARCH
from raw.endpoint import InHeader, PageIndex
from raw.fetch.day import fetch_day
from resources.lake.lake import Lake
from tests.support.one_record import typed
from tests.support.played import PlayedApis

DEALER = {
    "key": "GBR55169",
    "items": [{"key": "name", "value": "CUPRA Worcester"}, {"key": "city", "value": "Worcester"}],
}
HREF = "https://vtpapi.seat.com/restapi/v1/cuukgwb/datastore/dealer/GBR55169"
CAR: dict[str, Any] = {
    "carid": "GBR551693296921",
    "items": [
        {"key": "manuf", "value": "CUPRA"},
        {"key": "model", "value": "Tavascan"},
        {"key": "numberplate", "value": "ZZ18 ZZZ"},
        {"key": "available_from", "value": "2026-09-29T22:00:00Z"},
        {"key": "mileage", "unit": "MI", "label": "Mileage", "value": "2,222", "raw_value": 2222.0},
        {"key": "motor", "values": [{"key": "power.kw", "unit": "kW", "value": "250"}]},
        {"key": "prices", "values": [{"key": "sale", "unit": "GBP", "value": "49,985", "raw_value": 49985.0}]},
    ],
    "hypermediadealer": {"href": HREF, "dealer": DEALER},
}


def test_a_car_of_keys_with_values_is_a_row() -> None:
    found = typed("cupra", VTP_SEARCH, [{"car": CAR}], "gb")
    assert found.row["listing_id"] == "GBR551693296921"
    assert (found.row["mileage_km"], found.row["power_kw"], found.row["condition"]) == (3576, 250, "certified")
    assert (found.row["price_amount"], found.row["expected_on"]) == (Decimal(49985), date(2026, 9, 30))
    assert (found.row["dealer_id"], found.row["dealer_city"]) == ("GBR55169", "Worcester")
    assert "ZZ18 ZZZ" not in str(found.row)
    assert not [line for line in found.drift if "unknown field" in line]


def test_a_new_key_is_drift() -> None:
    car = {**CAR, "items": [*CAR["items"], {"key": "batteryHealth", "value": "97"}]}
    assert any("batteryHealth" in line for line in typed("cupra", VTP_SEARCH, [{"car": car}], "gb").drift)


@pytest.mark.parametrize(
    ("pages", "cause"),
    [
        (
            PageIndex(index=InHeader("x-page"), size=InHeader("x-page-items"), step=96, first=1),
            "server_error",
        ),  # the tenants of new stock serve 12 a page
        (PageIndex(index="x-page", size=InHeader("x-page-items"), step=12, first=1), None),  # not read in the query
    ],
)
def test_other_pages_are_never_taken_for_the_whole(pages: PageIndex, cause: str | None, tmp_path: Path) -> None:
    only_new = replace(VTP_SEARCH, pages=pages, markets={"es": {}}, slices_of_market={"es": {"tenant": ("cuesnwb",)}})
    manifest = fetch_day(
        lake=Lake((tmp_path / "lake").as_uri()),
        oem="cupra",
        endpoint=only_new,
        day=date(2026, 11, 2),
        apis=PlayedApis("sandbox", vehicles=400),
        progress=lambda _: None,
    )
    assert not manifest.markets["es"].complete
    assert cause in (None, manifest.markets["es"].cause)
