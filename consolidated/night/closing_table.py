"""The closing table of `make nightly`: what came of each market, where the tables lie, how to query them."""

from __future__ import annotations

import shlex
import sys
from datetime import date
from typing import TYPE_CHECKING, Any

from resources.lake.lake import CHECKOUT, Lake

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from consolidated.night.events import Follower

# column -> where its number stands in `runs`; the words are those of docs/history.md
_COUNTS = {
    "fetched": "received",
    "refused": "quarantined",
    "twice": "duplicates",
    "new": "listed",
    "absent": "disappeared",
    "gone": "delisted",
    "prices": "price_changes",
}
_WIDTH = 80  # where there is no terminal to ask


def print_night(lake: Lake, day: date, oem: str | None, follower: Follower, wall_seconds: float) -> bool:
    """Print the table of a day, the failures and the way to the tables. Returns whether every market was whole.

    A market whose rows were merged on an earlier run of the same day is shown as it stands in the lake.
    """
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console = Console(highlight=False, soft_wrap=True, width=_WIDTH)
    markets = _markets(lake, day, oem)
    console.print()
    console.print(_table(markets, f"night of {day}, {wall_seconds:.0f} s"))
    doubtful = [market for market in markets if market["complete"] and not market["accepted"]]
    for market in doubtful:
        reason = market["decision_reason"]
        console.print(f"NOT ACCEPTED {market['oem']} {market['market']}: {reason}", style="bold yellow")
    for where, cause in follower.failures.items():
        console.print(f"FAILED {where}: {'; '.join(cause.splitlines())}", style="bold red")
    _print_way_to_tables(console, lake)
    return all(market["complete"] for market in markets)


def _table(markets: Sequence[dict[str, Any]], title: str) -> Table:
    """A line a market; it fits a terminal of 80 columns."""
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for column in ("maker", "market"):
        table.add_column(column, no_wrap=True)
    for column in (*_COUNTS, "s"):
        table.add_column(column, justify="right", no_wrap=True)
    for market in markets:
        counts = [market[name] for name in _COUNTS.values()]
        table.add_row(
            market["oem"],
            market["market"],
            *("-" if number is None else f"{number:,}" for number in counts),
            f"{market['fetch_seconds']:.1f}",
            style=None if market["accepted"] else "yellow" if market["complete"] else "red",
        )
    if len(markets) > 1:
        totals = [sum(market[name] or 0 for market in markets) for name in _COUNTS.values()]
        table.add_row("all", str(len(markets)), *(f"{number:,}" for number in totals), "")
    return table


def _markets(lake: Lake, day: date, oem: str | None) -> list[dict[str, Any]]:
    """The inventory rows of the day in `runs`, by OEM and market; empty where nothing was ever merged."""
    import polars as pl

    from consolidated.tables.definitions import RUNS
    from consolidated.tables.iceberg import IcebergStore
    from resources.lake.catalog import load_lake_catalog

    store = IcebergStore(load_lake_catalog(lake), lake)
    source = store.source()
    if source is None:
        return []
    of_day = (pl.col("date") == day) & (pl.col("table") == "inventory")
    rows = store.open(source).read(RUNS, of_day if oem is None else of_day & (pl.col("oem") == oem))
    return rows.sort("oem", "market").to_dicts()


def _print_way_to_tables(console: Any, lake: Lake) -> None:
    program = (
        "import polars as pl; from resources.lake.catalog import load_lake_catalog; "
        "print(pl.scan_iceberg(load_lake_catalog().load_table('consolidated.inventory'))"
        ".group_by('oem', 'market', 'status').agg(pl.len(), pl.col('price_amount').median())"
        ".sort('oem', 'market').collect())"
    )
    python = sys.executable.replace(f"{CHECKOUT}/", "")
    from consolidated.tables.definitions import NAMESPACE, TABLES

    names = ",".join(sorted(definition.name for definition in TABLES))
    console.print(f"\ntables: {NAMESPACE}.{{{names}}} in {lake.uri}")
    console.print("query them:", f"{python} -c {shlex.quote(program)}", sep="\n  ")
