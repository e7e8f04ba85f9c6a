"""Writers of one table take turns, so that none does its commit again because another was faster.

Data files are written before the turn; in it only metadata is. The optimistic commit stays underneath: where no turn
can be had in time, or a lock is broken, a commit costs more tries and never a row.
PostgreSQL: an advisory lock of the catalog's database, which is free again when its connection ends. A catalog in a
SQLite file: a lock on a file beside it. Any other catalog (REST, Glue): a queue of tickets in the lake's storage.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from consolidated.tables.tickets import ticket
from resources.lake.lake import lake_from_env

if TYPE_CHECKING:
    from pyiceberg.table import Table
    from sqlalchemy import Engine

LONGEST_WAIT_SECONDS = 60.0
_POLL_SECONDS = 0.2


@contextmanager
def turn(table: Table) -> Iterator[None]:
    """Have the turn to commit to a table within the block; after a minute of waiting go on without it."""
    name = ".".join(table.name())
    engine: Engine | None = getattr(table.catalog, "engine", None)
    with ExitStack() as held:
        if engine is not None and engine.dialect.name == "postgresql":
            held.enter_context(_advisory_lock(engine, f"{table.metadata.table_uuid}"))
        elif engine is None:
            held.enter_context(ticket(lake_from_env(), name, LONGEST_WAIT_SECONDS))
        elif engine.url.database not in (None, "", ":memory:"):
            held.enter_context(_file_lock(Path(f"{engine.url.database}.{name}.turn")))
        yield


@contextmanager
def _advisory_lock(engine: Engine, key: str) -> Iterator[None]:
    connection = None
    try:
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text(f"SET lock_timeout = {int(LONGEST_WAIT_SECONDS * 1000)}"))
        connection.execute(text("SELECT pg_advisory_lock(hashtextextended(:key, 0))"), {"key": key})
    except SQLAlchemyError:
        pass  # no turn in time, or a database that is away: the commit itself says what is wrong
    try:
        yield
    finally:
        if connection is not None:
            connection.invalidate()  # ends the session and with it the lock, whatever became of both
            connection.close()


@contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    with ExitStack() as opened:
        try:
            file = opened.enter_context(path.open("w"))
        except OSError:
            file = None

        def locked() -> bool:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # type: ignore[arg-type]
            except OSError:
                return False
            return True

        if file is not None:
            _wait_until(locked)
        yield


def _wait_until(ready: Callable[[], bool]) -> None:
    until = time.monotonic() + LONGEST_WAIT_SECONDS
    while not ready() and time.monotonic() < until:
        time.sleep(_POLL_SECONDS)
