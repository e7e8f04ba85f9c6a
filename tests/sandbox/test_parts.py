"""The sandbox's parts over real HTTP: how a made-up maker's routes page, and what its records are made of."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from resources.sandbox import parts
from resources.sandbox.parts import InBody, InQuery, Template, World, refusal
from tests.support.parts_maker import DAY, DEALERS, GONE, MODELS, PLACES, body_of, playing


@pytest.mark.parametrize("place", PLACES)
def test_a_page_is_asked_for_at_any_place(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    start, size, asked, path = PLACES[place]
    method = "POST" if place in ("body", "form") else "GET"
    with playing(monkeypatch, path=path, method=method, order="price", paging=parts.Offsets(start, size)) as maker:
        assert maker.cars(**asked(0, 30)) == maker.vins[:30]
        assert maker.cars(**asked(30, 30)) == maker.vins[30:60]
        assert maker.ask(**asked("x", 30)).status == 400
        assert maker.ask(**asked(0, 0)).status == 400
    with playing(
        monkeypatch, path=path, method=method, order="price", paging=parts.Pages(start, size, first=1)
    ) as maker:
        assert maker.cars(**asked(2, 30)) == maker.vins[30:60]
        assert maker.ask(**asked(0, 30)).status == 400


@pytest.mark.parametrize("value", ["20", 1.5, True, -1, [1]])
def test_what_is_no_number_in_a_json_body_is_refused(monkeypatch: pytest.MonkeyPatch, value: object) -> None:
    with playing(monkeypatch, method="POST", paging=parts.Offsets(InBody("from"))) as maker:
        assert maker.ask(body={"from": 20}).status == 200
        assert maker.ask(body={"from": value}).status == 400


def test_a_cursor_is_the_only_way_on(monkeypatch: pytest.MonkeyPatch) -> None:
    with playing(monkeypatch, order="price", paging=parts.Cursors(InQuery("cursor", every=True), size=30)) as maker:
        seen: list[str] = []
        token: str | None = ""
        while token is not None:
            query = urlencode([("cursor", part) for part in token.split(",")] if token else [])
            page = maker.ask(f"/cars?{query}").json()
            seen += [car["vin"] for car in page["cars"]]
            token = page["next"]
        assert seen == maker.vins
        assert maker.ask("/cars?cursor=30").status == 400


@pytest.mark.parametrize(
    ("paging", "asked", "status", "count"),
    [
        (parts.Offsets(InQuery("from"), InQuery("size"), largest=20), "size=50", 200, 20),
        (parts.Offsets(InQuery("from"), InQuery("size"), largest=20, too_large=refusal(422)), "size=50", 422, None),
        (parts.Offsets(InQuery("from"), window=50), "from=40", 200, 10),
        (parts.Offsets(InQuery("from"), window=50), "from=60", 200, 0),
        (parts.Offsets(InQuery("from"), window=50, past_window=refusal(500)), "from=40", 500, None),
        (parts.Offsets(InQuery("from"), past_end=refusal(400)), "from=1000", 400, None),
        (parts.Offsets(InQuery("from"), past_end=GONE), "from=1000", 404, None),
        (parts.Offsets(InQuery("from")), "from=1000", 200, 0),
        (parts.Pages(InQuery("p"), InQuery("n"), wants_whole_pages_above=12), "p=0&n=5000", 200, 0),
        (parts.Pages(InQuery("p"), InQuery("n"), zero=refusal(500)), "n=0", 500, None),
        (parts.Whole(), "", 200, 100),
        (parts.Whole(cap=45), "", 200, 45),
    ],
)
def test_caps_windows_and_ends(
    monkeypatch: pytest.MonkeyPatch, paging: Any, asked: str, status: int, count: int | None
) -> None:
    with playing(monkeypatch, paging=paging) as maker:
        reply = maker.ask(f"/cars?{asked}")
        assert reply.status == status
        if count is not None:
            expected = len(maker.vins) if count == 100 else count
            assert len(reply.json()["cars"]) == expected
            assert reply.json()["total"] == len(maker.vins)


def test_the_last_page_comes_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    paging = parts.Pages(InQuery("page"), size=30, first=1, past_end="repeat")
    with playing(monkeypatch, order="price", paging=paging) as maker:
        last = maker.cars("/cars?page=4")
        assert last == maker.vins[90:]
        assert maker.cars("/cars?page=5") == maker.cars("/cars?page=99") == last


def test_totals_stand_in_a_header_as_text_of_pages_or_on_the_first_page_only(monkeypatch: pytest.MonkeyPatch) -> None:
    with playing(
        monkeypatch,
        paging=parts.Pages(InQuery("page"), size=30),
        headers=lambda page: {"x-result-number": str(page.total)},
        answer=lambda page: {**body_of(page), "total": str(page.total) if page.number == 0 else "0"},
    ) as maker:
        first, second = maker.ask("/cars"), maker.ask("/cars?page=1")
        assert first.headers["x-result-number"] == second.headers["x-result-number"] == str(len(maker.vins))
        assert first.json()["total"] == str(len(maker.vins))
        assert second.json()["total"] == "0"
        assert first.json()["pages"] == -(-len(maker.vins) // 30)


def test_a_record_follows_its_example() -> None:
    template = Template(
        """{"vin": "{vin}", "year": "{year}", "text": "{year:d}", "fixed": {"a": [1, {"b": "{color.name}"}]},
        "sometimes": 1, "often": {"deep": "{price}"}, "told": 0}""",
        {"told": lambda car: car.price * 2, "fixed.a.0": "year"},
        missing={0.5: "sometimes"},
        null={0.5: "often"},
    )
    stock = parts.Stock(World(DAY, 400), "parts", {"de": 1}, models=MODELS, dealers=DEALERS)
    cars = list(stock.listing(World(DAY), "de"))
    records = [template.render(car) for car in cars]
    for car, record in zip(cars, records, strict=True):
        assert (record["vin"], record["year"], record["text"]) == (car.vin, car.year, str(car.year))
        assert record["fixed"] == {"a": [car.year, {"b": car.color.name}]}
        assert record["told"] == 2 * car.price
        assert record["often"] in (None, {"deep": car.price})
    for missing in (["sometimes" not in record for record in records], [record["often"] is None for record in records]):
        assert 0.4 < sum(missing) / len(missing) < 0.6
    with pytest.raises(ValueError, match="fuel is not in the example"):
        Template("{}", {"fuel": "price"})
    with pytest.raises(ValueError, match="3 cells in a table of 2"):
        parts.table("a|b\n1|2|3")


@pytest.mark.slow
def test_a_car_keeps_what_it_is_from_day_to_day() -> None:
    """Only price, mileage and dealer move; the same day gives the same stock."""

    def on(day: date) -> dict[str, Any]:
        stock = parts.Stock(World(day, 2000), "parts", {"us": 1}, models=MODELS, dealers=DEALERS)
        still = ("vin", "uuid", "color", "model", "list_price", "registered_on", "listed_on", "serial")
        return {
            car.vin: ([getattr(car, name) for name in still], (car.price, car.mileage, car.dealer.id), car.chance("x"))
            for car in stock.listing(World(day), "us")
        }

    today, again, tomorrow = on(DAY), on(DAY), on(DAY + timedelta(days=1))
    assert today == again
    both = today.keys() & tomorrow.keys()
    assert 0 < len(today) - len(both) < 0.06 * len(today)
    assert 0 < len(tomorrow) - len(both) < 0.06 * len(tomorrow)
    assert all(today[vin][0] == tomorrow[vin][0] and today[vin][2] == tomorrow[vin][2] for vin in both)
    moved = sum(today[vin][1] != tomorrow[vin][1] for vin in both) / len(both)
    assert 0.02 < moved < 0.12
