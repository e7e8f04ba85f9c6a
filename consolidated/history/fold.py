"""A market's vehicles from one accepted day to the next: first who is who, then what became of each.

Belongs here: putting identity (`identity.py`) and history (`history.py`) together, and telling anew the vehicles
of which a day shows that they were one, or gives the real VIN. Does not belong here: tables, and which days count.

Vehicles do not depend on each other, so only the ones concerned are told anew, from their own past sightings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from consolidated.history.advance import advance, empty_state
from consolidated.history.identity import aliases, identify, ids_of, known_ids, one_row_a_vehicle, recognise
from consolidated.history.spells import AcceptedDay
from consolidated.tables.columns import COUNTS
from transformed.contract.one_vehicle import REAL_VIN

Counts = dict[str, int]
PastSightings = Callable[[date, pl.Series], pl.DataFrame]
"""Gives the rows of the accepted days from a date on, of the day itself excluded, that show any of the ids as their
listing_id or vin: the contract's columns and `date`."""

_KNOWN = ("id", "vehicle_id", "is_identified_by_vin")


@dataclass(frozen=True)
class ToldAnew:
    """What a day changed of the days before it: the events of these vehicles (under their ids of before and of
    now) since that day are replaced by `events`; `counts` is what each day's counts gain or lose."""

    since: date
    vehicle_ids: pl.Series
    events: pl.DataFrame
    counts: dict[date, Counts]


@dataclass(frozen=True)
class Happened:
    """What a day brought: the events known on it, its counts, and what it changed of before."""

    events: pl.DataFrame
    counts: Counts
    told_anew: ToldAnew | None = None


@dataclass
class Vehicles:
    """The vehicles of a market after an accepted day. state: `columns.VEHICLE_STATE`, one row a vehicle; known:
    every id under which they were seen, as `identity.known_ids`."""

    state: pl.DataFrame
    known: pl.DataFrame = field(default_factory=lambda: _no_ids())

    @classmethod
    def nobody(cls, schema: pl.Schema) -> Vehicles:
        """Before a market's first accepted day; schema: that of the table `inventory`."""
        return cls(empty_state(schema))

    @classmethod
    def of(cls, present: pl.DataFrame) -> Vehicles:
        """From rows of the table `inventory`."""
        return cls(present, known_ids(present))

    def with_aliases(self) -> pl.DataFrame:
        """The state with its column `aliases`."""
        return aliases(self.state, self.known.select("id", "vehicle_id"))

    def one_more_day(
        self, rows: pl.DataFrame, day: AcceptedDay, days_before: Sequence[AcceptedDay], past: PastSightings
    ) -> Happened:
        """Go on by one accepted day. rows: the contract's columns, one row a listing, of that day."""
        plain, changed = recognise(self.known, rows)
        told_anew = None
        if not changed.is_empty():
            told_anew, identified = self._tell_anew(rows, changed, day, days_before, past)
            plain = pl.concat([plain, identified.select(plain.columns)])
        identified = rows.join(plain, on="listing_id")
        self.state, events, counts = advance(self.state, one_row_a_vehicle(identified), day)
        self.known = pl.concat([self.known, ids_of(identified)]).unique()
        return Happened(events, counts, told_anew)

    def _tell_anew(
        self,
        rows: pl.DataFrame,
        changed: pl.DataFrame,
        day: AcceptedDay,
        days_before: Sequence[AcceptedDay],
        past: PastSightings,
    ) -> tuple[ToldAnew, pl.DataFrame]:
        """Tell the changed vehicles again until the day before; returns also who the day's listings of theirs are."""
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
        _, _, counts_before = _tell(seen.join(before, on="listing_id"), days, self.state.schema)
        state, events, counts_now = _tell(seen.join(now, on="listing_id"), days, self.state.schema)
        self.state = pl.concat([self.state.join(concerned, on="vehicle_id", how="anti").select(state.columns), state])
        self.known = pl.concat(
            [self.known.join(concerned, on="vehicle_id", how="anti"), ids_of(seen.join(now, on="listing_id"))]
        ).unique()
        differences = {
            one.date: {name: counts_now[one.date][name] - counts_before[one.date][name] for name in COUNTS}
            for one in days
        }
        vehicle_ids = pl.concat([concerned["vehicle_id"], now["vehicle_id"]]).unique()
        return ToldAnew(since, vehicle_ids, events, differences), now.join(today, on="listing_id", how="semi")


def _tell(
    seen: pl.DataFrame, days: Sequence[AcceptedDay], schema: pl.Schema
) -> tuple[pl.DataFrame, pl.DataFrame, dict[date, Counts]]:
    """The history of a few vehicles whose identity is settled: state, events, counts after the days.

    seen: the contract's columns, date, vehicle_id, is_identified_by_vin.
    """
    state, events, counts = empty_state(schema), [], {}
    by_day = {key[0]: rows for key, rows in seen.partition_by("date", as_dict=True, include_key=False).items()}
    nobody = seen.drop("date").clear()
    for day in days:
        state, happened, counts[day.date] = advance(state, one_row_a_vehicle(by_day.get(day.date, nobody)), day)
        events.append(happened)
    return state, pl.concat(events), counts


def _no_ids() -> pl.DataFrame:
    return pl.DataFrame(schema=dict(zip(_KNOWN, (pl.String, pl.String, pl.Boolean), strict=True)))
