"""Leftovers of a table, on a catalog in memory: what a commit between the two looks costs, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pyiceberg.catalog import Catalog

from consolidated.maintenance import orphans
from consolidated.maintenance.orphans import reached_by, remove_orphans
from consolidated.tables import catalog_tables
from consolidated.tables.definitions import DEALERS
from consolidated.tables.iceberg import replace_rows
from resources.failures import PlatformError
from resources.lake.lake import Lake
from resources.lake.stored_files import list_files
from resources.lake.sweep import Swept
from tests.support.memory_catalog import memory_catalog
from tests.support.rivals import dealers


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
