"""What the morning report shows, as numbers: from the tables and the Dagster instance, ready for the page.

Belongs here: which figures there are and how each follows from the tables. Does not belong here: words, HTML, charts.
Heavy: imported by the step. Each figure of the tables is plain SQL over them, which `tests/support/report_sql.py`
states.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from consolidated.history.market_days import NOT_STATED, drops
from consolidated.night.attention import matters
from consolidated.tables import definitions as tables
from transformed.contract.contracts import AVAILABILITIES

if TYPE_CHECKING:
    from consolidated.night.attention import Matter
    from consolidated.night.failures import Failure
    from consolidated.tables.store import Store
    from resources.sizing.uses import StepUse

NIGHTS = 30
LARGEST_DROPS = 20
STATED = (*AVAILABILITIES, NOT_STATED)
_TREND = {"arrivals": pl.Int64, "departures": pl.Int64, "price_drops": pl.Int64}


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one night. Rows are dicts by column.

    markets: of `market_daily` on the day, each with `largest_drop`, a row of `drops` or None. runs: of `runs` on the
    day, of vehicles and of dealers. drops: the largest of the night, with old_price, new_price, currency, percent.
    nights: a row a day of the last thirty: date, listed (what is served), arrivals, departures, price_drops, markets,
    whole (of these, how many were accepted). served: maker -> (day, listed) on these days. steps: every attempt.
    """

    day: date
    place: str
    source: str | None
    markets: list[dict[str, Any]] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)
    drops: list[dict[str, Any]] = field(default_factory=list)
    nights: list[dict[str, Any]] = field(default_factory=list)
    served: dict[str, list[tuple[date, int]]] = field(default_factory=dict)
    matters: list[Matter] = field(default_factory=list)
    steps: list[StepUse] = field(default_factory=list)

    @property
    def tonight(self) -> dict[str, Any]:
        """The day's own row of `nights`; zeros where it has none."""
        empty = dict.fromkeys(("listed", "arrivals", "departures", "price_drops", "markets", "whole"), 0)
        return next((night for night in self.nights if night["date"] == self.day), empty)


def read_figures(store: Store, place: str, day: date, failures: Iterable[Failure], steps: Iterable[StepUse]) -> Figures:
    """The figures of a day as the tables are now. place: the lake's address.

    Raises PlatformError where the storage or the catalog cannot be reached.
    """
    source = store.source()
    failures, steps = list(failures), list(steps)
    if source is None:  # nothing was ever merged
        return Figures(day, place, None, matters=matters([], failures), steps=steps)
    lake = store.open(source)
    window = pl.col("date").is_between(day - timedelta(days=NIGHTS - 1), day)
    daily = lake.read(tables.MARKET_DAILY, window)
    runs = lake.read(tables.RUNS, pl.col("date") == day).sort("oem", "market", "table")
    events = lake.read(tables.INVENTORY_EVENTS, (pl.col("known_on") == day) & (pl.col("kind") == "price_changed"))
    fallen = price_drops(events)
    largest = {(row["oem"], row["market"]): row for row in reversed(fallen)}
    of_day = daily.filter(pl.col("date") == day).sort("oem", "market").to_dicts()
    served = served_stock(daily)
    return Figures(
        day,
        place,
        source,
        markets=[row | {"largest_drop": largest.get((row["oem"], row["market"]))} for row in of_day],
        runs=runs.to_dicts(),
        drops=fallen[:LARGEST_DROPS],
        nights=nights(daily, served),
        served=by_maker(served),
        matters=matters(runs.to_dicts(), failures),
        steps=steps,
    )


def price_drops(events: pl.DataFrame) -> list[dict[str, Any]]:
    """The drops among some events, the largest first by their percentage."""
    percent = 100 * (1 - pl.col("new_price_amount").cast(pl.Float64) / pl.col("old_price_amount").cast(pl.Float64))
    found = events.filter(drops()).select(
        "oem",
        "market",
        "vehicle_id",
        old_price="old_price_amount",
        new_price="new_price_amount",
        currency="new_price_currency",
        percent=percent.round(1),
    )
    return found.sort("percent", "oem", "market", "vehicle_id", descending=[True, False, False, False]).to_dicts()


def served_stock(daily: pl.DataFrame) -> pl.DataFrame:
    """(oem, market, date, served) of each market and day: what was listed on its last accepted day so far.

    That is what the tables serve as the present, so that a broken night is no dip. daily: rows of `market_daily`. A
    market whose first accepted day is still to come has null.
    """
    days = daily.select("date").unique()
    every = daily.select("oem", "market").unique().join(days, how="cross")
    counted = daily.filter("accepted").select("oem", "market", "date", served="listed")
    joined = every.join(counted, on=["oem", "market", "date"], how="left").sort("oem", "market", "date")
    return joined.with_columns(pl.col("served").forward_fill().over("oem", "market"))


def nights(daily: pl.DataFrame, served: pl.DataFrame) -> list[dict[str, Any]]:
    """A row a day: what is served, and what came and went in the markets that were accepted."""
    counted = pl.col("accepted")
    summed = daily.group_by("date").agg(
        *(pl.col(name).filter(counted).sum().cast(kind) for name, kind in _TREND.items()),
        markets=pl.len().cast(pl.Int64),
        whole=counted.sum().cast(pl.Int64),
    )
    listed = served.group_by("date").agg(listed=pl.col("served").sum().cast(pl.Int64))
    return summed.join(listed, on="date").sort("date").select("date", "listed", *_TREND, "markets", "whole").to_dicts()


def by_maker(served: pl.DataFrame) -> dict[str, list[tuple[date, int]]]:
    """What each maker serves a day; days before its first accepted one are left out."""
    summed = served.drop_nulls("served").group_by("oem", "date").agg(pl.col("served").sum()).sort("oem", "date")
    found: dict[str, list[tuple[date, int]]] = {}
    for oem, day, listed in summed.iter_rows():
        found.setdefault(oem, []).append((day, listed))
    return found
