"""An Iceberg catalog in memory whose tables lie in a folder, and one that fails as a test tells it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pyiceberg.catalog import Catalog
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import Table


@contextmanager
def memory_catalog(folder: Path) -> Iterator[Catalog]:
    catalog = SqlCatalog("lake", uri="sqlite:///:memory:", warehouse=(folder / "iceberg").as_uri())
    yield catalog
    catalog.engine.dispose()


class Faulty:
    """A catalog that fails as it is told: each fault is (the error, whether the commit lands all the same)."""

    def __init__(self, catalog: Catalog, *faults: tuple[Exception, bool]) -> None:
        self._catalog, self.faults, self.commits = catalog, list(faults), 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._catalog, name)

    def commit_table(self, *arguments: Any, **options: Any) -> Any:
        self.commits += 1
        fault, lands = self.faults.pop(0) if self.faults else (None, True)
        answer = self._catalog.commit_table(*arguments, **options) if lands else None
        if fault:
            raise fault
        return answer


def faulty(table: Table, *faults: tuple[Exception, bool]) -> Faulty:
    table.catalog = found = Faulty(table.catalog, *faults)  # type: ignore[assignment]
    return found
