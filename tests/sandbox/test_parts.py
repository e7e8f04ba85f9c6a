"""The sandbox's parts over real HTTP: a made-up maker's routes, each of which shows a way to page, check or refuse."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from resources.sandbox import parts
from resources.sandbox.parts import (
    Feed,
    InArguments,
    InBody,
    InForm,
    InHeader,
    InPath,
    InQuery,
    InQueryJson,
    Page,
    Template,
    World,
    refusal,
)
from resources.sandbox.serving.routes import Route
from resources.sandbox.serving.server import Sandbox
from tests.support.played import served
from tests.support.sandbox_client import Client, Reply

HOST = "api.parts.example"
DAY = date(2026, 11, 20)
MODELS = parts.table("""
name |series|vin     |price:int|weight:int
Alfa |a     |YN9AA111|31000    |3
Beta |b     |YN9AB111|42000    |1
""")
DEALERS = parts.Dealers("parts", {"us": 40, "de": 12}, name="Cars of {city}", without_stock=0.2)
CAR = Template("""{"vin": "{vin}", "price": "{price}", "series": "{model.series}", "dealer": {"id": "{dealer.id}"}}""")
DEALER = Template("""{"id": "{id}", "name": "{name}", "miles": "{miles}", "latitude": "{latitude}"}""")
GONE = refusal(404, {"errors": [{"code": "inventory.notFound"}]})


def body_of(page: Page) -> Any:
    return {"total": page.total, "pages": page.pages, "cars": page.records, "next": page.next_token}


@dataclass(frozen=True)
class Maker:
    """A made-up maker with one feed, and the server that plays it."""

    client: Client
    vins: list[str]

    def ask(self, path: str = "/cars", body: Any = None, headers: Mapping[str, str] | None = None) -> Reply:
        method = "GET" if body is None else "POST"
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.ask(HOST, path, method=method, headers=headers, body=b"" if body is None else content)

    def cars(self, *arguments: Any, **named: Any) -> list[str]:
        reply = self.ask(*arguments, **named)
        assert reply.status == 200, reply.body
        return [car["vin"] for car in reply.json()["cars"]]


def feed(world: World, **changes: Any) -> Feed:
    values: dict[str, Any] = {
        "serves": parts.Stock(world, "parts", {"us": 1}, models=MODELS, dealers=DEALERS),
        "record": CAR,
        "market": "us",
        "path": "/cars",
        "answer": body_of,
        "records": "cars",
        "identity": "vin",
        "example": "/cars",
        **changes,
    }
    return Feed(world=world, oem="parts", endpoint="cars", host=HOST, **values)


@contextmanager
def playing(
    monkeypatch: pytest.MonkeyPatch,
    *more: Route,
    vehicles: int = 100,
    day: date = DAY,
    faults: str = "",
    **changes: Any,
) -> Iterator[Maker]:
    world = World(day, 100)
    declared = feed(world, **changes)
    monkeypatch.setattr("resources.sandbox.serving.server.discover", lambda world: [declared.route(), *more])
    listing = declared.serves.listing(world, "us")
    ordered = listing if declared.order is None else listing.ordered(declared.order)
    vins = [item.vin if hasattr(item, "vin") else item.id for item in ordered]
    with served(Sandbox(world, None, faults).handler()) as port:
        yield Maker(Client(port), vins)


# ---- pages, wherever their values stand


def json_query(start: object, size: object) -> str:
    return "/cars?query=" + quote(json.dumps({"query": {"model": "a"}, "offset": start, "count": size}))


PLACES: dict[str, tuple[Any, Any, Any, str]] = {
    "query": (InQuery("from"), InQuery("size"), lambda at, n: {"path": f"/cars?from={at}&size={n}"}, "/cars"),
    "header": (
        InHeader("X-Page"),
        InHeader("x-page-items"),
        lambda at, n: {"headers": {"x-page": str(at), "X-Page-Items": str(n)}},
        "/cars",
    ),
    "body": (InBody("a.0.from"), InBody("a.0.size"), lambda at, n: {"body": {"a": [{"from": at, "size": n}]}}, "/cars"),
    "json in the query": (
        InQueryJson("query", "offset"),
        InQueryJson("query", "count"),
        lambda at, n: {"path": json_query(at, n)},
        "/cars",
    ),
    "path": (InPath("at"), InPath("n"), lambda at, n: {"path": f"/cars/page-{at}/{n}"}, "/cars/page-{at}/{n}"),
    "form": (InForm("at"), InForm("n"), lambda at, n: {"body": f"at={at}&n={n}".encode()}, "/cars"),
}


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


# ---- checks and refusals


def test_a_key_may_stand_anywhere_and_the_real_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for place, good, bad in (
        (InHeader("X-Api-Key"), {"headers": {"x-api-key": "sandbox-A_KEY"}}, {"headers": {"x-api-key": "real"}}),
        (InQuery("key"), {"path": "/cars?key=sandbox-A_KEY"}, {"path": "/cars"}),
        (InBody("auth.key"), {"body": {"auth": {"key": "sandbox-A_KEY"}}}, {"body": {"auth": {"key": ["sandbox"]}}}),
    ):
        method = "POST" if isinstance(place, InBody) else "GET"
        with playing(monkeypatch, method=method, checks=[parts.Key(place, "A_KEY", refusal(403))]) as maker:
            assert maker.ask(**good).status == 200
            assert maker.ask(**bad).status == 403


def test_a_token_is_minted_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = parts.Tokens(World(DAY), lasts=2)
    mint = parts.Extra(oem="parts", host=HOST, path="/token", method="POST", answer=lambda asked: {"t": tokens.mint()})
    checks = [tokens.check(InHeader("Authorization"), refusal(401), prefix="Bearer ")]
    with playing(monkeypatch, mint.route(), checks=checks) as maker:
        assert maker.ask().status == 401
        for _ in range(2):
            token = maker.ask("/token", body={}).json()["t"]
            assert maker.ask(headers={"Authorization": token}).status == 401
            statuses = [maker.ask(headers={"Authorization": f"Bearer {token}"}).status for _ in range(3)]
            assert statuses == [200, 200, 401]


def telling(version: str) -> Callable[[parts.Asked], Any]:
    return lambda asked: {"v": version}


def test_a_version_is_told_by_a_first_answer_and_changes_with_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = []
    for day in (DAY, DAY + timedelta(days=1)):
        world = World(day)
        version = parts.of_the_day(world, "version")
        config = parts.Extra(oem="parts", host=HOST, path="/config", answer=telling(version))
        checks = [parts.Fixed(InQuery("v"), version, refusal(400))]
        with playing(monkeypatch, config.route(), day=day, checks=checks) as maker:
            told = maker.ask("/config").json()["v"]
            assert maker.ask(f"/cars?v={told}").status == 200
            assert maker.ask(f"/cars?v={told}0").status == 400
            versions.append(told)
    assert versions[0] != versions[1]


def test_a_nonce_is_good_once_and_a_computed_header_must_be_right(monkeypatch: pytest.MonkeyPatch) -> None:
    checks = [
        parts.Once(InHeader("x-nonce"), refusal(409)),
        parts.Accepts(InHeader("x-nonce"), lambda text: str(text).endswith(":ok"), refusal(403)),
        parts.Present(InHeader("origin"), refusal(400)),
    ]
    with playing(monkeypatch, checks=checks) as maker:
        sent = {"x-nonce": "1:ok", "origin": "https://a.example"}
        assert [maker.ask(headers=sent).status for _ in range(2)] == [200, 409]
        assert maker.ask(headers={**sent, "x-nonce": "2:no"}).status == 403
        assert maker.ask(headers={"x-nonce": "3:ok"}).status == 400
        assert maker.ask().status == 409


def test_a_market_is_chosen_and_another_refused_as_the_host_does(monkeypatch: pytest.MonkeyPatch) -> None:
    market = parts.Choice(
        InQuery("market"), {"us": "us", "none": ""}, unknown=refusal(200, {"data": [], "errors": ["?"]})
    )
    with playing(monkeypatch, market=market) as maker:
        assert set(maker.cars("/cars?market=us")) == set(maker.vins)
        assert maker.cars("/cars?market=none") == []
        for path in ("/cars?market=US", "/cars"):
            reply = maker.ask(path)
            assert (reply.status, reply.json()) == (200, {"data": [], "errors": ["?"]})


@pytest.mark.parametrize(
    "empty",
    [GONE, refusal(200, {"data": []}), refusal(202, b"", {"x-amzn-waf-action": "challenge"}), parts.CHALLENGE],
)
def test_nothing_found_is_said_in_the_hosts_own_way(monkeypatch: pytest.MonkeyPatch, empty: parts.Answer) -> None:
    narrowing = [parts.Filter(InQuery("series"), "model.series")]
    with playing(monkeypatch, narrowing=narrowing, empty=empty) as maker:
        assert maker.ask("/cars?series=a").status == 200
        reply = maker.ask("/cars?series=x")
        assert (reply.status, reply.body) == (empty.status, empty.body)
        assert set(empty.headers.values()) <= set(reply.headers.values())


def test_success_may_be_201(monkeypatch: pytest.MonkeyPatch) -> None:
    with playing(monkeypatch, method="POST", status=201) as maker:
        reply = maker.ask(body={})
        assert reply.status == 201
        assert [car["vin"] for car in reply.json()["cars"]] == maker.vins
        assert maker.ask().status == 405


# ---- narrowing


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


# ---- GraphQL

FIELD = parts.GraphQL(
    "cars(paging: Paging!, market: String)",
    "input Paging { limit: Int offset: Int }",
    {"codes": {"list": [{"code": "us"}]}},
)
TEXT = "query Q($paging: Paging!) { cars(paging: $paging) { total cars { vin dealer { id } } } }"


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


# ---- faults, whatever the method, the status and the place of the page


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


# ---- records


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
