"""What goes wrong while rows of a table are read, staged and written: whether a file is damaged or the disk is full."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pyiceberg.table import Table

from consolidated.tables import catalog_tables
from consolidated.tables.definitions import DEALERS, RUNS
from consolidated.tables.iceberg import IcebergTables, read_rows, replace_rows, rewrite_rows
from consolidated.tables.staged import Staged
from consolidated.tables.store import CONTENT
from resources.failures import Cause, PlatformError
from tests.support.memory_catalog import memory_catalog
from tests.support.rivals import dealers

HERE = pl.col("oem") == "audi"
ROWS = dealers("audi", ["a"])


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    monkeypatch.setattr(catalog_tables, "TABLES", (DEALERS,))
    with memory_catalog(tmp_path) as catalog:
        yield catalog_tables.ensure_tables(catalog, "sandbox")["dealers"]


def tripped(*_: object, **__: object) -> Any:
    raise TypeError("no kind of page")


def test_what_a_library_trips_over_while_it_reads_is_a_damaged_file(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pl.LazyFrame, "collect", tripped)
    with pytest.raises(PlatformError, match=r"a file of the table consolidated\.dealers cannot be read") as failure:
        read_rows(table, HERE)
    assert failure.value.cause is Cause.LAKE_DAMAGED


def replaced(table: Table) -> None:
    replace_rows(table, HERE, ROWS, scope="audi/es", state=CONTENT)


def noted(table: Table) -> None:
    IcebergTables(table.catalog, "sandbox").replace(DEALERS, HERE, ROWS, scope="audi/es", state=CONTENT)


def written_again(table: Table) -> None:
    rewrite_rows(table, HERE)


@pytest.mark.parametrize(
    ("work", "step"),
    [(noted, "add"), (replaced, "add"), (replaced, "prepare"), (written_again, "add"), (written_again, "prepare")],
)
def test_rows_that_cannot_be_written_are_no_damage(
    work: Any, step: str, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise pl.exceptions.ComputeError("no space left on the device")

    monkeypatch.setattr(Staged, step, full)
    said = r"cannot write the table consolidated\.dealers at .*no space left"
    with pytest.raises(PlatformError, match=said) as failure:
        work(table)
    assert failure.value.cause is Cause.LAKE_UNWRITABLE


def test_a_column_that_the_table_does_not_have_is_null_in_its_earlier_versions_alone(table: Table) -> None:
    replaced(table)
    wider = replace(DEALERS, columns=DEALERS.columns | {"rooms": RUNS.columns["received"]})
    tables = IcebergTables(table.catalog, "sandbox")
    snapshot = table.current_snapshot()
    assert snapshot is not None
    assert tables.read(wider, HERE, ["oem", "rooms"], version=snapshot.snapshot_id).rows() == [("audi", None)]
    assert tables.read(wider, HERE, ["rooms"], version=snapshot.snapshot_id).rows() == [(None,)]
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        tables.read(wider, HERE, ["oem", "rooms"])
