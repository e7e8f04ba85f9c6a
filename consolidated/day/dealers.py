"""An OEM's dealers of a day into `dealers_daily`, `runs` and `dealers`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from consolidated.day.consolidate import Procedure, consolidate_feeds
from consolidated.day.content_hash import content_hash
from consolidated.day.evidence import QUARANTINED
from consolidated.day.ledger import SealedContent
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
    refused = fetched.sightings.filter(pl.col("outcome") == QUARANTINED).select("identity")
    refused = refused.filter(~pl.col("identity").is_in(rows[KEY].implode())).unique().sort("identity")
    content = SealedContent(
        vehicles=rows.height + refused.height,
        sightings=fetched.sightings.height,
        hash=content_hash(rows, refused) if refused.height else content_hash(rows),
        without_row=tuple(refused["identity"]),
    )
    work.enter(fetched, content)
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
        rows = _with_refused(rows, present, work.ledger.rows[day.date]["seen_without_row"])
        present, counts = advance_spells(present, rows, KEY, day)
        work.ledger.enter_counts(day.date, counts, None)
    work.will_replace_runs()
    work.will_replace(tables.DEALERS, None, present, state=start.state)


def _with_refused(rows: pl.DataFrame, present: pl.DataFrame, refused: str | None) -> pl.DataFrame:
    """The day's rows, and the last known row of each dealer that was seen and refused: it is there, whatever became of
    its record. refused: their ids, one a line; one that never had a row does not exist yet."""
    if refused is None:
        return rows
    known = present.filter(pl.col(KEY).is_in(refused.split("\n")))
    return pl.concat([rows, known.select(rows.columns)])


DEALERS = Procedure("dealers", pl.Schema({name: tables.DEALERS.frame_schema[name] for name in DEALER}), _store, _update)
