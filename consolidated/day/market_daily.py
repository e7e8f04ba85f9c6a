"""A maker's rows of `market_daily`: the days whose history changed are computed again, all others stay."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

import polars as pl

from consolidated.history.market_days import DAY, OF_RUNS, days_on_lot, days_on_lot_now, market_days, stale_days
from consolidated.tables import definitions as tables
from consolidated.tables.contention import with_retries
from consolidated.tables.store import CONTENT, scope_of
from consolidated.tables.told import short

if TYPE_CHECKING:
    from datetime import date

    from consolidated.tables.store import Store, Tables

_OF_DAILY = [*DAY, "availability", "price_amount", "price_currency"]
_OF_PRICES = ["old_price_amount", "old_price_currency", "new_price_amount", "new_price_currency"]
_OF_EVENTS = ["market", "vehicle_id", "kind", "known_on", "event_date", *_OF_PRICES]
_OF_PRESENT = ["market", "spell_started_on", "spell_started_is_censored"]


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
    """Write each market's rows from the first month on of which a day has to be computed, or is not in `runs` any more:
    a file holds a month."""
    of_maker = pl.col("oem") == oem
    runs = lake_tables.read(tables.RUNS, of_maker & (pl.col("table") == "inventory"), OF_RUNS)
    standing = lake_tables.read(tables.MARKET_DAILY, of_maker)
    stale = stale_days(runs, standing)
    changed = pl.concat([stale, standing.join(runs, on=DAY, how="anti").select(DAY)])
    if changed.is_empty():
        return False
    since = changed.group_by("market").agg(since=pl.col("date").min().dt.month_start()).sort("market")
    kept = standing.join(since, on="market").filter(pl.col("date") >= pl.col("since"))
    kept = kept.join(runs, on=DAY, how="semi").join(stale, on=DAY, how="anti")
    rows = [kept, *_figures(lake_tables, oem, runs, stale)]
    written = pl.concat([_in_shape(one.with_columns(oem=pl.lit(oem))) for one in rows])
    from_then = [(pl.col("market") == market) & (pl.col("date") >= month) for market, month in since.iter_rows()]
    where = of_maker & reduce(or_, from_then)
    changes = lake_tables.replace(tables.MARKET_DAILY, where, written, scope=oem, state=CONTENT)
    lake_tables.commit()
    return changes


def _figures(lake_tables: Tables, oem: str, runs: pl.DataFrame, stale: pl.DataFrame) -> list[pl.DataFrame]:
    """The figures of the stale days. An ordinary night computes the last accepted days alone, of all markets together,
    and reads neither the events of the past nor the vehicles that are gone. A market whose past changed is computed by
    itself, which may read all of its past."""
    accepted = runs.filter("accepted").sort("date").group_by("market").last()
    last = {market: (day, state) for market, day, state in accepted.select(*DAY, "state").iter_rows()}
    first: dict[str, date] = dict(stale.group_by("market").agg(pl.col("date").min()).sort("market").iter_rows())

    def is_last(market: str) -> bool:
        day, state = last.get(market, (None, ""))
        # another writer may have brought the present further since `runs` was read
        stands = lake_tables.state(tables.INVENTORY, scope_of(oem, market))
        return day is not None and first[market] >= day and stands == short(state)

    ordinary = [market for market in first if is_last(market)]
    others = [market for market in first if market not in ordinary]
    days = stale.join(runs, on=DAY, how="left", maintain_order="left")
    figures = [_last_days(lake_tables, oem, days.filter(pl.col("market").is_in(ordinary)))] if ordinary else []
    return figures + [_past_days(lake_tables, oem, days.filter(pl.col("market") == market)) for market in others]


def _last_days(lake_tables: Tables, oem: str, days: pl.DataFrame) -> pl.DataFrame:
    of_maker = pl.col("oem") == oem
    daily = _daily(lake_tables, of_maker, days)
    since = pl.col("known_on") >= days["date"].min()
    events = lake_tables.read(tables.INVENTORY_EVENTS, of_maker & since, _OF_EVENTS)
    # equalities, which drop whole files along the partitions
    is_here = (pl.col("status") == "listed") | (pl.col("status") == "absent")
    present = lake_tables.read(tables.INVENTORY, of_maker & is_here, _OF_PRESENT)
    return market_days(days, daily, events, days_on_lot_now(days.filter("accepted"), present))


def _past_days(lake_tables: Tables, oem: str, days: pl.DataFrame) -> pl.DataFrame:
    """days: of one market."""
    here = (pl.col("oem") == oem) & (pl.col("market") == days["market"].first())
    daily = _daily(lake_tables, here, days)
    until = pl.col("known_on") <= days["date"].max()
    events = lake_tables.read(tables.INVENTORY_EVENTS, here & until, _OF_EVENTS)
    return market_days(days, daily, events, days_on_lot(days.filter("accepted"), events))


def _daily(lake_tables: Tables, here: pl.Expr, days: pl.DataFrame) -> pl.DataFrame:
    on_days = pl.any_horizontal([pl.col("date") == day for day in days["date"].unique().sort()])
    return lake_tables.read(tables.INVENTORY_DAILY, here & on_days, _OF_DAILY)


def _in_shape(rows: pl.DataFrame) -> pl.DataFrame:
    schema = tables.MARKET_DAILY.frame_schema
    return rows.select(pl.col(name).cast(dtype) for name, dtype in schema.items())
