"""A storm of faults over every maker: of all answers thirty in a hundred are a refusal, a break, or a lie.

Each vehicle has landed, or its market is incomplete with a cause; and no market costs more than its budget. Where an
OEM tells no total, an answer that is quietly cut short is an answer like any other; the days before tell it then.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from raw.archive.reader import read_pages
from raw.endpoint.declaration import Budget, Endpoint
from raw.fetch.day import fetch_day
from raw.wiring.discovery import Oem
from resources.lake.lake import Lake
from tests.support.counts import count
from tests.support.declared import ASKED, ASKED_IDS
from tests.support.mutator import DAY, honest_host, identities_of
from tests.support.played import IMPATIENT, played

VEHICLES = 400
SEEDS = count(1, 20)
BUDGET = Budget(requests=600, refusals=200, seconds=120.0)
PATIENCE = replace(IMPATIENT, read_seconds=0.5, attempts=5, backoff_seconds=0.001, retry_after_max_seconds=0.01)

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize(("oem", "endpoint"), ASKED, ids=ASKED_IDS)
def test_a_storm(oem: Oem, endpoint: Endpoint, seed: int, tmp_path: Path) -> None:
    honest = honest_host(oem.name, endpoint.name, VEHICLES)
    lake = Lake(tmp_path.as_uri())
    manifest = fetch_day(
        lake=lake,
        oem=oem.name,
        endpoint=replace(endpoint, budget=BUDGET),
        day=DAY,
        apis=played(f"storm:30@{seed}", vehicles=VEHICLES, patience=PATIENCE),
        progress=lambda _: None,
    )
    for name, market in manifest.markets.items():
        assert market.responses <= BUDGET.requests + endpoint.limit.concurrency
        existing = honest.identities[name]
        if market.complete and endpoint.pages.total is None:
            continue
        if market.complete:
            landed = set().union(*(identities_of(endpoint, page.body) for page in read_pages(lake, market)))
            missing = existing - landed
            assert len(missing) <= len(existing) * endpoint.total_tolerance, f"{name}: {len(missing)} are missing"
        else:
            assert market.cause not in (None, "defect", "configuration"), market.message
            assert (market.message or "").startswith(f"{oem.name} {endpoint.name} {name}")
