"""Writers who commit to one table at the same time: who waits how long, and what is done again.

Belongs here: waits, retries, a commit whose outcome is unknown. Does not belong here: rows (`commit.py`).

Who lost against a commit to other rows waits (`Patient`) and commits the same rows again: up to a time that
doubles, by full jitter, because with pyiceberg's own 10 % writers keep meeting each other and some starve. A rival's
commit to the same rows makes the caller compute again from what is there now (`with_retries`).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pyiceberg.exceptions import CommitFailedException

from resources.failures import Cause, PlatformError

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table

_ATTEMPTS = 12
_FIRST_WAIT_SECONDS = 0.25
_LONGEST_WAIT_SECONDS = 20.0
_LONGEST_WAIT_FOR_TURN_SECONDS = 4.0

Result = TypeVar("Result")


class RowsChanged(Exception):  # noqa: N818 - an outcome, not a mistake
    """Nothing of ours is in the table and the rows have to be computed again: another writer was there first.

    failure: what to report if it never gets better, where that is not a conflict.
    """

    def __init__(self, detail: str = "", failure: PlatformError | None = None) -> None:
        super().__init__(detail)
        self.failure = failure


class Patient:
    """A table's catalog that waits, before it tells of a lost commit, and remembers how the last commit failed."""

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
            wait_after(self._lost, longest_seconds=_LONGEST_WAIT_FOR_TURN_SECONDS)
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


def wait_after(losses: int, longest_seconds: float = _LONGEST_WAIT_SECONDS) -> None:
    """Sleep by full jitter: anything from nothing to a time that doubles with every loss, `longest_seconds` at most."""
    time.sleep(random.uniform(0, min(longest_seconds, _FIRST_WAIT_SECONDS * 2**losses)))  # noqa: S311


def with_retries(action: Callable[[], Result], *, oem: str | None = None, market: str | None = None) -> Result:
    """Run an action that loads its tables itself, again and again while rivals win.

    Raises PlatformError: COMMIT_CONFLICT when they kept winning, CONNECTION when the catalog kept failing.
    """
    for attempt in range(_ATTEMPTS):
        try:
            return action()
        except RowsChanged as error:
            if attempt == _ATTEMPTS - 1:
                detail = f"lost {_ATTEMPTS} times against other writers, the last time: {error}"
                conflict = PlatformError(Cause.COMMIT_CONFLICT, detail, oem=oem, market=market)
                raise (error.failure or conflict) from error
            wait_after(attempt)
    raise AssertionError("unreachable")
