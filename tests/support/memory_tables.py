"""Tables in memory with the two operations of `consolidated/tables/store.py`: history is tested on them, quickly.

They are stricter than Iceberg: rows that do not match the filter by which they are written are an error of the test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from consolidated.tables.definitions import TABLES, TableDefinition
from consolidated.tables.store import CONTENT, Tables
from consolidated.tables.told import short


class Killed(BaseException):
    """The process is killed between two commits; nothing of ours may catch that."""


@dataclass(frozen=True)
class Version:
    """The whole table after a commit, and the states of the scopes that the commit wrote."""

    rows: pl.DataFrame
    states: dict[str, str]


@dataclass
class MemoryStore:
    """Implements `store.Store`; keeps every version of every table."""

    kept_source: str | None = None
    versions: dict[str, list[Version]] = field(default_factory=dict)
    read_tables: list[str] = field(default_factory=list)
    """The tables that were read, in order: what a try costs."""
    states: dict[tuple[str, str], str] = field(default_factory=dict)
    """By table and scope."""
    killed_after: int | None = None
    """How many tables a try still commits before it is killed, which happens once."""

    def prepare(self, source: str) -> None:
        assert self.kept_source in (None, source)
        self.kept_source = source
        for definition in TABLES:
            self.versions.setdefault(definition.name, [])

    def source(self) -> str | None:
        return self.kept_source

    def open(self, source: str) -> Tables:
        assert source == self.kept_source
        return MemoryTables(self)

    def rows(self, name: str) -> pl.DataFrame:
        """All rows of a table as they are now."""
        (definition,) = (one for one in TABLES if one.name == name)
        versions = self.versions.get(name)
        return versions[-1].rows if versions else pl.DataFrame(schema=definition.frame_schema)

    def forget(self, name: str, kept: int = 1) -> None:
        """Expire all versions of a table but the latest ones."""
        self.versions[name][:-kept] = [Version(one.rows, {}) for one in self.versions[name][:-kept]]


@dataclass
class MemoryTables:
    """Implements `store.Tables`."""

    store: MemoryStore
    staged: list[tuple[TableDefinition, pl.Expr, pl.DataFrame, dict[str, str]]] = field(default_factory=list)

    def read(
        self,
        table: TableDefinition,
        where: pl.Expr,
        columns: Sequence[str] | None = None,
        *,
        version: int | None = None,
    ) -> pl.DataFrame:
        self.store.read_tables.append(table.name)
        rows = self.store.rows(table.name) if version is None else self.store.versions[table.name][version].rows
        found = rows.filter(where)
        # no order is promised; `reverse` loses the type of lists that are all null (polars 2.1)
        found = found.sort(pl.int_range(pl.len()), descending=True)
        return found if columns is None else found.select(columns)

    def state(self, table: TableDefinition, scope: str) -> str | None:
        return self.store.states.get((table.name, scope))

    def versions(self, table: TableDefinition, scope: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for index, version in reversed(list(enumerate(self.store.versions[table.name]))):
            if scope in version.states:
                found.setdefault(version.states[scope], index)
        return found

    def replace(self, table: TableDefinition, where: pl.Expr, rows: pl.DataFrame, *, scope: str, state: str) -> bool:
        schema = table.frame_schema
        rows = rows.select(list(schema))
        assert rows.schema == schema, f"{table.name} is written with {rows.schema}"
        assert rows.filter(where).height == rows.height, f"rows of {table.name} do not match their own filter"
        for name, column in table.columns.items():
            assert column.nullable or rows[name].null_count() == 0, f"{table.name}.{name} is null"
        standing = self.store.rows(table.name).filter(where)
        if (state == CONTENT or short(state) == self.state(table, scope)) and _in_order(rows).equals(
            _in_order(standing)
        ):
            return False
        self.staged.append((table, where, rows, {} if state == CONTENT else {scope: short(state)}))
        return True

    def commit(self) -> None:
        assert {one.name for one, *_ in self.staged} <= {one.name for one in TABLES}
        for table in TABLES:
            staged = [one for one in self.staged if one[0] is table]
            if not staged:
                continue
            if self.store.killed_after == 0:
                self.store.killed_after = None
                raise Killed
            if self.store.killed_after is not None:
                self.store.killed_after -= 1
            whole = self.store.rows(table.name)
            states: dict[str, str] = {}
            for _, where, rows, of_scope in staged:
                whole = pl.concat([whole.filter(~where), rows])
                states |= of_scope
            self.store.versions[table.name].append(Version(whole, states))
            self.store.states |= {(table.name, scope): state for scope, state in states.items()}
        self.staged.clear()


def _in_order(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.sort([name for name, dtype in rows.schema.items() if not dtype.is_nested()])
