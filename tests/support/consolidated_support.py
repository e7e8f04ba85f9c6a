"""Typed days as `transformed` leaves them, written without it, and what `consolidated` made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from pyiceberg.catalog import Catalog

from consolidated.day.dealers import consolidate_dealers
from consolidated.day.decide import decide_day
from consolidated.day.inventory import consolidate_inventory
from consolidated.day.market import MarketOutcome
from consolidated.history.acceptance import Decision
from consolidated.tables.definitions import TABLES
from resources.lake.catalog import load_lake_catalog
from resources.lake.lake import Lake
from tests.support.history_model import Row, Sealed
from transformed.contract.contracts import CONTRACT_VERSION, Dealer, Vehicle
from transformed.day.report import MarketReport, Report, report_folder, write_report

OEM, MARKET, NAME = "maker", "es", "stock"
FIRST_DAY = date(2026, 1, 25)  # so that a week of days crosses a month
OF_THE_ATTEMPT = ("attempt", "fetch_seconds")


def day_number(number: int) -> date:
    return FIRST_DAY + timedelta(days=number)


def vehicle(listing_id: str, day: date, **values: Any) -> Row:
    """A vehicle's row with the fields that matter to history; the contract's others are null or constant."""
    row = {
        "oem": OEM,
        "market": MARKET,
        "listing_id": listing_id,
        "vin": None,
        "vin_is_temporary": False,
        "mileage_km": None,
        "list_price_amount": None,
        "price_amount": None,
        "price_currency": None,
        "dealer_id": None,
        "date": day,
    }
    assert values.keys() <= row.keys()
    return row | values


def contract_frame(contract: type[Vehicle] | type[Dealer], rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    constant = {"brand": "Maker", "archive_address": "part#0/0", "fetched_at": datetime(2026, 1, 1, tzinfo=UTC)}
    schema = {name: column.dtype for name, column in contract.columns().items()}
    full = [{name: row.get(name, constant.get(name)) for name in schema} for row in rows]
    return pl.DataFrame(full, schema=schema, orient="row")


def market_report(rows: int, **values: Any) -> MarketReport:
    report: dict[str, Any] = {
        "market": MARKET,
        "received": rows,
        "accepted": rows,
        "quarantined": 0,
        "duplicates": 0,
        "complete": True,
        "cause": None,
        "message": None,
        "coverage": "A",
        "attempt": "20260101T060000.000000Z",
        "reported_total": rows,
        "shortfall": 0,
        "fetch_seconds": 1.5,
    }
    return MarketReport(**(report | values))


@dataclass
class History:
    """A lake of its own, and days that go into it. uri: of the lake where it is not in the folder."""

    folder: Path
    debounce_days: int = 2
    source: str = "sandbox"
    oem: str = OEM
    uri: str | None = None

    @property
    def lake(self) -> Lake:
        return Lake(self.uri or self.folder.as_uri())

    @property
    def catalog(self) -> Catalog:
        return load_lake_catalog(self.lake)

    def land(self, day: date, rows: Iterable[Row], *, dealers: bool = False, **report: Any) -> None:
        """Write a typed day of the one market with its report."""
        rows = list(rows)
        self.land_markets(day, rows, [market_report(len(rows), **report)], dealers=dealers)

    def land_markets(
        self, day: date, rows: Iterable[Row], markets: Iterable[MarketReport], *, dealers: bool = False
    ) -> None:
        """Write a typed day of several markets with its report."""
        frame = contract_frame(Dealer if dealers else Vehicle, rows)
        name = "network" if dealers else NAME
        path = f"{report_folder(self.oem, name, day)}/run/part-00000.parquet"
        with self.lake.open_write(path) as file:
            frame.write_parquet(file)
        whole = Report(
            oem=self.oem,
            name=name,
            endpoint="search",
            table="dealers" if dealers else "inventory",
            date=day.isoformat(),
            source=self.source,
            contract_version=CONTRACT_VERSION,
            files=[path],
            quarantine_file=None,
            quarantined_by_rule={},
            markets={market.market: market for market in markets},
        )
        write_report(self.lake, whole, day)

    def consolidate(self, day: date, *, dealers: bool = False) -> MarketOutcome:
        (outcome,) = self.consolidate_markets(day, dealers=dealers)
        return outcome

    def consolidate_markets(self, day: date, *, dealers: bool = False) -> list[MarketOutcome]:
        step, name = (consolidate_dealers, "network") if dealers else (consolidate_inventory, NAME)
        sources = [(name, self.debounce_days)]
        return step(lake=self.lake, catalog=self.catalog, oem=self.oem, sources=sources, day=day)

    def decide(self, day: date, decision: Decision | None, note: str | None = None) -> MarketOutcome:
        return decide_day(
            catalog=self.catalog, oem=self.oem, market=MARKET, day=day, decision=decision, note=note, by="somebody"
        )

    def day(self, day: date, rows: Iterable[Row], **report: Any) -> MarketOutcome:
        self.land(day, rows, **report)
        return self.consolidate(day, dealers=bool(report.get("dealers")))

    def sealed(self, days: Mapping[date, Sealed], order: Iterable[date]) -> None:
        for day in order:
            self.day(day, days[day].rows, coverage=days[day].coverage)

    def table(self, name: str) -> pl.DataFrame:
        return pl.scan_iceberg(self.catalog.load_table(f"consolidated.{name}")).collect()

    def content(self) -> dict[str, list[Row]]:
        """All rows of all tables, in a fixed order, without the columns that tell one attempt from another."""
        content = {}
        for definition in TABLES:
            frame = self.table(definition.name).drop(OF_THE_ATTEMPT, strict=False)
            keys = [name for name, dtype in frame.schema.items() if not dtype.is_nested()]
            content[definition.name] = frame.sort(keys).to_dicts()
        return content

    def snapshots(self) -> dict[str, list[int]]:
        return {
            definition.name: [one.snapshot_id for one in self.catalog.load_table(definition.identifier).snapshots()]
            for definition in TABLES
        }


def assert_same_rows(left: dict[str, list[Row]], right: dict[str, list[Row]]) -> None:
    for name, rows in left.items():
        assert rows == right[name], f"{name} differs"
