"""A market's vehicles from one accepted day to the next: which listing is which vehicle, then what happened to it.

A day may show that two vehicles are one, or give a vehicle its real VIN. The history of these vehicles is then
computed again from their own past sightings (a `Revision`); vehicles do not depend on each other, so no other is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from consolidated.history.advance import advance, empty_state
from consolidated.history.identity import (
    aliases,
    identify,
    ids_of,
    known_ids,
    match_listings,
    one_row_a_vehicle,
)
from consolidated.history.spells import AcceptedDay
from consolidated.tables.columns import COUNTS
from transformed.contract.one_vehicle import REAL_VIN

Counts = dict[str, int]
PastSightings = Callable[[date, pl.Series], pl.DataFrame]
"""Gives the rows of the accepted days from a date on, of the day itself excluded, that show any of the ids as their
listing_id or vin: the contract's columns and `date`."""

_KNOWN = ("id", "vehicle_id", "is_identified_by_vin")


@dataclass(frozen=True)
class Revision:
    """What a day changed of the days before it. The events of `vehicle_ids` (their ids before the day and after it)
    from `since` on are replaced by `events`; `counts` is what each day's counts gain or lose."""

    since: date
    vehicle_ids: pl.Series
    events: pl.DataFrame
    counts: dict[date, Counts]


@dataclass(frozen=True)
class Happened:
    """What a day brought: the events known on it, its counts, and what it changed of earlier days."""

    events: pl.DataFrame
    counts: Counts
    revision: Revision | None = None


@dataclass
class Vehicles:
    """The vehicles of a market after an accepted day. state: `columns.VEHICLE_STATE`, one row a vehicle; known:
    every id under which they were seen, as `identity.known_ids`."""

    state: pl.DataFrame
    known: pl.DataFrame = field(default_factory=lambda: _no_ids())

    @classmethod
    def none(cls, schema: pl.Schema) -> Vehicles:
        """Before a market's first accepted day; schema: that of the table `inventory`."""
        return cls(empty_state(schema))

    @classmethod
    def of(cls, present: pl.DataFrame) -> Vehicles:
        """From rows of the table `inventory`."""
        return cls(present, known_ids(present))

    def with_aliases(self) -> pl.DataFrame:
        """The state with its column `aliases`."""
        return aliases(self.state, self.known.select("id", "vehicle_id"))

    def add_day(
        self, rows: pl.DataFrame, day: AcceptedDay, days_before: Sequence[AcceptedDay], past: PastSightings
    ) -> Happened:
        """Go on by one accepted day. rows: the contract's columns, one row a listing, of that day."""
        plain, changed = match_listings(self.known, rows)
        revision = None
        if not changed.is_empty():
            revision, identified = self._revise(rows, changed, day, days_before, past)
            plain = pl.concat([plain, identified.select(plain.columns)])
        identified = rows.join(plain, on="listing_id")
        self.state, events, counts = advance(self.state, one_row_a_vehicle(identified), day)
        self.known = pl.concat([self.known, ids_of(identified)]).unique()
        return Happened(events, counts, revision)

    def _revise(
        self,
        rows: pl.DataFrame,
        changed: pl.DataFrame,
        day: AcceptedDay,
        days_before: Sequence[AcceptedDay],
        past: PastSightings,
    ) -> tuple[Revision, pl.DataFrame]:
        """Compute the changed vehicles again up to the day before. Returns also the vehicle of each of their listings
        of the day: listing_id, vehicle_id, is_identified_by_vin."""
        concerned = changed.select("vehicle_id").unique()
        since = self.state.join(concerned, on="vehicle_id", how="semi")["first_seen_on"].min()
        assert isinstance(since, date)
        ids = self.known.join(concerned, on="vehicle_id", how="semi")["id"]
        seen = past(since, ids).filter(pl.col("listing_id").is_in(ids.implode()) | REAL_VIN.is_in(ids.implode()))
        narrow = ("date", "listing_id", "vin", "vin_is_temporary")
        today = rows.join(changed.select("listing_id").unique(), on="listing_id", how="semi")
        before = identify(seen.select(narrow))
        now = identify(pl.concat([seen.select(narrow), today.with_columns(date=pl.lit(day.date)).select(narrow)]))
        days = [one for one in days_before if since <= one.date < day.date]
        _, _, counts_before = _replay(seen.join(before, on="listing_id"), days, self.state.schema)
        state, events, counts_now = _replay(seen.join(now, on="listing_id"), days, self.state.schema)
        self.state = pl.concat([self.state.join(concerned, on="vehicle_id", how="anti").select(state.columns), state])
        self.known = pl.concat(
            [self.known.join(concerned, on="vehicle_id", how="anti"), ids_of(seen.join(now, on="listing_id"))]
        ).unique()
        differences = {
            one.date: {name: counts_now[one.date][name] - counts_before[one.date][name] for name in COUNTS}
            for one in days
        }
        vehicle_ids = pl.concat([concerned["vehicle_id"], now["vehicle_id"]]).unique()
        return Revision(since, vehicle_ids, events, differences), now.join(today, on="listing_id", how="semi")


def _replay(
    seen: pl.DataFrame, days: Sequence[AcceptedDay], schema: pl.Schema
) -> tuple[pl.DataFrame, pl.DataFrame, dict[date, Counts]]:
    """The history of a few vehicles whose identity is settled: state, events, counts after the days.

    seen: the contract's columns, date, vehicle_id, is_identified_by_vin.
    """
    state, events, counts = empty_state(schema), [], {}
    by_day = {key[0]: rows for key, rows in seen.partition_by("date", as_dict=True, include_key=False).items()}
    no_rows = seen.drop("date").clear()
    for day in days:
        state, happened, counts[day.date] = advance(state, one_row_a_vehicle(by_day.get(day.date, no_rows)), day)
        events.append(happened)
    return state, pl.concat(events), counts


def _no_ids() -> pl.DataFrame:
    return pl.DataFrame(schema=dict(zip(_KNOWN, (pl.String, pl.String, pl.Boolean), strict=True)))
