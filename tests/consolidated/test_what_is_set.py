"""Numbers that operators and other processes rely on: what maintenance keeps by itself, what runs at once on a laptop,
the versions and required columns of what lies in a lake."""

from __future__ import annotations

from consolidated.maintenance.settings import MaintenanceSettings
from consolidated.night.side_by_side import STEPS_AT_ONCE, STEPS_AT_ONCE_OF_TIER
from raw.archive import responses, seal
from transformed.contract.contracts import CONTRACT_VERSION
from transformed.day import report


def test_maintenance_left_to_itself_removes_no_day_of_any_tier() -> None:
    assert MaintenanceSettings().model_dump() == {
        "dry_run": False,
        "tag_days": 30,
        "snapshot_days": 7,
        "snapshots_at_least": 20,
        "grace_hours": 72,
        "small_file_mb": 32,
        "small_files_at_least": 5,
        "compaction_partition_mb_at_most": 256,
        "raw_days": None,
        "raw_superseded_days": None,
        "transformed_days": None,
    }


def test_a_laptop_computes_two_steps_of_a_tier_at_once() -> None:
    assert STEPS_AT_ONCE == 24
    assert STEPS_AT_ONCE_OF_TIER == {"transformed": 2, "consolidated": 2, "maintenance": 2}


def test_another_version_of_what_lies_in_a_lake_needs_its_reader() -> None:
    """A lake that says 2 is read by every platform that knows 2; who raises a version writes how the former is read."""
    assert (seal.FORMAT_VERSION, report.FORMAT_VERSION, CONTRACT_VERSION) == (2, 2, 2)


def test_of_an_archived_answer_only_this_may_be_missing() -> None:
    assert {one.name for one in responses.archive_schema() if one.nullable} == {"cause", "request_body", "status"}
