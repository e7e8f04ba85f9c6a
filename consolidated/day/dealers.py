"""An OEM's dealers of a day into `dealers_daily`, `runs` and `dealers`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from consolidated.day.consolidate import Procedure, consolidate_feeds
from consolidated.day.ledger import SealedContent, content_hash
from consolidated.day.market import Fetched, MarketDay, MarketOutcome
from consolidated.day.typed import Feed
from consolidated.history.spells import advance_spells
from consolidated.tables import definitions as tables
from consolidated.tables.columns import DEALER, DEALER_STATE
from consolidated.tables.store import CONTENT

if TYPE_CHECKING:
    from consolidated.tables.store import Store
    from resources.lake.lake import Lake

KEY = "dealer_id"


def consolidate_dealers(*, lake: Lake, store: Store, oem: str, feeds: Sequence[Feed], day: date) -> list[MarketOutcome]:
    """Merge an OEM's transformed dealers of a day with those known; days and spells as for vehicles.

    Raises PlatformError: NEVER_LANDED, SOURCE_MIXED, COMMIT_CONFLICT, LAKE_UNWRITABLE.
    """
    return consolidate_feeds(lake=lake, store=store, oem=oem, feeds=feeds, day=day, procedure=DEALERS)


def _store(work: MarketDay, fetched: Fetched) -> None:
    rows = fetched.rows
    work.rows = rows
    work.enter(fetched, SealedContent(rows.height, fetched.sightings.height, content_hash(rows)))
    dated = rows.with_columns(date=pl.lit(work.day))
    work.will_replace(tables.DEALERS_DAILY, pl.col("date") == work.day, dated, state=CONTENT)


def _update(work: MarketDay) -> None:
    """Bring `runs` and the present to what the ledger's accepted days say, from the first day that differs."""
    work.ledger.judge(None)
    work.ledger.enter_states()
    start = work.starting_point(tables.DEALERS)
    if start is None:
        work.will_replace_runs()
        return
    present = pl.DataFrame(schema={name: tables.DEALERS.frame_schema[name] for name in DEALER_STATE})
    if start.days:
        present = work.read(
            tables.DEALERS, columns=list(DEALER_STATE), version=None if start.is_current else start.version
        )
    standing = work.read(tables.DEALERS_DAILY, pl.col("date") >= start.since)
    for day in work.ledger.days()[start.days :]:
        if day.date == work.day and work.rows is not None:
            rows = work.rows
        else:
            rows = standing.filter(pl.col("date") == day.date).drop("date")
        present, counts = advance_spells(present, rows, KEY, day)
        work.ledger.enter_counts(day.date, counts, None)
    work.will_replace_runs()
    work.will_replace(tables.DEALERS, None, present, state=start.state)


DEALERS = Procedure("dealers", pl.Schema({name: tables.DEALERS.frame_schema[name] for name in DEALER}), _store, _update)
