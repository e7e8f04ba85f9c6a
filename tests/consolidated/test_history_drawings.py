"""The drawings of `docs/history.md`: what each says has to be so, by the model, and by the tables."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import pytest

from resources.lake.lake import CHECKOUT
from tests.support.acceptance_model import Row, Sealed
from tests.support.consolidated_support import MemoryHistory
from tests.support.history_model import history
from tests.support.typed_days import day_number, vehicle

DEBOUNCE_DAYS = 3
PAGE = (CHECKOUT / "docs" / "history.md").read_text()


@dataclass
class Drawing:
    """cells: of each row by its name; cars: of each car its prices, what it is, its events."""

    title: str
    cells: dict[str, list[str]] = field(default_factory=dict)
    cars: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    @property
    def dates(self) -> list[date]:
        return [day_number(int(one) - 1) for one in self.cells["day"]]

    def rows(self, number: int) -> tuple[Row, ...]:
        """What is seen on a day: the drawn cars, and as many others as `cars` says there are in all."""
        day = self.dates[number]
        seen = []
        for name, drawn in self.cars.items():
            price = drawn["price"][number]
            known = None if price == "?" else Decimal(price) if price != "." else None
            if price != ".":
                seen.append(vehicle(name, day, price_amount=known, price_currency="EUR" if known else None))
        others = int(self.cells["cars"][number]) - len(seen) if "cars" in self.cells else 0
        return (*seen, *(vehicle(f"other {one:02}", day) for one in range(others)))

    def is_whole(self, number: int) -> bool:
        return self.cells.get("fetch", ["whole"] * (number + 1))[number] == "whole"

    def coverage(self, number: int) -> str:
        return self.cells.get("asked", ["A"] * (number + 1))[number]

    def sealed(self, until: int) -> dict[date, Sealed]:
        return {
            self.dates[number]: Sealed(self.coverage(number), self.rows(number))
            for number in range(until)
            if self.is_whole(number)
        }


def drawings() -> list[Drawing]:
    found = []
    for title, text in re.findall(r"^## ([^\n]*)\n```history\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL):
        drawing, car = Drawing(title), ""
        for line in text.splitlines():
            name, *cells = re.match(r"((?:  |car )?\w+) +(.*)", line).groups()  # type: ignore[union-attr]
            values = cells[0].split()
            if name.startswith("car "):
                car = name
                drawing.cars[car] = {"price": values}
            elif name.startswith("  "):
                drawing.cars[car][name.strip()] = values
            else:
                drawing.cells[name] = values
        found.append(drawing)
    return found


DRAWINGS = drawings()


def test_every_drawing_is_read() -> None:
    assert len(DRAWINGS) == PAGE.count("```history") >= 6
    for drawing in DRAWINGS:
        rows = [*drawing.cells.values(), *(row for car in drawing.cars.values() for row in car.values())]
        assert {len(row) for row in rows} == {len(drawing.dates)}, drawing.title
        assert all(car.keys() == {"price", "is", "event"} for car in drawing.cars.values())


@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda one: one.title)
def test_a_drawing_says_what_is_so(drawing: Drawing) -> None:
    told = history(drawing.sealed(len(drawing.dates)), DEBOUNCE_DAYS)
    for number, day in enumerate(drawing.dates):
        if "counts" in drawing.cells:
            assert (drawing.cells["counts"][number] == "yes") == (day in told.accepted), f"day {number + 1}"
        tonight = history(drawing.sealed(number + 1), DEBOUNCE_DAYS)
        for name, drawn in drawing.cars.items():
            status = tonight.present[name]["status"] if name in tonight.present else "."
            assert status == drawn["is"][number], f"{name} on day {number + 1}"
            events = [_drawn(event, drawing.dates) for event in told.events.values() if _is_news(event, name, day)]
            assert (" ".join(events) or ".") == drawn["event"][number], f"{name} on day {number + 1}"


@pytest.mark.slow
@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda one: one.title)
def test_the_tables_say_the_same(drawing: Drawing) -> None:
    kept = MemoryHistory(DEBOUNCE_DAYS)
    for number, day in enumerate(drawing.dates):
        whole = {} if drawing.is_whole(number) else {"complete": False, "cause": "timeout", "message": "too slow"}
        kept.day(day, drawing.rows(number), coverage=drawing.coverage(number), **whole)
        status = dict(kept.table("inventory").select("vehicle_id", "status").iter_rows())
        for name, drawn in drawing.cars.items():
            assert status.get(name, ".") == drawn["is"][number], f"{name} on day {number + 1}"
    events = kept.table("inventory_events").to_dicts()
    for name, drawn in drawing.cars.items():
        for number, day in enumerate(drawing.dates):
            news = [_drawn(event, drawing.dates) for event in events if _is_news(event, name, day)]
            assert (" ".join(news) or ".") == drawn["event"][number], f"{name} on day {number + 1}"


def _is_news(event: Row, name: str, day: date) -> bool:
    return bool(event["listing_id"] == name and event["known_on"] == day)


def _drawn(event: Row, dates: list[date]) -> str:
    since = event["event_date"]
    return str(event["kind"]) if since == event["known_on"] else f"{event['kind']}({dates.index(since) + 1})"
