"""Months as the tables are partitioned by them: the month's first day, the next one, the filter of its rows."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


_EPOCH_YEAR = 1970


def month_of(day: date) -> date:
    """The first day of the day's month."""
    return day.replace(day=1)


def next_month(day: date) -> date:
    """The first day of the month after the day's."""
    return (month_of(day) + timedelta(days=31)).replace(day=1)


def month_number(column: pl.Expr) -> pl.Expr:
    """The month of a date column as Iceberg's partitions keep it: how many months after January 1970."""
    return (column.dt.year() - _EPOCH_YEAR) * 12 + column.dt.month() - 1


def month_numbered(number: int) -> date:
    """The first day of the month of such a number."""
    return date(_EPOCH_YEAR + number // 12, number % 12 + 1, 1)


def in_month(column: pl.Expr, day: date) -> pl.Expr:
    """Whether a date column lies in the day's month; as a filter it covers whole partitions by month."""
    return (column >= month_of(day)) & (column < next_month(day))
