"""The sandbox's parts over real HTTP: filters, facets, sorts, places, and dealers with their cars."""

from __future__ import annotations

import pytest

from resources.sandbox import parts
from resources.sandbox.parts import InBody, InQuery, refusal
from tests.support.parts_maker import DEALER, DEALERS, playing


def test_filters_facets_and_sorts_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    narrowing = [
        parts.Filter(InBody("filters.series"), "model.series", values={"A": "a", "B": "b"}, unknown=refusal(400)),
        parts.Sort(InBody("sort"), {"price": "price", "-price": "-price"}, unknown=refusal(400)),
    ]
    answer = lambda page: {"cars": page.records, "facets": page.facets("model.series")}  # noqa: E731
    with playing(monkeypatch, method="POST", narrowing=narrowing, answer=answer) as maker:
        whole = maker.ask(body={}).json()
        counts = whole["facets"]
        assert sum(counts.values()) == len(whole["cars"]) == len(maker.vins)
        for asked, series in (("A", "a"), (["A"], "a"), (["A", "B"], "ab")):
            found = maker.ask(body={"filters": {"series": asked}, "sort": "price"}).json()
            assert {car["series"] for car in found["cars"]} == set(series)
            assert len(found["cars"]) == sum(counts[one] for one in series)
            prices = [car["price"] for car in found["cars"]]
            assert prices == sorted(prices)
        dearest = maker.ask(body={"sort": "-price"}).json()["cars"]
        assert [car["price"] for car in dearest] == sorted((car["price"] for car in whole["cars"]), reverse=True)
        assert maker.ask(body={"filters": {"series": "C"}}).status == 400
        assert maker.ask(body={"sort": "name"}).status == 400


def test_dealers_near_a_place_and_in_a_box(monkeypatch: pytest.MonkeyPatch) -> None:
    near = parts.Near(zip=InQuery("zip"), radius=InQuery("radius"), everywhere=("ANY",))
    answer = lambda page: {"cars": page.records}  # noqa: E731
    with playing(monkeypatch, serves=DEALERS, record=DEALER, narrowing=[near], answer=answer) as maker:
        everyone = maker.ask("/cars?zip=98101&radius=ANY").json()["cars"]
        miles = [dealer["miles"] for dealer in everyone]
        assert len(everyone) == 40
        assert miles == sorted(miles)
        close = maker.ask("/cars?zip=98101&radius=500").json()["cars"]
        assert close == [dealer for dealer in everyone if dealer["miles"] <= 500] != []
        assert maker.ask("/cars?zip=1").status == 400
        assert maker.ask("/cars?zip=98101&radius=far").status == 400
    nearest = parts.Near(latitude=InQuery("lat"), longitude=InQuery("lng"), nearest=20)
    with playing(monkeypatch, serves=DEALERS, record=DEALER, narrowing=[nearest], answer=answer) as maker:
        assert len(maker.ask("/cars?lat=47.61&lng=-122.33").json()["cars"]) == 20
        assert maker.ask("/cars?lat=north&lng=0").status == 400
    box = parts.Box(north=InQuery("n"), east=InQuery("e"), south=InQuery("s"), west=InQuery("w"), cap=10)
    with playing(monkeypatch, serves=DEALERS, record=DEALER, narrowing=[box], answer=answer) as maker:
        assert len(maker.ask("/cars?n=90&e=180&s=-90&w=-180").json()["cars"]) == 10
        inside = maker.ask("/cars?n=90&e=180&s=45&w=-180").json()["cars"]
        assert inside
        assert all(dealer["latitude"] >= 45 for dealer in inside)


def test_an_order_that_is_shuffled_again_for_who_does_not_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    paging = parts.Offsets(InQuery("from"), size=30)
    with playing(monkeypatch, paging=paging, narrowing=[parts.Reshuffled(paging)]) as maker:

        def pages(*starts: int) -> list[str]:
            return [vin for start in starts for vin in maker.cars(f"/cars?from={start}")]

        first = pages(0, 30, 60, 90, 120)
        assert sorted(first) == sorted(maker.vins)
        second = pages(0, 30, 30, 60, 90, 120)
        assert second[30:60] == second[60:90]
        assert sorted(set(second)) == sorted(maker.vins)
        assert second[:30] != first[:30]
        assert sorted(set(pages(0, 60, 30, 90, 120))) != sorted(maker.vins)


def test_one_answer_holds_dealers_with_their_cars(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = lambda page: {"dealers": page.by_dealer(DEALER, "vehicles"), "all": page.dealers(DEALER)}  # noqa: E731
    with playing(monkeypatch, answer=answer, records="dealers[].vehicles") as maker:
        body = maker.ask().json()
        assert len(body["dealers"]) == len(body["all"]) == 40
        assert any(dealer["vehicles"] is None for dealer in body["dealers"])
        held = {car["vin"]: dealer["id"] for dealer in body["dealers"] for car in dealer["vehicles"] or ()}
        assert held.keys() == set(maker.vins)
