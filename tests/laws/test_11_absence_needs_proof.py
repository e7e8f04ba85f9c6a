"""Law 11: a market is complete only on evidence; whatever hides records from us leaves it incomplete, with a cause."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from raw.endpoint.declaration import Endpoint
from raw.fetch.day import fetch_day
from raw.wiring.discovery import Oem
from resources.failures import Cause
from resources.lake.lake import Lake
from resources.sandbox.serving.faults import known_faults
from tests.support.played import played
from tests.support.representatives import of_every_endpoint
from tests.support.sweeps import routes

DAY = date(2026, 11, 20)
HIDING = ("status-404", "html", "truncated-json", "empty", "graphql-errors", "repeat", "shortfall")


@pytest.mark.slow
@of_every_endpoint
def test_what_hides_records_leaves_a_market_incomplete(oem: Oem, endpoint: Endpoint, tmp_path: Path) -> None:
    offered = {*known_faults(routes(oem)[endpoint.name]), "status-404"}
    if not endpoint.trusted_total:
        offered -= {"shortfall"}
    for fault in (fault for fault in HIDING if fault in offered):
        manifest = fetch_day(
            lake=Lake((tmp_path / fault).as_uri()),
            oem=oem.name,
            endpoint=endpoint,
            day=DAY,
            apis=played(f"{oem.name}/{endpoint.name}:{fault}"),
            progress=lambda _: None,
        )
        for market in manifest.markets.values():
            page_size = endpoint.pages.page_size
            if fault == "repeat" and (page_size is None or max(market.slices.values(), default=0) < page_size):
                continue  # no slice of the market has a second page, so that none is repeated
            assert not market.complete, f"{fault} in {market.market}"
            assert Cause(market.cause or "")
            assert (market.message or "").startswith(f"{oem.name} {endpoint.name} {market.market}")
