"""An OEM's vehicles of a day into `inventory_daily`, `inventory_events`, `runs` and `inventory`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from consolidated.day.consolidate import Procedure, consolidate_feeds
from consolidated.day.content_hash import content_hash
from consolidated.day.evidence import QUARANTINED, Evidence, ids_seen, vehicles_seen
from consolidated.day.ledger import SealedContent
from consolidated.day.market import Fetched, MarketDay, MarketOutcome
from consolidated.day.present import touched_present
from consolidated.day.typed import Feed
from consolidated.history.advance import with_days_listed
from consolidated.history.event_log import EventLog
from consolidated.history.fold import Vehicles
from consolidated.history.mass_change import mass_changes, may_hold
from consolidated.history.seen import Seen
from consolidated.history.spells import AcceptedDay
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
    rows = fetched.rows
    sightings = fetched.sightings.rename({"identity": "listing_id"}).join(
        rows.select("listing_id"), on="listing_id", how="anti"
    )
    work.rows, work.sightings = rows, sightings
    seen = ids_seen(rows, sightings)
    content = SealedContent(
        vehicles=vehicles_seen(seen)["vehicle_id"].n_unique(),
        sightings=seen["listing_id"].n_unique(),
        hash=content_hash(rows, sightings) if sightings.height else content_hash(rows),
    )
    work.enter(fetched, content)
    dated = rows.with_columns(date=pl.lit(work.day))
    of_day = pl.col("date") == work.day
    work.will_replace(tables.INVENTORY_DAILY, of_day, dated, state=CONTENT)
    if sightings.height or not work.read(tables.INVENTORY_SIGHTINGS, of_day, ["date"]).is_empty():
        ours = sightings.with_columns(oem=pl.lit(work.oem), market=pl.lit(work.market), date=pl.lit(work.day))
        work.will_replace(tables.INVENTORY_SIGHTINGS, of_day, ours, state=CONTENT)


def _update(work: MarketDay) -> None:
    """Bring events, `runs` and the present to what the ledger's accepted days say, from the first day that differs."""
    evidence = Evidence(work)
    work.ledger.judge(evidence.shares)
    for boundary in work.ledger.enter_boundaries():
        evidence.type_again(boundary)
    work.ledger.enter_states()
    start = work.starting_point(tables.INVENTORY, tables.INVENTORY_EVENTS)
    if start is None:
        work.will_replace_runs()
        _warn_of_mass_changes(work, None)
        return
    days = work.ledger.days()
    before, to_add = days[: start.days], days[start.days :]
    last_before = before[-1].date if before else None
    log = EventLog(last_before, start.since, lambda where: work.read(tables.INVENTORY_EVENTS, where))

    accepted = pl.col("date").is_in([day.date for day in days])
    sightings = evidence.sightings((pl.col("outcome") == QUARANTINED) | (pl.col("date") >= start.since))
    sightings = sightings.filter(accepted)
    quarantined = sightings.filter(pl.col("date") <= pl.lit(last_before, pl.Date))  # no row where no day came before
    day_before = dict(zip([day.date for day in to_add], [last_before, *(day.date for day in to_add)], strict=False))

    def seen_on(day: AcceptedDay) -> Seen:
        return evidence.seen(day, day_before[day.date], sightings)

    if start.is_current and before:
        vehicles, unaffected = touched_present(work, map(seen_on, to_add), quarantined)
    else:
        vehicles, unaffected = Vehicles.none(tables.INVENTORY.frame_schema), None
        if start.days:
            vehicles = Vehicles.of(work.read(tables.INVENTORY, version=start.version), quarantined)

    events_of_day = None
    for day in to_add:
        happened = vehicles.add_day(seen_on(day), day, days, partial(evidence.past, days, day.date))
        revision = happened.revision
        work.ledger.enter_counts(day.date, happened.counts, revision.since if revision else None)
        if revision:
            log.replace(revision.vehicle_ids, revision.since, revision.events)
            work.ledger.correct(revision.counts)
        log.add(happened.events)
        if day.date == work.day:
            events_of_day = happened.events

    work.will_replace(
        tables.INVENTORY_EVENTS, log.rows_to_replace, log.frame(tables.INVENTORY_EVENTS.frame_schema), state=start.state
    )
    work.will_replace_runs()
    present = with_days_listed(vehicles.with_aliases())
    where = None
    if unaffected is not None:
        where, present = unaffected.beside(present)
    work.will_replace(tables.INVENTORY, where, present, state=start.state)
    _warn_of_mass_changes(work, events_of_day)


def _warn_of_mass_changes(work: MarketDay, events: pl.DataFrame | None) -> None:
    """events: of the day, None where they were computed in an earlier run."""
    row = work.ledger.rows[work.day]
    if not row["accepted"] or not may_hold(row):
        return
    if events is None:
        events = work.read(tables.INVENTORY_EVENTS, pl.col("known_on") == work.day)
    work.warnings += mass_changes(events, row["compared"])


INVENTORY = Procedure(
    "inventory", pl.Schema({name: tables.INVENTORY_DAILY.frame_schema[name] for name in VEHICLE}), _store, _update
)
