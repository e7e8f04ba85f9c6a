"""Writers that commit to one table at the same time: how long each waits, and what is computed again.

A writer that lost against a commit to other rows waits (`Patient`) and commits the same rows again. The wait is drawn
from 0 to a time that doubles with every loss: with pyiceberg's own 10 % of jitter, writers keep meeting each other
and some starve. A writer that lost against a commit to the same rows computes them again from what is there now
(`with_retries`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pyiceberg.exceptions import CommitFailedException

from consolidated.tables.store import RowsChanged
from resources.failures import Cause, PlatformError
from resources.retries import pause_after, retrying

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table

_ATTEMPTS = 12
_LONGEST_WAIT_FOR_TURN_SECONDS = 4.0

Result = TypeVar("Result")


class Patient:
    """A table's catalog that waits before it raises a lost commit, and remembers how the last commit failed."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._lost = 0
        self.error: Exception | None = None
        """Why the last commit failed, None where it did not: then its outcome may be unknown."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.catalog, name)

    def commit_table(self, *arguments: Any, **options: Any) -> Any:
        self.error = None
        try:
            return self.catalog.commit_table(*arguments, **options)
        except CommitFailedException as error:
            self.error = error
            pause_after(self._lost, longest_wait_seconds=_LONGEST_WAIT_FOR_TURN_SECONDS)
            self._lost += 1
            raise
        except Exception as error:
            self.error = error
            raise


@contextmanager
def patience(table: Table) -> Iterator[Patient]:
    """Commit to a table patiently within the block."""
    catalog = Patient(table.catalog)
    table.catalog = cast("Catalog", catalog)
    try:
        yield catalog
    finally:
        table.catalog = catalog.catalog


def with_retries(action: Callable[[], Result], *, oem: str | None = None, market: str | None = None) -> Result:
    """Run an action that opens its tables itself, again and again while other writers win.

    Raises PlatformError: COMMIT_CONFLICT when other writers kept winning, CONNECTION when the catalog kept failing.
    """
    try:
        return retrying(RowsChanged, attempts=_ATTEMPTS)(action)
    except RowsChanged as error:
        if isinstance(error.__cause__, PlatformError):
            raise error.__cause__ from error
        detail = f"lost {_ATTEMPTS} times against other writers, the last time: {error}"
        raise PlatformError(Cause.COMMIT_CONFLICT, detail, oem=oem, market=market) from error
