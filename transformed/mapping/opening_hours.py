"""Opening hours in one form: a JSON text that changes only when the hours do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import polars as pl

_TIME = re.compile(r"(\d{1,2}):?(\d{2})(?::\d{2})?")
_WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")


def opening_hours(source: pl.Expr, read: Callable[[Any], str | None]) -> pl.Expr:
    """What `read` makes of each record's opening hours; null where it raises, whatever: hours of a form that nobody
    foresaw cost a dealer its hours, and neither its row nor its market."""

    def read_or_none(value: Any) -> str | None:
        try:
            return read(value)
        except Exception:
            return None

    return source.map_elements(read_or_none, return_dtype=pl.String)


def clock(time: str) -> str:
    """`HH:MM:SS`, `HH:MM` and `HHMM` as `HH:MM`; a text that is none of them stays as it is.

    One dealer service sends all three.
    """
    match = _TIME.fullmatch(time.strip())
    return f"{int(match[1]):02d}:{match[2]}" if match else time.strip()


def normalised(opening_hours: Mapping[str, Any]) -> str | None:
    """The `openingHours` of a dealer's departments as JSON: department -> weekday -> list of [open, close].

    A closed day is an empty list, a day the source does not name is absent. Departments and days are in a
    fixed order, so that the text changes only when the hours do. None where no department is named.
    """
    hours = {
        department["departmentName"]: _week(department["openingHours"] or ())
        for department in opening_hours["departments"] or ()
        if department and department["departmentName"]
    }
    return json.dumps(dict(sorted(hours.items())), ensure_ascii=False) if hours else None


def _week(days: Iterable[Mapping[str, Any] | None]) -> dict[str, list[list[str]]]:
    week = {day["id"]: _ranges(day) for day in days if day and day["id"]}
    order = {day: number for number, day in enumerate(_WEEKDAYS)}
    return dict(sorted(week.items(), key=lambda entry: (order.get(entry[0], len(order)), entry[0])))


def _ranges(day: Mapping[str, Any]) -> list[list[str]]:
    if not day["open"]:
        return []
    return sorted(
        [clock(times["openTime"]), clock(times["closeTime"])]
        for times in day["timeRanges"] or ()
        if times and times["openTime"] and times["closeTime"]
    )
