"""The closing table of `make nightly`: what came of each market, where the tables lie, how to query them."""

from __future__ import annotations

import shlex
import sys
from datetime import date
from typing import TYPE_CHECKING, Any

from resources.lake.lake import CHECKOUT, Lake

if TYPE_CHECKING:
    from consolidated.night.events import Follower

_COLUMNS = (
    "OEM", "market", "fetched", "accepted", "quarantined", "duplicates", "new", "gone", "price changes", "seconds",
)  # fmt: skip


def print_night(lake: Lake, day: date, oem: str | None, follower: Follower, wall_seconds: float) -> bool:
    """Print the table of a day, the failures and the way to the tables. Returns whether every market was whole.

    A market whose rows were merged on an earlier run of the same day is shown as it stands in the lake.
    """
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console = Console(highlight=False, soft_wrap=True, width=120)
    markets = _markets(lake, day, oem)
    table = Table(title=f"night of {day}, {wall_seconds:.0f} s", title_justify="left")
    for number, column in enumerate(_COLUMNS):
        table.add_column(column, justify="left" if number < 2 else "right")
    for market in markets:
        counts = ("received", "accepted_rows", "quarantined", "duplicates", "listed", "disappeared", "price_changes")
        table.add_row(
            market["oem"],
            market["market"],
            *("-" if market[count] is None else f"{market[count]:,}" for count in counts),
            f"{market['fetch_seconds']:.1f}",
        )
    console.print()
    console.print(table)
    for where, cause in follower.failures.items():
        console.print(f"FAILED {where}: {'; '.join(cause.splitlines())}", style="bold red")
    _print_way_to_tables(console, lake)
    return all(market["complete"] for market in markets)


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
