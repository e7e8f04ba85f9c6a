"""Law 13: a lost catalog, a moved or copied lake, damage: each is named with its way out, and nothing is removed."""

from __future__ import annotations

import json
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from consolidated.tables import catalog_tables, iceberg
from consolidated.tables import definitions as tables
from consolidated.tables.catalog_tables import ensure_tables
from consolidated.tables.shape import evolve
from resources.failures import Cause, PlatformError
from resources.lake.catalog import load_lake_catalog
from resources.lake.lake import Lake
from tests.support.consolidated_support import History, assert_same_rows, nights, statuses
from tests.support.typed_days import FULL, day_number, stock

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of two nights, at the place where its tables look for their files."""
    folder = tmp_path_factory.mktemp("filled") / "lake"
    kept = History(folder)
    kept.lake.stamp("sandbox")
    nights(kept, 2)
    shutil.copytree(folder, folder.with_name("as it was"))
    return folder


@pytest.fixture
def kept(filled: Path) -> History:
    shutil.rmtree(filled, ignore_errors=True)
    shutil.copytree(filled.with_name("as it was"), filled)
    return History(filled)


def fails(kept: History, cause: Cause, *words: str) -> None:
    day = day_number(2)
    kept.land(day, stock(day))
    with pytest.raises(PlatformError) as failure:
        kept.consolidate(day)
    assert failure.value.cause is cause, failure.value
    for word in words:
        assert word in str(failure.value)


@pytest.mark.parametrize("how", ["removed", "emptied", "one table missing", "removed, and the record too"])
def test_a_catalog_that_is_lost_is_named(kept: History, how: str) -> None:
    """FAULTS 18."""
    catalog = kept.folder / "catalog.db"
    if how.startswith("removed"):
        catalog.unlink()
        if "record" in how:
            (kept.folder / "tables.json").unlink()
    else:
        with sqlite3.connect(catalog) as connection:
            name = "%" if how == "emptied" else "inventory_events"
            connection.execute("DELETE FROM iceberg_tables WHERE table_name LIKE ?", (name,))
    fails(kept, Cause.CATALOG_LOST, "make rebuild", "catalog.db")


def test_another_lakes_catalog_is_named(kept: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = History(tmp_path / "other")
    ensure_tables(other.catalog, "sandbox")
    shutil.copy(tmp_path / "other" / "catalog.db", kept.folder / "catalog.db")
    fails(kept, Cause.CATALOG_LOST, "another table")


@pytest.mark.parametrize("moved", [True, False], ids=["moved", "copied"])
def test_a_lake_elsewhere_than_its_stamp_says_is_refused(kept: History, tmp_path: Path, moved: bool) -> None:
    """FAULTS 19: the copy must not work on the original's files."""
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(kept.folder, elsewhere)
    original = {path: path.read_bytes() for path in kept.folder.rglob("*") if path.is_file()}
    if moved:
        shutil.rmtree(kept.folder)
    copy = History(elsewhere)
    fails(copy, Cause.LAKE_MOVED, str(kept.folder), "make rebuild")
    with pytest.raises(PlatformError, match="lake_moved"):
        copy.lake.stamp("sandbox")
    if not moved:
        assert {path: path.read_bytes() for path in kept.folder.rglob("*") if path.is_file()} == original


def test_a_stamp_of_before_is_given_the_address(kept: History) -> None:
    stamp = kept.folder / "source.json"
    stamp.write_text('{"source": "sandbox"}')
    assert kept.lake.source() == "sandbox"
    kept.lake.stamp("sandbox")
    assert json.loads(stamp.read_text())["address"] == kept.lake.uri


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        ("", Cause.LAKE_DAMAGED),
        ('{"source": "sand', Cause.LAKE_DAMAGED),
        ("[]", Cause.LAKE_DAMAGED),
        ('{"origin": "live"}', Cause.LAKE_DAMAGED),
        ('{"source": "sandbox", "version": 99}', Cause.FORMAT_UNKNOWN),
    ],
)
def test_a_stamp_that_cannot_be_read_is_named(kept: History, content: str, cause: Cause) -> None:
    """FAULTS 21."""
    (kept.folder / "source.json").write_text(content)
    fails(kept, cause, "source.json")


@pytest.mark.parametrize("damage", ["cut short", "cut in its last part", "bytes changed", "emptied", "removed"])
@pytest.mark.parametrize("what", ["*.parquet", "snap-*.avro", "*-m0.avro", "*.metadata.json"])
def test_a_damaged_file_of_a_table_is_named(kept: History, what: str, damage: str) -> None:
    """FAULTS 23: polars panics at some of these."""
    for path in (kept.folder / "iceberg" / "consolidated" / "inventory").rglob(what):
        content = path.read_bytes()
        if damage == "removed":
            path.unlink()
        else:
            path.write_bytes(
                {
                    "cut short": content[: len(content) // 2],
                    "cut in its last part": content[:-20],
                    "bytes changed": content[:4] + bytes(255 - byte for byte in content[4:-4]) + content[-4:],
                    "emptied": b"",
                }[damage]
            )
    fails(kept, Cause.LAKE_DAMAGED, "consolidated.inventory")


@pytest.mark.parametrize("what", ["snap-*.avro", "*-m0.avro"])
def test_a_length_past_the_end_of_a_file_is_named(kept: History, what: str) -> None:
    """pyiceberg's decoder in Cython copies two gigabytes from behind its buffer, and the process is gone."""
    one, two_gigabytes = b"\x02", b"\xfe\xff\xff\xff\x0f"
    for path in (kept.folder / "iceberg" / "consolidated" / "inventory").rglob(what):
        path.write_bytes(b"Obj\x01" + one + two_gigabytes + b"avro.schema")
    fails(kept, Cause.LAKE_DAMAGED, "consolidated.inventory")


def test_a_garbage_catalog_is_named(kept: History) -> None:
    (kept.folder / "catalog.db").write_bytes(b"garbage" * 1000)
    fails(kept, Cause.LAKE_DAMAGED, "catalog.db", "make rebuild")


def test_an_old_version_of_a_table_is_read_with_nulls_for_what_it_lacks(kept: History) -> None:
    """FAULTS 15: the contract gains a column, and then an old day is replaced."""
    nights(kept, 4)
    gained = dict(tables.INVENTORY.columns) | {"seats": tables.INVENTORY.columns["model_year"]}
    wider = tables.TableDefinition("inventory", "", gained, tables.INVENTORY.partitions, tables.INVENTORY.sort)
    evolve(kept.catalog.load_table(wider.identifier), wider)
    store = kept.store.open("sandbox")
    versions = store.versions(wider, "maker/es")
    assert len(versions) > 1
    for version in versions.values():
        rows = store.read(wider, pl.col("oem") == "maker", ["listing_id", "seats"], version=version)
        assert rows["seats"].null_count() == rows.height >= FULL


def test_a_widened_type_evolves_and_a_narrowed_one_says_so_before_anything_is_written(
    kept: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    year = tables.INVENTORY_DAILY.columns["model_year"]
    count = tables.RUNS.columns["received"]
    wide = replace(tables.INVENTORY_DAILY, columns={**tables.INVENTORY_DAILY.columns, "model_year": count})
    narrow = replace(tables.RUNS, columns={**tables.RUNS.columns, "received": year})
    monkeypatch.setattr(catalog_tables, "TABLES", (wide, narrow))
    before = kept.catalog.load_table(wide.identifier).schema()
    with pytest.raises(PlatformError, match=r"consolidated\.runs\.received is long and cannot become int") as failure:
        ensure_tables(kept.catalog, "sandbox")
    assert failure.value.cause is Cause.CONFIGURATION
    assert kept.catalog.load_table(wide.identifier).schema() == before, "nothing was changed"
    monkeypatch.setattr(catalog_tables, "TABLES", (wide,))
    ensure_tables(kept.catalog, "sandbox")
    assert str(kept.catalog.load_table(wide.identifier).schema().find_field("model_year").field_type) == "long"
    assert statuses(kept)["listed"] == FULL


def test_a_lake_that_is_as_it_should_be_works(kept: History) -> None:
    content = kept.content()
    nights(kept, 2)
    assert_same_rows(kept.content(), content)
    assert load_lake_catalog(Lake(kept.lake.uri))


@pytest.mark.parametrize("error", [SystemError("Negative size"), OverflowError("too large"), IndexError("range")])
def test_whatever_a_commit_trips_over_in_a_manifest_is_damage(
    kept: History, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Changed bytes of a manifest list, met only by the commit: one in a few runs, by where the bytes lead."""

    def trip(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(iceberg, "commit_files", trip)
    fails(kept, Cause.LAKE_DAMAGED, "consolidated.inventory")
