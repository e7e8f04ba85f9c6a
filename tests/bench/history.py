"""What a night and a late day cost as the past grows: `python -m tests.bench.history 10 30 100`.

Each figure is the median of three: CPU seconds of this process; bytes read by system calls (polars is told not to
map files into memory, so that its reads count); bytes of new data files and of new metadata files. Of each table the
snapshots of the last 30 nights are kept, as `maintenance` does in its own way: metadata lists every snapshot, and
without expiry it is what grows. A day further back than that is told from the first day.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import astuple, dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

# polars maps local files into memory otherwise, which no system call counts
os.environ.setdefault("POLARS_FORCE_ASYNC", "1")

from consolidated.tables.definitions import TABLES
from tests.support.consolidated_support import History, day_number, vehicle
from tests.support.history_model import Row

VEHICLES = 2_000
GONE_A_DAY = 60
REPRICED_A_DAY = 40
AWAY_A_DAY = 40
NIGHTS_KEPT = 30


@dataclass(frozen=True)
class Cost:
    cpu_seconds: float
    bytes_read: int
    data_bytes_written: int
    metadata_bytes_written: int


class Market:
    """A market of a steady size: each day some are sold for good, as many come, some flap, some are repriced."""

    def __init__(self, folder: Path) -> None:
        self.kept = History(folder, debounce_days=3)
        self.nights = 0
        self._chance = random.Random(1)  # noqa: S311 - guards nothing
        self._stock = dict.fromkeys(range(VEHICLES), 20000)
        self._next = VEHICLES

    def night(self) -> Cost:
        for number in self._chance.sample(sorted(self._stock), GONE_A_DAY):
            del self._stock[number]
        for _ in range(GONE_A_DAY):
            self._stock[self._next] = 20_000
            self._next += 1
        for number in self._chance.sample(sorted(self._stock), REPRICED_A_DAY):
            self._stock[number] -= 100
        away = set(self._chance.sample(sorted(self._stock), AWAY_A_DAY))
        day = day_number(self.nights)
        self.kept.land(day, [self._row(number, day) for number in self._stock if number not in away])
        self.nights += 1
        return self._measured(lambda: self.kept.consolidate(day))

    def late_day(self, nights_back: int) -> Cost:
        """A day of the past is fetched again and has one car less."""
        day = day_number(self.nights - 1 - nights_back)
        standing = self.kept.table("inventory_daily").filter(date=day).sort("listing_id").to_dicts()
        self.kept.land(day, standing[1:])
        return self._measured(lambda: self.kept.consolidate(day))

    def _row(self, number: int, day: date) -> Row:
        return vehicle(
            f"car {number:06}",
            day,
            vin=f"WMAKER{number:011}",
            price_amount=Decimal(self._stock[number]),
            price_currency="EUR",
            mileage_km=number % 90_000,
            dealer_id=f"dealer {number % 150}",
        )

    def _measured(self, action: Callable[[], object]) -> Cost:
        self._expire()
        standing = set(self._files())
        read, cpu = _bytes_read(), time.process_time()
        action()
        cpu, read = time.process_time() - cpu, _bytes_read() - read
        written = [path for path in self._files() if path not in standing]
        sizes = {True: 0, False: 0}
        for path in written:
            sizes[path.suffix == ".parquet"] += path.stat().st_size
        return Cost(cpu, read, sizes[True], sizes[False])

    def _files(self) -> list[Path]:
        return [path for path in (self.kept.folder / "iceberg").rglob("*") if path.is_file()]

    def _expire(self) -> None:
        """Forget all snapshots but the latest of each table."""
        for definition in TABLES:
            if self.kept.catalog.table_exists(definition.identifier):
                table = self.kept.catalog.load_table(definition.identifier)
                snapshots = sorted(table.snapshots(), key=lambda one: one.sequence_number or 0)
                if old := [one.snapshot_id for one in snapshots[:-NIGHTS_KEPT]]:
                    table.maintenance.expire_snapshots().by_ids(old).commit()


def _bytes_read() -> int:
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["rchar"])


def median_of(costs: list[Cost]) -> Cost:
    return Cost(*(statistics.median(values) for values in zip(*map(astuple, costs), strict=True)))


def _line(what: str, cost: Cost, base: Cost) -> str:
    units = ("CPU s", "MB read", "MB data", "MB metadata")
    scale = (1, 1e6, 1e6, 1e6)
    values = zip(astuple(cost), astuple(base), scale, units, strict=True)
    told = (f"{value / by:7.2f} {unit} (x{value / of_base:5.2f})" for value, of_base, by, unit in values)
    return f"{what:22}" + "  ".join(told)


def main(marks: list[int]) -> None:
    print(f"{VEHICLES} vehicles; a day {GONE_A_DAY} go, {AWAY_A_DAY} are away, {REPRICED_A_DAY} are repriced")
    print("x: times the first night's figure; for a late day times that night's")
    with tempfile.TemporaryDirectory() as folder:
        market, first = Market(Path(folder) / "lake"), None
        for mark in marks:
            while market.nights < mark - 3:
                market.night()
            night = median_of([market.night() for _ in range(3)])
            first = first or night
            print(_line(f"night {mark}", night, first), flush=True)
            for back in (1, *(mark_back for mark_back in (10, 100) if mark_back < mark)):
                late = median_of([market.late_day(back) for _ in range(3)])
                print(_line(f"  a day {back} nights back", late, night), flush=True)


if __name__ == "__main__":
    main([int(one) for one in sys.argv[1:]] or [10, 100, 300])
