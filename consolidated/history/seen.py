"""What was seen of a market on a day, and on the days before it: rows, sightings without a row, rows typed again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol

import polars as pl

IDS = ("listing_id", "vin", "vin_is_temporary")


@dataclass(frozen=True)
class Seen:
    """rows: the contract's columns, one row a listing. sightings: listing_id and vin (a real one or null) of the
    listings that were seen but have no row. base: rows of the accepted day before, typed again by the interpretation
    of this day, columns as in `rows`; none where both days have one interpretation.

    In the frames of `Past` each has a column `date` as well: of `base` it is the day that is compared with the rows.
    """

    rows: pl.DataFrame
    sightings: pl.DataFrame
    base: pl.DataFrame

    def ids(self) -> pl.DataFrame:
        """IDS (and `date`, where the frames have it) of everything that says which listing is which vehicle."""
        columns = [*IDS, *(["date"] if "date" in self.rows.columns else [])]
        sightings = self.sightings.with_columns(vin_is_temporary=pl.lit(value=False))
        return pl.concat([frame.select(columns) for frame in (self.rows, sightings, self.base)]).unique()


class Past(Protocol):
    """The days before a day."""

    def __call__(self, since: date, ids: pl.Series) -> Seen:
        """What the accepted days before the day show of any of the ids, as listing_id or vin. Rows from `since` on;
        sightings, which are few, of all days."""
