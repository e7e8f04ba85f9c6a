"""What a night costs in a lake of many nights: `python -m tests.bench.long_lake --nights 1000 --makers 15 --markets 3`.

Nights of small stock follow each other as fast as they can: typed days are written without their transformed step and
consolidated into real Iceberg tables with a SQLite catalog, vehicles, dealers and `market_daily` of every maker. No
maintenance runs in between. The cost of all makers' nights, the median of three of them, is told for night 10 and for
the last one (`tests/bench/written.py`). Prints a line each, what the tables' metadata holds, and last a JSON object.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from pathlib import Path

from consolidated.day.market_daily import write_market_daily
from consolidated.tables.definitions import TABLES
from tests.bench.written import Cost, line, measured, median_of
from tests.support.acceptance_model import Row
from tests.support.consolidated_support import History
from tests.support.typed_days import day_number, market_report, vehicle

VEHICLES = 60
"""Of a market."""
DEALERS = 10
EARLY = 10


class Maker:
    """Each day one vehicle of each market is sold and one comes, one is repriced."""

    def __init__(self, folder: Path, name: str, markets: int) -> None:
        self.kept = History(folder, oem=name, debounce_days=3)
        self.markets = [f"m{number}" for number in range(markets)]
        self._chance = random.Random(name)  # noqa: S311 - guards nothing
        self._stock = {market: dict.fromkeys(range(VEHICLES), 20_000) for market in self.markets}
        self._next = VEHICLES

    def land(self, day: date) -> None:
        for stock in self._stock.values():
            del stock[self._chance.choice(sorted(stock))]
            stock[self._chance.choice(sorted(stock))] -= 100
            stock[self._next] = 20_000
            self._next += 1
        oem = self.kept.oem
        cars = [
            vehicle(
                f"car {number:06}",
                day,
                oem=oem,
                market=market,
                vin=f"WMAKER{number:011}",
                price_amount=Decimal(price),
                price_currency="EUR",
                dealer_id=f"dealer {number % DEALERS}",
            )
            for market, stock in self._stock.items()
            for number, price in stock.items()
        ]
        self.kept.land_markets(day, cars, [market_report(VEHICLES, market=one) for one in self.markets])
        dealers: list[Row] = [
            {"oem": oem, "market": market, "dealer_id": f"dealer {number}", "name": f"dealer {number}"}
            for market in self.markets
            for number in range(DEALERS)
        ]
        reports = [market_report(DEALERS, market=one) for one in self.markets]
        self.kept.land_markets(day, dealers, reports, dealers=True)

    def consolidate(self, day: date) -> None:
        assert all(one.accepted for one in self.kept.consolidate_markets(day))
        write_market_daily(self.kept.store, self.kept.oem)
        assert all(one.accepted for one in self.kept.consolidate_markets(day, dealers=True))


def night(makers: list[Maker], number: int) -> Cost:
    day = day_number(number)
    for maker in makers:
        maker.land(day)

    def consolidate() -> None:
        for maker in makers:
            maker.consolidate(day)

    return measured(makers[0].kept.folder / "iceberg", consolidate)


def metadata_of(maker: Maker) -> dict[str, dict[str, int]]:
    """Of each table: snapshots, manifests and data files of the present, bytes of the metadata file."""
    found = {}
    for definition in TABLES:
        table = maker.kept.catalog.load_table(definition.identifier)
        current = table.current_snapshot()
        manifests = current.manifests(table.io) if current else []
        found[definition.name] = {
            "snapshots": len(table.snapshots()),
            "manifests": len(manifests),
            "files": sum((one.added_files_count or 0) + (one.existing_files_count or 0) for one in manifests),
            "metadata_bytes": Path(table.metadata_location.removeprefix("file://")).stat().st_size,
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=1000)
    parser.add_argument("--makers", type=int, default=15)
    parser.add_argument("--markets", type=int, default=3)
    parser.add_argument("--every", type=int, default=0, help="tell a line every so many nights, too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        makers = [Maker(Path(folder) / "lake", f"maker{one:02}", options.markets) for one in range(options.makers)]
        costs: list[Cost] = []
        early: Cost | None = None
        for number in range(max(options.nights, EARLY)):
            costs.append(night(makers, number))
            done = number + 1
            if done == EARLY:
                early = median_of(costs[-3:])
            every = options.every and done % options.every == 0
            if early and (done == EARLY or every or done == options.nights):
                print(line(f"night {done}", median_of(costs[-3:]), early), flush=True)
        assert early is not None
        tables = metadata_of(makers[0])
        for name, counts in tables.items():
            print(f"{name:20}" + "  ".join(f"{value:,} {what}" for what, value in counts.items()))
        last = median_of(costs[-3:])
        print(json.dumps({**vars(options), "early": asdict(early), "last": asdict(last), "tables": tables}))


if __name__ == "__main__":
    main()
