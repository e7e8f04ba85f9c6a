"""What a commit will change of a table: which rows are written when, and which of the old files' rows are kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pyiceberg.table import Table
from pyiceberg.types import LongType

from consolidated.tables import catalog_tables, staged
from consolidated.tables.definitions import DEALERS
from consolidated.tables.iceberg import read_rows, replace_rows
from consolidated.tables.staged import Staged
from consolidated.tables.store import CONTENT
from tests.support.memory_catalog import memory_catalog
from tests.support.rivals import dealers

HERE = pl.col("oem") == "audi"


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    monkeypatch.setattr(catalog_tables, "TABLES", (DEALERS,))
    with memory_catalog(tmp_path) as catalog:
        yield catalog_tables.ensure_tables(catalog, "sandbox")["dealers"]


def rows(*cities: str | None, oem: str = "audi") -> pl.DataFrame:
    """A dealer in each of the cities, whose id is its place among them."""
    found = dealers(oem, [str(number) for number in range(len(cities))])
    return found.with_columns(city=pl.Series(cities, dtype=pl.String))


def cities_in(table: Table) -> list[str | None]:
    return sorted(read_rows(table, pl.lit(value=True))["city"].to_list(), key=str)


def replaced(table: Table, where: pl.Expr, frame: pl.DataFrame) -> None:
    replace_rows(table, where, frame, scope="audi/es", state=CONTENT)


def test_small_markets_share_a_file_and_no_more_rows_wait_than_one_large_market(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []

    def write(_: Table, frame: pl.DataFrame) -> list[Any]:
        written.append(frame.height)
        return []

    monkeypatch.setattr(staged, "ROWS_IN_MEMORY", 3)
    monkeypatch.setattr(staged, "write_data_files", write)
    change = Staged(table)
    for height, files in ((2, []), (1, []), (1, [3]), (4, [3, 1, 4]), (3, [3, 1, 4]), (0, [3, 1, 4])):
        change.add(HERE, rows(*["x"] * height), {})
        assert written == files
    change.prepare()
    assert written == [3, 1, 4, 3]


def test_where_nothing_comes_no_file_is_written(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staged, "write_data_files", lambda *_: pytest.fail("there is nothing to write"))
    change = Staged(table)
    change.add(HERE, rows(), {"audi/es": "s1"})
    change.prepare()
    assert (change.come, change.gone, change.states) == ([], [], {"audi/es": "s1"})


def test_of_a_file_that_holds_other_rows_too_these_stay_also_where_the_filter_says_nothing_of_them(
    table: Table,
) -> None:
    replaced(table, HERE, rows("Bern", "Bonn", None))
    replaced(table, HERE & (pl.col("city") == "Bonn"), rows("Bonn").with_columns(name=pl.lit("another")))
    assert cities_in(table) == ["Bern", "Bonn", None]
    assert read_rows(table, pl.col("city") == "Bonn")["name"].to_list() == ["another"]
    replaced(table, HERE & (pl.col("city") == "Bonn"), rows().clear())
    assert cities_in(table) == ["Bern", None]


def test_a_file_whose_rows_all_go_is_not_read(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    replaced(table, HERE, rows("Bern"))
    change = Staged(table)
    change.add(HERE, rows("Bonn"), {})
    monkeypatch.setattr(pl, "scan_parquet", lambda _: pytest.fail("none of its rows stays"))
    change.prepare()
    assert [len(change.gone), len(change.come)] == [1, 1]


def test_rows_of_before_a_column_was_gained_have_none_of_it(table: Table) -> None:
    replaced(table, HERE, rows("Bern", "Bonn"))
    with table.update_schema() as update:
        update.add_column("rooms", LongType())
    replaced(table, HERE & (pl.col("city") == "Bonn"), rows("Bonn").with_columns(rooms=pl.lit(5, pl.Int64)))
    assert sorted(read_rows(table, HERE, ["city", "rooms"]).rows()) == [("Bern", None), ("Bonn", 5)]


def test_rows_are_outdated_once_another_writer_has_put_them_into_other_files(table: Table) -> None:
    replaced(table, HERE, rows("Bern"))
    change = Staged(table)
    change.add(HERE, rows("Bonn"), {})
    change.prepare()
    assert not change.is_outdated()
    replace_rows(table, pl.col("oem") == "bmw", rows("Bern", oem="bmw"), scope="bmw/es", state=CONTENT)
    assert not change.is_outdated(), "rows of another maker"
    replaced(table, HERE, rows("Basel"))
    assert change.is_outdated()
