"""Maintenance takes what is dead and nothing else: on a folder and on S3, whoever writes meanwhile."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from fsspec import AbstractFileSystem
from pyiceberg.table import Table

from consolidated.maintenance import orphans, tasks
from consolidated.maintenance.orphans import reached_by, remove_orphans, table_filesystem
from consolidated.maintenance.settings import MaintenanceSettings
from consolidated.maintenance.snapshots import tag_night
from consolidated.tables import definitions as tables
from consolidated.tables.catalog_tables import ensure_tables
from consolidated.tables.definitions import REPLACES_PROPERTY, TABLES, TableDefinition
from consolidated.tables.iceberg import read_rows
from resources.failures import PlatformError
from resources.lake import sweep
from resources.lake.stored_files import StoredFile, list_files, path_in
from resources.lake.sweep import Swept
from tests.support.aging import LONG_AGO, aged
from tests.support.consolidated_support import History, assert_same_rows, nights
from tests.support.counts import IS_SOAK, count
from tests.support.lakes import s3_and_postgres, s3_and_rest
from tests.support.maintained import table
from tests.support.typed_days import FULL, day_number, stock

pytestmark = pytest.mark.slow

GRACE = timedelta(days=3)
NIGHTS = 2
INVENTORY = tables.INVENTORY


# by default as in production, where removing a file that is live would be worst
LAKES = ["s3 and postgres", "folder", "s3 and rest"]


def new_lake(kind: str, folder: Path, request: pytest.FixtureRequest) -> tuple[History, dict[str, str]]:
    """A few nights on a new lake, and the environment in which it is found."""
    settings: dict[str, str] = {}
    if kind != "folder":
        s3 = request.getfixturevalue("s3")
        rest = kind == "s3 and rest"
        settings = s3_and_rest(s3) if rest else s3_and_postgres(s3, request.getfixturevalue("postgres"))
    kept = History(folder / "lake", uri=settings.get("LAKE_URI"))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        nights(kept, NIGHTS)
    return kept, settings


@pytest.fixture(scope="module", params=LAKES[: count(1, 3)])
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[History, dict[str, str]]:
    return new_lake(request.param, tmp_path_factory.mktemp("nights"), request)


@pytest.fixture
def kept(written: tuple[History, dict[str, str]], monkeypatch: pytest.MonkeyPatch) -> History:
    """A lake of each kind, which several tests share."""
    history, settings = written
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return history


@pytest.fixture(params=LAKES if IS_SOAK else ["folder"])
def own(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> History:
    """A lake of the test's own."""
    history, settings = new_lake(request.param, tmp_path, request)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return history


def stored(of: Table) -> set[str]:
    return set(list_files(table_filesystem(of), of.location()))


def reached(of: Table) -> set[str]:
    found = reached_by(of)
    return {path_in(table_filesystem(of), one) for one in found.content | found.metadata}


def planted(of: Table, *names: str) -> set[str]:
    """Files that no snapshot ever named, where a killed writer would leave them."""
    filesystem = table_filesystem(of)
    paths = {f"{path_in(filesystem, of.location())}/data/{name}" for name in names}
    for path in paths:
        filesystem.pipe_file(path, b"orphan")
    return paths


def swept(kept: History, definition: TableDefinition = INVENTORY, *, dry_run: bool = False) -> Swept:
    return remove_orphans(kept.lake, kept.catalog, definition.identifier, grace=GRACE, dry_run=dry_run)


def swept_for_good(kept: History) -> None:
    for _ in ("announced", "removed"):
        for definition in TABLES:
            swept(kept, definition)


def test_all_old_orphans_go_and_no_live_file(kept: History, monkeypatch: pytest.MonkeyPatch) -> None:
    """First announced, then removed; whether the storage's clock is right, a month ahead of ours, or behind."""
    of = table(kept)
    live, content = reached(of), kept.content()
    assert live <= stored(of)
    new = planted(of, "just-written.parquet")
    for skew in (timedelta(0), LONG_AGO, -LONG_AGO):
        left = stored(of) - live - new
        old = planted(of, "killed.parquet", "lost.parquet") | left
        with monkeypatch.context() as clock:
            aged(clock, young=lambda path: path.endswith("just-written.parquet"), skew=skew)
            for dry_run in (True, True, False):
                kept.lake.write_json("maintenance/orphans-inventory.json", {})
                done = swept(kept, dry_run=dry_run)
                assert (done.announced_files, done.removed_files, done.young_files) == (len(old), 0, len(new))
            assert stored(of) == live | old | new, "nothing goes that was not announced"
            assert swept(kept, dry_run=True).removed_files == 0
            late = planted(of, f"found-later-{skew.days}.parquet")
            done = swept(kept)
            assert (done.removed_files, done.announced_files) == (len(old), len(late))
            assert done.removed_bytes > 0
            assert stored(of) == live | new | late
    assert_same_rows(kept.content(), content)


def test_a_commit_between_the_looks_is_seen(kept: History, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rival's files are in the storage, old by a clock gone wild and announced, and its commit comes after our
    listing: the second look reaches them."""
    rival = History(kept.folder, oem="another", uri=kept.uri)
    day = day_number(0)
    rival.land(day, [row | {"oem": "another"} for row in stock(day)])
    has_written, may_commit = threading.Event(), threading.Event()
    of_thread: list[threading.Thread] = []
    catalogs = type(kept.catalog)
    commit = catalogs.commit_table

    def commit_when_told(catalog: Any, of: Table, *arguments: Any) -> Any:
        # nobody else commits meanwhile, and polars commits in a thread of its own
        if of.name()[-1] == "inventory":
            has_written.set()
            assert may_commit.wait(120)
        return commit(catalog, of, *arguments)

    def list_then_let_commit(filesystem: AbstractFileSystem, folder: str) -> dict[str, StoredFile]:
        found = list_files(filesystem, folder)
        may_commit.set()
        of_thread[0].join(120)
        return found

    aged(monkeypatch)
    monkeypatch.setattr(catalogs, "commit_table", commit_when_told)
    monkeypatch.setattr(orphans, "list_files", list_then_let_commit)
    monkeypatch.setattr(sweep, "_announced", lambda *_: Everything())
    of_thread.append(threading.Thread(target=rival.consolidate, args=(day,)))
    of_thread[0].start()
    assert has_written.wait(120)
    old = planted(table(kept), "killed.parquet")
    assert swept(kept).removed_files >= len(old)
    of = table(kept)
    assert not old & stored(of)
    assert reached(of) == stored(of)
    assert kept.table("inventory").filter(pl.col("oem") == "another").height == FULL


class Everything(dict[str, Any]):
    """An announcement that names each file as it is: only what is live holds the sweep back."""

    def get(self, _path: str, _default: Any = None) -> Any:
        return Anything()


class Anything:
    def __eq__(self, _other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0


def test_nothing_goes_where_the_listing_lacks_a_live_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = History(tmp_path)
    nights(kept, 1)
    of = table(kept)
    old = planted(of, "killed.parquet")
    aged(monkeypatch)
    swept(kept)

    def without_one(filesystem: AbstractFileSystem, folder: str) -> dict[str, StoredFile]:
        found = list_files(filesystem, folder)
        found.pop(next(path for path in found if path.endswith(".parquet") and path not in old))
        return found

    monkeypatch.setattr(orphans, "list_files", without_one)
    with pytest.raises(PlatformError, match=r"lacks 1 files that the table reaches.*nothing was removed"):
        swept(kept)
    assert old <= stored(of)


def test_expired_snapshots_leave_orphans_and_a_tag_travels_in_time(
    own: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, night = own, date(2026, 1, 27)
    then = kept.table("inventory").sort("vehicle_id")
    settings = MaintenanceSettings(snapshot_days=0, snapshots_at_least=1)
    tasks.tag_tables(kept.catalog, night, settings)
    tagged = tasks.tag_tables(kept.catalog, night, settings)
    assert {one.counts["tagged"] for one in tagged if one.place in ("inventory", "inventory_daily")} == {1}
    kept.day(day_number(NIGHTS), stock(day_number(NIGHTS), range(10, FULL + 10)))
    content = kept.content()
    aged(monkeypatch)
    done = tasks.expire_snapshots(kept.catalog, settings.model_copy(update={"dry_run": True}))
    assert done == tasks.expire_snapshots(kept.catalog, settings)
    assert all(one.counts["snapshots_after"] < one.counts["snapshots_before"] for one in done if one.place == "runs")
    swept_for_good(kept)
    assert_same_rows(kept.content(), content)
    for definition in TABLES:
        assert stored(table(kept, definition)) == reached(table(kept, definition))

    of = table(kept)
    snapshot = of.snapshot_by_name("night-2026-01-27")
    assert snapshot is not None
    travelled = read_rows(of, pl.col("oem") == "maker", snapshot_id=snapshot.snapshot_id).sort("vehicle_id")
    assert travelled.equals(then.select(travelled.columns))

    snapshots = kept.snapshots()
    assert not kept.consolidate(day_number(NIGHTS)).committed, "the state of the last night is still known"
    assert kept.snapshots() == snapshots

    later = night + timedelta(days=settings.tag_days)
    assert tag_night(of, later, tag_days=settings.tag_days, dry_run=True).removed == ["night-2026-01-27"]
    tasks.tag_tables(kept.catalog, later, settings)
    tasks.expire_snapshots(kept.catalog, settings)
    assert "night-2026-01-27" not in table(kept).metadata.refs
    assert table(kept).snapshot_by_id(snapshot.snapshot_id) is None
    swept_for_good(kept)
    assert_same_rows(kept.content(), content)


@pytest.mark.parametrize("own", LAKES[:2] if IS_SOAK else ["folder"], indirect=True)
def test_files_of_another_catalogs_tables_are_never_removed(own: History, monkeypatch: pytest.MonkeyPatch) -> None:
    """The catalog was lost; an empty catalog in its place makes tables of the same names at the same locations."""
    kept = own
    old = {definition.name: table(kept, definition) for definition in TABLES}
    files = {name: stored(of) for name, of in old.items()}
    content = kept.content()
    for definition in TABLES:
        kept.catalog.drop_table(definition.identifier)  # an SQL catalog leaves the files
    ensure_tables(kept.catalog, "sandbox")
    aged(monkeypatch)
    for definition in TABLES:
        for _ in ("announce", "remove"):
            with pytest.raises(PlatformError, match="lie files of 1 other tables") as refusal:
                swept(kept, definition)
        assert f"lake.replaces={old[definition.name].metadata.table_uuid} " in str(refusal.value)
        assert files[definition.name] <= stored(table(kept, definition))

    empty = table(kept)
    for definition in TABLES:  # the lost catalog is found again: its tables are whole
        kept.catalog.drop_table(definition.identifier)
        kept.catalog.register_table(definition.identifier, old[definition.name].metadata_location)
    assert_same_rows(kept.content(), content)
    # the way out that the refusal names: then the files of the tables that were given up go, and no others
    of = table(kept)
    with of.transaction() as change:
        change.set_properties({REPLACES_PROPERTY: str(empty.metadata.table_uuid)})
    for _ in ("announce", "remove"):
        swept(kept)
    assert stored(table(kept)) == reached(table(kept))
    assert_same_rows(kept.content(), content)
