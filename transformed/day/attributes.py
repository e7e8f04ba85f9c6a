"""How much of each column is filled and how many of its codes are known, and whether that fades from day to day.

A maker that renames a field leaves the listings where they are and their column empty. That is no delisting: it is
told as a warning that names the column, the market and both shares.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from statistics import median
from typing import TYPE_CHECKING

from resources.failures import Cause, PlatformError
from transformed.day.report import Report, read_report

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

    from resources.lake.lake import Lake

_DAYS = 7  # that are compared with
_ROWS_AT_LEAST = 5  # fewer rows of a market say nothing about a column
_FILLED, _EMPTY = 0.5, 0.05
_KNOWN, _MISSED = 0.8, 0.5


@dataclass
class Shares:
    """Counts of one market's accepted rows, added up batch by batch."""

    columns: list[str]
    rows: int = 0
    filled: Counter[str] = field(default_factory=Counter)
    stated: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)

    def add(self, rows: pl.DataFrame) -> None:
        """rows: of the contract."""
        self.rows += len(rows)
        for name in self.columns:
            filled = rows[name]
            self.filled[name] += len(filled) - filled.null_count()
            source = f"{name}_source"
            if source in rows.columns:
                stated = rows[source]
                self.stated[name] += len(stated) - stated.null_count()
                self.known[name] += int((filled.is_not_null() & stated.is_not_null()).sum())

    def of_filled(self) -> dict[str, float]:
        """Column -> the share of rows in which it is filled; empty where there are no rows."""
        return {name: round(self.filled[name] / self.rows, 4) for name in self.columns} if self.rows else {}

    def of_known(self) -> dict[str, float]:
        """Column of codes -> the share of known codes among those that the source states; without those it states
        nowhere."""
        return {name: round(self.known[name] / stated, 4) for name, stated in self.stated.items() if stated}


def earlier_reports(lake: Lake, report: Report, day: date) -> list[Report]:
    """The reports of the same table of the last seven days before `day` that can be read."""
    found = []
    for days in range(1, _DAYS + 1):
        try:
            found.append(read_report(lake, report.oem, report.name, day - timedelta(days=days)))
        except PlatformError as error:
            if error.policy.retry:
                raise  # the storage does not answer: that is no answer about a day
    return found


def faded(report: Report, earlier: Iterable[Report]) -> list[str]:
    """A sentence for each column of a market that was filled (half of the median of the earlier days, or more) and is
    empty (under 5 %), and for each that knew its source's codes (80 %) and misses them (under half)."""
    earlier = list(earlier)
    sentences = []
    for market in sorted(report.fill):
        if report.markets[market].accepted < _ROWS_AT_LEAST:
            continue
        days = [one for one in earlier if market in one.fill and one.markets[market].accepted >= _ROWS_AT_LEAST]
        for what, today, before, was, least in (
            ("of the rows have", report.fill[market], [one.fill[market] for one in days], _FILLED, _EMPTY),
            (
                "of the source's codes are known for",
                report.known_codes.get(market, {}),
                [one.known_codes.get(market, {}) for one in days],
                _KNOWN,
                _MISSED,
            ),
        ):
            for column, share in sorted(today.items()):
                shares = [one[column] for one in before if column in one]
                if shares and median(shares) >= was and share < least:
                    sentences.append(
                        f"{Cause.SCHEMA_DRIFT.value} of attributes: {market}: {share:.0%} {what} {column},"
                        f" {median(shares):.0%} did in the {len(shares)} days before"
                    )
    return sentences
