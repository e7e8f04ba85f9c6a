"""Every market of an OEM's day, one after another: read the typed day once, compute, commit, try again if beaten."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from consolidated.day.ledger import Subject
from consolidated.day.market import Fetched, MarketDay, MarketOutcome
from consolidated.day.typed import Feed, TypedDay, read_typed_day
from consolidated.tables.contention import with_retries
from resources.failures import Cause, PlatformError

if TYPE_CHECKING:
    from consolidated.tables.store import Store
    from resources.lake.lake import Lake

NO_SIGHTINGS = pl.DataFrame(schema={"identity": pl.String, "vin": pl.String, "outcome": pl.String})


@dataclass(frozen=True, slots=True)
class Procedure:
    """How the rows of a subject get into its tables. schema: of the rows as they are read from the typed day.
    store: enters a complete day into the ledger, and notes the rows of the daily tables.
    update: judges the ledger's days and notes the rows of the other tables, as they follow from them."""

    subject: Subject
    schema: pl.Schema
    store: Callable[[MarketDay, Fetched], None]
    update: Callable[[MarketDay], None]


def consolidate_feeds(
    *, lake: Lake, store: Store, oem: str, feeds: Sequence[Feed], day: date, procedure: Procedure
) -> list[MarketOutcome]:
    """Consolidate every market of an OEM's transformed tables for a day.

    Raises PlatformError: NEVER_LANDED, SOURCE_MIXED, COMMIT_CONFLICT, LAKE_UNWRITABLE.
    """
    outcomes = []
    for feed in feeds:
        typed = read_typed_day(lake, oem, feed, day, procedure.schema)
        found = lake.source()
        if found not in (None, typed.report.source):
            raise PlatformError(
                Cause.SOURCE_MIXED, f"the report is of {typed.report.source} and the lake of {found}", oem=oem
            )
        outcomes += consolidate_typed_day(store, typed, day, feed, procedure)
    return outcomes


def consolidate_typed_day(
    store: Store, typed: TypedDay, day: date, feed: Feed, procedure: Procedure
) -> list[MarketOutcome]:
    """Consolidate every market of a typed day. Raises PlatformError: SOURCE_MIXED, COMMIT_CONFLICT, LAKE_UNWRITABLE."""
    report = typed.report
    store.prepare(report.source)
    outcomes = []
    for _, market in sorted(report.markets.items()):
        rows = typed.rows.get(market.market, pl.DataFrame(schema=procedure.schema))
        sightings = typed.sightings.get(market.market, NO_SIGHTINGS)
        fetched = Fetched(report, market, rows, sightings)

        def one_try(fetched: Fetched = fetched) -> MarketOutcome:
            work = MarketDay.open(
                store.open(report.source), report.oem, fetched.market.market, procedure.subject, day, feed.debounce_days
            )
            work.retype = feed.retype
            return _consolidate(work, fetched, procedure)

        outcomes.append(with_retries(one_try, oem=report.oem, market=market.market))
    return outcomes


def _consolidate(work: MarketDay, fetched: Fetched, procedure: Procedure) -> MarketOutcome:
    standing = work.ledger.rows.get(work.day)
    if fetched.market.complete:
        procedure.store(work, fetched)
    elif standing is None or not standing["complete"]:
        work.enter(fetched, None)
    # a sealed day that comes again incomplete stays as it is; the debounce may be another one all the same
    procedure.update(work)
    return work.commit()
