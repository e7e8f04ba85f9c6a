"""A catalog or a storage that was opened and does not answer one request, whichever: nothing but a PlatformError is
raised, and what is done again ends as if it had always answered."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from fsspec.implementations.local import LocalFileSystem
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from consolidated.day.inventory import consolidate_inventory
from consolidated.day.market_daily import write_market_daily
from consolidated.maintenance import tasks
from consolidated.maintenance.settings import MaintenanceSettings
from consolidated.query.session import opening
from consolidated.tables.iceberg import IcebergStore
from resources.failures import Cause, PlatformError
from tests.support.consolidated_support import History, assert_same_rows, nights
from tests.support.counts import count
from tests.support.typed_days import FULL, OEM, day_number, stock

if TYPE_CHECKING:
    from pyiceberg.catalog.sql import SqlCatalog

pytestmark = pytest.mark.slow

LAST = day_number(2)
Work = Callable[["History", "SqlCatalog"], object]
Done = Callable[[Work, "Outage"], History]


def night(kept: History, catalog: SqlCatalog) -> object:
    store = IcebergStore(catalog, kept.lake)
    consolidate_inventory(lake=kept.lake, store=store, oem=OEM, feeds=[kept.feed(dealers=False)], day=LAST)
    return write_market_daily(store, OEM)


def maintenance(kept: History, catalog: SqlCatalog) -> object:
    settings = MaintenanceSettings(snapshots_at_least=1, snapshot_days=0, small_files_at_least=2)
    tasks.tag_tables(catalog, LAST, settings)
    tasks.compact_tables(catalog, settings)
    tasks.expire_snapshots(catalog, settings)
    tasks.sweep_tables(kept.lake, catalog, settings)
    return tasks.sweep_archive(kept.lake, settings)


def query(kept: History, catalog: SqlCatalog) -> object:
    return list(opening(kept.lake, catalog))


@dataclass
class Outage:
    """Of the requests to a catalog, or to a lake's storage, counted from 0, `number` is not answered."""

    number: int
    requests: int = 0

    def request(self, *_: object) -> None:
        self.requests += 1
        if self.requests == self.number + 1:
            raise ConnectionError("connection to server at 127.0.0.1 failed: Connection refused")

    def of_catalog(self, *_: object) -> None:
        try:
            self.request()
        except ConnectionError as error:
            raise OperationalError("", {}, error) from error

    def of_storage(self, operation: Callable[..., object]) -> Callable[..., object]:
        def asked(*arguments: object, **options: object) -> object:
            self.request()
            return operation(*arguments, **options)

        return asked


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of two nights and a third that is typed, at the place where its tables look for their files."""
    folder = tmp_path_factory.mktemp("goes-away") / "lake"
    kept = History(folder)
    kept.lake.stamp("sandbox")
    nights(kept, 2)
    write_market_daily(kept.store, OEM)
    kept.land(LAST, stock(LAST, range(1, FULL + 1)))
    shutil.copytree(folder, folder.with_name("as it was"))
    return folder


@pytest.fixture(params=["catalog", "storage"])
def done(filled: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Done:
    """Some work on the lake as it was, with an outage of its catalog or its storage."""

    def it_is_done(work: Work, outage: Outage) -> History:
        shutil.rmtree(filled)
        shutil.copytree(filled.with_name("as it was"), filled)
        kept = History(filled)
        catalog = cast("SqlCatalog", kept.catalog)
        with monkeypatch.context() as patched:
            if request.param == "catalog":
                event.listen(catalog.engine, "checkout", outage.of_catalog)
            else:
                for name in ("find", "open", "info", "cat_file", "pipe_file", "rm_file", "makedirs"):
                    patched.setattr(LocalFileSystem, name, outage.of_storage(getattr(LocalFileSystem, name)))
            work(kept, catalog)
        return kept

    return it_is_done


@pytest.mark.parametrize("work", [night, maintenance, query])
def test_one_request_without_an_answer(filled: Path, work: Work, done: Done) -> None:
    answered = Outage(-1)
    undisturbed = done(work, answered).content()
    failures = []
    for number in range(0, answered.requests, count(max(answered.requests // 4, 1), 1)):
        try:
            kept = done(work, Outage(number))
        except PlatformError as failure:
            failures.append(failure)
            kept = History(filled)
            work(kept, cast("SqlCatalog", kept.catalog))
        assert_same_rows(kept.content(), undisturbed)
    assert failures or not answered.requests, "a query reads the lake's own files no more when it has begun"
    # a listing that lacks files that the table reaches is refused as LAKE_UNWRITABLE
    assert {failure.cause for failure in failures} <= {Cause.CONNECTION, Cause.LAKE_UNWRITABLE}, failures
    assert all("lake" in failure.detail for failure in failures), failures
