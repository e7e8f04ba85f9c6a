"""A step of consolidated: what it is given, what it tells of what came of its markets, and its size."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest

from consolidated.day.assets import consolidated_assets
from consolidated.day.market import MarketOutcome
from raw.endpoint import Dealers
from raw.wiring.discovery import Oem
from resources.failures import Cause, PlatformError
from resources.lake.resource import LakeResource
from resources.shown.checks import SERVED_UNTIL
from resources.sizing.sizes import Size, Tier
from tests.support.words import endpoint

DAY = date(2026, 11, 24)
VEHICLES = endpoint()
NETWORK = replace(endpoint(), name="network", yields=Dealers("dealers"))
OUTCOMES = [
    MarketOutcome("es", True, True, None, 10, True, {"listed": 3, "delisted": 1}, ["wave: many"], served=DAY),
    MarketOutcome("gb", False, False, "timeout", 4, False, {"listed": 2}),
]


def run_of(
    subject: str, came: list[MarketOutcome] | PlatformError, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[dg.ExecuteInProcessResult, list[Any]]:
    """A step of which this comes; and what was asked of whom."""
    calls: list[Any] = []

    def consolidate(**about: Any) -> list[MarketOutcome]:
        calls.append((subject, about["oem"], about["feeds"], about["day"]))
        if isinstance(came, PlatformError):
            raise came
        return came

    monkeypatch.setattr(f"consolidated.day.{subject}.consolidate_{subject}", consolidate)
    monkeypatch.setattr(
        "consolidated.day.feeds.feeds_of", lambda _lake, oem, of: [f"{oem} {one.yields.name}" for one in of]
    )
    monkeypatch.setattr(
        "consolidated.day.market_daily.write_market_daily", lambda _store, oem: calls.append(("market_daily", oem))
    )

    def load_table(_catalog: object, name: tuple[str, str]) -> Any:
        calls.append(name)
        return SimpleNamespace(location=lambda: "file:///lake/table")

    monkeypatch.setattr("consolidated.tables.catalog_tables.load_table", load_table)
    (asset,) = consolidated_assets(Oem("audi", (VEHICLES if subject == "inventory" else NETWORK,)))
    resources = {"lake": LakeResource(uri=folder.as_uri())}
    key = DAY.isoformat()
    return dg.materialize([asset], partition_key=key, resources=resources, raise_on_error=False), calls


def told_of(done: dg.ExecuteInProcessResult) -> dict[str, Any]:
    (event,) = done.get_asset_materialization_events()
    return {name: value.value for name, value in event.materialization.metadata.items()}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("subject", "name", "more"), [("inventory", "inventory", [("market_daily", "audi")]), ("dealers", "dealers", [])]
)
def test_a_step_merges_its_day_and_tells_what_came_of_each_market(
    subject: str, name: str, more: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, calls = run_of(subject, OUTCOMES, tmp_path, monkeypatch)
    assert done.success
    assert calls == [(subject, "audi", [f"audi {name}"], DAY), *more, ("consolidated", subject)]
    told = told_of(done)
    assert (told["listed"], told["delisted"]) == (5, 1)
    assert told["dagster/partition_row_count"] == 14
    assert (told["committed"], told[SERVED_UNTIL]) == (["es"], {"es": "2026-11-24", "gb": None})
    assert (told["dagster/table_name"], told["dagster/uri"]) == (f"consolidated.{subject}", "file:///lake/table")
    described = {column.name: column.description for column in told["dagster/column_schema"].columns}
    assert (described["last_seen_on"] or "").startswith("last day on which it was seen"), "as the definition has it"
    assert {one.check_name for one in done.get_asset_check_evaluations() if not one.passed} == {"complete", "usual"}


@pytest.mark.slow
def test_a_failure_of_the_day_is_the_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done, _ = run_of("inventory", PlatformError(Cause.NEVER_LANDED, "nothing was typed"), tmp_path, monkeypatch)
    assert not done.success
    (failure,) = (event.step_failure_data for event in done.all_events if event.is_step_failure)
    assert "nothing was typed" in str(failure.user_failure_data and failure.user_failure_data.description)


def test_a_table_of_several_endpoints_has_the_size_of_the_largest_that_is_declared() -> None:
    sizes: list[dict[Tier, Size]] = [
        {"consolidated": Size(1024, 4096)},
        {"raw": Size(4096, 30720)},
        {"consolidated": Size(1024, 8192)},
    ]
    sized = [replace(endpoint(), name=f"feed{number}", sizes=sizes_of_one) for number, sizes_of_one in enumerate(sizes)]
    (asset,) = consolidated_assets(Oem("nobody", tuple(sized)))
    assert asset.tags_by_key[asset.key]["ecs/memory"] == "8192"
