"""Sixty real days of Mercedes-Benz USA, against what an observer of the captures and their collector could see.

Each day is fetched and typed once; the history is told through the consolidate functions, in three orders, in tables
in memory (in Iceberg tables under `make soak`). A few days, all of them under `make soak`, go through the real job too,
whose Iceberg tables then hold the same rows.
"""

from __future__ import annotations

import gzip
import json
import os
import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from pyiceberg.catalog import load_catalog

from consolidated.day.inventory import consolidate_inventory
from consolidated.day.typed import Feed
from consolidated.tables.iceberg import IcebergStore
from consolidated.tables.store import Store
from raw.fetch.day import fetch_day
from raw.wiring.discovery import discover
from resources.apis.apis import Connection, LoopbackConnection
from resources.lake.lake import Lake
from resources.sandbox.serving.routes import World
from resources.sandbox.serving.server import Sandbox
from tests.support.collector_labels import Comparison, Prices, implausible, labels, observed
from tests.support.counts import IS_SOAK, count
from tests.support.declared import with_few_markets
from tests.support.memory_tables import MemoryStore
from tests.support.nights import captures, failed_checks, night_in
from tests.support.played import PlayedApis, served
from tests.support.transformed_support import rows_of
from transformed.day.report import Report
from transformed.day.transform import transform_day

pytestmark = pytest.mark.slow

OEM, ENDPOINT = "mercedes", "mbusa_search"
HISTORY_TABLES = ("inventory_daily", "inventory", "inventory_events", "runs")
SHUFFLED_DAYS = count(12, 60)


@dataclass(frozen=True)
class ReplayedApis(PlayedApis):
    """The captures, over real HTTP, each day as it was."""

    @contextmanager
    def serving(self, day: date) -> Iterator[Connection]:
        with served(Sandbox(World(day, 0), captures(), "").handler()) as port:
            yield LoopbackConnection(f"http://127.0.0.1:{port}", self.patience)


@dataclass
class Told:
    """A history of typed days, in tables of its own."""

    typed: Lake
    store: Store
    debounce_days: int

    def consolidate(self, days: Iterable[date]) -> None:
        for day in days:
            feeds = [Feed("mbusa_inventory", self.debounce_days)]
            consolidate_inventory(lake=self.typed, store=self.store, oem=OEM, feeds=feeds, day=day)

    def table(self, name: str) -> pl.DataFrame:
        if isinstance(self.store, MemoryStore):
            return self.store.rows(name)
        assert isinstance(self.store, IcebergStore)
        return pl.scan_iceberg(self.store.catalog.load_table(f"consolidated.{name}")).collect()

    def content(self) -> dict[str, pl.DataFrame]:
        content = {}
        for name in HISTORY_TABLES:
            frame = self.table(name)
            content[name] = frame.sort([one for one, dtype in frame.schema.items() if not dtype.is_nested()])
        return content

    def commits(self) -> dict[str, int]:
        """How many commits each table has had."""
        if isinstance(self.store, MemoryStore):
            return {name: len(self.store.versions[name]) for name in HISTORY_TABLES}
        assert isinstance(self.store, IcebergStore)
        catalog = self.store.catalog
        return {name: len(catalog.load_table(f"consolidated.{name}").snapshots()) for name in HISTORY_TABLES}


@dataclass
class Replay:
    seen: Prices
    typed: Lake
    debounce_days: int
    reports: dict[date, Report]
    in_order: Told
    early: dict[str, pl.DataFrame]
    """The tables when the first SHUFFLED_DAYS days had come in order."""


def told(folder: Path, typed: Lake, debounce_days: int) -> Told:
    """An empty history, in memory; in Iceberg tables in the folder under `make soak`."""
    if not IS_SOAK:
        return Told(typed, MemoryStore(), debounce_days)
    folder.mkdir()
    os.environ.setdefault("POLARS_ICEBERG_PLANNER", "pyiceberg")
    # as `load_lake_catalog` makes it; that would take the typed days' lake for the tables too
    catalog = load_catalog(folder.name, type="sql", uri=f"sqlite:///{folder}/catalog.db", warehouse=folder.as_uri())
    return Told(typed, IcebergStore(catalog, Lake(folder.as_uri())), debounce_days)


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Replay:
    seen = observed(captures())
    assert len(seen) >= 60
    folder = tmp_path_factory.mktemp("replay")
    endpoint = next(oem for oem in discover() if oem.name == OEM).endpoint(ENDPOINT)
    typed = Lake((folder / "lake").as_uri())
    reports = {}
    for day in seen:
        apis = ReplayedApis("replay")
        fetch_day(lake=typed, oem=OEM, endpoint=endpoint, day=day, apis=apis, progress=lambda _: None)
        reports[day] = transform_day(lake=typed, oem=OEM, endpoint=endpoint, day=day)
    debounce_days = endpoint.yields.debounce_days
    in_order = told(folder / "in_order", typed, debounce_days)
    days = list(seen)
    in_order.consolidate(days[:SHUFFLED_DAYS])
    early = in_order.content()
    in_order.consolidate(days[SHUFFLED_DAYS:])
    return Replay(seen, typed, debounce_days, reports, in_order, early)


def test_every_vehicle_and_price_of_sixty_captured_days(replay: Replay) -> None:
    """Each record became a row, with what the record says."""
    received = without_price = 0
    for path in sorted((captures() / "mercedes" / "mbusa_used_search").glob("*.json.gz")):
        report = replay.reports[date.fromisoformat(path.name.removesuffix(".json.gz"))]
        records = json.loads(gzip.decompress(path.read_bytes()))["result"]["pagedVehicles"]["records"]
        market = report.markets["us"]
        assert (market.received, market.accepted) == (len(records), len(records))
        assert report.drift == []
        rows = {row["vin"]: row for row in rows_of(replay.typed, report)}
        assert rows.keys() == {record["vin"] for record in records}
        for record in records:
            row, used = rows[record["vin"]], record["usedVehicleAttributes"]
            assert row["listing_id"] == record["vin"]
            assert row["price_amount"] == (Decimal(str(record["msrp"])) if record["msrp"] else None)
            assert row["model_year"] == int(record["year"])
            assert row["mileage_km"] == round(used["mileage"] * 1.609344)
            assert (row["dealer_id"], row["dealer_name"]) == (used["dealer"]["id"], used["dealer"]["name"])
            assert row["dealer_city"] == used["dealer"]["address"][0]["city"]
            assert row["stock_number"] == used.get("stockId")
            assert row["exterior_color"] == record["paint"].get("name")
            without_price += not record["msrp"]
        received += len(records)
    assert (len(replay.reports), received, without_price) == (60, 1677, 24)


def test_sixty_real_days_tell_what_was_seen(replay: Replay) -> None:
    days = replay.seen
    daily, present = replay.in_order.table("inventory_daily"), replay.in_order.table("inventory")
    events, runs = replay.in_order.table("inventory_events"), replay.in_order.table("runs")
    seen = {(day, vin) for day, cars in days.items() for vin in cars}
    assert {(row["date"], row["vin"]) for row in daily.iter_rows(named=True)} == seen
    assert daily.height == len(seen)
    prices = {(vin, price) for cars in days.values() for vin, price in cars.items() if price}
    priced = daily.filter(pl.col("price_amount").is_not_null())
    assert set(priced.select("vin", "price_amount").iter_rows()) == prices
    assert set(priced["price_currency"]) == {"USD"}

    # the present is of accepted days only, and they are not all
    accepted = set(runs.filter(pl.col("accepted"))["date"])
    assert days.keys() - accepted == set(implausible(days)) == {date(2026, 6, 21), date(2026, 6, 22)}
    assert set(present["vin"]) == {vin for day, vin in seen if day in accepted}
    last = max(accepted)
    assert set(present.filter(pl.col("status") == "listed")["vin"]) == set(days[last])

    # the history tells the prices of accepted days, and no others
    told = events.filter(pl.col("new_price_amount").is_not_null())
    accepted_prices = {(vin, price) for day in accepted for vin, price in days[day].items() if price}
    assert set(told.select("vin", "new_price_amount").iter_rows()) <= accepted_prices
    assert set(events["kind"]) >= {"covered", "listed", "price_changed", "delisted", "relisted"}


def test_law_3_each_day_again_commits_nothing(replay: Replay) -> None:
    commits = replay.in_order.commits()
    replay.in_order.consolidate(replay.seen)
    assert replay.in_order.commits() == commits


def test_law_4_shuffled_and_some_twice_they_tell_the_same(replay: Replay, tmp_path: Path) -> None:
    chance = random.Random(4)  # noqa: S311 - guards nothing
    days = list(replay.seen)[:SHUFFLED_DAYS]
    order = [*days, *chance.sample(days, len(days) // 3)]
    chance.shuffle(order)
    shuffled = told(tmp_path / "shuffled", replay.typed, replay.debounce_days)
    shuffled.consolidate(order)
    for name, frame in shuffled.content().items():
        assert frame.equals(replay.early[name]), f"{name} differs"


def test_every_difference_from_the_collectors_labels_has_a_class(replay: Replay) -> None:
    """The collector looked about hourly and called a vehicle gone when a look did not show it."""
    events, runs = replay.in_order.table("inventory_events"), replay.in_order.table("runs")
    accepted = sorted(runs.filter(pl.col("accepted"))["date"])
    compared = Comparison(captures(), replay.seen, accepted, replay.debounce_days)
    assert "unexplained" not in compared.gone.keys() | compared.reappeared.keys(), compared.table()

    def ours(kind: str) -> set[tuple[str, date]]:
        return set(events.filter(pl.col("kind") == kind).select("vin", "event_date").iter_rows())

    # what both call gone, and what both call back, are the same vehicles on the same days
    labelled = {(label.vin, compared.day_of(label)) for label in compared.gone["delisted"]}
    # a spell that ended has its k-th day of absence among the accepted ones: nothing of ours lacks a label
    assert ours("delisted") == labelled
    assert ours("relisted") == {(label.vin, compared.day_of(label)) for label in compared.reappeared["relisted"]}
    # what the collector called back and we never gone
    returned = int(runs.select(pl.col("returned").sum()).item())
    assert returned == len(compared.reappeared["back within the debounce"])
    disappeared = int(runs.select(pl.col("disappeared").sum()).item())
    opening = ("delisted", "back within the debounce", "away on the last day, for less than the debounce")
    assert disappeared == sum(len(compared.gone[kind]) for kind in opening)
    assert 5 * len(labelled) < sum(map(len, compared.gone.values())), "every disappearance is no sale"

    # and what it saw of prices and a daily look could see too is there
    prices = {(vin, price) for cars in replay.seen.values() for vin, price in cars.items() if price}
    history = {(row["vin"], Decimal(row["price"])) for row in labels(captures(), "price_history.csv")}
    daily = set(replay.in_order.table("inventory_daily").select("vin", "price_amount").iter_rows())
    assert history & prices == history & {(vin, price) for vin, price in daily if price}
    assert len(history & prices) > 100


def test_real_days_through_the_real_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replay: Replay) -> None:
    days = list(replay.seen)[: count(2, 60)]
    [only] = [one for one in discover() if one.name == OEM]
    if not IS_SOAK:
        only = replace(only, endpoints=(only.endpoint(ENDPOINT),))
    through_functions = told(tmp_path / "functions", replay.typed, replay.debounce_days)
    through_functions.consolidate(days)
    with night_in(tmp_path, monkeypatch, apis=f"replay:{captures()}", oems=[only]) as night:
        for day in days:
            assert night.run(f"{OEM}_nightly", day).success, day
        content = through_functions.content()
        of_the_attempt = ("attempt", "fetch_seconds")
        for name in HISTORY_TABLES:
            ours = night.table(name)
            if name == "runs":  # also of the dealers, and of the market that nobody captured
                ours = ours.filter(pl.col("table") == "inventory", pl.col("market") == "us")
            keys = [one for one, dtype in ours.schema.items() if not dtype.is_nested() and one not in of_the_attempt]
            same = ours.drop(of_the_attempt, strict=False).sort(keys)
            assert same.equals(content[name].drop(of_the_attempt, strict=False).sort(keys)), name
        if not IS_SOAK:  # a night again is held by law 3
            return
        # `runs` names the last attempt of the market that nobody captured
        snapshots = night.snapshots() | {"runs": None}
        assert night.run(f"{OEM}_nightly", days[1]).success
        assert night.snapshots() | {"runs": None} == snapshots


def test_a_day_that_was_not_captured_says_which_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    two = [with_few_markets(one) for one in discover() if one.name in (OEM, "audi")]
    with night_in(tmp_path, monkeypatch, apis=f"replay:{captures()}", oems=two) as night:
        result = night.run("nightly", date(2026, 1, 1))
        lines = [
            event.step_failure_data.user_failure_data.description or ""
            for event in result.get_step_failure_events()
            if event.step_failure_data.user_failure_data
        ]
        lines += failed_checks(result).values()  # of endpoints that share a table (law 7)
        # what a host says is quoted in no message, but these words are our own
        assert any("no capture of audi" in line for line in lines)
        assert any("2026-01-01" in line and "2026-04-26 to 2026-06-24" in line for line in lines)
        said = pl.scan_parquet(str(tmp_path / "lake" / "raw" / "*" / "*" / "*" / "*" / "part-*.parquet"))
        bodies = b" ".join(said.select("body").collect()["body"])
        assert b"no capture of audi" in bodies
        assert b"2026-04-26" in bodies
