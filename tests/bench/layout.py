"""What the usual questions read of the tables: `python -m tests.bench.layout`.

A lake of several OEMs and markets and some weeks is written by the real functions. For each question: how many of
the table's data files pyiceberg plans to open, how many bytes polars reads of them by system calls (it is told not to
map files into memory, so that its reads count), and both as a share of the whole table.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

# polars maps local files into memory otherwise, which no system call counts
os.environ.setdefault("POLARS_FORCE_ASYNC", "1")

import polars as pl

from consolidated.tables import definitions as tables
from consolidated.tables.definitions import TableDefinition
from tests.support.consolidated_support import History
from tests.support.typed_days import day_number, vehicle

OEMS = ("first", "second", "third", "fourth")
GONE_A_DAY = 0.02
REPRICED_A_DAY = 0.02


@dataclass(frozen=True)
class Question:
    """columns: what is asked for. planned: the same filter in pyiceberg's words."""

    name: str
    table: TableDefinition
    where: pl.Expr
    planned: str
    columns: list[str]


def questions(oem: str, vin: str, last: date) -> list[Question]:
    week = last - timedelta(days=6)
    return [
        Question(
            "one OEM today",
            tables.INVENTORY,
            (pl.col("oem") == oem) & (pl.col("status") == "listed"),
            f"oem == '{oem}' and status == 'listed'",
            ["market", "vehicle_id", "price_amount", "days_listed"],
        ),
        Question(
            "one VIN's past: events",
            tables.INVENTORY_EVENTS,
            (pl.col("oem") == oem) & (pl.col("vehicle_id") == vin),
            f"oem == '{oem}' and vehicle_id == '{vin}'",
            ["event_date", "kind", "old_price_amount", "new_price_amount"],
        ),
        Question(
            "one VIN's past: days",
            tables.INVENTORY_DAILY,
            (pl.col("oem") == oem) & (pl.col("vin") == vin),
            f"oem == '{oem}' and vin == '{vin}'",
            ["date", "price_amount", "mileage_km"],
        ),
        Question(
            "one day's events",
            tables.INVENTORY_EVENTS,
            pl.col("known_on") == last,
            f"known_on == '{last}'",
            ["oem", "vehicle_id", "kind"],
        ),
        Question(
            "price drops this week",
            tables.INVENTORY_EVENTS,
            (pl.col("kind") == "price_changed") & (pl.col("known_on") >= week),
            f"kind == 'price_changed' and known_on >= '{week}'",
            ["oem", "vehicle_id", "old_price_amount", "new_price_amount"],
        ),
        Question(
            "one day's stock of an OEM",
            tables.INVENTORY_DAILY,
            (pl.col("oem") == oem) & (pl.col("date") == last),
            f"oem == '{oem}' and date == '{last}'",
            ["market", "listing_id", "price_amount"],
        ),
    ]


def write_lake(folder: Path, vehicles: int, nights: int) -> History:
    """Nights of several OEMs, each with its own market of a steady size. Returns the last OEM's history."""
    chance = random.Random(1)  # noqa: S311 - guards nothing
    for oem in OEMS:
        kept = History(folder, debounce_days=3, oem=oem)
        stock, following = dict.fromkeys(range(vehicles), 20_000), vehicles
        for night in range(nights):
            for number in chance.sample(sorted(stock), int(vehicles * GONE_A_DAY)):
                del stock[number]
                stock[following] = 20_000
                following += 1
            for number in chance.sample(sorted(stock), int(vehicles * REPRICED_A_DAY)):
                stock[number] -= 100
            day = day_number(night)
            # listing ids are in no order of the VINs, as with the makers
            rows = [
                vehicle(
                    f"{number * 7919 % 1_000_003:07}",
                    day,
                    vin=vin_of(oem, number),
                    price_amount=Decimal(price),
                    price_currency="EUR",
                    mileage_km=number % 90_000,
                    dealer_id=f"dealer {number % 150}",
                )
                | {"oem": oem}
                for number, price in stock.items()
            ]
            kept.day(day, rows)
    return kept


def vin_of(oem: str, number: int) -> str:
    return f"W{oem[:2].upper()}{number * 104_729 % 1_000_003:014}"


def measured(action: Callable[[], object]) -> int:
    before = _bytes_read()
    action()
    return _bytes_read() - before


def main(vehicles: int, nights: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        kept = write_lake(Path(folder) / "lake", vehicles, nights)
        print(f"{len(OEMS)} OEMs of {vehicles} vehicles, {nights} nights")
        for one in questions(OEMS[1], vin_of(OEMS[1], vehicles // 2), day_number(nights - 1)):
            table = kept.catalog.load_table(one.table.identifier)
            whole = [file["file_size_in_bytes"] for file in table.inspect.files().to_pylist()]
            planned = {task.file.file_path for task in table.scan(row_filter=one.planned).plan_files()}
            scan = pl.scan_iceberg(table).filter(one.where).select(one.columns)
            scan.collect()  # imports and caches are no part of it
            rows = scan.collect().height
            read = measured(scan.collect)
            print(
                f"{one.name:26} {one.table.name:17} {rows:6} rows"
                f"  files {len(planned):4} of {len(whole):4} ({len(planned) / len(whole):6.1%})"
                f"  read {read / 1e6:7.2f} of {sum(whole) / 1e6:7.2f} MB ({read / sum(whole):6.1%})",
                flush=True,
            )


def _bytes_read() -> int:
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["rchar"])


if __name__ == "__main__":
    arguments = [int(one) for one in sys.argv[1:]]
    main(*(arguments or [5_000, 20]))
