"""An OEM's vehicles of a day into `inventory_daily`, `inventory_events`, `runs` and `inventory`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from consolidated.day.consolidate import Procedure, consolidate_feeds
from consolidated.day.market import Fetched, MarketDay, MarketOutcome
from consolidated.day.present import touched_present
from consolidated.day.typed import Feed
from consolidated.history.advance import with_days_listed
from consolidated.history.event_log import EventLog
from consolidated.history.fold import Vehicles
from consolidated.history.identity import identify
from consolidated.tables import definitions as tables
from consolidated.tables.columns import VEHICLE
from consolidated.tables.store import CONTENT

if TYPE_CHECKING:
    from consolidated.tables.store import Store
    from resources.lake.lake import Lake


def consolidate_inventory(
    *, lake: Lake, store: Store, oem: str, feeds: Sequence[Feed], day: date
) -> list[MarketOutcome]:
    """Merge an OEM's transformed vehicles of a day with the history of each of its markets.

    An incomplete day is entered in `runs` and changes nothing else; an implausible one is kept in `inventory_daily`
    too. The same day again commits nothing.
    Raises PlatformError: NEVER_LANDED, SOURCE_MIXED, COMMIT_CONFLICT, LAKE_UNWRITABLE.
    """
    return consolidate_feeds(lake=lake, store=store, oem=oem, feeds=feeds, day=day, procedure=INVENTORY)


def _store(work: MarketDay, fetched: Fetched) -> None:
    dated = fetched.rows.with_columns(date=pl.lit(work.day))
    work.enter(fetched, fetched.rows, vehicles=identify(dated)["vehicle_id"].n_unique())
    work.will_replace(
        tables.INVENTORY_DAILY, pl.col("date") == work.day, dated, state=CONTENT, part=work.day.isoformat()
    )


def _update(work: MarketDay) -> None:
    """Bring events, `runs` and the present to what the ledger's accepted days say, from the first day that differs."""
    start = work.starting_point(tables.INVENTORY, tables.INVENTORY_EVENTS)
    if start is None:
        work.will_replace_runs()
        return
    days = work.ledger.days()
    before, to_add = days[: start.days], days[start.days :]
    keep_until = before[-1].date if before else None
    log = EventLog(keep_until, start.since, lambda where: work.read(tables.INVENTORY_EVENTS, where))

    @cache
    def rows_of(day: date) -> pl.DataFrame:
        if day == work.day and work.rows is not None:
            return work.rows
        return work.read(tables.INVENTORY_DAILY, pl.col("date") == day, list(VEHICLE))

    if start.is_current and before:
        vehicles, unaffected = touched_present(work, [rows_of(day.date) for day in to_add])
    else:
        vehicles, unaffected = Vehicles.none(tables.INVENTORY.frame_schema), None
        if start.version is not None:
            vehicles = Vehicles.of(work.read(tables.INVENTORY, version=start.version))

    accepted = [day.date for day in days]

    def past(until: date) -> Callable[[date, pl.Series], pl.DataFrame]:
        def sightings(since: date, ids: pl.Series) -> pl.DataFrame:
            of_ids = pl.col("listing_id").is_in(ids.to_list()) | pl.col("vin").is_in(ids.to_list())
            of_days = [one for one in accepted if since <= one < until]
            found = work.read(tables.INVENTORY_DAILY, pl.col("date").is_in(of_days) & of_ids, [*VEHICLE, "date"])
            if work.rows is None or work.day not in of_days:
                return found
            # the day's rows of this try are not in the table yet
            ours = work.rows.filter(of_ids).with_columns(date=pl.lit(work.day)).select(found.columns)
            return pl.concat([found.filter(pl.col("date") != work.day), ours])

        return sightings

    for day in to_add:
        happened = vehicles.add_day(rows_of(day.date), day, days, past(day.date))
        revision = happened.revision
        work.ledger.enter_counts(day.date, happened.counts, revision.since if revision else None)
        if revision:
            log.replace(revision.vehicle_ids, revision.since, revision.events)
            work.ledger.correct(revision.counts)
        log.add(happened.events)

    work.will_replace(
        tables.INVENTORY_EVENTS, log.rows_to_replace, log.frame(tables.INVENTORY_EVENTS.frame_schema), state=start.state
    )
    work.will_replace_runs()
    present = with_days_listed(vehicles.with_aliases())
    where = None
    if unaffected is not None:
        where, present = unaffected.beside(present)
    work.will_replace(tables.INVENTORY, where, present, state=start.state)


INVENTORY = Procedure(
    "inventory", pl.Schema({name: tables.INVENTORY_DAILY.frame_schema[name] for name in VEHICLE}), _store, _update
)
