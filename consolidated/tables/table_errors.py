"""What goes wrong at a table, as a PlatformError that names the table and the place of its files, or as RowsChanged."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import polars as pl
from pyiceberg.exceptions import CommitFailedException, ValidationException
from sqlalchemy.exc import DBAPIError, OperationalError

from consolidated.tables.store import RowsChanged
from resources.failures import Cause, PlatformError
from resources.lake.catalog import place_of
from resources.lake.lake import storage_place
from resources.lake.storage_failures import Place, meaning_of

if TYPE_CHECKING:
    from pyiceberg.table import Table


@contextmanager
def table_errors(table: Table, *, reading: bool = False, writing: bool = False) -> Iterator[None]:
    """reading: what no library means to raise comes of a damaged file, which each of them trips over in its own way.

    writing: polars reads no file in the block, so its errors are of the files that it writes (a full disk).
    """
    handled = sys.exception()
    try:
        yield
    except (PlatformError, RowsChanged, CommitFailedException, ValidationException):
        raise
    except Exception as error:
        # SQLite gave up waiting for the writers before this one
        if isinstance(error, OperationalError) and _is_locked(error.orig):
            raise RowsChanged(f"{name_of(table)}: {error.orig}") from error
        failure = meaning_of(error, *_places_of(table), handled=handled)
        # a commit reads manifests too; pyiceberg's decoder meets changed bytes with whatever they lead it to
        decoding = (ValueError, EOFError, SystemError, OverflowError, LookupError, AssertionError)
        damage = (FileNotFoundError, pl.exceptions.ComputeError, *decoding)
        tripped = reading and not isinstance(error, (OSError, DBAPIError, pl.exceptions.PolarsError))
        if failure is None and writing and isinstance(error, pl.exceptions.PolarsError):
            detail = f"cannot write the table {name_of(table)} at {table.location()}: {error}"
            failure = PlatformError(Cause.LAKE_UNWRITABLE, detail)
        if failure is None and (tripped or isinstance(error, damage)):
            failure = PlatformError(Cause.LAKE_DAMAGED, f"a file of the table {name_of(table)} cannot be read: {error}")
        if failure is None and isinstance(error, (OSError, DBAPIError)):
            detail = f"cannot read or write the table {name_of(table)} at {table.location()}: {error}"
            failure = PlatformError(Cause.LAKE_UNWRITABLE, detail)
        if failure is None:
            raise
        raise failure from error
    except pl.exceptions.PanicException as panic:  # polars panics at some damaged files, and no Exception is that
        detail = f"a file of the table {name_of(table)} at {table.location()} cannot be read: {panic}"
        raise PlatformError(Cause.LAKE_DAMAGED, detail) from panic


def name_of(table: Table) -> str:
    return ".".join(table.name())


def _places_of(table: Table) -> tuple[Place, Place]:
    """The catalog and the storage of a table, for error messages."""
    return place_of(table.catalog.properties), storage_place(f"the table {name_of(table)} at {table.location()}")


def _is_locked(error: object) -> bool:
    return isinstance(error, sqlite3.OperationalError) and "locked" in str(error)
