"""Leftovers of a table, on a catalog in memory: what a commit between the two looks costs, and what is refused."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from pyiceberg.catalog import Catalog

from consolidated.maintenance import orphans
from consolidated.maintenance.orphans import Reached, reached_by, remove_orphans
from consolidated.maintenance.snapshots import expire
from consolidated.tables import catalog_tables
from consolidated.tables.definitions import DEALERS
from consolidated.tables.iceberg import replace_rows
from resources.failures import Cause, PlatformError
from resources.lake.lake import Lake
from resources.lake.stored_files import list_files
from resources.lake.sweep import Swept
from tests.support.memory_catalog import memory_catalog
from tests.support.rivals import dealers

pytestmark = pytest.mark.slow


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalog]:
    monkeypatch.setattr(catalog_tables, "TABLES", (DEALERS,))
    with memory_catalog(tmp_path) as catalog:
        catalog_tables.ensure_tables(catalog, "sandbox")
        add(catalog, "a")
        yield catalog


def add(catalog: Catalog, name: str) -> None:
    table = catalog.load_table(DEALERS.identifier)
    assert replace_rows(table, pl.col("oem") == name, dealers(name, [name]), scope=f"{name}/es", state=name)


def swept(catalog: Catalog, folder: Path) -> Swept:
    lake = Lake(folder.as_uri())
    return remove_orphans(lake, catalog, DEALERS.identifier, grace=timedelta(days=3), dry_run=True)


def test_a_file_that_is_committed_between_the_looks_is_neither_missing_nor_a_leftover(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = list_files

    def then_commit(*about: Any) -> Any:
        found = listed(*about)
        add(catalog, "b")
        return found

    monkeypatch.setattr(orphans, "list_files", then_commit)
    done = swept(catalog, tmp_path)
    assert (done.young_files, done.announced_files) == (0, 0)
    assert done.files_before > 0


def test_a_file_that_nothing_reaches_is_a_leftover_and_another_tables_metadata_stops_all(
    catalog: Catalog, tmp_path: Path
) -> None:
    add(catalog, "b")
    folder = Path(catalog.load_table(DEALERS.identifier).location().removeprefix("file://"))
    assert swept(catalog, tmp_path).young_files == 0
    (folder / "data" / "killed.parquet").write_bytes(b"x")
    assert swept(catalog, tmp_path).young_files == 1
    (folder / "metadata" / "00000-x.metadata.json").write_text('{"table-uuid": "of another"}')
    with pytest.raises(PlatformError, match="lie files of 1 other tables"):
        swept(catalog, tmp_path)


def test_every_file_of_every_snapshot_is_reached(catalog: Catalog) -> None:
    add(catalog, "b")
    table = catalog.load_table(DEALERS.identifier)
    folder = Path(table.location().removeprefix("file://"))
    reached = reached_by(table)
    found = {one.removeprefix("file://") for one in reached.content | reached.metadata}
    assert found == {str(path) for path in folder.rglob("*.*") if not path.name.startswith(".")}
    assert reached.content.isdisjoint(reached.metadata)
    assert all(one.endswith(".metadata.json") for one in reached.metadata)


@pytest.mark.parametrize("suffix", [".parquet", ".avro"])
def test_a_listing_without_a_file_that_is_reached_removes_nothing(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    listed = list_files

    def without_one(*about: Any) -> Any:
        found = listed(*about)
        found.pop(next(path for path in found if path.endswith(suffix)))
        return found

    monkeypatch.setattr(orphans, "list_files", without_one)
    with pytest.raises(PlatformError, match=r"lacks 1 files that the table reaches, such as .*nothing was removed"):
        swept(catalog, tmp_path)


def metadata_folder(catalog: Catalog) -> Path:
    return Path(catalog.load_table(DEALERS.identifier).location().removeprefix("file://")) / "metadata"


def test_a_table_whose_metadata_lies_elsewhere_is_left_alone(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = Reached(frozenset(), frozenset({"/elsewhere/00000-a.metadata.json"}))
    monkeypatch.setattr(orphans, "reached_by", lambda _: elsewhere)
    with pytest.raises(PlatformError, match=r"lacks its metadata; nothing was removed. Look whether .* was moved"):
        swept(catalog, tmp_path)


def test_a_file_that_a_commit_took_out_is_a_leftover_once_the_snapshots_with_it_are_gone(
    catalog: Catalog, tmp_path: Path
) -> None:
    table = catalog.load_table(DEALERS.identifier)
    assert replace_rows(table, pl.col("oem") == "a", dealers("a", ["b"]), scope="a/es", state="b")
    assert swept(catalog, tmp_path).young_files == 0
    first, second = table.snapshots()
    expire(table, [first.snapshot_id])
    assert sum(one.endswith(".parquet") for one in reached_by(table).content) == 1
    folder = Path(table.location().removeprefix("file://"))
    assert len(list(folder.rglob("*.parquet"))) == 2
    assert swept(catalog, tmp_path).young_files >= 2, "the rows of before, and the list of their snapshot"
    assert second.snapshot_id == table.metadata.current_snapshot_id


def test_a_snapshot_that_is_expired_between_the_looks_keeps_its_files_until_the_next_sweep(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = catalog.load_table(DEALERS.identifier)
    (first,) = table.snapshots()
    assert replace_rows(table, pl.col("oem") == "a", dealers("a", ["b"]), scope="a/es", state="b")

    def then_expire(*about: Any) -> Any:
        found = list_files(*about)
        expire(table, [first.snapshot_id])
        return found

    with monkeypatch.context() as between:
        between.setattr(orphans, "list_files", then_expire)
        assert swept(catalog, tmp_path).young_files == 0
    assert swept(catalog, tmp_path).young_files >= 2


def test_metadata_of_the_table_itself_that_no_commit_named_is_a_leftover(catalog: Catalog, tmp_path: Path) -> None:
    table = catalog.load_table(DEALERS.identifier)
    lost = metadata_folder(catalog) / "00009-lost.metadata.json"
    shutil.copy(table.metadata_location.removeprefix("file://"), lost)
    assert swept(catalog, tmp_path).young_files == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("00009-x.metadata.json", b"{"),
        ("00009-x.metadata.json", b"[]"),
        ("00009-x.metadata.json", b'{"format-version": 2}'),
        ("00009-x.metadata.json", b"\xff\xfe"),
        ("00009-x.gz.metadata.json", b"{}"),
        ("00009-x.gz.metadata.json", gzip.compress(b'{"table-uuid": "of another"}')[:-9]),
        ("note.json", b'{"table-uuid": "of another"}'),
    ],
    ids=["torn", "list", "without a uuid", "no text", "not compressed", "torn and compressed", "no metadata"],
)
def test_a_file_that_names_no_table_is_a_leftover_like_any_other(
    catalog: Catalog, tmp_path: Path, name: str, content: bytes
) -> None:
    (metadata_folder(catalog) / name).write_bytes(content)
    assert swept(catalog, tmp_path).young_files == 1


def test_tables_that_were_given_up_are_named_by_a_property_and_the_refusal_says_how(
    catalog: Catalog, tmp_path: Path
) -> None:
    folder = metadata_folder(catalog)
    (folder / "00008-x.metadata.json").write_text('{"table-uuid": "uuid-2"}')
    (folder / "00009-x.gz.metadata.json").write_bytes(gzip.compress(b'{"table-uuid": "uuid-1"}'))
    with pytest.raises(PlatformError) as refused:
        swept(catalog, tmp_path)
    assert refused.value.cause is Cause.CONFIGURATION
    told = str(refused.value)
    assert f"lie files of 2 other tables, such as {folder}/00008-x.metadata.json: another catalog may own them" in told
    assert told.endswith("set the table property lake.replaces=uuid-1,uuid-2 on consolidated.dealers.")
    table = catalog.load_table(DEALERS.identifier)
    for given_up, left in (("uuid-1", "1 other tables"), ("uuid-1,uuid-2", None)):
        with table.transaction() as change:
            change.set_properties({"lake.replaces": given_up})
        if left:
            with pytest.raises(PlatformError, match=left):
                swept(catalog, tmp_path)
    assert swept(catalog, tmp_path).young_files == 2


@pytest.mark.parametrize(
    ("location", "asked"),
    [("/lake/table", ("file", None)), ("file:///lake/table", ("file", None)), ("s3://bucket/table", ("s3", "bucket"))],
)
def test_a_tables_files_are_found_where_its_location_says_with_its_catalogs_credentials(
    location: str, asked: tuple[str, str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    table: Any = SimpleNamespace(location=lambda: location, io=SimpleNamespace(properties={"s3.region": "eu"}))
    monkeypatch.setattr(
        orphans, "FsspecFileIO", lambda properties: SimpleNamespace(get_fs=lambda *place: (properties, place))
    )
    assert orphans.table_filesystem(table) == ({"s3.region": "eu"}, asked)
