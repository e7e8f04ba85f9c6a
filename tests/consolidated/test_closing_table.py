"""The closing table of a night, line by line, and whether every market was whole."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from rich.console import Console

from consolidated.night import closing_table
from consolidated.night.attention import Matter
from consolidated.night.closing_table import print_night, told
from resources.lake.lake import Lake

DAY = date(2026, 11, 26)
NONE = dict.fromkeys(("excluded", "covered", "relisted", "disappeared", "price_changes"))


def run(oem: str, market: str, table: str = "inventory", **values: Any) -> dict[str, Any]:
    """A row of `runs` of a quiet day."""
    return {
        "oem": oem, "market": market, "table": table, "endpoint": "stock", "complete": True, "accepted": True,
        "cause": None, "message": None, "decision": None, "decision_reason": None,
        "vehicles": 12, "listed": 3, "delisted": 2, "refused": 1, **NONE, "fetch_seconds": 1.26, **values,
    }  # fmt: skip


def printed(runs: list[dict[str, Any]], title: str = "a night", width: int = 80) -> list[str]:
    where = Console(width=width, force_terminal=True, record=True, file=io.StringIO())
    for one in told(runs, {}, title):
        where.print(one)
    return [line.rstrip() for line in where.export_text().splitlines()]


def test_a_market_has_a_line_with_its_vehicles_dealers_and_seconds() -> None:
    rows = [
        run("volvo", "gb", vehicles=1_234_567, listed=9_876, fetch_seconds=98.04),
        run("volvo", "gb", "dealers", vehicles=45, listed=7, fetch_seconds=1.9),
        run("a_maker_of_a_long_name", "es", vehicles=None, listed=None, delisted=None, refused=0, fetch_seconds=99.94),
    ]
    assert printed(rows) == [
        "a night",
        "  maker          market  vehicles dealers arrivals departures refused    s",
        "  a_maker_of_a_… es             -       -        -          -       0 99.9",
        "  volvo          gb     1,234,567      45    9,876          2       1 99.9",
        "  all            2      1,234,567      45    9,876          2       1",
    ]


@pytest.mark.parametrize(("seconds", "shown"), [(99.94, "99.9"), (100.0, "100"), (3599.6, "3600")])
def test_from_a_hundred_seconds_on_their_tenths_are_left_out(seconds: float, shown: str) -> None:
    (_, _, line) = printed([run("audi", "es", fetch_seconds=seconds)])
    assert line.split() == ["audi", "es", "12", "-", "3", "2", "1", shown]


def test_the_titles_width_is_not_the_tables_and_a_market_alone_has_no_sum() -> None:
    assert printed([run("audi", "es")], "a night of a title that is longer than the table itself is wide, 1 s") == [
        "a night of a title that is longer than the table itself is",
        "wide, 1 s",
        "  maker market vehicles dealers arrivals departures refused   s",
        "  audi  es           12       -        3          2       1 1.3",
    ]


def test_a_narrow_terminal_shortens_columns_and_keeps_the_mark_and_the_line() -> None:
    assert printed([run("audi", "es", complete=False, vehicles=1_234_567)], width=54)[:3] == [
        "a night",
        "  maker market vehic… deale… arriv… depart… refus…   s",
        "! audi  es     1,234…      -      3       2      1 1.3",
    ]


def test_the_worse_mark_of_a_markets_tables_is_shown_and_each_mark_explained() -> None:
    doubtful: dict[str, Any] = {"accepted": False}
    broken: dict[str, Any] = {"complete": False, "accepted": False, "cause": "blocked"}
    rows = [
        run("audi", "de"),
        run("audi", "es", **doubtful),
        run("audi", "es", "dealers"),
        run("bmw", "es", **doubtful),
        run("bmw", "es", "dealers", **broken),
    ]
    lines = printed(rows)
    assert [line[:8].rstrip() for line in lines[2:5]] == ["  audi", "? audi", "! bmw"]
    assert lines[6:8] == [
        "! not whole: its last good state stays served",
        "? doubtful: it does not count yet",
    ]
    assert printed([run("audi", "de")])[3:] == []


def test_what_else_came_of_the_vehicles_is_one_sentence_of_what_there_was() -> None:
    rows = [
        run("audi", "de", relisted=1_000, price_changes=0, excluded=7),
        run("audi", "es", relisted=234),
        run("audi", "es", "dealers", relisted=50, disappeared=9),
    ]
    assert printed(rows)[-1] == "also: 1,234 came back after they were gone; 7 left out by design"
    assert not any("also" in line for line in printed([run("audi", "de", "dealers", relisted=5)]))


@pytest.mark.parametrize(("kinds", "says"), [(("FAILED",), "1 needs a person:"), (("DOUBTFUL", "FAILED"), "2 need a")])
def test_what_needs_a_person_is_counted_and_told_in_the_colour_of_its_kind(
    kinds: tuple[str, ...], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [Matter(kind, "audi", f"audi/{kind}", "one\ntwo", None, "Do it." * (kind == "FAILED")) for kind in kinds]
    monkeypatch.setattr(closing_table, "matters", lambda *_: found)
    (_, count, *lines) = told([run("audi", "de")], {}, "a night")
    assert str(count).startswith(f"\n{says}")
    assert [str(line) for line in lines][-2:] == ["FAILED audi/FAILED: one; two", "  Do it."]
    assert len(lines) == len(kinds) + 1, "nothing is advised of what is doubtful"
    assert [getattr(line, "style", "") for line in lines if ": one" in str(line)] == [
        {"DOUBTFUL": "yellow"}.get(kind, "red") for kind in kinds
    ]


@pytest.mark.parametrize(
    ("rows", "is_whole"),
    [
        ([run("audi", "de"), run("audi", "es")], True),
        ([run("audi", "de"), run("audi", "es", complete=False)], False),
        ([run("audi", "de"), run("audi", "de", "dealers", complete=False)], True),
        ([], True),
    ],
)
def test_a_night_is_whole_where_the_vehicles_of_every_market_are(
    rows: list[dict[str, Any]], is_whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def runs_of(*about: object) -> list[dict[str, Any]]:
        asked.append(about)
        return rows

    monkeypatch.setattr(closing_table, "runs_of", runs_of)
    lake, where = Lake("file:///lake/[blue]"), Console(width=80, record=True, file=io.StringIO())
    assert print_night(where, lake, DAY, "audi", {}, 61.7) is is_whole
    assert asked == [(lake, DAY, "audi")]
    lines = where.export_text().splitlines()
    assert [line.rstrip() for line in lines[:2]] == ["", "night of 2026-11-26, 62 s"]
    assert lines[-3:] == ["", "tables in file:///lake/[blue]; ask them:", '  make query SQL="FROM stock"']
