"""An OEM's vehicles of a day into `inventory_daily`, `inventory_events`, `runs` and `inventory`.

Belongs here: the order of reading, computing and committing for vehicles. Does not belong here: the rules
(`acceptance.py`, `identity.py`, `spells.py`, `history.py`) and how a commit is made (`commit.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl

from consolidated import tables
from consolidated.columns import VEHICLE
from consolidated.commit import read_rows, state_of
from consolidated.history import advance, empty_state, with_days_listed
from consolidated.identity import REAL_VIN, IdentityChanged, aliases, identify, known_ids, one_row_a_vehicle, recognise
from consolidated.market import NOTHING_ACCEPTED, MarketDay, MarketOutcome, consolidate_markets, last_step

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table

    from resources.lake import Lake


def consolidate_inventory(
    *, lake: Lake, catalog: Catalog, oem: str, sources: Sequence[tuple[str, int]], day: date
) -> list[MarketOutcome]:
    """Merge an OEM's transformed vehicles of a day with the history of each of its markets.

    sources: transformed name, debounce in accepted days. An incomplete day is entered in `runs` and changes
    nothing else; an implausible one is kept in `inventory_daily` too. The same day again commits nothing.
    Raises PlatformError: NEVER_LANDED, SOURCE_MIXED, COMMIT_CONFLICT, LAKE_UNWRITABLE.
    """
    return consolidate_markets(
        lake=lake, catalog=catalog, oem=oem, sources=sources, day=day, merge=_merge, columns=list(VEHICLE)
    )


def _merge(work: MarketDay, rows: pl.DataFrame) -> None:
    daily, events, inventory = (
        work.open(definition) for definition in (tables.INVENTORY_DAILY, tables.INVENTORY_EVENTS, tables.INVENTORY)
    )
    rows = rows.cast({name: tables.INVENTORY_DAILY.frame_schema[name] for name in VEHICLE})
    work.enter(rows, vehicles=identify(rows.with_columns(date=pl.lit(work.day)))["vehicle_id"].n_unique())
    of_day = work.here & (pl.col("date") == work.day)
    content = str(work.ledger.rows[work.day]["content_hash"])
    work.write(daily, of_day, rows.with_columns(date=pl.lit(work.day)), f"{work.scope}/{work.day}", content)

    states = work.ledger.states()
    step = last_step(state_of(inventory, work.scope), states)
    # events are committed first: a step that was killed in between, on rows that were replaced since, left others
    of_events = last_step(state_of(events, work.scope), states)
    if step != of_events and (step, of_events) != ("last", "nothing"):
        step = "everything"
    if step == "nothing":
        work.write_runs()
        return
    state = states[-1] if states else NOTHING_ACCEPTED
    if step == "last" and work.ledger.accepted()[-1] == work.day:
        try:
            present = _one_more_day(work, rows, inventory, events, state)
        except IdentityChanged:
            present = _all_days(work, daily, events, state)
    else:
        present = _all_days(work, daily, events, state)
    work.write_runs()
    work.write(inventory, work.here, with_days_listed(present), work.scope, state)


def _one_more_day(work: MarketDay, rows: pl.DataFrame, inventory: Table, events: Table, state: str) -> pl.DataFrame:
    """Commit the events of a new last day; the present after it. Raises IdentityChanged before any commit."""
    before = read_rows(inventory, work.here)
    known = known_ids(before)
    identified = rows.join(recognise(known, rows), on="listing_id")
    present, happened, counts = advance(before, one_row_a_vehicle(identified), work.ledger.days()[-1])
    work.ledger.rows[work.day].update(counts)
    first = work.day.replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    # known_on is partitioned by the month: the filter drops whole files
    of_month = work.here & (pl.col("known_on") >= first) & (pl.col("known_on") < following)
    earlier = read_rows(events, of_month).filter(pl.col("known_on") < work.day)
    work.write(events, of_month, pl.concat([earlier, happened.select(earlier.columns)]), work.scope, state)
    return aliases(present, pl.concat([known.select("id", "vehicle_id"), _ids(identified)]))


def _all_days(work: MarketDay, daily: Table, events: Table, state: str) -> pl.DataFrame:
    """Compute all accepted days again and commit their events; the present after them."""
    accepted = work.ledger.accepted()
    seen = read_rows(daily, work.here & pl.col("date").is_in(accepted))
    identified = seen.join(identify(seen.select("date", "listing_id", "vin", "vin_is_temporary")), on="listing_id")
    by_day = {key[0]: frame for key, frame in identified.partition_by("date", as_dict=True, include_key=False).items()}
    present = empty_state(tables.INVENTORY.frame_schema)
    happened = [pl.DataFrame(schema=tables.INVENTORY_EVENTS.frame_schema)]
    nobody = identified.drop("date").clear()
    for day in work.ledger.days():
        rows = one_row_a_vehicle(by_day.get(day.date, nobody))
        present, events_of_day, counts = advance(present, rows, day)
        happened.append(events_of_day)
        work.ledger.rows[day.date].update(counts)
    work.write(events, work.here, pl.concat(happened), work.scope, state)
    return aliases(present, _ids(identified))


def _ids(identified: pl.DataFrame) -> pl.DataFrame:
    """id, vehicle_id: under which listing ids and real VINs vehicles were seen."""
    listings = identified.select("vehicle_id", id="listing_id")
    vins = identified.select("vehicle_id", id=REAL_VIN).drop_nulls("id")
    return pl.concat([listings, vins]).select("id", "vehicle_id").unique()
