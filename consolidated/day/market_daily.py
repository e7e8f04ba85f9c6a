"""A maker's rows of `market_daily`: the days whose history changed are computed again, all others stay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from consolidated.history.market_days import market_days, stale_days
from consolidated.tables import definitions as tables
from consolidated.tables.contention import with_retries
from consolidated.tables.months import month_of
from consolidated.tables.store import CONTENT, scope_of
from consolidated.tables.told import short

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
    changes = False
    for market in pl.concat([runs["market"], standing["market"]]).unique().sort():
        of_market, before = (one.filter(pl.col("market") == market) for one in (runs, standing))
        changes |= _write_market(lake_tables, oem, market, of_market, before)
    lake_tables.commit()
    return changes


def _write_market(lake_tables: Tables, oem: str, market: str, runs: pl.DataFrame, standing: pl.DataFrame) -> bool:
    """Note the market's rows from the first month on of which a day has to be computed, or is not in `runs` any more:
    a file holds a month."""
    here = (pl.col("oem") == oem) & (pl.col("market") == market)
    days = stale_days(runs, standing)
    known = pl.col("date").is_in(runs["date"].implode())
    changed = min([*days, *standing.filter(~known)["date"]], default=None)
    if changed is None:
        return False
    since = month_of(changed)
    rows = [standing.filter(known & (pl.col("date") >= since) & ~pl.col("date").is_in(days))]
    if days:
        daily = lake_tables.read(
            tables.INVENTORY_DAILY,
            here & pl.any_horizontal([pl.col("date") == day for day in days]),
            ["date", "availability", "price_amount", "price_currency"],
        )
        events, present = _events(lake_tables, oem, market, days, runs)
        figures = market_days(days, runs, daily, events, present)
        rows.append(figures.with_columns(oem=pl.lit(oem), market=pl.lit(market)))
    from_then = here & (pl.col("date") >= since)
    whole = pl.concat([_in_shape(one) for one in rows])
    return lake_tables.replace(tables.MARKET_DAILY, from_then, whole, scope=scope_of(oem, market), state=CONTENT)


def _events(
    lake_tables: Tables, oem: str, market: str, days: Sequence[date], runs: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame | None]:
    """The events that `market_days` needs, and the present where it tells the rest: an ordinary night computes the
    last accepted day alone, and reads neither the events of the past nor the vehicles that are gone."""
    here = (pl.col("oem") == oem) & (pl.col("market") == market)
    accepted = runs.filter("accepted").sort("date").select("date", "state")
    stands = lake_tables.state(tables.INVENTORY, scope_of(oem, market))
    # another writer may have brought the present further since `runs` was read
    if accepted.height and days[0] >= accepted["date"][-1] and stands == short(accepted["state"][-1]):
        events = lake_tables.read(tables.INVENTORY_EVENTS, here & (pl.col("known_on") >= days[0]))
        # equalities, which drop whole files along the partitions
        is_here = (pl.col("status") == "listed") | (pl.col("status") == "absent")
        columns = ["spell_started_on", "spell_started_is_censored"]
        return events, lake_tables.read(tables.INVENTORY, here & is_here, columns)
    return lake_tables.read(tables.INVENTORY_EVENTS, here & (pl.col("known_on") <= days[-1])), None


def _in_shape(rows: pl.DataFrame) -> pl.DataFrame:
    schema = tables.MARKET_DAILY.frame_schema
    return rows.select(pl.col(name).cast(dtype) for name, dtype in schema.items())
