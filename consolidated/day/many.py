"""Many days at once: each is entered into the tables, and then the history of each market is computed once.

A command that is ended on the way goes on where it was: a day that is entered already commits nothing, and a market
whose days changed is computed from the first of them, also by the next night.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from consolidated.day.consolidate import NO_SIGHTINGS
from consolidated.day.dealers import DEALERS
from consolidated.day.feeds import feeds_of
from consolidated.day.inventory import INVENTORY
from consolidated.day.market import Fetched, MarketDay, MarketOutcome
from consolidated.day.typed import read_typed_day
from consolidated.day.words import read_words
from consolidated.tables.contention import with_retries
from raw.endpoint.declaration import Dealers, Inventory
from raw.wiring.discovery import Oem

if TYPE_CHECKING:
    from consolidated.day.consolidate import Procedure
    from consolidated.day.typed import Feed, TypedDay
    from consolidated.tables.store import Store
    from resources.lake.lake import Lake


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
    days = [day for day in _typed_days(lake, oem, feed.name) if since is None or day >= since]
    last: dict[str, tuple[date, str]] = {}
    for number, day in enumerate(days, start=1):
        typed = read_typed_day(lake, oem, feed, day, procedure.schema)
        store.prepare(typed.report.source)
        for market in sorted(typed.report.markets):
            with_retries(partial(enter_day, lake, store, typed, day, market, feed, procedure), oem=oem, market=market)
            last[market] = (day, typed.report.source)
        progress(f"{oem} {feed.name} {day}: entered ({number} of {len(days)})")
    outcomes = []
    for market, (day, source) in sorted(last.items()):
        update = partial(update_history, store, source, oem, market, day, feed, procedure)
        outcomes.append(with_retries(update, oem=oem, market=market))
        progress(f"{oem} {feed.name} {market}: history computed until {day}")
    return outcomes


def enter_day(
    lake: Lake, store: Store, typed: TypedDay, day: date, market: str, feed: Feed, procedure: Procedure
) -> None:
    """Write a day's rows and its row of `runs`, and leave its history as it stands."""
    report = typed.report
    work = MarketDay.open(
        store.open(report.source), report.oem, market, procedure.subject, day, feed.debounce_of(market)
    )
    standing = work.ledger.rows.get(day)
    fetched = Fetched(
        report,
        report.markets[market],
        typed.rows.get(market, pl.DataFrame(schema=procedure.schema)),
        typed.sightings.get(market, NO_SIGHTINGS),
    )
    if fetched.market.complete:
        procedure.store(work, fetched)
    elif standing is None or not standing["complete"]:
        work.enter(fetched, None)
    row = work.ledger.rows[day]
    if standing is None and row["complete"]:
        row |= read_words(lake, report.oem, market, procedure.subject).get(day, {})
    work.keep_standing(standing)
    work.will_replace_runs()
    work.commit()


def update_history(
    store: Store, source: str, oem: str, market: str, day: date, feed: Feed, procedure: Procedure
) -> MarketOutcome:
    work = MarketDay.open(store.open(source), oem, market, procedure.subject, day, feed.debounce_of(market))
    work.retype = feed.retype
    procedure.update(work)
    return work.commit()


def _typed_days(lake: Lake, oem: str, name: str) -> Sequence[date]:
    days = []
    for folder in lake.list(f"transformed/{oem}/{name}"):
        try:
            days.append(date.fromisoformat(folder))
        except ValueError:
            continue  # a stray folder: maintenance tells it
    return sorted(days)
