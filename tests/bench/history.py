"""What a night and a late day cost as the past grows: `python -m tests.bench.history 5 60`.

One market. Each figure is the median of three (`tests/bench/written.py`). No maintenance runs: the nights themselves
keep the metadata small, as in a backfill. A day of the past starts from a snapshot as long as that is kept, else from
the first day.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

from tests.bench.written import Cost, line, measured, median_of
from tests.support.acceptance_model import Row
from tests.support.consolidated_support import History
from tests.support.typed_days import day_number, vehicle

VEHICLES = 2_000
GONE_A_DAY = 60
REPRICED_A_DAY = 40
AWAY_A_DAY = 40


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
        return measured(self.kept.folder / "iceberg", action)


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
            print(line(f"night {mark}", night, first), flush=True)
            for back in (1, *(mark_back for mark_back in (10, 100) if mark_back < mark)):
                late = median_of([market.late_day(back) for _ in range(3)])
                print(line(f"  a day {back} nights back", late, night), flush=True)


if __name__ == "__main__":
    main([int(one) for one in sys.argv[1:]] or [5, 60])
