"""Compaction, expiry and the job of maintenance: every row stays, and what the rows were computed from stays known."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest
from pyiceberg.table import Table

from consolidated.maintenance import compaction, tasks
from consolidated.maintenance.assets import maintenance_assets
from consolidated.maintenance.settings import MaintenanceSettings
from consolidated.maintenance.snapshots import expire, snapshots_to_expire
from consolidated.tables import definitions as tables
from consolidated.tables.iceberg import COMPACTION_PROPERTY, read_rows, replace_rows, rewrite_rows, state_of
from resources.lake.resource import LakeResource
from tests.support.aging import LONG_AGO
from tests.support.consolidated_support import History, MemoryHistory, assert_same_rows, nights
from tests.support.maintained import fragment, table
from tests.support.typed_days import FULL, day_number, stock

pytestmark = pytest.mark.slow

NIGHTS = 2


def test_a_late_day_before_all_snapshots_is_told_right(tmp_path: Path) -> None:
    kept, afresh = History(tmp_path), MemoryHistory()
    for one in (kept, afresh):
        nights(one, NIGHTS)
    tasks.expire_snapshots(kept.catalog, MaintenanceSettings(snapshot_days=0, snapshots_at_least=1))
    for one in (kept, afresh):
        one.day(day_number(1), stock(day_number(1), range(5, FULL)))
    assert_same_rows(kept.content(), afresh.content())


def test_a_market_that_was_not_written_for_long_keeps_its_state(tmp_path: Path) -> None:
    kept = History(tmp_path)
    nights(kept, 1)
    rival = History(tmp_path, oem="another")
    for number in range(2):
        rows = [row | {"oem": "another"} for row in stock(day_number(number), range(number, FULL))]
        rival.day(day_number(number), rows)
    later = datetime.now(UTC) + LONG_AGO
    for definition in (tables.INVENTORY, tables.INVENTORY_EVENTS):
        states = {scope: state_of(table(kept, definition), scope) for scope in ("maker/es", "another/es")}
        assert None not in states.values()
        ids = snapshots_to_expire(table(kept, definition).metadata, later, snapshot_days=1, snapshots_at_least=1)
        assert ids
        expire(table(kept, definition), ids)
        assert states == {scope: state_of(table(kept, definition), scope) for scope in states}
    assert not kept.consolidate(day_number(0)).committed
    # days stand for themselves: no snapshot of theirs is kept for its state
    of = table(kept, tables.INVENTORY_DAILY)
    ids = snapshots_to_expire(of.metadata, later, snapshot_days=1, snapshots_at_least=1)
    assert len(ids) == len(of.snapshots()) - 1
    expire(of, [])
    assert table(kept, tables.INVENTORY_DAILY).metadata_location == of.metadata_location, "nothing to do, no commit"


def test_compaction_keeps_every_row_in_fewer_files(tmp_path: Path) -> None:
    kept, afresh = History(tmp_path), MemoryHistory()
    for one in (kept, afresh):
        nights(one, 2)
    content = kept.content()
    fragmented = (tables.INVENTORY_DAILY, tables.INVENTORY_EVENTS)
    for definition in fragmented:
        fragment(kept, definition)
    settings = MaintenanceSettings()
    planned = {one.place: one.counts for one in tasks.compact_tables(kept.catalog, MaintenanceSettings(dry_run=True))}
    compacted = {one.place: one.counts for one in tasks.compact_tables(kept.catalog, settings)}
    assert_same_rows(kept.content(), content)
    for definition in fragmented:
        done = compacted[definition.name]
        assert done["partitions"] == planned[definition.name]["partitions"] > 0
        assert done["gave_up"] == 0
        assert done["files_before"] >= 5 * done["files_after"]
        assert done["bytes_after"] < done["bytes_before"]
        of = table(kept, definition)
        last = of.current_snapshot()
        assert last is not None
        assert last.summary is not None
        assert COMPACTION_PROPERTY in last.summary.additional_properties
        for file in of.inspect.files().to_pylist():
            rows = pl.read_parquet(file["file_path"])
            assert rows.sort(definition.sort).equals(rows), "in the table's order"
    assert {one.counts["partitions"] for one in tasks.compact_tables(kept.catalog, settings)} == {0}
    for one in (kept, afresh):
        one.day(day_number(2), stock(day_number(2)))
    assert_same_rows(kept.content(), afresh.content())


def test_compaction_gives_way_to_a_rival(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = History(tmp_path)
    nights(kept, 1)
    fragment(kept, tables.INVENTORY_DAILY)
    rewrite = rewrite_rows
    commits: list[int] = []

    def rival_first(ours: Table, where: pl.Expr) -> None:
        rivals = table(kept, tables.INVENTORY_DAILY)
        commits.append(len(commits))
        rows = read_rows(rivals, where).head(7 - len(commits))
        assert replace_rows(rivals, where, rows, scope="rival", state=f"{len(commits)}")
        rewrite(ours, where)

    monkeypatch.setattr(compaction, "rewrite_rows", rival_first)
    (done,) = [one for one in tasks.compact_tables(kept.catalog, MaintenanceSettings()) if one.counts["gave_up"]]
    assert done.place == "inventory_daily"
    assert kept.table("inventory_daily").height == 7 - len(commits), "the rival's rows are newer"


def test_the_job_does_it_all_and_says_what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = History(tmp_path / "lake")
    monkeypatch.setenv("LAKE_URI", str(kept.folder))

    def run(instance: dg.DagsterInstance, **settings: Any) -> dict[str, dict[str, Any]]:
        resources = {"maintenance": MaintenanceSettings(**settings), "lake": LakeResource()}
        result = dg.materialize(maintenance_assets(), instance=instance, resources=resources)
        assert result.success
        return {
            event.node_name.removeprefix("lake__maintenance__"): {
                name: one.value for name, one in event.materialization.metadata.items()
            }
            for event in result.get_asset_materialization_events()
        }

    with dg.DagsterInstance.ephemeral() as instance:
        run(instance)
        nights(kept, 2)
        fragment(kept, tables.INVENTORY_DAILY)
        killed = kept.folder / "raw/maker/search/2026-01-01/20260101T060000.000000Z/part-00000.parquet"
        killed.parent.mkdir(parents=True)
        killed.write_bytes(b"killed")
        os.utime(killed, (0, 0))
        content = kept.content()
        told = run(instance, dry_run=True)
        assert told["tags"]["tagged"] == 4
        assert table(kept).metadata.refs.keys() == {"main"}, "a dry run tags nothing"
        assert told["compaction"]["partitions"] > 0
        assert told["archive"]["announced_files"] == 1
        told = run(instance)
        assert told["compaction"]["files_after"] < told["compaction"]["files_before"]
        assert told["archive"]["removed_files"] == 1
        assert not killed.exists()
        assert f"night-{datetime.now(UTC).date()}" in table(kept).metadata.refs
        assert_same_rows(kept.content(), content)


def test_partitions_of_one_maker_are_rewritten_together_as_far_as_they_fit_into_memory() -> None:
    megabyte = 1024 * 1024
    two_makers = {("a", 1): 1, ("b", 1): 1, ("b", 2): 1}
    assert list(compaction._batches(two_makers)) == [[("a", 1)], [("b", 1), ("b", 2)]]
    large = {("a", number): 10 * megabyte for number in range(4)}
    assert [len(batch) for batch in compaction._batches(large)] == [3, 1]
    many = {("a", f"{number:03}"): 1 for number in range(compaction._BATCH + 1)}
    assert [len(batch) for batch in compaction._batches(many)] == [compaction._BATCH, 1]
