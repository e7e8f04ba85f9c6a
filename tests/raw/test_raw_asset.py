"""A step of raw: where its day comes from, what it tells, and whether it fails when nothing has landed."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest

import raw.fetch.day
import raw.fetch.derived
from raw.archive.seal import Manifest
from raw.audi import SCS_SEARCH
from raw.wiring import assets
from raw.wiring.assets import _failure_of_all, _land, raw_asset
from raw.wiring.host_pools import pool_of
from resources.apis.apis import Apis
from resources.apis.resource import ApisResource
from resources.failures import Cause, PlatformError
from resources.lake.lake import Lake
from resources.lake.resource import LakeResource
from tests.support.declared import ENDPOINTS
from tests.support.hand_sealed import manifest, market_seal

DAY = date(2026, 11, 24)
BLOCKED = PlatformError(Cause.BLOCKED, "the host has had enough")


def run_of(
    made: Manifest | PlatformError, monkeypatch: pytest.MonkeyPatch, folder: Path, *, shares_table: bool = False
) -> tuple[dg.ExecuteInProcessResult, list[str]]:
    """A step whose fetch gives this; and the pools whose size it has limited."""
    limited: list[str] = []

    def land(*_: object) -> Manifest:
        if isinstance(made, PlatformError):
            raise made
        return made

    monkeypatch.setattr(assets, "_land", land)
    monkeypatch.setattr(assets, "limit_pools", lambda _, pools: limited.extend(pools))
    monkeypatch.setenv("LAKE_URI", folder.as_uri())
    asset = raw_asset("audi", SCS_SEARCH, shares_table=shares_table)
    resources = {"lake": LakeResource(), "apis": ApisResource()}
    key = DAY.isoformat()
    return dg.materialize([asset], partition_key=key, resources=resources, raise_on_error=False), limited


def told_of(done: dg.ExecuteInProcessResult) -> dict[str, Any]:
    (node,) = {event.node_name for event in done.get_asset_materialization_events()}
    (made,) = done.asset_materializations_for_node(node)
    return {name: value.value for name, value in made.metadata.items()}


def failed_checks(done: dg.ExecuteInProcessResult) -> set[str]:
    return {one.check_name for one in done.get_asset_check_evaluations() if not one.passed}


def test_a_step_tells_what_its_markets_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = market_seal("es", responses=3, body_bytes=10, collected=7, unique=6, seconds=1.2345)
    other = market_seal("gb", responses=2, body_bytes=5, collected=2, unique=2, complete=False, cause="blocked")
    done, limited = run_of(manifest(one, other), monkeypatch, tmp_path)
    told = told_of(done)
    assert (told["dagster/partition_row_count"], told["body_bytes"], told["collected"], told["unique"]) == (5, 15, 9, 8)
    assert told["incomplete_markets"] == 1
    assert [row.data["seconds"] for row in told["markets"].records] == [1.23, 1.0]
    assert failed_checks(done) == {"complete"}
    assert limited == [], "outside of ECS nobody limits a pool"


def test_a_task_of_ecs_gives_its_host_one_slot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECS_CONTAINER_METADATA_URI_V4", "http://127.0.0.1:1/v4")
    _, limited = run_of(manifest(market_seal()), monkeypatch, tmp_path)
    assert limited == [pool_of(SCS_SEARCH)]


@pytest.mark.parametrize("shares_table", [False, True])
@pytest.mark.parametrize("sealed", [False, True])
def test_a_step_of_which_nothing_landed_fails_unless_another_endpoint_yields_rows_of_its_table(
    sealed: bool, shares_table: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = manifest(market_seal(complete=False, cause="blocked", message="es: blocked")) if sealed else BLOCKED
    done, _ = run_of(made, monkeypatch, tmp_path, shares_table=shares_table)
    assert done.success is shares_table
    if shares_table:
        told = told_of(done)
        assert told["dagster/partition_row_count"] == (1 if sealed else 0)
        assert told["incomplete_markets"] == (1 if sealed else len(SCS_SEARCH.markets))
        assert failed_checks(done) == {"complete"}


@pytest.mark.parametrize(
    ("causes", "speaks"),
    [
        (("blocked", "timeout"), "timeout"),
        (("timeout", "server_error"), "timeout"),
        (("blocked", "shortfall"), "blocked"),
        ((None,), "empty_feed"),
    ],
)
def test_the_first_failure_that_a_retry_can_better_speaks_for_all(causes: tuple[str | None, ...], speaks: str) -> None:
    markets = [
        market_seal(f"m{number}", complete=False, cause=cause, message=f"m{number}: {cause}")
        for number, cause in enumerate(causes)
    ]
    failure = _failure_of_all(manifest(*markets))
    assert failure.cause is Cause(speaks)
    place = causes.index(speaks) if speaks in causes else 0
    more = f" (and {len(causes) - 1} more markets)" if len(causes) > 1 else ""
    assert failure.detail == f"no market landed{more}: m{place}: {causes[place]}"
    assert failure.market == f"m{place}"


def test_a_day_is_fetched_or_read_from_the_archive_or_from_another_endpoints_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw.fetch.day, "fetch_day", lambda **_: "fetched")
    monkeypatch.setattr(raw.fetch.derived, "derive_day", lambda **_: "derived")
    monkeypatch.setattr(assets, "read_seal", lambda *_: "read")
    monkeypatch.setattr(assets, "today", lambda: DAY)
    lake = Lake(tmp_path.as_uri())

    def landed(day: date, source: Any, endpoint: Any = SCS_SEARCH) -> Any:
        said: list[str] = []
        context: Any = SimpleNamespace(partition_key=day.isoformat(), log=SimpleNamespace(info=said.append))
        return _land(context, "audi", endpoint, lake, Apis(source)), len(said)

    reads_answers = next(one for _, one in ENDPOINTS if one.answers_of)
    past, future = date(2026, 11, 20), date(2026, 11, 26)
    assert landed(DAY, "live") == ("fetched", 0)
    assert landed(past, "live") == ("read", 1)
    assert landed(past, "sandbox") == ("fetched", 0)
    assert landed(DAY, "live", reads_answers) == ("derived", 0)
    with pytest.raises(PlatformError) as refused:
        landed(future, "live")
    assert refused.value.cause is Cause.FUTURE_DATE
