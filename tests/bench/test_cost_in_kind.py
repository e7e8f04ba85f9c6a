"""What a day of raw and transformed asks for, opens and writes: counted, never timed. It fails when cost grows in kind.

The stock is played twice in two sizes: what does not follow from the number of vehicles may not grow with it.
"""

from __future__ import annotations

import math
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from raw.archive.reader import read_pages
from raw.archive.seal import Manifest
from raw.fetch.day import fetch_day
from resources.apis.apis import Patience
from resources.lake.lake import CHECKOUT, Lake
from resources.sandbox.serving.routes import World
from resources.sandbox.serving.server import Sandbox
from tests.bench.subject import DAYS, stock_of, subject
from tests.support.played import played
from transformed.day.report import Report
from transformed.day.transform import transform_day
from transformed.mapping.unknown import UnknownFields

pytestmark = pytest.mark.slow

OEM = subject()
STOCK = stock_of(OEM)
SIZES = (400, 1600)


@dataclass
class Traffic:
    """Of each path in the lake how often it was opened to be read or written; `asked`: of each request's address."""

    read: Counter[str] = field(default_factory=Counter)
    written: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Day:
    """A played day: what raw and transformed opened, and what they said of it."""

    lake: Lake
    raw: Traffic
    transformed: Traffic
    seal: Manifest
    report: Report


Days = Callable[[int], Day]


@contextmanager
def counted(traffic: Traffic) -> Iterator[None]:
    """Count what is opened in lakes meanwhile; a read of small JSON and an atomic write count as one file each."""
    with pytest.MonkeyPatch.context() as patch:
        for name, counter in {
            "open_read": traffic.read,
            "read_bytes": traffic.read,
            "open_write": traffic.written,
            "write_atomic": traffic.written,
        }.items():
            patch.setattr(Lake, name, _counting(getattr(Lake, name), counter))
        yield


def _counting(method: Any, counter: Counter[str]) -> Any:
    def call(lake: Lake, path: str, *rest: Any) -> Any:
        counter[path] += 1
        return method(lake, path, *rest)

    return call


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Days:
    """The day of a stock of some size, played once."""
    folder = tmp_path_factory.mktemp("days")
    return lru_cache(lambda vehicles: played_day(folder, vehicles))


def played_day(folder: Path, vehicles: int) -> Day:
    raw, transformed = Traffic(), Traffic()
    handler = Sandbox(World(DAYS[0], vehicles)).handler()

    async def counting(request: web.BaseRequest) -> web.StreamResponse:
        raw.asked[f"{request.method} {request.host}{request.path_qs}"] += 1
        return await handler(request)

    lake = Lake((folder / f"{vehicles}").as_uri())
    arguments: dict[str, Any] = {"lake": lake, "oem": OEM.name, "endpoint": STOCK, "day": DAYS[0]}
    with counted(raw):
        seal = fetch_day(apis=played(handler=counting, patience=Patience()), progress=lambda _: None, **arguments)
    with counted(transformed):
        report = transform_day(**arguments)
    return Day(lake, raw, transformed, seal, report)


@pytest.mark.parametrize("vehicles", SIZES)
def test_raw_asks_for_each_page_once_and_for_one_beyond_the_end_at_most(day: Days, vehicles: int) -> None:
    found = day(vehicles)
    assert set(found.raw.asked.values()) == {1}
    step = STOCK.pages.page_size or 1
    needed = [math.ceil((one.reported_total or 0) / step) for one in found.seal.markets.values()]
    assert sum(needed) <= len(found.raw.asked) <= sum(needed) + len(needed)


def test_the_files_of_raw_do_not_grow_with_its_stock(day: Days) -> None:
    small, large = (day(vehicles).raw for vehicles in SIZES)
    assert len(small.written) == len(large.written)
    assert sum("part-" in path for path in large.written) == 1
    assert set(large.written.values()) == {1}
    assert sum(small.read.values()) == sum(large.read.values())


def test_an_archive_is_a_fraction_of_its_bodies(day: Days) -> None:
    found = day(SIZES[-1])
    parts = {part for market in found.seal.markets.values() for part in market.parts}
    stored = sum(found.lake.filesystem.size(found.lake.storage_path(part)) for part in parts)
    assert stored < 0.25 * sum(market.body_bytes for market in found.seal.markets.values())


@pytest.mark.parametrize("vehicles", SIZES)
def test_transformed_reads_a_part_once_for_each_market_in_it_and_writes_each_file_once(
    day: Days, vehicles: int
) -> None:
    found = day(vehicles)
    of_raw = {path: times for path, times in found.transformed.read.items() if "/part-" in path and path[:4] == "raw/"}
    assert of_raw == Counter(part for market in found.seal.markets.values() for part in market.parts)
    assert sum(market.duplicates for market in found.report.markets.values()) == 0
    assert not [path for path in found.transformed.read if path.startswith("transformed/") and "/part-" in path]
    assert set(found.transformed.written.values()) == {1}
    parts = [path for path in found.transformed.written if "/part-" in path]
    assert len(parts) == sum(market.accepted > 0 for market in found.report.markets.values())
    assert len(found.transformed.written) <= len(parts) + 3  # sightings, quarantine, report


def test_of_a_page_only_some_records_are_decoded_wholly(day: Days, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of the first page of each list, and of the others about one in 16: to decode a record wholly is not cheap."""
    found, looked_at = day(SIZES[-1]), 0

    class Counting(UnknownFields):
        def of(self, value: Any) -> list[str]:
            nonlocal looked_at
            looked_at += 1
            return super().of(value)

    monkeypatch.setattr("transformed.mapping.decode.UnknownFields", Counting)
    transform_day(lake=found.lake, oem=OEM.name, endpoint=STOCK, day=DAYS[0])
    markets = found.seal.markets.values()
    lists = [records for market in markets for records in market.slices.values() or [market.collected]]
    first = sum(min(STOCK.pages.page_size or 0, records) for records in lists)
    pages = sum(1 for market in markets for _ in read_pages(found.lake, market))
    others = sum(market.collected for market in markets) - first
    assert first <= looked_at <= first + pages + others / 8


@pytest.mark.parametrize(
    ("step", "modules", "never"),
    [
        ("raw", "raw.fetch.day, raw.archive.writer, pyarrow.parquet", "polars dataframely pyiceberg sqlalchemy"),
        ("transformed", f"transformed.day.transform, transformed.{OEM.name}", "pyiceberg aiohttp s3fs"),
    ],
)
def test_a_step_imports_nothing_of_the_tiers_after_it(step: str, modules: str, never: str) -> None:
    program = f"import sys, {modules}; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert not set(never.split()) & set(run.stdout.split()), step
