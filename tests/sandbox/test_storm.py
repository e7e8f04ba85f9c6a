"""A storm over every maker: 30 % of all answers are struck, and no market is taken for complete that is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from raw.archive.reader import read_pages
from raw.archive.seal import Manifest
from raw.endpoint.declaration import Endpoint
from raw.fetch.day import fetch_day
from raw.wiring.discovery import Oem
from resources.lake.lake import Lake
from tests.support.counts import count
from tests.support.mutator import DAY, honest_host, identities_of
from tests.support.played import IMPATIENT, PlayedApis
from tests.support.representatives import of_every_endpoint

VEHICLES = 400
SEEDS = count(1, 20)
PATIENCE = replace(IMPATIENT, attempts=5, read_seconds=0.5, retry_after_max_seconds=2.0)

pytestmark = pytest.mark.slow


def fetched(oem: Oem, endpoint: Endpoint, folder: Path, faults: str) -> tuple[Lake, Manifest]:
    lake = Lake(folder.as_uri())
    apis = PlayedApis("sandbox", faults=faults, vehicles=VEHICLES, patience=PATIENCE)
    manifest = fetch_day(lake=lake, oem=oem.name, endpoint=endpoint, day=DAY, apis=apis, progress=lambda _: None)
    return lake, manifest


@pytest.mark.parametrize("seed", range(SEEDS))
@of_every_endpoint
def test_each_vehicle_lands_or_its_market_is_incomplete_with_its_cause(
    oem: Oem, endpoint: Endpoint, seed: int, tmp_path: Path
) -> None:
    existing = honest_host(oem.name, endpoint.name, VEHICLES).identities
    lake, manifest = fetched(oem, endpoint, tmp_path, f"storm:30@{seed}")
    for name, market in manifest.markets.items():
        if not market.complete:
            assert market.cause not in (None, "defect", "configuration"), market.message
            assert (market.message or "").startswith(f"{oem.name} {endpoint.name} {name}")
            continue
        landed = set().union(*(identities_of(endpoint, page.body) for page in read_pages(lake, market)))
        missing = existing[name] - landed
        # what the endpoint itself declares to be of no matter
        bound = max(len(existing[name]) * endpoint.total_tolerance, endpoint.total_slack)
        assert len(missing) <= bound, f"{name} is complete, but {len(missing)} of {len(existing[name])} are missing"
