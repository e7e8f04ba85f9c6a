"""What a night costs in a lake of many nights:

    python -m tests.bench.long_lake --nights 1000 --makers 15 --markets 3 --fast-forward

Nights of small stock follow each other as fast as they can: typed days are written without their transformed step and
consolidated into real Iceberg tables with a SQLite catalog, vehicles, dealers and `market_daily` of every maker. No
maintenance runs in between. The cost of all makers' nights, the median of three of them, is told for night 10 and for
the last one (`tests/bench/written.py`). Prints a line each, what the tables' metadata holds, and last a JSON object.

With `--fast-forward` a first lake has its ten nights, and the nights of a second one are written in few commits
(`tests/bench/fast_forward.py`) but for the last ones, which are true. The measured nights of both lakes take turns.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from pyiceberg.catalog import Catalog

from consolidated.day.market_daily import write_market_daily
from consolidated.tables.definitions import TABLES
from tests.bench.fast_forward import Past, past_of, write_past
from tests.bench.written import Cost, line, measured, median_of
from tests.support.acceptance_model import Row
from tests.support.consolidated_support import History, Kept, MemoryHistory
from tests.support.typed_days import day_number, market_report, vehicle

VEHICLES = 60
"""Of a market."""
DEALERS = 10
EARLY = 10
MEASURED = 3
"""Nights of which a figure is the median."""
TRUE_NIGHTS = 12
"""At the end of a fast-forward: of ten makers and more they fill a table's snapshots."""


class Maker:
    """Each day one vehicle of each market is sold and one comes, one is repriced; in all markets the same."""

    def __init__(self, kept: Kept, markets: Sequence[str]) -> None:
        self.kept = kept
        self.markets = markets
        self._chance = random.Random(1)  # noqa: S311 - guards nothing
        self._stock = dict.fromkeys(range(VEHICLES), 20_000)
        self._next = VEHICLES

    def move(self) -> None:
        """Let the stock become that of the next day."""
        del self._stock[self._chance.choice(sorted(self._stock))]
        self._stock[self._chance.choice(sorted(self._stock))] -= 100
        self._stock[self._next] = 20_000
        self._next += 1

    def land(self, day: date) -> None:
        self.move()
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
            for market in self.markets
            for number, price in self._stock.items()
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


@dataclass
class Lake:
    """The makers of one lake and the number of its nights so far."""

    folder: Path
    makers: int
    markets: int
    nights: int = 0

    def __post_init__(self) -> None:
        names = [f"m{number}" for number in range(self.markets)]
        self._kept = [History(self.folder, oem=f"maker{one:02}", debounce_days=3) for one in range(self.makers)]
        self._makers = [Maker(one, names) for one in self._kept]

    def fast_forward(self, past: Past, nights: int) -> None:
        """Have the nights of a past."""
        for kept, maker in zip(self._kept, self._makers, strict=True):
            write_past(past, kept, maker.markets)
            for _ in range(nights):
                maker.move()
        self.nights += nights

    def night(self) -> Cost:
        """Have a true night of all makers."""
        day = day_number(self.nights)
        for maker in self._makers:
            maker.land(day)

        def consolidate() -> None:
            for maker in self._makers:
                maker.consolidate(day)

        self.nights += 1
        return measured(self.folder / "iceberg", consolidate)

    def content(self) -> dict[str, list[Row]]:
        return self._kept[0].content()

    @property
    def catalog(self) -> Catalog:
        return self._kept[0].catalog


def past(nights: int) -> Past:
    """What that many nights leave of one market."""
    kept = MemoryHistory(oem="maker", debounce_days=3)
    kept.store.prepare(kept.source)
    maker = Maker(kept, ["market"])

    def night(number: int) -> None:
        maker.land(day_number(number))
        maker.consolidate(day_number(number))

    return past_of(kept, "market", nights, night)


def metadata_of(catalog: Catalog) -> dict[str, dict[str, int]]:
    """Of each table: snapshots, manifests and data files of the present, bytes of the metadata file."""
    found = {}
    for definition in TABLES:
        table = catalog.load_table(definition.identifier)
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
    parser.add_argument("--every", type=int, default=0, help="tell a line every so many true nights, too")
    parser.add_argument("--fast-forward", action="store_true", help=f"all nights but the last {TRUE_NIGHTS}")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        young = lake = Lake(Path(folder) / "young", options.makers, options.markets)
        measured_nights = MEASURED if options.fast_forward else 0
        early = [young.night() for _ in range(EARLY - measured_nights)]
        late: list[Cost] = [] if options.fast_forward else list(early)
        if options.fast_forward:
            lake = Lake(Path(folder) / "old", options.makers, options.markets)
            skipped = options.nights - TRUE_NIGHTS
            lake.fast_forward(past(skipped), skipped)
        while lake.nights < options.nights:
            late.append(lake.night())
            if lake.nights > options.nights - measured_nights:  # a night of each lake in turns: the machine is the same
                early.append(young.night())
            if options.every and lake.nights % options.every == 0:
                of_last = median_of(late[-MEASURED:])
                print(line(f"night {lake.nights}", of_last, median_of(early[-MEASURED:])), flush=True)
        first, last = median_of(early[-MEASURED:]), median_of(late[-MEASURED:])
        print(line(f"night {EARLY}", first, first))
        print(line(f"night {options.nights}", last, first))
        tables = metadata_of(lake.catalog)
        for name, counts in tables.items():
            print(f"{name:20}" + "  ".join(f"{value:,} {what}" for what, value in counts.items()))
        print(json.dumps({**vars(options), "early": asdict(first), "last": asdict(last), "tables": tables}))


if __name__ == "__main__":
    main()
