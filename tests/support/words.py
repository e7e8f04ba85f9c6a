"""A maker of one endpoint that a test declares, and its host, which is a function of the test."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pyarrow.parquet as pq
from aiohttp import web

from raw.archive.seal import Manifest, MarketSeal
from raw.endpoint import Endpoint, Get, Inventory, PerSecond, SinglePage
from raw.fetch.day import fetch_day
from resources.lake.lake import Lake
from tests.support.played import PlayedApis

DAY = date(2026, 11, 20)
OEM = "yugo"


@dataclass(frozen=True)
class Asked:
    """One request as the host saw it. query, form: the last value of each name; json: of the body, None for none."""

    method: str
    host: str
    path: str
    query: dict[str, str]
    pairs: list[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes
    number: int

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))


@dataclass(frozen=True)
class Said:
    """An answer that is not plain JSON with status 200."""

    body: bytes | Any = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fetched:
    """A fetched day: its seal, the requests in the order in which they came, the archive's rows."""

    manifest: Manifest
    asked: list[Asked]
    rows: list[dict[str, Any]]

    @property
    def seal(self) -> MarketSeal:
        """Of the first market."""
        return next(iter(self.manifest.markets.values()))

    def archived_as(self, kind: str) -> list[dict[str, Any]]:
        return [row for row in self.rows if row["kind"] == kind]


def endpoint(**words: Any) -> Endpoint:
    """An endpoint of one market; `words` are its declaration where that matters."""
    usual: dict[str, Any] = {
        "name": "feed",
        "yields": Inventory("inventory"),
        "request": Get("https://oem.example/search"),
        "pages": SinglePage(),
        "records": "cars",
        "identity": "id",
        "markets": {"es": {}},
        "limit": PerSecond(1000, concurrency=1),
    }
    return Endpoint(**{**usual, **words})


def cars(*numbers: int) -> list[dict[str, Any]]:
    return [{"id": f"car-{number}"} for number in numbers]


def fetched(
    folder: Path, declared: Endpoint, answer: Callable[[Asked], Any], *, day: date = DAY, patience: Any = None
) -> Fetched:
    """Fetch a day of an endpoint from a host that answers with what `answer` returns: JSON, or a `Said`."""
    seen: list[Asked] = []

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        asked = Asked(
            request.method,
            request.host,
            request.path,
            dict(request.query),
            list(request.query.items()),
            request.headers,
            body,
            len(seen),
        )
        seen.append(asked)
        said = answer(asked)
        said = said if isinstance(said, Said) else Said(said)
        raw = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
        return web.Response(status=said.status, headers=dict(said.headers), body=raw)

    lake = Lake((folder / "lake").as_uri())
    apis = PlayedApis("sandbox", handler=handle, **({"patience": patience} if patience else {}))
    manifest = fetch_day(lake=lake, oem=OEM, endpoint=declared, day=day, apis=apis, progress=lambda _: None)
    return Fetched(manifest, seen, rows_of(lake, manifest))


def rows_of(lake: Lake, manifest: Manifest) -> list[dict[str, Any]]:
    """Every archived response of a manifest's attempts."""
    parts: Sequence[str] = sorted({part for market in manifest.markets.values() for part in market.parts})
    return [row for part in parts for row in pq.read_table(lake.url(part)).to_pylist()]
