"""The tables on Iceberg: read the rows of a filter, replace them in one commit, find out whether a commit landed.

What a try wants to write is staged, market by market: the rows go into data files, which nobody sees before they are
committed. One commit a table then takes the old files out and the new ones in, with the fingerprints of what the rows
were computed from (`told.py`): rows and fingerprints change together, whatever kills the writer. A commit also
carries a key of its own: where the catalog's answer got lost, the key is looked up before anything is committed
again. If another writer committed to the same rows, RowsChanged is raised, and the caller computes again from the
rows that are there now.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl
from pyiceberg.exceptions import CommitFailedException, CommitStateUnknownException, ValidationException

from consolidated.tables import catalog_tables, definitions, record
from consolidated.tables.contention import Patient, patience
from consolidated.tables.planning import plan_cheaply
from consolidated.tables.shared_metadata import share_what_is_frozen
from consolidated.tables.snapshot import commit_files
from consolidated.tables.staged import Staged
from consolidated.tables.store import CONTENT, RowsChanged
from consolidated.tables.table_errors import name_of, table_errors
from consolidated.tables.told import properties_of, short, snapshot_properties_of, told_now, told_then
from consolidated.tables.turns import turn
from resources.failures import PlatformError
from resources.retries import retrying

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table

    from consolidated.tables.definitions import TableDefinition
    from resources.lake.lake import Lake

share_what_is_frozen()
plan_cheaply()

KEY_PROPERTY = "lake.commit"
COMPACTION_PROPERTY = "lake.compaction"
_LOOKUPS = 8
_TRIES = 20
_STORAGE_PREFIXES = ("s3.", "gcs.", "adls.", "client.")


@dataclass(frozen=True)
class IcebergStore:
    """The tables of a catalog. lake: whose record says which tables the catalog has to have."""

    catalog: Catalog
    lake: Lake
    _current: dict[str, Table] = field(default_factory=dict)
    """Handles for the next try: as `prepare`, or the last try that committed, left the tables."""
    _sources: set[str] = field(default_factory=set)
    """For which the tables are there as they are defined."""

    def prepare(self, source: str) -> None:
        """Raises also PlatformError(CATALOG_LOST)."""
        if source in self._sources:
            return
        record.require_tables(self.lake, self.catalog)
        tables = catalog_tables.ensure_tables(self.catalog, source)
        record.keep(self.lake, self.catalog, {name: str(one.metadata.table_uuid) for name, one in tables.items()})
        self._current.update(tables)
        self._sources.add(source)

    def source(self) -> str | None:
        """Raises PlatformError: CATALOG_LOST, and what `Lake.source` raises."""
        self.lake.source()
        record.require_tables(self.lake, self.catalog)
        return catalog_tables.source_of_tables(self.catalog)

    def open(self, source: str) -> IcebergTables:
        loaded = dict(self._current)
        self._current.clear()  # after a try that does not commit, the next one loads the tables anew
        return IcebergTables(self.catalog, source, loaded, self._current)


@dataclass
class IcebergTables:
    """One try's handles on the tables, each loaded when it is first used. Implements `store.Tables`."""

    catalog: Catalog
    source: str
    _loaded: dict[str, Table] = field(default_factory=dict)
    _of_next_try: dict[str, Table] = field(default_factory=dict)
    """Takes the handles of a try that has committed: they are current."""
    _staged: dict[str, Staged] = field(default_factory=dict)

    def table(self, definition: TableDefinition) -> Table:
        """The handle on a table. Raises PlatformError: SOURCE_MIXED, and what `load_table` raises."""
        if definition.name not in self._loaded:
            self._loaded[definition.name] = catalog_tables.open_table(self.catalog, definition, self.source)
        return self._loaded[definition.name]

    def read(
        self,
        table: TableDefinition,
        where: pl.Expr,
        columns: Sequence[str] | None = None,
        *,
        version: int | None = None,
    ) -> pl.DataFrame:
        handle = self.table(table)
        if handle.current_snapshot() is None:  # many lakes have no quarantine, and nothing that was typed again
            return pl.DataFrame(schema={name: table.frame_schema[name] for name in columns or table.frame_schema})
        if version is None:
            return read_rows(handle, where, columns)
        wanted = list(columns or (field.name for field in handle.schema().fields))
        then = _columns_then(handle, version)
        known = [name for name in wanted if name in then]
        rows = read_rows(handle, where, known or list(then), snapshot_id=version)  # without a column there is no row
        gained = {name: pl.lit(None, table.frame_schema[name]) for name in wanted if name not in then}
        return rows.with_columns(**gained).select(wanted)

    def state(self, table: TableDefinition, scope: str) -> str | None:
        return state_of(self.table(table), scope)

    def versions(self, table: TableDefinition, scope: str) -> dict[str, int]:
        return told_then(self.table(table).metadata, scope)

    def replace(self, table: TableDefinition, where: pl.Expr, rows: pl.DataFrame, *, scope: str, state: str) -> bool:
        handle = self.table(table)
        rows = rows.select(_columns(handle))
        if not _differs(handle, where, rows, scope, state):
            return False
        staged = self._staged.setdefault(table.name, Staged(handle))
        with table_errors(handle, writing=True):
            staged.add(where, rows, {} if state == CONTENT else {scope: state})
        return True

    def commit(self) -> None:
        order = [one.name for one in definitions.TABLES]
        for name in sorted(self._staged, key=order.index):  # a table that is not in the order is an error
            _commit_staged(self._staged.pop(name))
        self._of_next_try.update(self._loaded)


def read_rows(
    table: Table, row_filter: pl.Expr, columns: Sequence[str] | None = None, snapshot_id: int | None = None
) -> pl.DataFrame:
    """The rows of a filter as of the loaded table, or as of one of its snapshots, in no particular order.

    Raises PlatformError where the storage cannot be reached or refuses.
    """
    rows = pl.scan_iceberg(table, snapshot_id=snapshot_id, storage_options=_storage_options(table)).filter(row_filter)
    with table_errors(table, reading=True):
        return (rows.select(columns) if columns is not None else rows).collect()


def _columns_then(table: Table, snapshot_id: int) -> set[str]:
    """The columns of the table as of a snapshot, which is read by the schema that it was written with."""
    snapshot = table.snapshot_by_id(snapshot_id)
    schema = table.schema()
    if snapshot is not None and snapshot.schema_id is not None:
        schema = table.schemas().get(snapshot.schema_id, schema)
    return {field.name for field in schema.fields}


def state_of(table: Table, scope: str) -> str | None:
    """The state with which a scope's rows were last written, as of the loaded table; None if they never were."""
    return told_now(table.metadata).get(scope)


def replace_rows(table: Table, row_filter: pl.Expr, frame: pl.DataFrame, *, scope: str, state: str) -> bool:
    """Replace the rows of a filter by a frame in one commit. Returns False, without a commit, if nothing differs.

    Where `state` is CONTENT, or the state with which the rows stand, the rows alone decide that.

    table: as loaded before anything was read from it, so that a commit of another writer since then is a conflict;
    the table is current afterwards. frame: all columns of the table, only rows that the filter matches. scope: the
    name of the rows, `<oem>/<market>`. state: the fingerprint of what the rows were computed from.

    Raises RowsChanged; PlatformError where the storage or the catalog cannot be reached, or refuses.
    """
    frame = frame.select(_columns(table))
    if not _differs(table, row_filter, frame, scope, state):
        return False
    staged = Staged(table)
    with table_errors(table, writing=True):
        staged.add(row_filter, frame, {} if state == CONTENT else {scope: state})
    _commit_staged(staged)
    return True


def rewrite_rows(table: Table, row_filter: pl.Expr) -> None:
    """Write the rows of a filter again as they are, in the table's order and into as few files as hold them.

    The snapshot is marked as a compaction and carries no state, so that each scope's last one stays what it is.
    Raises RowsChanged, PlatformError as `replace_rows`.
    """
    staged = Staged(table, {COMPACTION_PROPERTY: "true"})
    with table_errors(table, writing=True):
        staged.add(row_filter, read_rows(table, row_filter), {})
    _commit_staged(staged)


def _columns(table: Table) -> list[str]:
    # not `column_names`, which holds the names inside of nested columns too
    return [one.name for one in table.schema().fields]


def _differs(table: Table, row_filter: pl.Expr, frame: pl.DataFrame, scope: str, state: str) -> bool:
    if state != CONTENT and short(state) != state_of(table, scope):
        return True
    return not _same_rows(frame, read_rows(table, row_filter))


def _commit_staged(staged: Staged) -> None:
    """Commit what was staged for a table. Raises RowsChanged."""
    table = staged.table
    key = uuid.uuid4().hex
    what = f"{name_of(table)} {', '.join(staged.states) or 'content'}"
    with table_errors(table, writing=True):
        staged.prepare()
    base = table.metadata.current_snapshot_id
    with turn(table), patience(table) as catalog:
        for _ in range(_TRIES):
            with table_errors(table):
                table.refresh()
                if table.metadata.current_snapshot_id != base and staged.is_outdated():
                    raise RowsChanged(f"{what}: another writer changed these rows")
                base = table.metadata.current_snapshot_id
            try:
                _commit(staged, catalog, key)
            except (CommitFailedException, ValidationException):
                continue
            return
    raise RowsChanged(f"{what}: {_TRIES} tries")


def _commit(staged: Staged, catalog: Patient, key: str) -> None:
    """One try. Raises CommitFailedException and ValidationException where nothing landed because of rivals."""
    table = staged.table
    try:
        with table_errors(table):
            commit_files(
                table,
                gone=staged.gone,
                come=staged.come,
                snapshot_properties={**staged.marks, **snapshot_properties_of(staged.states), KEY_PROPERTY: key},
                table_properties=properties_of(table.metadata, staged.states),
            )
    except PlatformError as failure:
        if catalog.error is None:
            raise
        if not _landed(table, key, failure):
            raise RowsChanged(f"{name_of(table)}: {failure}") from failure


def _landed(table: Table, key: str, failure: PlatformError) -> bool:
    """Whether a commit with this key is in the table, which is current afterwards.

    A commit that lands after this look does no harm: the catalog takes it only if the table has not changed since,
    and the same holds for the commit that is made in its place. Raises `failure` where the catalog does not answer.
    """

    def look() -> None:
        with table_errors(table):
            table.refresh()

    try:
        retrying(PlatformError, attempts=_LOOKUPS)(look)
    except PlatformError as error:
        raise failure from error
    return any(
        snapshot.summary is not None and snapshot.summary.additional_properties.get(KEY_PROPERTY) == key
        for snapshot in table.snapshots()
    )


def _same_rows(left: pl.DataFrame, right: pl.DataFrame) -> bool:
    if left.height != right.height:
        return False
    keys = [name for name, dtype in left.schema.items() if not dtype.is_nested()]
    return left.sort(keys).equals(right.select(left.columns).sort(keys))


def _storage_options(table: Table) -> dict[str, str]:
    """What polars' own reader and writer have to know of the storage: a sink does not take it from the table."""
    return {name: str(value) for name, value in table.io.properties.items() if name.startswith(_STORAGE_PREFIXES)}


@contextmanager
def metadata_commit(table: Table) -> Iterator[None]:
    """Commit tags or an expiry in the block. Raises RowsChanged if another writer was first, or if the outcome is
    unknown: the caller looks at the table again."""
    with table_errors(table):
        try:
            yield
        except (CommitFailedException, CommitStateUnknownException) as error:
            raise RowsChanged(f"{name_of(table)}: {error}") from error
