"""The checks of a typed day: how many records broke the contract, of those that the table is about; and a day of which
nothing was typed."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from raw.audi import PSS_DEALERS
from resources.failures import Cause, PlatformError
from transformed.day.assets import transformed_asset
from transformed.day.report import MarketReport, Report

pytestmark = pytest.mark.slow

DAY = date(2026, 11, 25)
EXCLUDED = "test_dealer"
DUPLICATES, SIGHTINGS = 2, 5


def report_of(received: int, excluded: int, broken: int, failed: dict[str, str], lost: int = 0) -> Report:
    accepted = received - excluded - broken - lost - DUPLICATES
    cause = "not_json" if failed else None
    market = MarketReport(
        "es", received, accepted, excluded + broken, DUPLICATES, not failed, cause, None, "c", "1Z", None, 0, 1.0,
        sightings=SIGHTINGS, without_identity=3,
    )  # fmt: skip
    by_rule = {rule: count for rule, count in ((EXCLUDED, excluded), ("vin", broken)) if count}
    return Report(
        "audi", PSS_DEALERS.yields.name, PSS_DEALERS.name, "dealers", DAY.isoformat(), "sandbox", 2, [], None, by_rule,
        {"es": market}, failed=failed,
    )  # fmt: skip


def checked(
    report: Report, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[dict[str, tuple[bool, str]], dict[str, int]]:
    """What each check says, and the counts that the asset tells."""
    monkeypatch.setenv("LAKE_URI", folder.as_uri())
    monkeypatch.setattr("transformed.day.transform.transform_day", lambda **_: report)
    monkeypatch.setattr("transformed.day.shown.quarantine_worst", lambda *_: "")
    asset = transformed_asset("audi", PSS_DEALERS, shares_table=False)
    raw = dg.AssetSpec(next(iter(asset.dependency_keys)), partitions_def=asset.partitions_def)
    done = dg.materialize([asset, raw], partition_key=DAY.isoformat(), raise_on_error=True)
    evaluations: Any = done.get_asset_check_evaluations()
    said = {one.check_name: (one.passed, one.severity.name) for one in evaluations}
    said |= {
        cause: said[one.check_name]
        for one in evaluations
        if "causes" in one.metadata
        for cause in one.metadata["causes"].value
    }
    (made,) = done.asset_materializations_for_node(asset.node_def.name)
    counts = {
        name: one.value for name, one in made.metadata.items() if isinstance(one.value, int) and "task" not in name
    }
    return said, counts


@pytest.mark.parametrize(
    ("excluded", "broken", "contract"),
    [(0, 0, (True, "WARN")), (90, 0, (True, "WARN")), (4, 5, (False, "WARN")), (0, 6, (False, "ERROR"))],
)
def test_only_records_that_the_table_is_about_break_the_contract(
    excluded: int, broken: int, contract: tuple[bool, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, counts = checked(report_of(100, excluded, broken, {}), tmp_path, monkeypatch)
    assert said["contract"] == contract
    assert said["conservation"] == (True, "ERROR")
    kept = 100 - excluded - broken - DUPLICATES
    assert counts == {
        "received": 100, "accepted": kept, "quarantined": excluded + broken, "excluded": excluded,
        "duplicates": DUPLICATES, "sightings": SIGHTINGS, "without_identity": 3,
        "contract_version": 2, "drift_lines": 0, "dagster/partition_row_count": kept,
    }  # fmt: skip


@pytest.mark.parametrize(("failed", "lost"), [({}, 1), ({"es": "no JSON"}, 0)])
def test_a_record_that_is_not_accounted_for_and_a_market_that_failed_are_errors(
    failed: dict[str, str], lost: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, _ = checked(report_of(100, 0, 0, failed, lost), tmp_path, monkeypatch)
    assert said["conservation"] == (False, "ERROR")
    assert said["not_json" if failed else "conservation_broken"] == (False, "ERROR")


@pytest.mark.parametrize("shares_table", [False, True])
def test_a_step_that_types_nothing_fails_unless_another_endpoint_yields_rows_of_its_table(
    shares_table: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def transform_day(**_: object) -> Report:
        raise PlatformError(Cause.NEVER_LANDED, "nothing has landed")

    monkeypatch.setenv("LAKE_URI", tmp_path.as_uri())
    monkeypatch.setattr("transformed.day.transform.transform_day", transform_day)
    asset = transformed_asset("audi", PSS_DEALERS, shares_table=shares_table)
    raw = dg.AssetSpec(next(iter(asset.dependency_keys)), partitions_def=asset.partitions_def)
    done = dg.materialize([asset, raw], partition_key=DAY.isoformat(), raise_on_error=False)
    assert done.success is shares_table
    failed = {one.check_name for one in done.get_asset_check_evaluations() if not one.passed}
    assert bool(failed) is shares_table
    made = done.get_asset_materialization_events() if shares_table else []
    assert [one.materialization.metadata["dagster/partition_row_count"].value for one in made] == [0] * len(made)
