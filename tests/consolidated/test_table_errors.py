"""What an exception at a table means: changed rows, a damaged file, a lake that cannot be written, or itself."""

from __future__ import annotations

import sqlite3
from typing import Any, cast

import polars as pl
import pytest
from pyiceberg.exceptions import CommitFailedException, ValidationException
from sqlalchemy.exc import OperationalError

from consolidated.tables.store import RowsChanged
from consolidated.tables.table_errors import table_errors
from resources.failures import Cause, PlatformError


class Table:
    """The face of a table that its errors name."""

    catalog = cast("Any", type("Catalog", (), {"properties": {"uri": "sqlite:///catalog.db"}}))

    def name(self) -> tuple[str, str]:
        return "consolidated", "runs"

    def location(self) -> str:
        return "file:///lake/runs"


TABLE = cast("Any", Table())


def of_sqlite(text: str) -> OperationalError:
    return OperationalError("UPDATE", {}, sqlite3.OperationalError(text))


def test_a_catalog_that_stays_locked_means_changed_rows() -> None:
    with pytest.raises(RowsChanged, match=r"consolidated\.runs: database is locked"), table_errors(TABLE):
        raise of_sqlite("database is locked")
    with pytest.raises(PlatformError, match=r"sqlite|catalog") as failure, table_errors(TABLE):
        raise of_sqlite("no such table: iceberg_tables")
    assert failure.value.cause is Cause.LAKE_UNWRITABLE


@pytest.mark.parametrize("error", [EOFError("x"), ValueError("x"), LookupError("x"), pl.exceptions.ComputeError("x")])
def test_what_a_decoder_trips_over_is_a_damaged_file(error: Exception) -> None:
    said = r"a file of the table consolidated\.runs cannot be read"
    with pytest.raises(PlatformError, match=said) as failure, table_errors(TABLE):
        raise error
    assert failure.value.cause is Cause.LAKE_DAMAGED


@pytest.mark.parametrize(("reading", "raised"), [({"reading": True}, PlatformError), ({}, TypeError)])
def test_what_no_library_means_to_raise_is_damage_only_where_files_are_read(
    reading: dict[str, bool], raised: type[Exception]
) -> None:
    with pytest.raises(raised, match="no kind of row"), table_errors(TABLE, **reading):
        raise TypeError("no kind of row")


def test_a_panic_of_polars_is_a_damaged_file() -> None:
    with pytest.raises(PlatformError, match="cannot be read: at byte 7") as failure, table_errors(TABLE):
        raise pl.exceptions.PanicException("at byte 7")
    assert failure.value.cause is Cause.LAKE_DAMAGED


@pytest.mark.parametrize(("writing", "cause"), [(True, Cause.LAKE_UNWRITABLE), (False, Cause.LAKE_DAMAGED)])
def test_an_error_of_polars_is_of_the_file_that_is_written_or_of_the_one_that_is_read(
    writing: bool, cause: Cause
) -> None:
    with pytest.raises(PlatformError) as failure, table_errors(TABLE, writing=writing):
        raise pl.exceptions.ComputeError("disk")
    assert failure.value.cause is cause


def test_what_says_what_it_is_passes() -> None:
    for error in (
        PlatformError(Cause.SOURCE_MIXED, "x"),
        CommitFailedException("x"),
        ValidationException("x"),
        RowsChanged("x"),
    ):
        with pytest.raises(type(error)) as raised, table_errors(TABLE):
            raise error from OSError("no answer")
        assert raised.value is error
