"""What one commit will change of a table: rows that are written into data files already, and the files in whose place
they come.

Rows are added market by market. Few rows wait for the next market's, so that one file holds several small markets;
many rows go into a file of their own, so that no more than one large market is in memory at a time.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

import polars as pl
from polars.io.iceberg._utils import predicate_to_pyiceberg_delete_filter
from pyiceberg.expressions.visitors import ROWS_MUST_MATCH, _StrictMetricsEvaluator

from consolidated.tables.data_files import write_data_files

if TYPE_CHECKING:
    from pyiceberg.expressions import BooleanExpression
    from pyiceberg.manifest import DataFile
    from pyiceberg.table import FileScanTask, Table

ROWS_IN_MEMORY = 50_000
"""So many rows wait before they are written."""


@dataclass
class Staged:
    """table: as it was when the rows were computed; nothing else commits by this handle. marks: further properties of
    the snapshot."""

    table: Table
    marks: Mapping[str, str] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    """The fingerprints of what the rows were computed from, by scope."""
    come: list[DataFile] = field(default_factory=list)
    gone: list[DataFile] = field(default_factory=list)
    _wheres: list[pl.Expr] = field(default_factory=list)
    _waiting: list[pl.DataFrame] = field(default_factory=list)
    _schema: pl.Schema = field(default_factory=pl.Schema)

    def add(self, where: pl.Expr, rows: pl.DataFrame, states: Mapping[str, str]) -> None:
        """Rows that come in the place of those that match `where`. Raises what the storage raises."""
        self._wheres.append(where)
        self._schema = rows.schema
        self.states |= states
        if sum(one.height for one in self._waiting) + rows.height > ROWS_IN_MEMORY:
            self._write()
        if rows.height:
            self._waiting.append(rows)
        if rows.height > ROWS_IN_MEMORY:
            self._write()

    def prepare(self) -> None:
        """Write what waits, and find the files in whose place the new ones come; of a file that holds other rows too,
        these are written again. Raises what the storage raises."""
        predicate = self._predicate()
        tasks = self._files(predicate)
        self.gone = [task.file for task in tasks]
        others = self._other_rows(tasks, predicate)
        if others.height:
            self._waiting.append(others)
        self._write()

    def is_outdated(self) -> bool:
        """Whether another writer changed the rows since: in the table as it is now they lie in other files."""
        return {task.file.file_path for task in self._files(self._predicate())} != {
            file.file_path for file in self.gone
        }

    def _files(self, predicate: BooleanExpression) -> list[FileScanTask]:
        return list(self.table.scan(row_filter=predicate).plan_files())

    def _predicate(self) -> BooleanExpression:
        return predicate_to_pyiceberg_delete_filter(reduce(or_, self._wheres), self.table)

    def _other_rows(self, tasks: list[FileScanTask], predicate: BooleanExpression) -> pl.DataFrame:
        """The rows of the files that match none of the filters.

        Polars reads them: Arrow's filter makes an empty list of a list that is null.
        """
        strict = _StrictMetricsEvaluator(self.table.schema(), predicate).eval
        others = pl.DataFrame(schema=self._schema)
        for task in tasks:
            if strict(task.file) == ROWS_MUST_MATCH:
                continue
            with self.table.io.new_input(task.file.file_path).open() as file:
                content = io.BytesIO(file.read())
            # a comparison with null is no match, so the row is one of the others
            rows = pl.scan_parquet(content).filter(~reduce(or_, self._wheres).fill_null(False)).collect()
            # columns that the table has gained since the file was written
            gained = {name: pl.lit(None, dtype) for name, dtype in self._schema.items() if name not in rows.columns}
            others.extend(rows.with_columns(**gained).select(self._schema.names()).cast(self._schema))
        return others

    def _write(self) -> None:
        if self._waiting:
            frames, self._waiting = self._waiting, []
            self.come += write_data_files(self.table, pl.concat(frames))
