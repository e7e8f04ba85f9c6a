"""What each task of maintenance does on a small lake, what it says of it, and what a dry run leaves as it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.table import Table

from consolidated.maintenance import snapshots, tasks
from consolidated.maintenance.settings import MaintenanceSettings
from consolidated.maintenance.tasks import Done
from consolidated.tables import catalog_tables
from consolidated.tables.definitions import DEALERS
from consolidated.tables.iceberg import replace_rows
from consolidated.tables.store import RowsChanged
from resources.lake.lake import Lake
from tests.support.aging import aged
from tests.support.memory_catalog import memory_catalog
from tests.support.rivals import dealers

pytestmark = pytest.mark.slow

NIGHT = date(2026, 11, 25)
AT_ONCE = MaintenanceSettings(snapshot_days=0, snapshots_at_least=1, small_files_at_least=3, grace_hours=0)
DRY = AT_ONCE.model_copy(update={"dry_run": True})


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalog]:
    """A table of three snapshots, each of which brought a file."""
    monkeypatch.setattr(catalog_tables, "TABLES", (DEALERS,))
    with memory_catalog(tmp_path) as catalog:
        of = catalog_tables.ensure_tables(catalog, "sandbox")["dealers"]
        for name in "abc":
            here = (pl.col("oem") == "audi") & (pl.col("dealer_id") == name)
            assert replace_rows(of, here, dealers("audi", [name]), scope="audi/es", state=name)
        yield catalog


def table(catalog: Catalog) -> Table:
    return catalog.load_table(DEALERS.identifier)


def test_the_night_is_tagged_on_the_tables_that_are_there(catalog: Catalog) -> None:
    told = [Done("dealers", {"tagged": 1, "removed_tags": 0})]
    assert tasks.tag_tables(catalog, NIGHT, DRY) == told
    assert set(table(catalog).metadata.refs) == {"main"}
    assert tasks.tag_tables(catalog, NIGHT, AT_ONCE) == told
    assert set(table(catalog).metadata.refs) == {"main", "night-2026-11-25"}
    later = tasks.tag_tables(catalog, date(2026, 11, 27), AT_ONCE.model_copy(update={"tag_days": 2}))
    assert later == [Done("dealers", {"tagged": 1, "removed_tags": 1})]


def test_small_files_become_one_and_are_counted_before_and_after(catalog: Catalog) -> None:
    (would,) = tasks.compact_tables(catalog, DRY)
    assert (would.counts["partitions"], would.counts["files_before"], would.counts["files_after"]) == (1, 3, 3)
    assert would.counts["bytes_before"] == would.counts["bytes_after"] > 0
    for kept in ({"small_files_at_least": 4}, {"small_file_mb": 1e-9}, {"compaction_partition_mb_at_most": 1e-9}):
        (left,) = tasks.compact_tables(catalog, AT_ONCE.model_copy(update=kept))
        assert (left.counts["partitions"], left.counts["files_after"]) == (0, 3), kept
    (did,) = tasks.compact_tables(catalog, AT_ONCE)
    counts = {name: did.counts[name] for name in ("partitions", "gave_up", "files_before", "files_after")}
    assert counts == {"partitions": 1, "gave_up": 0, "files_before": 3, "files_after": 1}
    assert did.counts["bytes_after"] < did.counts["bytes_before"] == would.counts["bytes_before"]
    assert sorted(table(catalog).scan().to_arrow()["dealer_id"].to_pylist()) == ["a", "b", "c"]


def test_a_dry_run_says_how_many_snapshots_would_stay_and_lets_all_of_them_stay(catalog: Catalog) -> None:
    told = [Done("dealers", {"snapshots_before": 3, "snapshots_after": 1})]
    assert tasks.expire_snapshots(catalog, DRY) == told
    assert len(table(catalog).metadata.snapshots) == 3
    for kept in ({"snapshot_days": 1.0}, {"snapshots_at_least": 3}):
        (left,) = tasks.expire_snapshots(catalog, AT_ONCE.model_copy(update=kept))
        assert left.counts == {"snapshots_before": 3, "snapshots_after": 3}, kept
    assert tasks.expire_snapshots(catalog, AT_ONCE) == told
    assert len(table(catalog).metadata.snapshots) == 1


def test_files_without_a_snapshot_are_announced_and_go_in_the_next_run(catalog: Catalog, tmp_path: Path) -> None:
    lake = Lake(tmp_path.as_uri())
    killed = Path(table(catalog).location().removeprefix("file://")) / "data" / "killed.parquet"
    killed.write_bytes(b"rows")

    def counts(settings: MaintenanceSettings) -> tuple[int, int, int]:
        (done,) = tasks.sweep_tables(lake, catalog, settings)
        assert done.place == "dealers"
        return done.counts["young_files"], done.counts["announced_files"], done.counts["removed_files"]

    assert counts(MaintenanceSettings()) == (1, 0, 0), "a writer that is still at work may have written it"
    assert counts(AT_ONCE) == (0, 1, 0)
    assert counts(DRY) == (0, 1, 0)
    assert killed.exists()
    assert counts(AT_ONCE) == (0, 0, 1)
    assert not killed.exists()


def test_both_tiers_of_the_archive_are_swept_and_told(tmp_path: Path) -> None:
    lake = Lake(tmp_path.as_uri())
    for tier, files in (("raw", 1), ("transformed", 2)):
        for number in range(files):
            lake.write_atomic(f"{tier}/maker/search/2026-11-20/1Z/part-{number}.parquet", b"rows")
    for settings, announced, removed in ((DRY, 1, 0), (AT_ONCE, 0, 1), (AT_ONCE, 0, 0)):
        done = tasks.sweep_archive(lake, settings)
        assert [(one.place, one.counts["announced_files"], one.counts["removed_files"]) for one in done] == [
            ("raw", announced, removed),
            ("transformed", announced * 2, removed * 2),
        ]


def test_the_grace_of_the_settings_is_counted_in_hours(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(tmp_path.as_uri())
    killed = Path(table(catalog).location().removeprefix("file://")) / "data" / "killed.parquet"
    killed.write_bytes(b"rows")
    lake.write_atomic("raw/maker/search/2026-11-20/1Z/part.parquet", b"rows")
    aged(monkeypatch)  # by a month
    for hours, young in ((24 * 40, 1), (24 * 20, 0)):
        settings = MaintenanceSettings(grace_hours=hours, dry_run=True)
        for done, *_ in (tasks.sweep_tables(lake, catalog, settings), tasks.sweep_archive(lake, settings)):
            assert (done.counts["young_files"], done.counts["announced_files"]) == (young, 1 - young)


def test_a_table_that_another_writer_changed_meanwhile_is_tagged_all_the_same(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    tag_night = snapshots.tag_night
    lost = iter([True, False])

    def losing(*about: Any, **settings: Any) -> Any:
        if next(lost):
            raise RowsChanged("another writer was faster")
        return tag_night(*about, **settings)

    monkeypatch.setattr(tasks, "tag_night", losing)
    assert tasks.tag_tables(catalog, NIGHT, AT_ONCE) == [Done("dealers", {"tagged": 1, "removed_tags": 0})]


def test_a_lake_before_its_first_night_has_nothing_to_maintain(tmp_path: Path) -> None:
    lake = Lake(tmp_path.as_uri())
    with memory_catalog(tmp_path) as empty:
        assert tasks.tag_tables(empty, NIGHT, AT_ONCE) == []
        assert tasks.sweep_tables(lake, empty, AT_ONCE) == []
    assert [one.counts["files_before"] for one in tasks.sweep_archive(lake, AT_ONCE)] == [0, 0]
