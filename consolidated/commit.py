"""The one way in which rows get into the Iceberg tables: replace the rows of an exact filter, or change nothing.

Belongs here: reading a filter's rows, replacing them in one commit, conflicts and retries. Does not belong here:
what the rows are.

A commit carries its `state`, a fingerprint of what the rows were computed from, as a property of its snapshots,
so rows and fingerprint change together whatever kills the writer. A rival's commit to other rows is pyiceberg's
to retry (the data files stay); one to the same rows raises RowsChanged, and the caller computes again from what
is there now (`with_retries`).
"""

from __future__ import annotations

import random
import sqlite3
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import polars as pl
from pyiceberg.exceptions import CommitFailedException, CommitStateUnknownException, ValidationException
from sqlalchemy.exc import DBAPIError, OperationalError

from resources.failures import Cause, PlatformError

if TYPE_CHECKING:
    from pyiceberg.table import Table
    from pyiceberg.table.snapshots import Snapshot

SCOPE_PROPERTY = "lake.scope"
STATE_PROPERTY = "lake.state"
CONTENT = "content"
"""The state of rows that stand for themselves."""
_ATTEMPTS = 12
_LONGEST_WAIT_SECONDS = 20.0
_STORAGE_PREFIXES = ("s3.", "gcs.", "adls.", "client.")

Result = TypeVar("Result")


class RowsChanged(Exception):  # noqa: N818 - an outcome, not a mistake
    """Another writer was there first; nothing of ours was written and the rows have to be computed again."""


def read_rows(
    table: Table, row_filter: pl.Expr, columns: list[str] | None = None, snapshot_id: int | None = None
) -> pl.DataFrame:
    """The rows of a filter as of the loaded table, or as of one of its snapshots, in no particular order.

    Raises PlatformError(LAKE_UNWRITABLE) where the storage refuses.
    """
    rows = pl.scan_iceberg(table, snapshot_id=snapshot_id, storage_options=_storage_options(table)).filter(row_filter)
    with _lake_errors(table):
        return (rows.select(columns) if columns is not None else rows).collect()


def snapshots_by_state(table: Table, scope: str) -> dict[str, int]:
    """The states with which the scope's rows were written, the latest first, each with its latest snapshot's id.

    As of the loaded table; states whose snapshots have expired are not among them (maintenance keeps the latest).
    """
    found: dict[str, int] = {}
    for snapshot in sorted(table.snapshots(), key=lambda one: one.sequence_number or 0, reverse=True):
        properties = snapshot.summary.additional_properties if snapshot.summary else {}
        if properties.get(SCOPE_PROPERTY) == scope and (state := properties.get(STATE_PROPERTY)) is not None:
            found.setdefault(state, snapshot.snapshot_id)
    return found


def state_of(table: Table, scope: str) -> str | None:
    """The state with which the scope's rows were last written, as of the loaded table; None where they never were."""
    return next(iter(snapshots_by_state(table, scope)), None)


def replace_rows(table: Table, row_filter: pl.Expr, frame: pl.DataFrame, *, scope: str, state: str) -> bool:
    """Replace the rows of a filter by a frame in one commit. Returns False, without a commit, if nothing differs.

    Where `state` is CONTENT the rows alone decide that: nobody asks what they were computed from.

    table: as loaded before anything was read from it, so that whatever a rival wrote since is a conflict; it is
    current afterwards. row_filter: exact, that is along partitions. frame: all columns of the table, rows that
    the filter matches, none or more. scope: names the rows (`audi/es`); state: what they were computed from.

    Raises RowsChanged, PlatformError(LAKE_UNWRITABLE).
    """
    # not `column_names`, which holds the names inside of nested columns too
    frame = frame.select([field.name for field in table.schema().fields])
    if state in (CONTENT, state_of(table, scope)) and _same_rows(frame, read_rows(table, row_filter)):
        return False
    base = table.current_snapshot()
    properties = {SCOPE_PROPERTY: scope, STATE_PROPERTY: state}
    with _lake_errors(table):
        try:
            _sink(table, row_filter, frame, properties)
        except (CommitFailedException, ValidationException) as error:
            raise RowsChanged(f"{_name(table)} {scope}: {error}") from error
        except CommitStateUnknownException as error:
            table.refresh()
            if not _landed(table, base, properties):
                raise RowsChanged(f"{_name(table)} {scope}: {error}") from error
    return True


def with_retries(action: Callable[[], Result], *, oem: str, market: str) -> Result:
    """Run an action that loads its tables itself, again and again while rivals win.

    Full jitter: with pyiceberg's own 10 % two dozen writers starve each other.
    Raises PlatformError(COMMIT_CONFLICT) when they kept winning.
    """
    for attempt in range(_ATTEMPTS):
        try:
            return action()
        except RowsChanged as error:
            if attempt == _ATTEMPTS - 1:
                detail = f"lost {_ATTEMPTS} times against other writers, the last time: {error}"
                raise PlatformError(Cause.COMMIT_CONFLICT, detail, oem=oem, market=market) from error
            time.sleep(random.uniform(0, min(_LONGEST_WAIT_SECONDS, 0.25 * 2**attempt)))  # noqa: S311
    raise AssertionError("unreachable")


def _sink(table: Table, row_filter: pl.Expr, frame: pl.DataFrame, properties: dict[str, str]) -> None:
    with warnings.catch_warnings():
        # marked unstable, and so pinned to the minor version; a filter that matches nothing yet is no surprise
        warnings.filterwarnings("ignore", category=pl.exceptions.UnstableWarning)
        warnings.filterwarnings("ignore", message="Delete operation did not match any records")
        # by this Table object, never by its name: by name a rival's commit since our scan is lost silently
        frame.lazy().sink_iceberg(
            table,
            mode="overwrite",
            overwrite_filter=row_filter,
            snapshot_properties=properties,
            storage_options=_storage_options(table),
        )


def _ancestors(table: Table) -> Iterator[Snapshot]:
    """The current snapshot and those before it, the latest first."""
    snapshots = {snapshot.snapshot_id: snapshot for snapshot in table.snapshots()}
    snapshot = table.current_snapshot()
    while snapshot is not None:
        yield snapshot
        parent = snapshot.parent_snapshot_id
        snapshot = snapshots.get(parent) if parent is not None else None


def _landed(table: Table, base: Snapshot | None, properties: dict[str, str]) -> bool:
    """Whether a snapshot after `base` carries the properties."""
    for snapshot in _ancestors(table):
        if base is not None and snapshot.snapshot_id == base.snapshot_id:
            return False
        if snapshot.summary and properties.items() <= snapshot.summary.additional_properties.items():
            return True
    return False


def _same_rows(left: pl.DataFrame, right: pl.DataFrame) -> bool:
    if left.height != right.height:
        return False
    keys = [name for name, dtype in left.schema.items() if not dtype.is_nested()]
    return left.sort(keys).equals(right.select(left.columns).sort(keys))


def _storage_options(table: Table) -> dict[str, str]:
    """What polars' own reader and writer have to know of the storage: a sink does not take it from the table."""
    return {name: str(value) for name, value in table.io.properties.items() if name.startswith(_STORAGE_PREFIXES)}


def _name(table: Table) -> str:
    return ".".join(table.name())


@contextmanager
def _lake_errors(table: Table) -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        # SQLite gave up waiting: the writers before us are still at it
        if isinstance(error.orig, sqlite3.OperationalError) and "locked" in str(error.orig):
            raise RowsChanged(f"{_name(table)}: {error.orig}") from error
        raise _unwritable(table, error) from error
    except (OSError, DBAPIError, pl.exceptions.ComputeError) as error:
        raise _unwritable(table, error) from error


def _unwritable(table: Table, error: Exception) -> PlatformError:
    return PlatformError(Cause.LAKE_UNWRITABLE, f"cannot write the table {_name(table)}: {error}")
