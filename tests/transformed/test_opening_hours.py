"""Opening hours as one text: what is closed, what is not said, and in which order."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest

from transformed.mapping.opening_hours import clock, normalised, opening_hours


def ranges(*times: tuple[str | None, str | None]) -> list[dict[str, str | None] | None]:
    return [{"openTime": begin, "closeTime": end} for begin, end in times]


def day(name: str | None, *times: tuple[str | None, str | None], is_open: bool = True) -> dict[str, Any]:
    return {"id": name, "open": is_open, "timeRanges": ranges(*times)}


def of(days: Any, name: str | None = "Sales") -> Any:
    found = normalised({"departments": [{"departmentName": name, "openingHours": days}]})
    return None if found is None else json.loads(found)


@pytest.mark.parametrize(
    ("one", "hours"),
    [
        (day("Mo", ("16:00", "20:00"), ("0800", "13:30:00")), [["08:00", "13:30"], ["16:00", "20:00"]]),
        (day("Mo", ("08:00", "20:00"), is_open=False), []),
        (day("Mo"), []),
        ({"id": "Mo", "open": True, "timeRanges": None}, []),
        (
            day("Mo", (None, "20:00"), ("08:00", None), ("", "20:00"), (None, None), ("9:00", "10:00")),
            [["09:00", "10:00"]],
        ),
        ({"id": "Mo", "open": True, "timeRanges": [None, *ranges(("09:00", "10:00"))]}, [["09:00", "10:00"]]),
    ],
    ids=["sorted", "closed", "no times", "nothing said", "half a range", "no range"],
)
def test_a_day_is_its_ranges_in_order_and_a_closed_one_is_empty(one: dict[str, Any], hours: list[list[str]]) -> None:
    assert of([one]) == {"Sales": {"Mo": hours}}


def test_days_are_in_the_order_of_the_week_and_one_that_is_not_named_is_absent() -> None:
    names = ["Holiday", "Su", None, "Mo", "", "Bridge", "We", "Fr", "Tu", "Sa", "Th"]
    found = of([None, *(day(name) for name in names)])
    assert list(found["Sales"]) == ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su", "Bridge", "Holiday"]
    assert of(None) == of([]) == {"Sales": {}}


def test_departments_are_sorted_and_without_one_there_are_no_hours() -> None:
    named = [{"departmentName": name, "openingHours": None} for name in ("Werkstatt", None, "", "Ärzte", "Verkauf")]
    assert normalised({"departments": [None, *named]}) == '{"Verkauf": {}, "Werkstatt": {}, "Ärzte": {}}'
    for none in (None, [], [None], named[1:3]):
        assert normalised({"departments": none}) is None


@pytest.mark.parametrize(
    ("time", "said"),
    [("08:00:00", "08:00"), ("8:05", "08:05"), ("0805", "08:05"), (" 805 ", "08:05"), (" by call ", "by call"),
     ("08:00-12:00", "08:00-12:00")],
)  # fmt: skip
def test_a_time_has_one_form_and_another_text_stays(time: str, said: str) -> None:
    assert clock(time) == said


def test_hours_that_nobody_foresaw_cost_a_dealer_its_hours_alone() -> None:
    frame = pl.DataFrame({"hours": ["good", "bad", None]})

    def read(value: str) -> str:
        if value == "bad":
            raise KeyError(value)
        return f"{value} hours"

    assert frame.select(opening_hours(pl.col("hours"), read))["hours"].to_list() == ["good hours", None, None]
