"""Law 5: only a complete and plausible fetch of a market may delist; otherwise the last good state stays served.

`tests/consolidated/test_consolidated.py` holds the rule's cases on one market; here whole nights of every maker.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from raw.endpoint.declaration import Inventory
from raw.wiring.discovery import Oem
from resources.sandbox.serving.routes import World
from resources.sandbox.serving.server import Sandbox
from tests.support.counts import IS_SOAK
from tests.support.declared import FEW, MANY_MARKETS, aim
from tests.support.nights import failed_checks, night_in

pytestmark = pytest.mark.slow


def with_three_markets(oem: Oem) -> Oem:
    """Two markets for the faults, and one that stays good; of its first endpoint with vehicles."""
    (stock, *_) = oem.yielding(Inventory)
    return replace(oem, endpoints=(replace(stock, markets=dict(list(stock.markets.items())[:3])),))


MAKERS = FEW if IS_SOAK else [with_three_markets(MANY_MARKETS)]
DAYS = [date(2026, 11, 2) + timedelta(days=number) for number in range(4)]


@pytest.mark.parametrize("oem", MAKERS, ids=[oem.name for oem in MAKERS])
def test_a_refused_and_a_halved_market_stay_as_they_were(
    oem: Oem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Markets in turn are refused on their first page (incomplete) and lose half of their cars (implausible)."""
    job = f"{oem.name}_nightly"
    routes = Sandbox(World(DAYS[0], 400)).routes
    # the larger markets: a rule of plausibility needs some vehicles
    (endpoint, *_) = endpoints = oem.yielding(Inventory)
    names = [("raw", one.name) for one in endpoints] + [("transformed", one.yields.name) for one in endpoints]
    chain = [f"{oem.name}/{tier}/{name}" for tier, name in (*names, ("consolidated", "inventory"))]
    with night_in(tmp_path, monkeypatch, oems=[oem]) as night:
        for day in DAYS[:2]:
            assert night.run(job, day, chain).success
        good = night.content()
        counts = night.table("runs").filter(pl.col("date") == DAYS[1], pl.col("table") == "inventory")
        sizes = {row["market"]: row["vehicles"] for row in counts.iter_rows(named=True)}
        aims = {market: aim(oem, endpoint, market, routes) for market in endpoint.markets}
        # a fault of a market that requests do not name strikes the others too
        alone = [market for market, place in aims.items() if place.count("/") == 2] or list(aims)
        largest = sorted(alone, key=lambda market: -sizes[market])[:2]
        faults = dict(zip(largest, ("half", "status-403"), strict=False))
        specification = [f"{aims[market]}:{fault}" for market, fault in faults.items()]
        monkeypatch.setenv("SANDBOX_FAULTS", ";".join(specification))
        result = night.run(job, DAYS[2], chain)
        assert result.success
        checks = failed_checks(result)
        assert "volume_drop" in checks[f"{oem.name}/consolidated/inventory plausible"]
        bad = night.content()
        runs = bad["runs"].filter(pl.col("date") == DAYS[2], pl.col("table") == "inventory")
        verdicts = {row["market"]: row for row in runs.iter_rows(named=True)}
        for market, fault in faults.items():
            here = (pl.col("oem") == oem.name) & (pl.col("market") == market)
            for name in ("inventory", "inventory_events"):
                assert bad[name].filter(here).equals(good[name].filter(here)), f"{name} of {market} changed"
            assert not verdicts[market]["accepted"]
            if fault == "status-403":
                assert (verdicts[market]["complete"], verdicts[market]["cause"]) == (False, "blocked")
                assert "blocked" in checks[f"{oem.name}/raw/{endpoint.name} complete"]
                assert market in checks[f"{oem.name}/consolidated/inventory complete"]
        assert all(verdicts[market]["accepted"] for market in endpoint.markets if market not in faults)

        # the next good day goes on from the last good state: what the bad day hid was never gone
        monkeypatch.delenv("SANDBOX_FAULTS")
        assert night.run(job, DAYS[3], chain).success
        delisted = night.table("inventory_events").filter(pl.col("kind") == "delisted")
        assert set(delisted["market"]).isdisjoint(faults)
