"""A day's markets held against each other and against the days before, over real HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from aiohttp import web

from raw.archive.seal import Manifest
from raw.endpoint import Dealers, Endpoint, Get, Inventory, PerSecond, SinglePage
from raw.fetch.day import fetch_day
from resources.lake.lake import Lake
from tests.support.played import PlayedApis

DAY = date(2026, 11, 20)
FEED = Endpoint(
    name="feed",
    yields=Inventory("inventory"),
    request=Get("https://oem.example/{code}"),
    pages=SinglePage(total="total"),
    records="cars",
    identity="id",
    markets={"es": {}, "gb": {}, "pl": {}},
    limit=PerSecond(1000),
)
SLICED = replace(
    FEED, request=Get("https://oem.example/{model}"), slices={"model": ("a1", "a3", "q5")}, markets={"es": {}}
)


def fetch(lake: Lake, served: Mapping[str, Sequence[str]], endpoint: Endpoint = FEED, day: date = DAY) -> Manifest:
    """served: by path the identities that the host has."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        identities = served.get(request.path.strip("/"))
        if identities is None:
            return web.Response(status=403)
        return web.json_response({"cars": [{"id": one} for one in identities], "total": len(identities)})

    apis = PlayedApis("sandbox", handler=handle)
    return fetch_day(lake=lake, oem="any", endpoint=endpoint, day=day, apis=apis, progress=lambda _: None)


def own(market: str, number: int) -> list[str]:
    return [f"{market}{one}" for one in range(number)]


@pytest.mark.parametrize(
    ("of_gb", "mixed_up"),
    [
        (own("es", 60), True),
        (own("es", 30) + own("gb", 30), True),
        (own("es", 29) + own("gb", 31), False),
        (own("es", 5), True),
        (own("gb", 60), False),
        (own("es", 60) + own("gb", 200), True),
    ],
    ids=["all", "half", "less than half", "a small market within a large one", "none", "a large one around it"],
)
def test_two_markets_with_the_same_listings_are_both_incomplete(lake: Lake, of_gb: list[str], mixed_up: bool) -> None:
    manifest = fetch(lake, {"es": own("es", 60), "gb": of_gb, "pl": own("pl", 60)})
    causes = {name: market.cause for name, market in manifest.markets.items()}
    expected = "market_mixup" if mixed_up else None
    assert causes == {"es": expected, "gb": expected, "pl": None}
    if mixed_up:
        assert "of gb" in str(manifest.markets["es"].message)
        assert "markets_share_listings" in str(manifest.markets["es"].message)


def test_an_endpoint_may_share_listings_between_its_markets(lake: Lake) -> None:
    shared = {"es": own("es", 60), "gb": own("es", 60), "pl": own("pl", 60)}
    manifest = fetch(lake, shared, replace(FEED, markets_share_listings=True))
    assert all(market.complete for market in manifest.markets.values())


def test_a_slice_that_falls_silent_is_told_and_does_not_fail_the_market(lake: Lake) -> None:
    for number in (2, 1):
        before = fetch(lake, {"a1": own("a", 9), "a3": own("b", 9), "q5": []}, SLICED, DAY - timedelta(days=number))
        assert before.drift == []
        assert before.markets["es"].silent_slices == []
    manifest = fetch(lake, {"a1": own("a", 9), "a3": [], "q5": []}, SLICED)
    market = manifest.markets["es"]
    assert market.complete
    assert market.silent_slices == ["model=a3"], "a slice that never held anything is not silent"
    assert manifest.drift == ["es: silent_slice: model=a3 held records on the last sealed day and is empty"]


def test_a_slice_is_compared_with_the_last_day_that_landed_whole(lake: Lake) -> None:
    fetch(lake, {"a1": own("a", 9), "a3": own("b", 9), "q5": own("q", 1)}, SLICED, DAY - timedelta(days=2))
    fetch(lake, {"a1": own("a", 9)}, SLICED, DAY - timedelta(days=1))
    manifest = fetch(lake, {"a1": own("a", 9), "a3": own("b", 9), "q5": []}, SLICED)
    assert manifest.markets["es"].silent_slices == ["model=q5"]


def test_three_days_of_the_same_bytes_are_stale(lake: Lake) -> None:
    served = {"es": own("es", 60), "gb": own("gb", 60), "pl": own("pl", 60)}
    drifts = []
    for number in range(4):
        served["gb"] = own(f"gb{number}", 60)
        served["pl"] = own(f"pl{number // 2}", 60)
        manifest = fetch(lake, served, day=DAY + timedelta(days=number))
        assert all(market.complete for market in manifest.markets.values()), "told, and no failure"
        drifts.append([line.partition(" its")[0] for line in manifest.drift])
    assert drifts == [[], [], ["es: stale:"], ["es: stale:"]]


def test_a_list_of_dealers_may_stay_the_same(lake: Lake) -> None:
    served = {"es": own("es", 60), "gb": own("gb", 60), "pl": own("pl", 60)}
    endpoint = replace(FEED, yields=Dealers("dealers"))
    assert [fetch(lake, served, endpoint, DAY + timedelta(days=one)).drift for one in range(4)] == [[], [], [], []]
