"""Many days at once: each is entered into the tables, and then the history of each market is computed once.

A command that is ended on the way goes on where it was: a day that is entered already commits nothing, and a market
whose days changed is computed from the first of them, also by the next night.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from consolidated.day.consolidate import fetched_of
from consolidated.day.dealers import DEALERS
from consolidated.day.feeds import feeds_of
from consolidated.day.inventory import INVENTORY
from consolidated.day.market import MarketDay, MarketOutcome, read_runs
from consolidated.day.typed import read_typed_day
from consolidated.day.words import read_words
from consolidated.tables.contention import with_retries
from raw.endpoint.declaration import Dealers, Inventory
from raw.wiring.discovery import Oem
from transformed.day.report import typed_days

if TYPE_CHECKING:
    from consolidated.day.consolidate import Procedure
    from consolidated.day.typed import Feed, TypedDay
    from consolidated.tables.store import Store, Tables
    from resources.lake.lake import Lake
    from transformed.day.report import Report


def consolidate_many(
    *, lake: Lake, store: Store, maker: Oem, since: date | None, progress: Callable[[str], None]
) -> list[MarketOutcome]:
    """Consolidate every typed day of a maker from a day on (None: from the first), with its operator's words.

    Returns what came of the last day of each market. Raises PlatformError: as `consolidate_feeds`.
    """
    outcomes = []
    for procedure, kind in ((INVENTORY, Inventory), (DEALERS, Dealers)):
        endpoints = maker.yielding(kind)
        for feed in feeds_of(lake, maker.name, endpoints):
            outcomes += _consolidate_feed(lake, store, maker.name, feed, procedure, since, progress)
    return outcomes


def _consolidate_feed(
    lake: Lake,
    store: Store,
    oem: str,
    feed: Feed,
    procedure: Procedure,
    since: date | None,
    progress: Callable[[str], None],
) -> list[MarketOutcome]:
    days = [day for day in typed_days(lake, oem, feed.name) if since is None or day >= since]
    last: dict[str, tuple[date, str]] = {}

    def enter(day: date) -> Report:
        typed = read_typed_day(lake, oem, feed, day, procedure.schema)
        store.prepare(typed.report.source)
        enter_day(lake, store, typed, day, feed, procedure)
        return typed.report

    for number, day in enumerate(days, start=1):
        report = with_retries(partial(enter, day), oem=oem)
        last |= dict.fromkeys(report.markets, (day, report.source))
        progress(f"{oem} {feed.name} {day}: entered ({number} of {len(days)})")
    outcomes = with_retries(partial(update_history, store, oem, last, feed, procedure), oem=oem)
    for one in outcomes:
        progress(f"{oem} {feed.name} {one.market}: history computed until {last[one.market][0]}")
    return outcomes


def enter_day(lake: Lake, store: Store, typed: TypedDay, day: date, feed: Feed, procedure: Procedure) -> None:
    """Write a day's rows and its rows of `runs`, of all markets, and leave its history as it stands."""
    report = typed.report
    tables = store.open(report.source)
    runs = read_runs(tables, report.oem, procedure.subject)
    for name, market in sorted(report.markets.items()):
        debounce_days = feed.debounce_of(name)
        work = MarketDay.open(tables, report.oem, name, procedure.subject, day, debounce_days, runs=runs)
        standing = work.ledger.rows.get(day)
        fetched = fetched_of(typed, market, procedure.schema)
        if market.complete:
            procedure.store(work, fetched)
        elif standing is None or not standing["complete"]:
            work.enter(fetched, None)
        row = work.ledger.rows[day]
        if standing is None and row["complete"]:
            row |= read_words(lake, report.oem, name, procedure.subject).get(day, {})
        work.keep_standing(standing)
        work.will_replace_runs()
        work.stage()
    tables.commit()


def update_history(
    store: Store, oem: str, last: Mapping[str, tuple[date, str]], feed: Feed, procedure: Procedure
) -> list[MarketOutcome]:
    """Compute the history of every market. last: its last day, and the source of that."""
    outcomes = []
    tables: Tables | None = None
    runs = pl.DataFrame()
    for market, (day, source) in sorted(last.items()):
        if tables is None:
            tables = store.open(source)
            runs = read_runs(tables, oem, procedure.subject)
        work = MarketDay.open(tables, oem, market, procedure.subject, day, feed.debounce_of(market), runs=runs)
        work.retype = feed.retype
        procedure.update(work)
        outcomes.append(work.stage())
    if tables is not None:
        tables.commit()
    return outcomes
