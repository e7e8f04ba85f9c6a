"""The asset graph: names, partitions, jobs, the schedule, sizes."""

from datetime import UTC, datetime
from typing import cast

import dagster as dg
import pytest
from dagster._core.definitions.assets.graph.asset_graph import AssetNode

import definitions
from raw.wiring.discovery import Oem
from resources.sizing.evidence import measured_size
from resources.sizing.sizes import Tier, step_size
from tests.support.declared import ENDPOINTS, OEMS, assets

TIERS = ("raw", "transformed", "consolidated")
ASSETS = set().union(*map(assets, OEMS))


@pytest.fixture(scope="module")
def defs() -> dg.Definitions:
    return definitions.build_defs()


@pytest.fixture(scope="module")
def nodes(defs: dg.Definitions) -> dict[str, AssetNode]:
    """Those of the OEMs; maintenance's are in `tests/consolidated/test_maintenance.py`, the report's in
    `tests/consolidated/test_morning.py`."""
    graph = defs.resolve_asset_graph()
    found = {key.to_user_string(): graph.get(key) for key in graph.get_all_asset_keys()}
    return {name: node for name, node in found.items() if node.group_name in TIERS}


def test_the_graph_holds_exactly_the_declared_assets(nodes: dict[str, AssetNode]) -> None:
    assert set(nodes) == ASSETS


def test_tiers_groups_tags_kinds_and_owners(nodes: dict[str, AssetNode]) -> None:
    for name, node in nodes.items():
        oem, tier, _ = name.split("/")
        assert node.group_name == tier
        assert node.tags["oem"] == oem
        size = step_size(cast(Tier, tier), None, measured_size(name))
        assert {key: value for key, value in node.tags.items() if key.startswith("ecs/")} == size.tags()
        assert node.kinds
        assert node.owners
        assert node.description


def test_steps_that_commit_to_the_same_table_share_a_pool(nodes: dict[str, AssetNode], defs: dg.Definitions) -> None:
    job = defs.resolve_job_def("nightly")
    for name in nodes:
        _, tier, table = name.split("/")
        expected = {f"consolidated_{table}"} if tier == "consolidated" else set()
        if tier == "raw":
            continue  # their hosts' pools: tests/raw/test_wiring.py
        assert nodes[name].pools == expected
        assert job.get_node_named(name.replace("/", "__")).definition.pools == expected


def test_no_endpoint_waits_for_another_that_it_does_not_need(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    for name in ASSETS:
        oem, tier, _ = name.split("/")
        upstream = {key.to_user_string() for key in graph.get(dg.AssetKey(name.split("/"))).parent_keys}
        if tier == "transformed":
            assert len(upstream) == 1
        assert all(parent.startswith(f"{oem}/") for parent in upstream)
    for maker, endpoint in ENDPOINTS:
        raw = graph.get(dg.AssetKey([maker.name, "raw", endpoint.name]))
        answers = {dg.AssetKey([maker.name, "raw", endpoint.answers_of])} if endpoint.answers_of else set()
        assert set(raw.parent_keys) == answers
        table = graph.get(dg.AssetKey([maker.name, "consolidated", endpoint.yields.table]))
        assert dg.AssetKey([maker.name, "transformed", endpoint.yields.name]) in table.parent_keys


@pytest.mark.slow
def test_one_partition_a_day_with_todays(nodes: dict[str, AssetNode]) -> None:
    for node in nodes.values():
        partitions = node.partitions_def
        assert isinstance(partitions, dg.DailyPartitionsDefinition)
        keys = partitions.get_partition_keys()
        assert keys[0] == "2023-01-01"
        assert keys[-1] == datetime.now(UTC).date().isoformat()


def test_a_job_for_everything(defs: dg.Definitions) -> None:
    assert selected(defs, "nightly") == ASSETS


@pytest.mark.parametrize("oem", OEMS, ids=[oem.name for oem in OEMS])
def test_a_job_of_its_own(oem: Oem, defs: dg.Definitions) -> None:
    assert selected(defs, f"{oem.name}_nightly") == assets(oem)


def selected(defs: dg.Definitions, job: str) -> set[str]:
    return {key.to_user_string() for key in defs.resolve_job_def(job).asset_layer.executable_asset_keys}


def test_the_schedule_asks_for_the_day_that_has_begun(defs: dg.Definitions) -> None:
    schedule = defs.resolve_schedule_def("nightly")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 6 * * *", "UTC")
    at = datetime(2026, 11, 23, 6, tzinfo=UTC)
    with dg.build_schedule_context(scheduled_execution_time=at, repository_def=defs.get_repository_def()) as context:
        execution = schedule.evaluate_tick(context)
    assert [request.partition_key for request in execution.run_requests or []] == ["2026-11-23"]
