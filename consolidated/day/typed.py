"""What `transformed` left of an OEM's day, as consolidated takes it: the report, and each market's rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from consolidated.tables.store import RowsChanged
from resources.failures import Cause, PlatformError
from transformed.day.output import read_file, read_sightings
from transformed.day.report import Report, read_report

if TYPE_CHECKING:
    from resources.lake.lake import Lake


Retype = Callable[[date, str], "pl.DataFrame | None"]
"""Types an archived day again by an interpretation: the rows of all markets, with the contract's columns. None where
the archive does not have the day, or the interpretation is not that of today's code."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A transformed table that goes into a consolidated one. name: of the transformed asset, `vehicle_inventory`.
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
    """report: of all markets. rows_of: the rows of a market, with the columns that were asked for; None where it may
    have none. sightings: of each market that has any: listing_id (or dealer_id) as `identity`, vin, outcome; one row an
    identity."""

    report: Report
    rows_of: Callable[[str], pl.DataFrame | None]
    sightings: dict[str, pl.DataFrame]


def read_typed_day(lake: Lake, oem: str, feed: Feed, day: date, schema: pl.Schema) -> TypedDay:
    """A day's report and sightings; the rows of a market are read when they are asked for. schema: the columns to read,
    and their dtypes afterwards.

    Raises PlatformError: NEVER_LANDED; CONFIGURATION where the day was typed by another interpretation and the archive
    no longer has it; TRANSFORMED_DAMAGED where a typed file is not what was written. Raises RowsChanged where another
    run has typed the day again meanwhile, and removed the files of before. So does `rows_of`.
    """
    if feed.refresh is not None:
        feed.refresh(day)
    report = read_report(lake, oem, feed.name, day)
    with _unless_typed_again(lake, report):
        sightings = by_market(read_sightings(lake, report), keep_market=False)
    return TypedDay(report, _TypedFiles(lake, report, schema).rows_of, sightings)


@dataclass
class _TypedFiles:
    """The files of a typed day. No more than a market's are in memory at a time, and each is read once, as long as a
    file is of one market and the markets are asked for in the order of their files: so transformed writes them."""

    lake: Lake
    report: Report
    schema: pl.Schema
    _files_of: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _looked_at: int = 0

    def rows_of(self, market: str) -> pl.DataFrame:
        """As many as the report says. Raises PlatformError(TRANSFORMED_DAMAGED) where there are others."""
        accepted = self.report.markets[market].accepted
        found = [self._read(path).filter(pl.col("market") == market) for path in self._files_of[market]]
        while sum(map(len, found)) < accepted and self._looked_at < len(self.report.files):
            path = self.report.files[self._looked_at]
            rows = self._read(path)
            self._looked_at += 1
            markets = rows["market"].unique().to_list()
            for one in markets:
                self._files_of[one].append(path)
            if market in markets:
                found.append(rows if len(markets) == 1 else rows.filter(pl.col("market") == market))
        held = sum(map(len, found))
        if held != accepted:
            raise PlatformError(
                Cause.TRANSFORMED_DAMAGED,
                f"the report says {accepted} rows, and its files hold {held}",
                oem=self.report.oem,
                market=market,
                endpoint=self.report.name,
            )
        return pl.concat(found) if found else pl.DataFrame(schema=self.schema)

    def _read(self, path: str) -> pl.DataFrame:
        with _unless_typed_again(self.lake, self.report):
            return read_file(self.lake, self.report, path, list(self.schema)).cast(self.schema)


@contextmanager
def _unless_typed_again(lake: Lake, report: Report) -> Iterator[None]:
    """Two nights of a day may run at once: a file that the other one replaced is not damaged."""
    try:
        yield
    except PlatformError as error:
        if error.cause is not Cause.TRANSFORMED_DAMAGED:
            raise
        if read_report(lake, report.oem, report.name, date.fromisoformat(report.date)) == report:
            raise
        raise RowsChanged(f"{report.oem} {report.name} of {report.date} was typed again meanwhile") from error


def by_market(frame: pl.DataFrame, *, keep_market: bool = True) -> dict[str, pl.DataFrame]:
    """The rows of each market."""
    markets = frame.partition_by("market", as_dict=True, include_key=keep_market)
    return {str(market): of_market for (market,), of_market in markets.items()}
