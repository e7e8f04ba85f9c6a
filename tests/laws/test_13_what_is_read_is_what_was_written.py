"""Law 13: the bytes that transformed reads are the bytes that the host sent."""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from pathlib import Path

import pyarrow.parquet as pq
from aiohttp import web

from raw.archive.reader import read_pages
from raw.endpoint.declaration import Endpoint
from raw.fetch.day import fetch_day
from raw.wiring.discovery import Oem
from resources.lake.lake import Lake
from resources.sandbox.serving.routes import World
from resources.sandbox.serving.server import Sandbox
from tests.support.played import PlayedApis
from tests.support.representatives import of_every_endpoint

DAY = date(2026, 11, 20)


@of_every_endpoint
def test_every_body_is_archived_unchanged_with_its_hash(oem: Oem, endpoint: Endpoint, tmp_path: Path) -> None:
    sent: set[bytes] = set()
    play = Sandbox(World(DAY, 400)).handler()

    async def noting(request: web.BaseRequest) -> web.StreamResponse:
        response = await play(request)
        assert isinstance(response, web.Response)
        assert isinstance(response.body, bytes)
        sent.add(response.body)
        return response

    lake = Lake(tmp_path.as_uri())
    apis = PlayedApis("sandbox", handler=noting)
    manifest = fetch_day(lake=lake, oem=oem.name, endpoint=endpoint, day=DAY, apis=apis, progress=lambda _: None)
    parts = {part for market in manifest.markets.values() for part in market.parts}
    archived = [row for part in parts for row in pq.read_table(lake.url(part)).to_pylist()]
    # an attempt that a busy machine left without an answer has no status
    rows = [row for row in archived if row["status"] is not None]
    # what is asked for before the pages may hold a secret, which is not kept
    kept = {row["body"] for row in rows if row["kind"] != "first"}
    assert kept <= sent
    assert len(sent - kept) == len({row["body"] for row in rows if row["kind"] == "first"})
    assert all(row["sha256"] == sha256(row["body"]).hexdigest() for row in rows)
    read = {page.body for market in manifest.markets.values() for page in read_pages(lake, market)}
    assert read
    assert read <= sent
