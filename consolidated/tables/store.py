"""What consolidated does with a table: it reads the rows of filters and replaces the rows of filters, nothing else.

History is written against the two protocols of this module. `consolidated/tables/iceberg.py` implements them on
Iceberg; the tests implement them in memory, so that a rule of history is tested without a catalog.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import polars as pl

    from consolidated.tables.definitions import TableDefinition

CONTENT = "content"
"""The state of rows that are not computed from other rows: whether they differ is decided by the rows alone."""


class RowsChanged(Exception):  # noqa: N818 - an outcome, not a mistake
    """Another writer replaced rows that this try has read; none of this try's rows are in the table."""


class Tables(Protocol):
    """The tables during one try of an OEM's day. Each table is loaded once, when it is first used, and stays as it was
    then until the try commits."""

    def read(
        self,
        table: TableDefinition,
        where: pl.Expr,
        columns: Sequence[str] | None = None,
        *,
        version: int | None = None,
    ) -> pl.DataFrame:
        """The rows that match `where`, in no particular order. columns: all by default. version: one that `versions`
        gave, to read the rows as they were then; a column that the table gained later is null there.

        Raises PlatformError where the storage cannot be reached or refuses.
        """

    def state(self, table: TableDefinition, scope: str) -> str | None:
        """The beginning of the state with which the rows of a scope stand (`told.short`); None if they never were."""

    def versions(self, table: TableDefinition, scope: str) -> dict[str, int]:
        """The states with which the rows of a scope were written, the latest first, each with the version to read.

        A state whose version has expired is not among them.
        """

    def replace(self, table: TableDefinition, where: pl.Expr, rows: pl.DataFrame, *, scope: str, state: str) -> bool:
        """Let `commit` replace the rows that match `where` by `rows`. False if nothing differs.

        rows: every column of the table, only rows that match `where`. scope: the name of these rows, `<oem>/<market>`.
        state: the fingerprint of what the rows were computed from, or CONTENT. Until they are committed, the rows are
        not read back.

        Raises PlatformError where the storage or the catalog cannot be reached, or refuses.
        """

    def commit(self) -> None:
        """Replace what was noted, in one commit a table and in the order of `definitions.TABLES`.

        Raises RowsChanged; PlatformError where the storage or the catalog cannot be reached, or refuses.
        """


class Store(Protocol):
    """The place of the tables: makes them and opens them."""

    def prepare(self, source: str) -> None:
        """Create the tables that are missing, for data of `source` (sandbox, replay or live), and add the columns
        that the contracts gained. Raises PlatformError(SOURCE_MIXED) where they hold data of another source."""

    def source(self) -> str | None:
        """The source whose data the tables hold; None where there are no tables."""

    def open(self, source: str) -> Tables:
        """The tables for one try. Raises PlatformError(SOURCE_MIXED) on first use of a table of another source."""


def scope_of(oem: str, market: str) -> str:
    """The name of a market's rows, `<oem>/<market>`."""
    return f"{oem}/{market}"
