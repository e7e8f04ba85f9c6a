"""What `consolidated` makes of typed days: a history in a lake or in memory, and what its tables hold then."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from pyiceberg.catalog import Catalog

from consolidated.day.consolidate import consolidate_typed_day
from consolidated.day.dealers import DEALERS, consolidate_dealers
from consolidated.day.decision import decide_day
from consolidated.day.inventory import INVENTORY, consolidate_inventory
from consolidated.day.market import MarketOutcome
from consolidated.day.typed import Feed, TypedDay, by_market
from consolidated.history.acceptance import Decision
from consolidated.tables.definitions import TABLES
from consolidated.tables.iceberg import IcebergStore
from consolidated.tables.store import Store
from resources.lake.catalog import load_lake_catalog
from resources.lake.lake import Lake
from tests.support.acceptance_model import Row, Sealed, Sighting, real_vin
from tests.support.memory_tables import MemoryStore
from tests.support.typed_days import FULL, MARKET, NAME, OEM, contract_frame, day_number, market_report, stock
from transformed.contract.contracts import CONTRACT_VERSION, Dealer, Vehicle
from transformed.day.report import MarketReport, Report, report_folder, write_report
from transformed.day.sightings import SCHEMA as SIGHTINGS_SCHEMA

INTERPRETATIONS = ("1", "2", "3")
PROCEDURES = {False: INVENTORY, True: DEALERS}
"""By whether the rows are dealers."""
OF_THE_ATTEMPT = ("attempt", "fetch_seconds")


@dataclass
class Kept(ABC):
    """Days that go into tables, and what the tables hold then. `History` keeps them in a lake, `MemoryHistory` in
    memory."""

    debounce_days: int = 2
    source: str = "sandbox"
    oem: str = OEM
    archive: dict[tuple[date, str], tuple[Row, ...]] = field(default_factory=dict)
    """Days that can be typed again, by the interpretation that does so."""

    @property
    @abstractmethod
    def store(self) -> Store: ...

    @abstractmethod
    def land_typed(self, report: Report, frame: pl.DataFrame, sightings: pl.DataFrame, day: date) -> None: ...

    @abstractmethod
    def consolidate_markets(self, day: date, *, dealers: bool = False) -> list[MarketOutcome]: ...

    @abstractmethod
    def table(self, name: str) -> pl.DataFrame: ...

    @abstractmethod
    def snapshots(self) -> dict[str, list[int]]: ...

    def land(
        self,
        day: date,
        rows: Iterable[Row],
        *,
        dealers: bool = False,
        sightings: Iterable[Sighting] = (),
        interpretation: str = "1",
        **report: Any,
    ) -> None:
        """A typed day of the one market with its report. sightings: of listings without a row."""
        rows = list(rows)
        self.land_markets(
            day,
            rows,
            [market_report(len(rows), **report)],
            dealers=dealers,
            sightings=sightings,
            interpretation=interpretation,
        )

    def land_markets(
        self,
        day: date,
        rows: Iterable[Row],
        markets: Iterable[MarketReport],
        *,
        dealers: bool = False,
        sightings: Iterable[Sighting] = (),
        interpretation: str = "1",
    ) -> None:
        """A typed day of several markets with its report."""
        rows = list(rows)
        frame = contract_frame(Dealer if dealers else Vehicle, rows)
        vins = {real_vin(row) for row in rows if not dealers} - {None}
        identity = "dealer_id" if dealers else "listing_id"
        seen = [
            *((row["market"], row[identity], None if dealers else real_vin(row), "accepted") for row in rows),
            *((MARKET, one, vin, "merged" if vin in vins else "quarantined") for one, vin in sightings),
        ]
        report = Report(
            oem=self.oem,
            name="network" if dealers else NAME,
            endpoint="search",
            table="dealers" if dealers else "inventory",
            date=day.isoformat(),
            source=self.source,
            contract_version=CONTRACT_VERSION,
            files=[],
            quarantine_file=None,
            quarantined_by_rule={},
            markets={market.market: market for market in markets},
            interpretation=interpretation,
        )
        self.land_typed(report, frame, pl.DataFrame(seen, schema=SIGHTINGS_SCHEMA, orient="row"), day)

    def retyped(self, day: date, interpretation: str) -> pl.DataFrame | None:
        """What the archive gives of a day that is typed again."""
        rows = self.archive.get((day, interpretation))
        if rows is None:
            return None
        return contract_frame(Vehicle, rows)

    def feed(self, dealers: bool) -> Feed:
        return Feed("network" if dealers else NAME, self.debounce_days, None if dealers else self.retyped)

    def consolidate(self, day: date, *, dealers: bool = False) -> MarketOutcome:
        (outcome,) = self.consolidate_markets(day, dealers=dealers)
        return outcome

    def decide(self, day: date, decision: Decision | None, note: str | None = None) -> MarketOutcome:
        return decide_day(
            store=self.store,
            oem=self.oem,
            market=MARKET,
            day=day,
            decision=decision,
            note=note,
            by="somebody",
            feeds={"search": self.feed(dealers=False)},
        )

    def day(self, day: date, rows: Iterable[Row], **report: Any) -> MarketOutcome:
        self.land(day, rows, **report)
        return self.consolidate(day, dealers=bool(report.get("dealers")))

    def sealed(self, days: Mapping[date, Sealed], order: Iterable[date]) -> None:
        for day in order:
            self.seal(day, days[day])

    def seal(self, day: date, sealed: Sealed) -> MarketOutcome:
        """Land and consolidate a sealed day, without its operator's word."""
        for interpretation in INTERPRETATIONS:
            rows = sealed.retyped.get(interpretation)
            if rows is None:
                self.archive.pop((day, interpretation), None)
            else:
                self.archive[day, interpretation] = rows
        return self.day(
            day,
            sealed.rows,
            coverage=sealed.coverage,
            sightings=sealed.sightings,
            interpretation=sealed.interpretation,
        )

    def content(self) -> dict[str, list[Row]]:
        """All rows of all tables, in a fixed order, without the columns that tell one attempt from another."""
        content = {}
        for definition in TABLES:
            frame = self.table(definition.name).drop(OF_THE_ATTEMPT, strict=False)
            keys = [name for name, dtype in frame.schema.items() if not dtype.is_nested()]
            content[definition.name] = frame.sort(keys).to_dicts()
        return content


@dataclass
class MemoryHistory(Kept):
    """Days in tables in memory, without any file."""

    memory: MemoryStore = field(default_factory=MemoryStore)
    typed: dict[tuple[bool, date], TypedDay] = field(default_factory=dict)

    @property
    def store(self) -> Store:
        return self.memory

    def land_typed(self, report: Report, frame: pl.DataFrame, sightings: pl.DataFrame, day: date) -> None:
        is_dealers = report.table == "dealers"
        schema = PROCEDURES[is_dealers].schema
        rows = by_market(frame.select(list(schema)).cast(schema))
        self.typed[is_dealers, day] = TypedDay(report, rows.get, by_market(sightings, keep_market=False))

    def consolidate_markets(self, day: date, *, dealers: bool = False) -> list[MarketOutcome]:
        procedure = PROCEDURES[dealers]
        return consolidate_typed_day(self.memory, self.typed[dealers, day], day, self.feed(dealers), procedure)

    def table(self, name: str) -> pl.DataFrame:
        return self.memory.rows(name)

    def snapshots(self) -> dict[str, list[int]]:
        return {name: list(range(len(versions))) for name, versions in self.memory.versions.items()}


@dataclass(kw_only=True)
class _InLake(Kept):
    folder: Path
    uri: str | None = None


class History(_InLake):
    """Days in a lake of their own, with real files and Iceberg tables. uri: of the lake if it is not in the folder."""

    def __init__(self, folder: Path, debounce_days: int = 2, **more: Any) -> None:
        super().__init__(folder=folder, debounce_days=debounce_days, **more)

    @property
    def lake(self) -> Lake:
        return Lake(self.uri or self.folder.as_uri())

    @property
    def catalog(self) -> Catalog:
        return load_lake_catalog(self.lake)

    @property
    def store(self) -> Store:
        return IcebergStore(self.catalog, self.lake)

    def land_typed(self, report: Report, frame: pl.DataFrame, sightings: pl.DataFrame, day: date) -> None:
        run = f"{report_folder(self.oem, report.name, day)}/run"
        paths = [f"{run}/part-00000.parquet", f"{run}/sightings.parquet"]
        for path, rows in zip(paths, (frame, sightings), strict=True):
            with self.lake.open_write(path) as file:
                rows.write_parquet(file)
        write_report(self.lake, replace(report, files=paths[:1], sightings_file=paths[1]), day)

    def consolidate_markets(self, day: date, *, dealers: bool = False) -> list[MarketOutcome]:
        step = consolidate_dealers if dealers else consolidate_inventory
        return step(lake=self.lake, store=self.store, oem=self.oem, feeds=[self.feed(dealers)], day=day)

    def table(self, name: str) -> pl.DataFrame:
        return pl.scan_iceberg(self.catalog.load_table(f"consolidated.{name}")).collect()

    def snapshots(self) -> dict[str, list[int]]:
        return {
            definition.name: [one.snapshot_id for one in self.catalog.load_table(definition.identifier).snapshots()]
            for definition in TABLES
        }


def assert_same_rows(left: dict[str, list[Row]], right: dict[str, list[Row]]) -> None:
    for name, rows in left.items():
        assert rows == right[name], f"{name} differs"


def nights(kept: Kept, count: int) -> None:
    """Nights on which the stock moves by one vehicle, and one price."""
    for number in range(count):
        day = day_number(number)
        kept.day(
            day, [*stock(day, range(number, FULL + number - 1)), *stock(day, range(500, 501), f"{90 + number}.00")]
        )


def statuses(kept: Kept) -> dict[str, int]:
    return dict(kept.table("inventory")["status"].value_counts().iter_rows())


def run(kept: Kept, day: date) -> Row:
    return kept.table("runs").filter(pl.col("date") == day).row(0, named=True)
