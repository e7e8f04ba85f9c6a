"""Which vehicles of the present a new last day can change, so that the files of all others stay as they are.

A new last day changes the vehicles that are listed or absent, and the delisted ones that are seen again. The delisted
ones lie in files by the month in which they were last seen, most of which no later night touches.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from consolidated.day.market import MarketDay
from consolidated.history.fold import Vehicles
from consolidated.history.identity import known_ids
from consolidated.history.seen import Seen
from consolidated.tables import definitions as tables
from consolidated.tables.months import in_month
from transformed.contract.one_vehicle import REAL_VIN

_IDENTITY = ["vehicle_id", "is_identified_by_vin", "listing_id", "vin", "vin_is_temporary", "aliases"]
_IS_DELISTED = pl.col("status") == "delisted"
# equalities and not `is_in`: along the partitions they drop whole files
_IS_NOT_DELISTED = (pl.col("status") == "listed") | (pl.col("status") == "absent")


def touched_present(work: MarketDay, of_days: Iterable[Seen], quarantined: pl.DataFrame) -> tuple[Vehicles, Unaffected]:
    """The vehicles that some new last days can change, and what stays as it is.

    of_days: what was seen on each of the days. quarantined: as in `Vehicles.of`. Of the delisted vehicles only the ids
    are read, and then the whole rows of the few that are seen again.
    """
    standing = work.read(tables.INVENTORY, _IS_NOT_DELISTED)
    seen = [pl.Series("id", [], pl.String)]
    for one in of_days:
        ids = one.ids()
        seen += [ids["listing_id"].rename("id"), ids.select(id=REAL_VIN).drop_nulls()["id"]]
    delisted = known_ids(work.read(tables.INVENTORY, _IS_DELISTED, [*_IDENTITY, "last_seen_on"]))
    seen_again = delisted.filter(pl.col("id").is_in(pl.concat(seen).unique().implode()))["vehicle_id"].unique()
    recalled = standing.clear()
    if not seen_again.is_empty():
        recalled = work.read(tables.INVENTORY, _IS_DELISTED & pl.col("vehicle_id").is_in(seen_again.to_list()))
    return Vehicles.of(pl.concat([standing, recalled]), quarantined, delisted), Unaffected(work, recalled)


@dataclass(frozen=True)
class Unaffected:
    """The delisted vehicles that some new last days do not change. recalled: the delisted ones that they do change,
    rows of the table `inventory`."""

    work: MarketDay
    recalled: pl.DataFrame

    def beside(self, present: pl.DataFrame) -> tuple[pl.Expr, pl.DataFrame]:
        """The filter of the partitions that the new present touches, and all rows that these hold from now on."""
        delisted = present.filter(_IS_DELISTED)
        touched = pl.concat([delisted["last_seen_on"], self.recalled["last_seen_on"]])
        changed = pl.concat([self.recalled["vehicle_id"], present["vehicle_id"]])
        where = _IS_NOT_DELISTED
        rows = [present]
        for month in touched.dt.truncate("1mo").unique().sort():
            of_month = _IS_DELISTED & in_month(pl.col("last_seen_on"), month)
            where |= of_month
            standing = self.work.read(tables.INVENTORY, of_month)
            rows.append(standing.filter(~pl.col("vehicle_id").is_in(changed.implode())).select(present.columns))
        return where, pl.concat(rows)
