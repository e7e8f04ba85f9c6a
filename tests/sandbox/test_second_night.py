"""The second night of every maker: most of its vehicles are still there, some came, some went, some prices changed."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from raw.archive.reader import read_pages
from raw.endpoint.declaration import Endpoint, Inventory
from raw.fetch.day import fetch_day
from raw.wiring.discovery import Oem
from resources.lake.lake import Lake
from tests.support.counts import count
from tests.support.declared import ASKED, feeds
from tests.support.one_record import typed_body
from tests.support.played import PlayedApis

pytestmark = pytest.mark.slow

VEHICLES = 600
NIGHT = date(2026, 11, 20)
STOCKS = sorted((one for one in ASKED if isinstance(one[1].yields, Inventory)), key=lambda one: feeds(one[1]))
# the stock is one for all makers: those that ask for the fewest lists, of all under `make soak`
PLAYED = STOCKS[: count(3, len(STOCKS))]


def prices(folder: Path, oem: Oem, endpoint: Endpoint, night: date) -> dict[tuple[str, str], Decimal | None]:
    """The price of each listing of a night, by market and id."""
    lake = Lake(folder.as_uri())
    apis = PlayedApis("sandbox", vehicles=VEHICLES)
    manifest = fetch_day(lake=lake, oem=oem.name, endpoint=endpoint, day=night, apis=apis, progress=lambda _: None)
    assert all(market.complete for market in manifest.markets.values())
    return {
        (name, row["listing_id"]): row["price_amount"]
        for name, market in manifest.markets.items()
        for page in read_pages(lake, market)
        for row in typed_body(oem.name, endpoint, page.body, name).rows
    }


@pytest.mark.parametrize(("oem", "endpoint"), PLAYED, ids=[f"{oem.name}-{one.name}" for oem, one in PLAYED])
def test_some_come_some_go_some_cost_another_price(oem: Oem, endpoint: Endpoint, tmp_path: Path) -> None:
    first = prices(tmp_path / "first", oem, endpoint, NIGHT)
    second = prices(tmp_path / "second", oem, endpoint, NIGHT + timedelta(days=1))
    stayed = first.keys() & second.keys()
    came, went = len(second.keys() - stayed), len(first.keys() - stayed)
    changed = sum(first[listing] != second[listing] for listing in stayed)
    told = f"{oem.name} {endpoint.name}: {len(first)} listings, {came} came, {went} went, {changed} prices changed"
    assert 0 < came + went < len(first) * 0.2, told
    assert 0 < changed < len(stayed) * 0.2, told
    print(told)
