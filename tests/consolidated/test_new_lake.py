"""The first night: every step finds no tables, and they make them all at once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Barrier

import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.table import Table

from consolidated.tables.catalog_tables import ensure_tables
from consolidated.tables.definitions import NAMESPACE, TABLES
from resources.lake.catalog import load_lake_catalog
from tests.support.counts import count
from tests.support.lakes import folder_and_sqlite, s3_and_postgres, s3_and_rest
from tests.support.servers import PostgresServer, S3Server

pytestmark = pytest.mark.slow

STEPS = 6


@pytest.mark.parametrize("kind", ["SQLite", "PostgreSQL", "REST"])
def test_steps_that_find_no_tables_make_them_at_once(
    kind: str, tmp_path: Path, s3: S3Server, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(count(2, 20)):
        environment = {
            "SQLite": partial(folder_and_sqlite, tmp_path / str(number)),
            "PostgreSQL": partial(s3_and_postgres, s3, postgres),
            "REST": partial(s3_and_rest, s3),
        }[kind]()
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        start = Barrier(STEPS)

        def step(catalog: Catalog, start: Barrier = start) -> None:
            start.wait()
            ensure_tables(catalog, "sandbox")

        with ThreadPoolExecutor(STEPS) as pool:
            # list: the first error of any is raised
            list(pool.map(step, [load_lake_catalog() for _ in range(STEPS)]))
        assert {name for _, name in load_lake_catalog().list_tables(NAMESPACE)} == {one.name for one in TABLES}


def test_a_table_that_is_named_and_cannot_be_loaded_yet_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a REST catalog may have it while another step makes the table."""
    for name, value in folder_and_sqlite(tmp_path).items():
        monkeypatch.setenv(name, value)
    ensure_tables(load_lake_catalog(), "sandbox")
    catalog = load_lake_catalog()
    load, missed = catalog.load_table, Counter[str]()

    def not_yet(identifier: tuple[str, str]) -> Table:
        missed[identifier[-1]] += 1
        if missed[identifier[-1]] < 3:
            raise NoSuchTableError(identifier[-1])
        return load(identifier)

    monkeypatch.setattr(catalog, "load_table", not_yet)
    assert set(ensure_tables(catalog, "sandbox")) == {one.name for one in TABLES}
