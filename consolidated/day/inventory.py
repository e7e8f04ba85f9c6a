"""An OEM's vehicles of a day into `inventory_daily`, `inventory_events`, `runs` and `inventory`.

Belongs here: the order of reading, computing and committing for vehicles. Does not belong here: the rules
(`acceptance.py`, `identity.py`, `spells.py`, `history.py`, `fold.py`), from where a history is told again
(`market.py`), and how a commit is made (`commit.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from consolidated.day.market import Fetched, MarketDay, MarketOutcome, consolidate_markets
from consolidated.history.advance import with_days_listed
from consolidated.history.event_log import EventLog
from consolidated.history.fold import Vehicles
from consolidated.history.identity import identify, known_ids
from consolidated.tables import definitions as tables
from consolidated.tables.columns import VEHICLE
from consolidated.tables.commit import CONTENT, read_rows
from transformed.contract.one_vehicle import REAL_VIN

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table

    from resources.lake.lake import Lake

_IDENTITY = ["vehicle_id", "is_identified_by_vin", "listing_id", "vin", "vin_is_temporary", "aliases"]
_GONE = pl.col("status") == "delisted"
# equalities and not `is_in`: along the partitions they drop whole files
_NOT_GONE = (pl.col("status") == "listed") | (pl.col("status") == "absent")


def consolidate_inventory(
    *, lake: Lake, catalog: Catalog, oem: str, sources: Sequence[tuple[str, int]], day: date
) -> list[MarketOutcome]:
    """Merge an OEM's transformed vehicles of a day with the history of each of its markets.

    sources: transformed name, debounce in accepted days. An incomplete day is entered in `runs` and changes
    nothing else; an implausible one is kept in `inventory_daily` too. The same day again commits nothing.
    Raises PlatformError: NEVER_LANDED, SOURCE_MIXED, COMMIT_CONFLICT, LAKE_UNWRITABLE.
    """
    return consolidate_markets(
        lake=lake,
        catalog=catalog,
        oem=oem,
        sources=sources,
        day=day,
        store=_store,
        retell=retell_inventory,
        columns=list(VEHICLE),
    )


def _store(work: MarketDay, fetched: Fetched) -> None:
    rows = fetched.rows.cast({name: tables.INVENTORY_DAILY.frame_schema[name] for name in VEHICLE})
    dated = rows.with_columns(date=pl.lit(work.day))
    work.enter(fetched, rows, vehicles=identify(dated)["vehicle_id"].n_unique())
    work.write(
        work.open(tables.INVENTORY_DAILY),
        work.here & (pl.col("date") == work.day),
        dated,
        f"{work.scope}/{work.day}",
        CONTENT,
    )


def retell_inventory(work: MarketDay) -> None:
    """Bring events, `runs` and the present to what the ledger's accepted days say, from where that differs."""
    daily, events, inventory = (
        work.open(definition) for definition in (tables.INVENTORY_DAILY, tables.INVENTORY_EVENTS, tables.INVENTORY)
    )
    start = work.starting_point(inventory, events)
    if start is None:
        work.write_runs()
        return
    days = work.ledger.days()
    before, to_tell = days[: start.days], days[start.days :]
    keep_until = before[-1].date if before else None
    log = EventLog(work.here, keep_until, start.since, lambda where: read_rows(events, where))

    @cache
    def rows_of(day: date) -> pl.DataFrame:
        return read_rows(daily, work.here & (pl.col("date") == day), list(VEHICLE))

    if start.is_current and before:
        vehicles, rest = _whom_it_concerns(inventory, work.here, [rows_of(day.date) for day in to_tell])
    else:
        vehicles, rest = Vehicles.nobody(tables.INVENTORY.frame_schema), None
        if start.snapshot_id is not None:
            vehicles = Vehicles.of(read_rows(inventory, work.here, snapshot_id=start.snapshot_id))

    accepted = [day.date for day in days]

    def past(until: date) -> Callable[[date, pl.Series], pl.DataFrame]:
        def sightings(since: date, ids: pl.Series) -> pl.DataFrame:
            of_days = pl.col("date").is_in([one for one in accepted if since <= one < until])
            of_ids = pl.col("listing_id").is_in(ids.to_list()) | pl.col("vin").is_in(ids.to_list())
            return read_rows(daily, work.here & of_days & of_ids, [*VEHICLE, "date"])

        return sightings

    for day in to_tell:
        happened = vehicles.one_more_day(rows_of(day.date), day, days, past(day.date))
        anew = happened.told_anew
        work.ledger.tell(day.date, happened.counts, anew.since if anew else None)
        if anew:
            log.replace(anew.vehicle_ids, anew.since, anew.events)
            work.ledger.correct(anew.counts)
        log.add(happened.events)

    work.write(events, log.rows_to_replace, log.frame(tables.INVENTORY_EVENTS.frame_schema), work.scope, start.state)
    work.write_runs()
    present = with_days_listed(vehicles.with_aliases())
    where = work.here
    if rest is not None:
        where, present = rest.with_present(present)
    work.write(inventory, where, present, work.scope, start.state)


class _Rest:
    """Those of the present whom some new last days do not concern: who is gone and does not come back."""

    def __init__(self, inventory: Table, here: pl.Expr, recalled: pl.DataFrame) -> None:
        self._inventory, self._here, self._recalled = inventory, here, recalled

    def with_present(self, present: pl.DataFrame) -> tuple[pl.Expr, pl.DataFrame]:
        """The filter of the partitions that the new present touches, and all their rows."""
        gone = present.filter(_GONE)
        touched = pl.concat([gone["last_seen_on"], self._recalled["last_seen_on"]])
        where = self._here & _NOT_GONE
        others = [present]
        for month in touched.dt.truncate("1mo").unique().sort():
            of_month = _GONE & (pl.col("last_seen_on") >= month) & (pl.col("last_seen_on") < _next_month(month))
            where |= self._here & of_month
            standing = read_rows(self._inventory, self._here & of_month)
            ours = pl.concat([self._recalled["vehicle_id"], present["vehicle_id"]])
            others.append(standing.filter(~pl.col("vehicle_id").is_in(ours.implode())).select(present.columns))
        return where, pl.concat(others)


def _whom_it_concerns(inventory: Table, here: pl.Expr, of_days: Sequence[pl.DataFrame]) -> tuple[Vehicles, _Rest]:
    """Of the present those whom some new last days can change: who is not gone, and who is gone but comes back.

    Of the gone only the ids are read, and then the rows of the few that return.
    """
    standing = read_rows(inventory, here & _NOT_GONE)
    ids = pl.concat(
        [
            ids
            for rows in of_days
            for ids in (rows["listing_id"], rows.select(REAL_VIN.alias("id")).drop_nulls()["id"].rename("listing_id"))
        ]
        or [pl.Series("listing_id", [], pl.String)]
    ).unique()
    gone = known_ids(read_rows(inventory, here & _GONE, [*_IDENTITY, "last_seen_on"]))
    back = gone.filter(pl.col("id").is_in(ids.implode()))["vehicle_id"].unique()
    recalled = standing.clear()
    if not back.is_empty():
        recalled = read_rows(inventory, here & _GONE & pl.col("vehicle_id").is_in(back.to_list()))
    return Vehicles.of(pl.concat([standing, recalled])), _Rest(inventory, here, recalled)


def _next_month(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)
