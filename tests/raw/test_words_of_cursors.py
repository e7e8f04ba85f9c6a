"""The words for cursors: the token in an answer that leads to the next page, and where pages that have one end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from raw.endpoint import Cursor
from tests.support.words import Asked, cars, endpoint, fetched

STOCK = cars(*range(7))
CURSORS = [
    ({"next": "b"}, {"next": None}),
    ({"next": "b"}, {"next": ""}),
    ({"next": "b"}, {}),
    ({"next": ["1", "b"]}, {"next": []}),
    ({"next": 0}, {"next": None}),
]


@pytest.mark.parametrize(("first", "last"), CURSORS)
def test_a_cursor_follows_the_pages_and_ends_where_none_is_named(tmp_path: Path, first: Any, last: Any) -> None:
    def answer(asked: Asked) -> Any:
        if "cursor" not in asked.query:
            return {"cars": STOCK[:2], "total": 3, **first}
        token = first["next"]
        wanted = token if isinstance(token, list) else [str(token)]
        assert [value for name, value in asked.pairs if name == "cursor"] == wanted
        return {"cars": STOCK[2:3], "total": 3, **last}

    day = fetched(tmp_path, endpoint(pages=Cursor(token="next", place="cursor", total="total")), answer)
    assert day.seal.complete, day.seal.message
    assert (day.seal.unique, len(day.asked)) == (3, 2)


def test_a_cursor_that_stops_before_its_total_is_a_shortfall(tmp_path: Path) -> None:
    pages = Cursor(token="next", place="cursor", size="size", step=100, total="total")
    day = fetched(tmp_path, endpoint(pages=pages), lambda asked: {"cars": STOCK[:2], "total": 300, "next": None})
    assert day.seal.cause == "shortfall"
    assert day.asked[0].query == {"size": "100"}


def test_an_empty_page_that_names_a_next_one_is_no_end(tmp_path: Path) -> None:
    def answer(asked: Asked) -> Any:
        number = int(asked.query.get("cursor", 0))
        return {"cars": [] if number == 1 else [STOCK[number]], "next": number + 1 if number < 3 else None}

    day = fetched(tmp_path, endpoint(pages=Cursor(token="next", place="cursor")), answer)
    assert day.seal.complete, day.seal.message
    assert day.seal.unique == 3


@pytest.mark.parametrize("records", [STOCK[:1], []])
def test_a_cursor_that_leads_in_a_circle_is_refused(tmp_path: Path, records: list[Any]) -> None:
    pages = Cursor(token="next", place="cursor")
    day = fetched(tmp_path, endpoint(pages=pages), lambda asked: {"cars": records, "next": "again"})
    assert day.seal.cause == "repeated_page", day.seal.message
    assert len(day.asked) <= 3


def test_a_cursor_may_stand_in_the_last_record(tmp_path: Path) -> None:
    def answer(asked: Asked) -> Any:
        start = int(asked.query.get("cursors[]", 0))
        return {"cars": [{**car, "cursors": [start + place + 1]} for place, car in enumerate(STOCK[start : start + 3])]}

    pages = Cursor(token="cursors", in_last_record=True, place="cursors[]")
    day = fetched(tmp_path, endpoint(pages=pages), answer)
    assert day.seal.complete, day.seal.message
    assert (day.seal.unique, len(day.asked)) == (7, 4), "the page after the last is empty"
