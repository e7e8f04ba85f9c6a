"""A host that lies or is unlucky, over real HTTP: a small feed of two markets, of which a test serves one."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pyarrow.parquet as pq
from aiohttp import web

from raw.archive.seal import Manifest, MarketSeal
from raw.endpoint import Endpoint, Get, Inventory, Offset, PerSecond, secret
from raw.fetch.day import fetch_day
from resources.lake.lake import Lake
from tests.support.played import PlayedApis

DAY = date(2026, 11, 20)
PAGE = 96

FEED = Endpoint(
    name="feed",
    yields=Inventory("inventory"),
    request=Get("https://oem.example/{code}", headers={"Token": secret("FEED_TOKEN")}),
    pages=Offset("from", "size", PAGE, total="total", ends_with=400),
    records="cars",
    identity="id",
    markets={"es": {}, "gb": {}},
    limit=PerSecond(1000),
)
TOKEN = "sandbox-FEED_TOKEN"

Answer = Callable[[int], "web.StreamResponse | Awaitable[web.StreamResponse]"]


@dataclass
class Host:
    """Serves sound feeds of 100 cars, but for the market `es`, which `answer` serves by the position asked for."""

    answer: Answer
    asked: list[str] = field(default_factory=list)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        market = request.path.strip("/").split("/")[0]
        self.asked.append(market)
        start = int(request.query.get("from", "0"))
        if market == "es":
            answered = self.answer(start)
            return answered if isinstance(answered, web.StreamResponse) else await answered
        return page(cars(100, market)[start : start + PAGE], 100)


def cars(number: int, prefix: str = "es") -> list[dict[str, Any]]:
    return [{"id": f"{prefix}{one}"} for one in range(number)]


def page(records: Sequence[Any], total: Any = None, **headers: str) -> web.Response:
    body = {"cars": list(records)} | ({} if total is None else {"total": total})
    return web.Response(body=json.dumps(body).encode(), headers=headers, content_type="application/json")


def feed_of(records: Sequence[Any], total: Any) -> Answer:
    return lambda start: page(records[start : start + PAGE], total)


def fetch(lake: Lake, answer: Answer, endpoint: Endpoint = FEED, day: date = DAY) -> tuple[Manifest, Host]:
    host = Host(answer)
    apis = PlayedApis("sandbox", handler=host.handle)
    manifest = fetch_day(lake=lake, oem="any", endpoint=endpoint, day=day, apis=apis, progress=lambda _: None)
    return manifest, host


def market_of(lake: Lake, answer: Answer, endpoint: Endpoint = FEED) -> MarketSeal:
    """What became of the market `es`; the market `gb` landed whole beside it."""
    manifest, _ = fetch(lake, answer, endpoint)
    assert manifest.markets["gb"].complete, manifest.markets["gb"].message
    return manifest.markets["es"]


def archived(lake: Lake, market: MarketSeal) -> list[dict[str, Any]]:
    rows = [row for part in market.parts for row in pq.read_table(lake.url(part)).to_pylist()]
    return [row for row in rows if row["market"] == market.market]
