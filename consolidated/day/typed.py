"""What `transformed` left of an OEM's day, as consolidated takes it: the report, and each market's rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from transformed.day.output import read_rows, read_sightings
from transformed.day.report import Report, read_report

if TYPE_CHECKING:
    from resources.lake.lake import Lake


Retype = Callable[[date, str], "pl.DataFrame | None"]
"""Types an archived day again by an interpretation: the rows of all markets, with the contract's columns. None where
the archive does not have the day, or the interpretation is not that of today's code."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A transformed table that goes into a consolidated one. name: of the transformed asset, `scs_inventory`.
    debounce_days: accepted days of absence that end a spell. retype: types a past day again, None where nothing can.
    refresh: types a day again in its place if it was typed by another interpretation than that of today's code."""

    name: str
    debounce_days: int
    retype: Retype | None = None
    refresh: Callable[[date], None] | None = None
    debounce_days_in: Mapping[str, int] = field(default_factory=dict)
    """Of the markets that have another number."""
    markets: frozenset[str] = frozenset()
    """The markets that the feed is of."""

    def debounce_of(self, market: str) -> int:
        return self.debounce_days_in.get(market, self.debounce_days)


@dataclass(frozen=True, slots=True)
class TypedDay:
    """report: of all markets. rows: of each market that has any, with the columns that were asked for. sightings: of
    each market that has any: listing_id (or dealer_id) as `identity`, vin, outcome; one row an identity."""

    report: Report
    rows: dict[str, pl.DataFrame]
    sightings: dict[str, pl.DataFrame]


def read_typed_day(lake: Lake, oem: str, feed: Feed, day: date, schema: pl.Schema) -> TypedDay:
    """Read a day's typed files once, for all its markets. schema: the columns to read, and their dtypes afterwards.

    Raises PlatformError: NEVER_LANDED; CONFIGURATION where the day was typed by another interpretation and the archive
    no longer has it; TRANSFORMED_DAMAGED where a typed file is not what was written.
    """
    if feed.refresh is not None:
        feed.refresh(day)
    report = read_report(lake, oem, feed.name, day)
    sightings = by_market(read_sightings(lake, report), keep_market=False)
    if not report.files:
        return TypedDay(report, {}, sightings)
    rows = read_rows(lake, report, list(schema)).cast(schema)
    return TypedDay(report, by_market(rows), sightings)


def by_market(frame: pl.DataFrame, *, keep_market: bool = True) -> dict[str, pl.DataFrame]:
    """The rows of each market."""
    markets = frame.partition_by("market", as_dict=True, include_key=keep_market)
    return {str(market): of_market for (market,), of_market in markets.items()}
