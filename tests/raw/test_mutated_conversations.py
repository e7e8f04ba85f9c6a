"""Whatever a host lies, no market is wrongly complete, no exception is bare, and no budget is exceeded.

Conversations of every maker's endpoints with a lying host (`tests/support/mutator.py`), repeatable by their seeds.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from raw.archive.reader import read_pages
from raw.endpoint.declaration import Budget, Endpoint
from raw.fetch.day import fetch_day
from raw.wiring.discovery import Oem
from resources.failures import Cause
from resources.lake.lake import Lake
from tests.support.counts import IS_SOAK, count
from tests.support.declared import ASKED
from tests.support.mutator import DAY, Mutator, honest_host, identities_of, told_positions
from tests.support.played import PATIENT, PlayedApis
from tests.support.representatives import ENDPOINTS, of_every_endpoint

VEHICLES = 700
CONVERSATIONS = count(20, 2000)
# those that stand for the others, of all under `make soak`
PLAYED = ASKED if IS_SOAK else ENDPOINTS
# an answer that came too late for its reader would be one that the mutator takes for told
PATIENCE = replace(PATIENT, backoff_seconds=0.001, retry_after_max_seconds=0.01)


# enough for an honest market and little more
BUDGET = Budget(requests=200, refusals=20, seconds=60.0)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(CONVERSATIONS))
def test_a_lying_host(number: int, tmp_path: Path) -> None:
    oem, endpoint = PLAYED[number % len(PLAYED)]
    endpoint = replace(endpoint, budget=BUDGET)
    host = honest_host(oem.name, endpoint.name, VEHICLES)
    mutator = Mutator(oem, host, number)
    lake = Lake(tmp_path.as_uri())
    with told_positions():
        manifest = fetch_day(
            lake=lake,
            oem=oem.name,
            endpoint=endpoint,
            day=DAY,
            apis=PlayedApis("sandbox", handler=mutator.handle, patience=PATIENCE),
            progress=lambda _: None,
        )
    assert not mutator.untold
    assert max(mutator.requests.values()) <= BUDGET.requests, mutator.describe()
    for name, market in manifest.markets.items():
        if market.complete:
            bodies = [page.body for page in read_pages(lake, market)]
            landed = set().union(*(identities_of(endpoint, body) for body in bodies))
            assert market.unique == len(landed), mutator.describe()
            wrong = mutator.wrongly_complete(name, landed, market.collected)
            assert wrong is None, f"{name} is complete, but {wrong}. {mutator.describe()}"
        else:
            assert Cause(market.cause or "") is not Cause.CONFIGURATION, mutator.describe()
            assert market.cause != "defect", f"{market.message}. {mutator.describe()}"
            said = f"{oem.name} {endpoint.name} {name}"
            assert (market.message or "").startswith(said), mutator.describe()
            assert len(market.message or "") < 2_000, mutator.describe()


@pytest.mark.slow
@of_every_endpoint
def test_an_honest_host_is_believed(oem: Oem, endpoint: Endpoint, tmp_path: Path) -> None:
    host = honest_host(oem.name, endpoint.name, VEHICLES)
    mutator = Mutator(oem, host, 0)
    mutator.lies = []
    with told_positions():
        manifest = fetch_day(
            lake=Lake(tmp_path.as_uri()),
            oem=oem.name,
            endpoint=endpoint,
            day=DAY,
            apis=PlayedApis("sandbox", handler=mutator.handle, patience=PATIENCE),
            progress=lambda _: None,
        )
    for name, market in manifest.markets.items():
        assert market.complete, market.message
        assert market.unique == len(host.identities[name])
