"""What `transformed` left of an OEM's day, as consolidated takes it: the report, and each market's rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from transformed.day.report import Report, read_report

if TYPE_CHECKING:
    from datetime import date

    from resources.lake.lake import Lake


@dataclass(frozen=True, slots=True)
class Feed:
    """A transformed table that goes into a consolidated one. name: of the transformed asset, `scs_inventory`.
    debounce_days: accepted days of absence that end a spell."""

    name: str
    debounce_days: int


@dataclass(frozen=True, slots=True)
class TypedDay:
    """report: of all markets. rows: of each market that has any, with the columns that were asked for."""

    report: Report
    rows: dict[str, pl.DataFrame]


def read_typed_day(lake: Lake, oem: str, feed: Feed, day: date, schema: pl.Schema) -> TypedDay:
    """Read a day's typed files once, for all its markets. schema: the columns to read, and their dtypes afterwards.

    Raises PlatformError(NEVER_LANDED).
    """
    report = read_report(lake, oem, feed.name, day)
    if not report.files:
        return TypedDay(report, {})
    files = pl.scan_parquet([lake.url(file) for file in report.files])
    rows = files.select(list(schema)).collect().cast(schema)
    markets = rows.partition_by("market", as_dict=True)
    return TypedDay(report, {str(market): of_market for (market,), of_market in markets.items()})
