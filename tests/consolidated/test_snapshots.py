"""Nightly tags and the expiry of snapshots: which names go, which snapshots stay, and when nothing is committed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import polars as pl
import pytest
from pyiceberg.table import Table

from consolidated.maintenance.snapshots import Tagged, expire, snapshots_to_expire, tag_night
from consolidated.tables import catalog_tables, snapshot
from consolidated.tables.data_files import write_data_files
from consolidated.tables.definitions import DEALERS
from consolidated.tables.iceberg import replace_rows, state_of
from consolidated.tables.snapshot import commit_files
from tests.support.memory_catalog import memory_catalog
from tests.support.rivals import dealers

pytestmark = pytest.mark.slow

NIGHT = date(2026, 11, 25)


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    monkeypatch.setattr(catalog_tables, "TABLES", (DEALERS,))
    with memory_catalog(tmp_path) as catalog:
        yield catalog_tables.ensure_tables(catalog, "sandbox")["dealers"]


def add(table: Table, name: str, oem: str = "audi") -> int:
    """Another row of a maker, in a file of its own; returns the snapshot's id."""
    here = (pl.col("oem") == oem) & (pl.col("dealer_id") == name)
    assert replace_rows(table, here, dealers(oem, [name]), scope=f"{oem}/es", state=name)
    return cast("int", table.metadata.current_snapshot_id)


def tag(table: Table, night: date = NIGHT, *, dry_run: bool = False) -> Tagged:
    return tag_night(table, night, tag_days=30, dry_run=dry_run)


def tags(table: Table) -> dict[str, int]:
    return {name: one.snapshot_id for name, one in table.metadata.refs.items() if name != "main"}


def test_a_night_is_tagged_once_and_again_where_the_table_moved(table: Table) -> None:
    assert tag(table) == Tagged(None, [])
    assert tags(table) == {}, "a table without a snapshot has nothing to tag"
    first = add(table, "a")
    assert tag(table, dry_run=True) == Tagged("night-2026-11-25", [])
    assert tags(table) == {}
    assert tag(table) == Tagged("night-2026-11-25", [])
    location = table.metadata_location
    tag(table)
    assert (tags(table), table.metadata_location) == ({"night-2026-11-25": first}, location), "nothing to do, no commit"
    second = add(table, "b")
    tag(table)
    assert tags(table) == {"night-2026-11-25": second}


def test_tags_of_nights_thirty_days_ago_go_and_those_of_others_stay(table: Table) -> None:
    current = add(table, "a")
    for name in (
        "night-2026-10-26",
        "night-2026-10-27",
        "night-2026-11-25",
        "night-of-the-flood",
        "2020-01-01",
        "keep",
    ):
        table.manage_snapshots().create_tag(current, name).commit()
    assert tag(table, dry_run=True).removed == ["night-2026-10-26"]
    assert "night-2026-10-26" in tags(table)
    assert tag(table).removed == ["night-2026-10-26"]
    assert set(tags(table)) == {"night-2026-10-27", "night-2026-11-25", "night-of-the-flood", "2020-01-01", "keep"}
    assert tag(table, NIGHT + timedelta(days=1)).removed == ["night-2026-10-27"]
    assert {"night-2026-11-25", "night-2026-11-26"} < set(tags(table))


def test_expired_snapshots_are_gone_with_their_states_kept(table: Table) -> None:
    ids = [add(table, name) for name in "abc"]
    location = table.metadata_location
    expire(table, [])
    assert table.metadata_location == location
    expire(table, ids[:2])
    assert [one.snapshot_id for one in table.snapshots()] == ids[2:]
    assert state_of(table, "audi/es") == "c"


def test_a_state_that_an_older_version_kept_with_its_snapshot_outlives_it(table: Table) -> None:
    files = write_data_files(table, dealers("audi", ["a"]))
    marks = {"lake.scope": "audi/es", "lake.state": "of an older one"}
    commit_files(table, gone=[], come=list(files), snapshot_properties=marks, table_properties={})
    first = cast("int", table.metadata.current_snapshot_id)
    add(table, "b", "bmw")
    expire(table, [first])
    assert len(table.snapshots()) == 1
    assert state_of(table, "audi/es") == "of an older one"


@pytest.mark.parametrize(
    ("days", "at_least", "gone"),
    [
        (7, 1, [1, 2]),
        (7, 4, [1]),
        (7, 5, []),
        (8, 1, [1]),
        (9, 1, []),
        (1, 1, [1, 2, 3]),
        (0, 1, [1, 2, 3, 4]),
        (0, 5, []),
    ],
)
def test_what_is_old_and_beyond_the_latest_goes(days: float, at_least: int, gone: list[int]) -> None:
    now = datetime(2026, 11, 25, tzinfo=UTC)
    ages = (8.5, 7.5, 6.5, 1, 0)
    snapshots = [
        SimpleNamespace(
            snapshot_id=number, sequence_number=number,
            timestamp_ms=int((now - timedelta(days=age)).timestamp() * 1000),
        )
        for number, age in enumerate(ages, 1)
    ]  # fmt: skip
    metadata: Any = SimpleNamespace(snapshots=snapshots, refs={}, current_snapshot_id=5)
    assert sorted(snapshots_to_expire(metadata, now, snapshot_days=days, snapshots_at_least=at_least)) == gone


def manifests(table: Table) -> dict[str, list[int]]:
    """Of each maker the numbers of files of its manifests."""
    found: dict[str, list[int]] = {}
    current = table.current_snapshot()
    for one in current.manifests(table.io) if current else ():
        bound = (one.partitions or [])[0].lower_bound or b""
        found.setdefault(bound.decode(), []).append(len(one.fetch_manifest_entry(table.io)))
    return found


def test_a_makers_small_manifests_become_one_and_no_other_makers_are_touched(table: Table) -> None:
    for number in range(3):
        add(table, f"{number}", "bmw")
    for number in range(5):
        add(table, f"{number}")
    assert manifests(table) == {"audi": [1] * 5, "bmw": [1] * 3}
    add(table, "5")
    assert manifests(table) == {"audi": [6], "bmw": [1] * 3}
    assert table.scan().to_arrow().num_rows == 9


def test_large_manifests_are_left_alone(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "_MANIFEST_BYTES", 1)
    for number in range(7):
        add(table, f"{number}")
    assert manifests(table) == {"audi": [1] * 7}


def test_no_earlier_manifest_of_deleted_files_is_left_behind(table: Table) -> None:
    for state in "abc":
        rows = dealers("audi", [state])
        assert replace_rows(table, pl.col("oem") == "audi", rows, scope="audi/es", state=state)
    assert sorted(manifests(table)["audi"]) == [0, 1], "the commit's own alone"
    operations = [one.summary.operation.value for one in table.snapshots() if one.summary]
    assert operations == ["append", "overwrite", "overwrite"]
    assert replace_rows(table, pl.col("oem") == "audi", dealers("audi", []), scope="audi/es", state="d")
    assert [one.summary.operation.value for one in table.snapshots() if one.summary][-1] == "delete"


def test_the_oldest_snapshots_go_but_for_those_with_a_tag(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "SNAPSHOTS_AT_MOST", 3)
    first = add(table, "0")
    tag(table)
    later = [add(table, f"{number}") for number in range(1, 5)]
    assert [one.snapshot_id for one in table.snapshots()] == [first, *later[1:]]


@pytest.mark.parametrize(
    ("partitions", "maker"),
    [([(b"a", b"a"), (b"x", b"y")], b"a"), ([(b"a", b"b")], None), ([(None, None)], None), ([], None)],
)
def test_a_manifest_of_several_makers_is_nobodys(partitions: list[tuple[bytes, bytes]], maker: bytes | None) -> None:
    manifest: Any = SimpleNamespace(partitions=[SimpleNamespace(lower_bound=a, upper_bound=b) for a, b in partitions])
    assert snapshot._maker_of(manifest) == maker
