"""Law 14: bytes, requests, refusals, time and text of a market are bounded, whatever a host answers."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from aiohttp import web

from raw.archive.seal import Manifest
from raw.endpoint.declaration import Endpoint
from raw.fetch.day import fetch_day
from raw.wiring.discovery import Oem
from resources.lake.lake import Lake
from resources.sandbox.serving.routes import World
from resources.sandbox.serving.server import Sandbox
from tests.support.played import PlayedApis
from tests.support.representatives import of_every_endpoint

DAY = date(2026, 11, 20)


def fetched(oem: Oem, endpoint: Endpoint, folder: Path, faults: str = "") -> tuple[Manifest, int]:
    """The seal, and how many requests were sent."""
    count = 0
    play = Sandbox(World(DAY, 400), None, faults).handler()

    async def counting(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal count
        count += 1
        return await play(request)

    apis = PlayedApis("sandbox", handler=counting)
    lake = Lake(folder.as_uri())
    manifest = fetch_day(lake=lake, oem=oem.name, endpoint=endpoint, day=DAY, apis=apis, progress=lambda _: None)
    return manifest, count


@pytest.mark.slow
@of_every_endpoint
def test_a_host_that_refuses_for_ever_is_not_asked_for_ever(oem: Oem, endpoint: Endpoint, tmp_path: Path) -> None:
    _, sound = fetched(oem, endpoint, tmp_path / "sound")
    for fault in ("status-503", "status-400", "html", "disconnect"):
        manifest, sent = fetched(oem, endpoint, tmp_path / fault, f"{oem.name}/{endpoint.name}:{fault}")
        attempts = PlayedApis("sandbox").patience.attempts
        assert sent <= sound * attempts + attempts, f"{fault}: {sent} requests, {sound} for a good day"
        for market in manifest.markets.values():
            assert not market.complete
            assert len(market.message or "") < 2000
