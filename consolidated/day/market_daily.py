"""A maker's rows of `market_daily`: the days whose history changed are computed again, all others stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from consolidated.history.market_days import market_days, stale_days
from consolidated.tables import definitions as tables
from consolidated.tables.contention import with_retries
from consolidated.tables.store import CONTENT

if TYPE_CHECKING:
    from consolidated.tables.store import Store, Tables


def write_market_daily(store: Store, oem: str) -> bool:
    """Bring a maker's rows up to its other tables, in one commit. Returns whether any row changed.

    Call it after the night of the maker, and after whatever else changes its history; what is left out is made up for
    the next time. Raises PlatformError: COMMIT_CONFLICT, LAKE_UNWRITABLE, LAKE_DAMAGED.
    """
    source = store.source()
    if source is None:
        return False
    store.prepare(source)  # a lake of an older version has no such table
    return with_retries(lambda: _write(store.open(source), oem), oem=oem)


def _write(lake_tables: Tables, oem: str) -> bool:
    of_maker = pl.col("oem") == oem
    runs = lake_tables.read(tables.RUNS, of_maker & (pl.col("table") == "inventory"))
    standing = lake_tables.read(tables.MARKET_DAILY, of_maker)
    parts = []
    for market in runs["market"].unique().sort():
        here = of_maker & (pl.col("market") == market)
        of_market = runs.filter(pl.col("market") == market)
        before = standing.filter(pl.col("market") == market)
        days = stale_days(of_market, before)
        parts.append(before.filter(pl.col("date").is_in(of_market["date"].implode()) & ~pl.col("date").is_in(days)))
        if not days:
            continue
        daily = lake_tables.read(
            tables.INVENTORY_DAILY,
            here & pl.any_horizontal([pl.col("date") == day for day in days]),
            ["date", "availability", "price_amount", "price_currency"],
        )
        events = lake_tables.read(tables.INVENTORY_EVENTS, here & (pl.col("known_on") <= days[-1]))
        figures = market_days(days, of_market, daily, events)
        parts.append(figures.with_columns(oem=pl.lit(oem), market=pl.lit(market)))
    rows = pl.concat([_in_shape(part) for part in parts]) if parts else standing.clear()
    changes = lake_tables.replace(tables.MARKET_DAILY, of_maker, rows, scope=oem, state=CONTENT)
    lake_tables.commit()
    return changes


def _in_shape(rows: pl.DataFrame) -> pl.DataFrame:
    schema = tables.MARKET_DAILY.frame_schema
    return rows.select(pl.col(name).cast(dtype) for name, dtype in schema.items())
