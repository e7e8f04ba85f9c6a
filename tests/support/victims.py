"""The steps of a night, and what they leave, as functions that forks of `tests/support/zygote.py` run until killed.

Arguments and results are plain values that JSON can carry. Nothing here may use the threads of polars or Arrow at
import, because a fork does not keep them.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any
from unittest import mock

import polars as pl
from pyiceberg.catalog.sql import SqlCatalog

import raw.archive.writer
from consolidated.day.dealers import consolidate_dealers
from consolidated.day.inventory import consolidate_inventory
from consolidated.day.market_daily import write_market_daily
from consolidated.day.typed import Feed
from consolidated.maintenance.orphans import reached_by, table_filesystem
from consolidated.maintenance.settings import MaintenanceSettings
from consolidated.maintenance.tasks import (
    compact_tables,
    expire_snapshots,
    sweep_archive,
    sweep_tables,
    tag_tables,
)
from consolidated.tables.definitions import TABLES
from consolidated.tables.iceberg import IcebergStore
from raw.archive.reader import read_pages
from raw.archive.seal import read_seal
from raw.endpoint.declaration import Dealers, Inventory
from raw.fetch.day import fetch_day
from raw.fetch.derived import derive_day
from resources.apis.apis import Apis, Connection, LoopbackConnection
from resources.failures import Cause, PlatformError
from resources.lake.catalog import load_lake_catalog
from resources.lake.lake import Lake
from resources.lake.stored_files import list_files, path_in
from tests.support.counts import IS_SOAK
from tests.support.declared import MANY_MARKETS, OEMS, with_few_markets
from tests.support.processes import HEAVY
from transformed.day.transform import transform_day

_FLUSH_BYTES = 20_000  # so that a feed of a hundred vehicles is written in more than one go
_OF_THE_ATTEMPT = ("attempt", "fetch_seconds")
# what the steps import when they run, imported before the fork
for _name in HEAVY:
    importlib.import_module(_name)


# one maker in the usual tests: a kill costs a night, and another maker's night is more of the same
_OEMS = [with_few_markets(oem) for oem in (OEMS if IS_SOAK else [MANY_MARKETS])]
for _oem in _OEMS:
    # not `mapping_of`, which checks the mapping with polars and so starts polars' threads
    importlib.import_module(f"transformed.{_oem.name}")


@dataclass(frozen=True)
class _PlayedAt(Apis):
    """A sandbox that runs already, at `origin`."""

    origin: str = ""

    @contextmanager
    def serving(self, day: date) -> Iterator[Connection]:
        yield LoopbackConnection(self.origin)


def fetch(uri: str, day: str, origin: str, die_at: int | None = None) -> int:
    """The night's raw steps against the sandbox at `origin`; the number of writes to the lake that it took."""
    with (
        mock.patch.object(raw.archive.writer, "_FLUSH_BYTES", _FLUSH_BYTES),
        _killed_at(
            die_at, (Lake, "write_atomic"), (Lake, "open_write"), (raw.archive.writer.ArchiveWriter, "_close_part")
        ) as n,
    ):
        for oem in _OEMS:
            # as the graph has it: an endpoint that reads another's answers comes after it
            for endpoint in sorted(oem.endpoints, key=lambda endpoint: bool(endpoint.answers_of)):
                if endpoint.answers_of:
                    derive_day(lake=Lake(uri), oem=oem.name, endpoint=endpoint, day=date.fromisoformat(day))
                    continue
                fetch_day(
                    lake=Lake(uri),
                    oem=oem.name,
                    endpoint=endpoint,
                    day=date.fromisoformat(day),
                    apis=_PlayedAt("sandbox", origin=origin),
                    progress=lambda _: None,
                )
    return n()


def transform(uri: str, day: str, die_at: int | None = None) -> int:
    """The night's transformed steps; the number of writes to the lake that they took, twice: before and after each."""
    with _killed_at(die_at, (Lake, "write_atomic"), (Lake, "open_write")) as n:
        for oem in _OEMS:
            for endpoint in oem.endpoints:
                transform_day(lake=Lake(uri), oem=oem.name, endpoint=endpoint, day=date.fromisoformat(day))
    return n()


def consolidate(uri: str, day: str, die_at: int | None = None) -> int:
    """The night's consolidated steps; the number of commits that it took, twice: before and after each."""
    lake = Lake(uri)
    steps: list[tuple[Callable[..., Any], type[Inventory] | type[Dealers]]] = [
        (consolidate_inventory, Inventory),
        (consolidate_dealers, Dealers),
    ]
    with _killed_at(die_at, (SqlCatalog, "commit_table")) as n:
        for oem in _OEMS:
            for step, kind in steps:
                feeds = [Feed(one.yields.name, one.yields.debounce_days) for one in oem.yielding(kind)]
                if feeds:
                    step(
                        lake=lake,
                        store=IcebergStore(load_lake_catalog(lake), lake),
                        oem=oem.name,
                        feeds=feeds,
                        day=date.fromisoformat(day),
                    )
            write_market_daily(IcebergStore(load_lake_catalog(lake), lake), oem.name)
    return n()


def maintain(uri: str, day: str, die_at: int | None = None) -> int:
    """Everything that the job `maintenance` does, as hard as its settings let it; moments as of the other steps."""
    lake = Lake(uri)
    catalog = load_lake_catalog(lake)
    settings = MaintenanceSettings(grace_hours=0, snapshot_days=0, snapshots_at_least=1, small_files_at_least=2)
    with _killed_at(die_at, (SqlCatalog, "commit_table"), (Lake, "write_atomic")) as n:
        tag_tables(catalog, date.fromisoformat(day), settings)
        compact_tables(catalog, settings)
        expire_snapshots(catalog, settings)
        for _ in ("announce", "remove"):
            sweep_tables(lake, catalog, settings)
            sweep_archive(lake, settings)
    return n()


def night(uri: str, day: str, origin: str) -> None:
    """The whole night, or the rest of one."""
    fetch(uri, day, origin)
    transform(uri, day)
    consolidate(uri, day)


def fail_on_a_full_disk(uri: str, day: str, step: str, origin: str, free_bytes: int) -> list[str] | None:
    """A step where no file can grow past `free_bytes`, for every library alike; cause and message of its failure.

    None where the step fits. Any other error than the project's own is raised.
    """
    arguments = {"uri": uri, "day": day, **({"origin": origin} if step == "fetch" else {})}
    resource.setrlimit(resource.RLIMIT_FSIZE, (free_bytes, resource.RLIM_INFINITY))
    try:
        globals()[step](**arguments)
    except PlatformError as failure:
        return [failure.cause.value, str(failure)]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return None


def left_by(uri: str, day: str, is_swept: bool) -> dict[str, Any]:
    """What readers see, and, where asked for, what else lies there once what is left over has been swept."""
    if is_swept:
        sweep(uri)
    strayed = strays(uri) if is_swept else []
    return {"archived": archived(uri, day), "content": content(uri), "strays": strayed}


def archived(uri: str, day: str) -> dict[str, Any]:
    """What readers see of a day: by endpoint and market the seal's figures and a hash of the pages; None: unsealed."""
    lake = Lake(uri)
    seen: dict[str, Any] = {}
    for oem in _OEMS:
        for endpoint in oem.endpoints:
            name = f"{oem.name}/{endpoint.name}"
            try:
                seal = read_seal(lake, oem.name, endpoint.name, date.fromisoformat(day))
            except PlatformError as error:
                if error.cause is not Cause.NEVER_LANDED:
                    raise
                seen[name] = None
                continue
            seen[name] = {
                market.market: [
                    market.complete,
                    market.collected,
                    market.unique,
                    market.responses,
                    # pages come in any order where they are asked for side by side
                    sorted(hashlib.sha256(page.body).hexdigest() for page in read_pages(lake, market)),
                ]
                for market in seal.markets.values()
            }
    return seen


def content(uri: str, day: str = "") -> dict[str, list[Any]]:
    """Of every table the number of rows and a hash of them, without what tells one attempt from another."""
    catalog = load_lake_catalog(Lake(uri))
    hashes = {}
    for definition in TABLES:
        frame = pl.scan_iceberg(catalog.load_table(definition.identifier)).collect()
        frame = frame.drop(_OF_THE_ATTEMPT, strict=False).select(sorted(set(frame.columns) - set(_OF_THE_ATTEMPT)))
        keys = [name for name, dtype in frame.schema.items() if not dtype.is_nested()]
        rows = frame.sort(keys).write_ndjson()
        hashes[definition.name] = [frame.height, hashlib.sha256(rows.encode()).hexdigest()]
    return hashes


def sweep(uri: str) -> None:
    """Sweep everything without any grace, as nobody is writing."""
    lake = Lake(uri)
    catalog = load_lake_catalog(lake)
    settings = MaintenanceSettings(grace_hours=0)
    for _ in ("announce", "remove"):
        sweep_tables(lake, catalog, settings)
        sweep_archive(lake, settings)


def strays(uri: str) -> list[str]:
    """Every file of the lake that nothing names, and everything named that is not there."""
    lake = Lake(uri)
    catalog = load_lake_catalog(lake)
    stored: set[str] = set()
    named: set[str] = set()
    for definition in TABLES:
        table = catalog.load_table(definition.identifier)
        filesystem = table_filesystem(table)
        reached = reached_by(table)
        stored |= set(list_files(filesystem, table.location()))
        named |= {path_in(filesystem, location) for location in reached.content | reached.metadata}
    for path in list_files(lake.filesystem, lake.storage_path("raw")):
        stored.add(path)
        folder, attempt, *inside = path.removeprefix(lake.storage_path("")).rsplit("/", 2)
        if not inside:
            raise AssertionError(path)
        if attempt.endswith("Z"):
            # a finished attempt is evidence, also where a later one has taken its place in the seal
            manifest = lake.storage_path(f"{folder}/{attempt}/manifest.json")
            named |= {path} if lake.filesystem.exists(manifest) else set()
        else:
            _, oem, endpoint = folder.split("/")
            seal = read_seal(lake, oem, endpoint, date.fromisoformat(attempt))
            named |= {path, *(lake.storage_path(part) for one in seal.markets.values() for part in one.parts)}
    return [f"nothing names {path}" for path in sorted(stored - named)] + [
        f"{path} is not there" for path in sorted(named - stored)
    ]


@contextmanager
def _killed_at(number: int | None, *methods: tuple[type, str]) -> Iterator[Callable[[], int]]:
    """Count the moments before and after each call of the methods; the process dies at moment `number`."""
    passed = 0

    def moment() -> None:
        nonlocal passed
        if passed == number:
            os.kill(os.getpid(), signal.SIGKILL)
        passed += 1

    def wrapped(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            moment()
            result = original(*arguments, **options)
            moment()
            return result

        return call

    patches = [mock.patch.object(owner, name, wrapped(getattr(owner, name))) for owner, name in methods]
    for patch in patches:
        patch.start()
    try:
        yield lambda: passed
    finally:
        for patch in patches:
            patch.stop()
