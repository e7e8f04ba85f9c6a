"""Tables in memory with the two operations of `consolidated/tables/store.py`: history is tested on them, quickly.

They are stricter than Iceberg: rows that do not match the filter by which they are written, and a filter that covers
a partition only in part, are errors of the test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl
from pyiceberg.transforms import MonthTransform

from consolidated.tables.definitions import TABLES, TableDefinition
from consolidated.tables.store import CONTENT, Tables


@dataclass(frozen=True)
class Version:
    """The whole table after a commit, and what the commit wrote."""

    rows: pl.DataFrame
    scope: str
    state: str


@dataclass
class MemoryStore:
    """Implements `store.Store`; keeps every version of every table."""

    kept_source: str | None = None
    versions: dict[str, list[Version]] = field(default_factory=dict)
    read_tables: list[str] = field(default_factory=list)
    """The tables that were read, in order: what a try costs."""

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

    def forget(self, name: str) -> None:
        """Expire all versions of a table but the latest one of each scope."""
        seen: set[str] = set()
        for index in reversed(range(len(self.versions[name]))):
            version = self.versions[name][index]
            if version.scope in seen:
                self.versions[name][index] = Version(version.rows, version.scope, "expired")
            seen.add(version.scope)


@dataclass
class MemoryTables:
    """Implements `store.Tables`."""

    store: MemoryStore

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

    def versions(self, table: TableDefinition, scope: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for index, version in reversed(list(enumerate(self.store.versions[table.name]))):
            if version.scope == scope and version.state != "expired":
                found.setdefault(version.state, index)
        return found

    def replace(self, table: TableDefinition, where: pl.Expr, rows: pl.DataFrame, *, scope: str, state: str) -> bool:
        schema = table.frame_schema
        rows = rows.select(list(schema))
        assert rows.schema == schema, f"{table.name} is written with {rows.schema}"
        assert rows.filter(where).height == rows.height, f"rows of {table.name} do not match their own filter"
        for name, column in table.columns.items():
            assert column.nullable or rows[name].null_count() == 0, f"{table.name}.{name} is null"
        now = self.store.rows(table.name)
        _assert_covers_partitions(table, now, where)
        standing = now.filter(where)
        latest = next(iter(self.versions(table, scope)), None)
        if state in (CONTENT, latest) and _in_order(rows).equals(_in_order(standing)):
            return False
        whole = pl.concat([now.filter(~where), rows])
        self.store.versions[table.name].append(Version(whole, scope, state))
        return True


def _assert_covers_partitions(table: TableDefinition, rows: pl.DataFrame, where: pl.Expr) -> None:
    """Of each partition the filter has to match every row or none."""
    keys = [
        pl.col(name).dt.truncate("1mo").alias(f"by {name}")
        if isinstance(transform, MonthTransform)
        else pl.col(name).alias(f"by {name}")
        for name, transform in table.partitions
    ]
    matched = rows.select(*keys, is_matched=where).group_by([f"by {name}" for name, _ in table.partitions])
    assert matched.agg(pl.col("is_matched").n_unique())["is_matched"].max() in (None, 1), (
        f"a filter covers a partition of {table.name} only in part"
    )


def _in_order(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.sort([name for name, dtype in rows.schema.items() if not dtype.is_nested()])
