"""The tables as they would be after a commit that is not made: reads are the lake's, writes stay in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from consolidated.tables.definitions import TableDefinition
    from consolidated.tables.store import Store, Tables


@dataclass
class TrialTables:
    """Implements `store.Tables` on others, which it never writes to. Rows are as after all commits so far."""

    base: Tables
    replaced: dict[str, list[tuple[pl.Expr, pl.DataFrame]]] = field(default_factory=dict)
    _staged: list[tuple[str, pl.Expr, pl.DataFrame]] = field(default_factory=list)

    def read(
        self,
        table: TableDefinition,
        where: pl.Expr,
        columns: Sequence[str] | None = None,
        *,
        version: int | None = None,
    ) -> pl.DataFrame:
        replaced = self.replaced.get(table.name, []) if version is None else []
        if not replaced:
            return self.base.read(table, where, columns, version=version)
        rows = self.base.read(table, where)
        for filter_of_old, new in replaced:
            rows = pl.concat([rows.filter(filter_of_old.not_()), new.filter(where).select(rows.columns)])
        return rows if columns is None else rows.select(columns)

    def state(self, table: TableDefinition, scope: str) -> str | None:
        return self.base.state(table, scope)

    def versions(self, table: TableDefinition, scope: str) -> dict[str, int]:
        """Those of the lake: what is in memory has no version."""
        return self.base.versions(table, scope)

    def replace(self, table: TableDefinition, where: pl.Expr, rows: pl.DataFrame, *, scope: str, state: str) -> bool:
        self._staged.append((table.name, where, rows.select(list(table.frame_schema))))
        return True

    def commit(self) -> None:
        for name, where, rows in self._staged:
            self.replaced.setdefault(name, []).append((where, rows))
        self._staged.clear()


@dataclass
class TrialStore:
    """Implements `store.Store`: one trial of many tries, each of which sees what those before it wrote."""

    base: Store
    tables: TrialTables | None = None

    def prepare(self, source: str) -> None:
        """Nothing: the tables are there, or there is nothing to compare with."""

    def source(self) -> str | None:
        return self.base.source()

    def open(self, source: str) -> Tables:
        if self.tables is None:
            self.tables = TrialTables(self.base.open(source))
        return self.tables
