"""A market's vehicles from one accepted day to the next: which listing is which vehicle, then what happened to it.

A day may show that two vehicles are one, or give a vehicle its real VIN. The history of these vehicles is then
computed again from their own past sightings (a `Revision`); vehicles do not depend on each other, so no other is.
"""

from __future__ import annotations

from collections.abc import Sequence
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
from consolidated.history.seen import Past, Seen
from consolidated.history.spells import AcceptedDay
from consolidated.tables.columns import COUNTS

Counts = dict[str, int]

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
    def of(cls, present: pl.DataFrame, quarantined: pl.DataFrame, known: pl.DataFrame | None = None) -> Vehicles:
        """From rows of the table `inventory`.

        quarantined: date, listing_id, vin of every sighting without a row so far; among them are vehicles that do not
        exist yet. known: the ids of vehicles that exist and are not in `present`.
        """
        ids = known_ids(present)
        existing = ids if known is None else pl.concat([ids, known])
        never_typed = quarantined.with_columns(vin_is_temporary=pl.lit(value=False)).join(
            existing, left_on="listing_id", right_on="id", how="anti"
        )
        if not never_typed.is_empty():
            ids = pl.concat([ids, ids_of(never_typed.join(identify(never_typed), on="listing_id"))]).unique()
        return cls(present, ids)

    def with_aliases(self) -> pl.DataFrame:
        """The state with its column `aliases`."""
        return aliases(self.state, self.known.select("id", "vehicle_id"))

    def add_day(self, seen: Seen, day: AcceptedDay, days_before: Sequence[AcceptedDay], past: Past) -> Happened:
        """Go on by one accepted day, of which `seen` holds what was seen."""
        ids = seen.ids()
        plain, changed = match_listings(self.known, ids)
        revision = None
        if not changed.is_empty():
            revision, identified = self._revise(ids, changed, day, days_before, past)
            plain = pl.concat([plain, identified.select(plain.columns)])
        self.state, events, counts = _advance(self.state, seen, plain, day)
        self.known = pl.concat([self.known, ids_of(ids.join(plain, on="listing_id"))]).unique()
        return Happened(events, counts, revision)

    def _revise(
        self,
        ids_of_day: pl.DataFrame,
        changed: pl.DataFrame,
        day: AcceptedDay,
        days_before: Sequence[AcceptedDay],
        past: Past,
    ) -> tuple[Revision | None, pl.DataFrame]:
        """Compute the changed vehicles again up to the day before. Returns also the vehicle of each of their listings
        of the day: listing_id, vehicle_id, is_identified_by_vin."""
        concerned = changed.select("vehicle_id").unique()
        first = self.state.join(concerned, on="vehicle_id", how="semi")["first_seen_on"].min()
        since = first if isinstance(first, date) else day.date
        ids = self.known.join(concerned, on="vehicle_id", how="semi")["id"]
        before = past(since, ids)
        ids_before = before.ids()
        today = ids_of_day.join(changed.select("listing_id").unique(), on="listing_id", how="semi")
        as_before = identify(ids_before)
        as_now = identify(pl.concat([ids_before, today.with_columns(date=pl.lit(day.date)).select(ids_before.columns)]))
        known = self.known.join(concerned, on="vehicle_id", how="anti")
        self.known = pl.concat([known, ids_of(ids_before.join(as_now, on="listing_id"))]).unique()
        identified = as_now.join(today.select("listing_id").unique(), on="listing_id", how="semi")
        days = [one for one in days_before if since <= one.date < day.date]
        if not days:
            return None, identified
        _, _, counts_before = _replay(before, as_before, days, self.state.schema)
        state, events, counts_now = _replay(before, as_now, days, self.state.schema)
        self.state = pl.concat([self.state.join(concerned, on="vehicle_id", how="anti").select(state.columns), state])
        differences = {
            one.date: {name: counts_now[one.date][name] - counts_before[one.date][name] for name in COUNTS}
            for one in days
        }
        vehicle_ids = pl.concat([concerned["vehicle_id"], as_now["vehicle_id"]]).unique()
        return Revision(since, vehicle_ids, events, differences), identified


def _advance(
    state: pl.DataFrame, seen: Seen, identified: pl.DataFrame, day: AcceptedDay
) -> tuple[pl.DataFrame, pl.DataFrame, Counts]:
    """`advance` for a day whose listings are identified: listing_id, vehicle_id, is_identified_by_vin."""
    rows = one_row_a_vehicle(seen.rows.join(identified, on="listing_id"))
    sighted = seen.sightings.join(identified, on="listing_id")["vehicle_id"]
    base = one_row_a_vehicle(seen.base.join(identified, on="listing_id"))
    return advance(state, rows, day, sighted=sighted, base=base)


def _replay(
    past: Seen, identified: pl.DataFrame, days: Sequence[AcceptedDay], schema: pl.Schema
) -> tuple[pl.DataFrame, pl.DataFrame, dict[date, Counts]]:
    """The history of a few vehicles whose identity is settled: state, events, counts after the days."""
    state, events, counts = empty_state(schema), [], {}
    for day in days:
        of_day = pl.col("date") == day.date
        seen = Seen(*(frame.filter(of_day).drop("date") for frame in (past.rows, past.sightings, past.base)))
        state, happened, counts[day.date] = _advance(state, seen, identified, day)
        events.append(happened)
    return state, pl.concat(events), counts


def _no_ids() -> pl.DataFrame:
    return pl.DataFrame(schema=dict(zip(_KNOWN, (pl.String, pl.String, pl.Boolean), strict=True)))
