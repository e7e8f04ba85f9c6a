"""The sandbox's parts over real HTTP: GraphQL, and faults, wherever a request names its page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from resources.sandbox import parts
from resources.sandbox.parts import InArguments
from tests.support.parts_maker import DEALER, FIELD, PLACES, TEXT, Maker, body_of, playing
from tests.support.sandbox_client import Reply


@contextmanager
def graphql_maker(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> Iterator[Maker]:
    paging = parts.Offsets(InArguments("paging.offset"), InArguments("paging.limit"))
    values = {"graphql": FIELD, "paging": paging, "order": "price", "records": "data.cars.cars", **changes}
    with playing(monkeypatch, **values) as maker:
        yield maker


def test_graphql_pages_by_nested_variables_and_gives_what_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with graphql_maker(monkeypatch) as maker:
        variables = {"paging": {"limit": 30, "offset": 30}}
        found = maker.ask(body={"query": TEXT, "variables": variables}).json()["data"]["cars"]
        assert [set(car) for car in found["cars"]] == [{"vin", "dealer"}] * 30
        assert [car["vin"] for car in found["cars"]] == maker.vins[30:60]
        assert found["total"] == len(maker.vins)
        inline = TEXT.replace("($paging: Paging!)", "").replace("$paging", "{limit: 30, offset: 30}")
        assert maker.ask(body={"query": inline}).json()["data"]["cars"] == found
        assert maker.ask(body={"query": "{ codes { list { code } } }"}).json()["data"] == {
            "codes": {"list": [{"code": "us"}]}
        }


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        (TEXT, {"paging": {"limit": "30", "offset": 30}}),
        (TEXT, {"paging": {"limit": 30, "offset": "30"}}),
        (TEXT, {"paging": {"limit": 30, "start": 0}}),
        (TEXT, {}),
        (TEXT.replace("vin", "chassis"), {"paging": {"limit": 30, "offset": 0}}),
        ("{ everything { id } }", {}),
        ("{ cars", {}),
    ],
)
def test_graphql_refuses_what_its_schema_has_not(monkeypatch: pytest.MonkeyPatch, text: str, variables: Any) -> None:
    with graphql_maker(monkeypatch) as maker:
        reply = maker.ask(body={"query": text, "variables": variables})
        assert reply.status == 400
        assert reply.json()["errors"][0]["message"]


def test_graphql_ends_with_a_null_node_or_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = lambda page: None if page.start >= page.total else body_of(page)  # noqa: E731
    unknown = parts.graphql_error("market {market} is not known")
    market = parts.Choice(InArguments("market"), {"us": "us"}, unknown=unknown, default="us")
    with graphql_maker(monkeypatch, answer=answer, market=market) as maker:
        reply = maker.ask(body={"query": TEXT, "variables": {"paging": {"limit": 30, "offset": 990}}})
        assert (reply.status, reply.json()) == (200, {"data": {"cars": None}})
        text = TEXT.replace("paging: $paging)", 'paging: $paging, market: "US")')
        reply = maker.ask(body={"query": text, "variables": {"paging": {"limit": 30, "offset": 0}}})
        assert (reply.status, reply.json()["data"]) == (200, {"cars": None})
        assert reply.json()["errors"][0]["message"] == "market US is not known"


@pytest.mark.parametrize("place", ["header", "body", "graphql"])
def test_faults_strike_pages_wherever_they_are_asked_for(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    changes: dict[str, Any]
    if place == "graphql":
        paging: Any = parts.Offsets(InArguments("paging.offset"), InArguments("paging.limit"))
        changes = {"graphql": FIELD, "records": "data.cars.cars", "total": "data.cars.total"}

        def asked(at: int) -> dict[str, Any]:
            return {"body": {"query": TEXT, "variables": {"paging": {"limit": 30, "offset": at}}}}
    else:
        start, size, of, path = PLACES[place]
        paging = parts.Offsets(start, size)
        changes = {"path": path, "method": "POST" if place == "body" else "GET", "status": 201, "total": "total"}

        def asked(at: int) -> dict[str, Any]:
            found: dict[str, Any] = of(at, 30)
            return found

    def page_of(reply: Reply) -> Any:
        body = reply.json()
        return body["data"]["cars"] if place == "graphql" else body

    def of_fault(fault: str) -> list[Any]:
        with playing(monkeypatch, order="price", paging=paging, faults=f"parts/cars:{fault}", **changes) as maker:
            reply = maker.ask(**asked(30))
            return [reply.status, reply, maker.vins]

    status, reply, vins = of_fault("shortfall")
    assert page_of(reply)["total"] > len(vins)
    good = status
    assert good == (200 if place == "graphql" else 201)

    def told(fault: str) -> list[str]:
        return [car["vin"] for car in page_of(of_fault(fault)[1])["cars"]]

    assert told("repeat") == vins[:30]
    assert told("silent-cap") == vins[30:45]
    assert told("half") == vins[::2][30:60]
    assert told("empty") == []
    assert page_of(of_fault("moving-total")[1])["total"] != len(vins)
    assert [of_fault(f"status-{name}@1")[0] for name in (500, "429-bare", 503)] == [500, 429, 503]
    assert "retry-after" not in of_fault("status-429-bare")[1].headers
    assert of_fault("status-429")[1].headers["retry-after"] == "1"
    assert of_fault("status-500@0")[0] == good
    assert (of_fault("empty-200")[0], of_fault("empty-200")[1].body) == (200, b"")
    assert "cars" not in of_fault("wrong-json")[1].json()


@pytest.mark.slow
def test_faults_reach_records_in_lists_in_lists_and_keyed_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    nested = lambda page: {"dealers": page.by_dealer(DEALER, "vehicles")}  # noqa: E731
    keyed = lambda page: {"cars": {car["vin"]: car for car in page.records}}  # noqa: E731
    for answer, records in ((nested, "dealers[].vehicles"), (keyed, "cars.*"), (lambda page: page.records, "")):
        values: dict[str, Any] = {"answer": answer, "records": records}
        with playing(monkeypatch, faults="parts/cars:empty", **values) as maker:
            assert not any(vin.encode() in maker.ask().body for vin in maker.vins)
        with playing(monkeypatch, faults="parts/cars:no-id", **values) as maker:
            assert maker.ask().body.count(b'"vin"') == len(maker.vins) - 1
        with playing(monkeypatch, faults="parts/cars:drift", **values) as maker:
            assert maker.ask().body.count(b'"batteryHealth"') == len(maker.vins)


def test_a_total_in_a_header_moves_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with playing(
        monkeypatch,
        headers=lambda page: {"X-Total": str(page.total)},
        total_header="x-total",
        faults="parts/cars:shortfall",
    ) as maker:
        assert int(maker.ask().headers["x-total"]) > len(maker.vins)
