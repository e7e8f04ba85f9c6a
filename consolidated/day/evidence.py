"""What the tables hold of a market's days: rows, sightings without a row, rows that were typed again.

What this try brings is given in the place of what still stands in the tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

import polars as pl

from consolidated.day.ledger import Boundary
from consolidated.history.acceptance import TURNOVER_SHARE, Shares
from consolidated.history.identity import identify
from consolidated.history.seen import IDS, Seen
from consolidated.history.spells import AcceptedDay
from consolidated.tables import definitions as tables
from consolidated.tables.columns import TRACKED, VEHICLE
from consolidated.tables.store import CONTENT
from transformed.contract.one_vehicle import REAL_VIN

if TYPE_CHECKING:
    from consolidated.day.market import MarketDay

QUARANTINED = "quarantined"
_COMPARED = ("price_amount", "price_currency", "dealer_id", *TRACKED)
_DAYS_IN_MEMORY = 2
_SIGHTING = ["date", "listing_id", "vin"]


@dataclass
class Evidence:
    """Of one market, in one try."""

    work: MarketDay
    _rows: dict[date, pl.DataFrame] = field(default_factory=dict)
    _retyped: dict[date, pl.DataFrame] = field(default_factory=dict)

    def rows(self, day: date) -> pl.DataFrame:
        """The day's rows: the contract's columns, one row a listing."""
        if day == self.work.day and self.work.rows is not None:
            return self.work.rows
        if day not in self._rows:
            if len(self._rows) >= _DAYS_IN_MEMORY:
                self._rows.pop(next(iter(self._rows)))
            self._rows[day] = self.work.read(tables.INVENTORY_DAILY, pl.col("date") == day, list(VEHICLE))
        return self._rows[day]

    def sightings(self, where: pl.Expr) -> pl.DataFrame:
        """Sightings without a row: date, listing_id, vin."""
        found = self.work.read(tables.INVENTORY_SIGHTINGS, where, [*_SIGHTING, "outcome"])
        ours = self.work.sightings
        if ours is not None:
            dated = ours.with_columns(date=pl.lit(self.work.day)).select(found.columns)
            found = pl.concat([found.filter(pl.col("date") != self.work.day), dated.filter(where)])
        return found.select(_SIGHTING)

    def ids(self, day: date) -> pl.DataFrame:
        """Everything that was seen on a day: IDS."""
        if (day == self.work.day and self.work.rows is not None) or day in self._rows:
            rows = self.rows(day).select(IDS)
        else:
            rows = self.work.read(tables.INVENTORY_DAILY, pl.col("date") == day, list(IDS))
        return ids_seen(rows, self.sightings(pl.col("date") == day))

    def seen(self, day: AcceptedDay, before: date | None, sightings: pl.DataFrame) -> Seen:
        """What was seen on an accepted day. before: the accepted day before it. sightings: of this day among others."""
        rows = self.rows(day.date)
        of_day = sightings.filter(pl.col("date") == day.date).drop("date")
        base = self.retyped(before) if day.is_retyped and before is not None else rows.clear()
        return Seen(rows, of_day, base)

    def past(self, days: Sequence[AcceptedDay], until: date, since: date, ids: pl.Series) -> Seen:
        """What the accepted days before `until` show of any of the ids, as `seen.Past` has it."""
        of_ids = pl.col("listing_id").is_in(ids.to_list()) | pl.col("vin").is_in(ids.to_list())
        known = ids.implode()
        really_of_ids = pl.col("listing_id").is_in(known) | REAL_VIN.is_in(known)
        before = [day for day in days if day.date < until]
        dates = [day.date for day in before]
        rows = self.work.read(
            tables.INVENTORY_DAILY,
            pl.col("date").is_in([one for one in dates if one >= since]) & of_ids,
            [*VEHICLE, "date"],
        )
        if self.work.rows is not None and self.work.day in dates and self.work.day >= since:
            # the day's rows of this try are not in the table yet
            ours = self.work.rows.filter(of_ids).with_columns(date=pl.lit(self.work.day)).select(rows.columns)
            rows = pl.concat([rows.filter(pl.col("date") != self.work.day), ours])
        bases = [rows.clear()]
        for earlier, day in pairwise(before):
            if day.is_retyped and day.date > since:
                of_day = self.retyped(earlier.date).filter(really_of_ids)
                bases.append(of_day.with_columns(date=pl.lit(day.date)).select(rows.columns))
        sightings = self.sightings(of_ids).filter(pl.col("date").is_in(dates))
        return Seen(rows.filter(really_of_ids), sightings, pl.concat(bases))

    def shares(self, day: date, accepted: Sequence[date]) -> Shares:
        """How much the market turned over on a day, against the accepted days before it."""
        now = self.ids(day)
        ids = _every_id(now)
        absent = 1 - _share_known(vehicles_seen(self.ids(accepted[-1])), ids)
        if absent <= TURNOVER_SHARE:
            return Shares(absent, None)
        of_ids = pl.col("listing_id").is_in(ids.to_list()) | pl.col("vin").is_in(ids.to_list())
        of_days = pl.col("date").is_in(list(accepted))
        rows = self.work.read(tables.INVENTORY_DAILY, of_days & of_ids, ["date", *IDS])
        if self.work.rows is not None and self.work.day in accepted:
            ours = self.work.rows.with_columns(date=pl.lit(self.work.day)).select(rows.columns)
            rows = pl.concat([rows.filter(pl.col("date") != self.work.day), ours])
        sightings = self.sightings(of_ids).filter(of_days)
        ever = _every_id(ids_seen(rows.select(IDS), sightings))
        return Shares(absent, 1 - _share_known(vehicles_seen(now), ever))

    def retyped(self, day: date) -> pl.DataFrame:
        """The day's rows, typed again by the interpretation of the next accepted day: the contract's columns."""
        if day not in self._retyped:
            self._retyped[day] = self._kept_retyped(day, self.work.ledger.rows[day]["retyped_as"])
        return self._retyped[day]

    def type_again(self, boundary: Boundary) -> None:
        """Find the rows with which a boundary's day is compared, in the table or from the archive, and enter them."""
        ledger = self.work.ledger
        rows = self._kept_retyped(boundary.before, boundary.interpretation)
        if rows.is_empty():
            again = self._from_archive(boundary)
            if again is None:
                ledger.enter_retyped(boundary, None, None)
                return
            rows = again
        had_a_row = self.rows(boundary.before)
        # a listing without a row on that day is compared by its last one
        rows = rows.join(had_a_row.select("listing_id"), on="listing_id", how="semi")
        self._retyped[boundary.before] = rows
        differ = had_a_row.join(rows, on="listing_id", suffix=" again").filter(
            pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name} again")) for name in _COMPARED)
        )
        ledger.enter_retyped(boundary, rows, differ.height)
        self.work.will_replace(
            tables.INVENTORY_RETYPED,
            pl.col("date") == boundary.before,
            rows.with_columns(
                date=pl.lit(boundary.before),
                interpretation=pl.lit(boundary.interpretation),
                content_hash=pl.lit(ledger.rows[boundary.before]["content_hash"]),
            ),
            state=CONTENT,
        )

    def _kept_retyped(self, day: date, interpretation: str | None) -> pl.DataFrame:
        kept = self.work.read(tables.INVENTORY_RETYPED, pl.col("date") == day)
        content = self.work.ledger.rows[day]["content_hash"]
        is_current = (pl.col("interpretation") == interpretation) & (pl.col("content_hash") == content)
        return kept.filter(is_current).select(list(VEHICLE))

    def _from_archive(self, boundary: Boundary) -> pl.DataFrame | None:
        """The earlier day's rows, typed again; None where that cannot be done: the archive no longer has the day, or
        today's code is of a later interpretation than the boundary's day."""
        if self.work.retype is None:
            return None
        again = self.work.retype(boundary.before, boundary.interpretation)
        if again is None:
            return None
        schema = {name: tables.INVENTORY_DAILY.frame_schema[name] for name in VEHICLE}
        return again.filter(pl.col("market") == self.work.market).select(list(VEHICLE)).cast(schema)  # type: ignore[arg-type]


def ids_seen(rows: pl.DataFrame, sightings: pl.DataFrame) -> pl.DataFrame:
    """IDS of rows and of sightings (listing_id, vin) without a row."""
    without_row = sightings.select("listing_id", "vin", vin_is_temporary=pl.lit(value=False))
    return pl.concat([rows.select(IDS), without_row])


def vehicles_seen(ids: pl.DataFrame) -> pl.DataFrame:
    """The vehicles of one day by what was seen on it alone: vehicle_id, id; a row for each of a vehicle's ids."""
    identified = ids.join(identify(ids.with_columns(date=pl.lit(date.min))), on="listing_id")
    listings = identified.select("vehicle_id", id="listing_id")
    vins = identified.select("vehicle_id", id=REAL_VIN).drop_nulls("id")
    return pl.concat([listings, vins]).unique()


def _every_id(ids: pl.DataFrame) -> pl.Series:
    """Every listing id and every real VIN of IDS, once."""
    return pl.concat([ids["listing_id"].rename("id"), ids.select(id=REAL_VIN)["id"].drop_nulls()]).unique()


def _share_known(vehicles: pl.DataFrame, ids: pl.Series) -> float:
    """The share of the vehicles of which any id is among `ids`."""
    # looked up before the grouping: within it, polars makes the set of `ids` anew for each vehicle
    looked_up = vehicles.select("vehicle_id", is_known=pl.col("id").is_in(ids.implode()))
    known = looked_up.group_by("vehicle_id").agg(pl.col("is_known").any())
    return float(known["is_known"].mean() or 0)  # type: ignore[arg-type]
