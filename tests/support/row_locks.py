"""A row of a catalog in PostgreSQL that a test holds locked, so that a commit waits there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg2

from tests.support.lakes import CATALOG


@contextmanager
def postgres_connection(lake: dict[str, str]) -> Iterator[Any]:
    """A connection to the catalog's database, with a transaction that ends in the block."""
    uri = lake[f"{CATALOG}URI"].replace("postgresql+psycopg2", "postgresql")
    with closing(psycopg2.connect(uri)) as connection:
        yield connection


def waits_for_a_row(connection: Any) -> bool:
    """Whether a commit to the catalog waits for a row that another transaction has locked."""
    connection.rollback()  # what is active is the same all through a transaction
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database() AND query LIKE 'UPDATE iceberg_tables%'"
        )
        return bool(cursor.fetchone()[0])
