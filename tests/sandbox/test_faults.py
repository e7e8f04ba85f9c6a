"""Faults on demand: each does what it says, strikes where it is aimed, and no other place."""

from __future__ import annotations

import http.client
import json
import time
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

import pytest

from resources.failures import Cause, PlatformError
from resources.sandbox.serving.routes import World
from resources.sandbox.serving.server import Sandbox
from tests.support.sandbox_client import DAY, MB_DEALERS, MBUSA, Client, Reply, paged, sandbox

MARKETS = "{ marketInfo { markets { market } } }"


def dealers(client: Client) -> Reply:
    return client.ask(MBUSA, f"{MB_DEALERS}?zip=66952&start=0&count=1000")


@pytest.mark.parametrize(
    ("fault", "status", "retry_after"),
    [("status-500", 500, None), ("status-429", 429, "1"), ("status-503", 503, "1"), ("status-418", 418, None)],
)
def test_statuses(fault: str, status: int, retry_after: str | None) -> None:
    with sandbox(faults=f"audi/scs_search:{fault}") as client:
        reply = client.scs()
    assert reply.status == status
    assert reply.headers.get("retry-after") == retry_after


def test_a_status_with_a_date() -> None:
    with sandbox(faults="audi/scs_search:status-429-date") as client:
        reply = client.scs()
    assert reply.status == 429
    wait = (parsedate_to_datetime(reply.headers["retry-after"]) - datetime.now(UTC)).total_seconds()
    assert 0 < wait <= 2


def test_html_instead_of_json() -> None:
    with sandbox(faults="mercedes/mbusa_search:html") as client:
        reply = client.mbusa()
    assert reply.status == 200
    assert reply.headers["content-type"].startswith("text/html")
    assert reply.body.startswith(b"<!DOCTYPE html>")


def test_a_body_that_ends_early() -> None:
    with sandbox(faults="audi/scs_search:truncated") as client, pytest.raises(http.client.IncompleteRead) as error:
        client.scs()
    assert error.value.partial.startswith(b'{"totalCount"')
    assert error.value.expected is not None
    assert error.value.expected > 1000


def test_json_cut_short_in_a_whole_body() -> None:
    with sandbox(faults="audi/scs_search:truncated-json") as client:
        reply = client.scs()
    assert reply.headers["content-length"] == str(len(reply.body))
    with pytest.raises(json.JSONDecodeError):
        reply.json()


@pytest.mark.slow
def test_a_slow_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resources.sandbox.serving.server.SLOW_SECONDS", 3.0)
    with sandbox(faults="audi/scs_search:slow*1") as client:
        begun = time.monotonic()
        assert client.scs().status == 200
        slow = time.monotonic() - begun
        begun = time.monotonic()
        assert client.scs().status == 200
        assert time.monotonic() - begun < 2.0 < slow


def test_a_connection_that_is_dropped() -> None:
    with sandbox(faults="audi/scs_search:disconnect*1") as client:
        with pytest.raises(http.client.RemoteDisconnected):
            client.scs()
        assert client.scs().status == 200


def test_an_empty_feed() -> None:
    faults = "audi/scs_search:empty;mercedes/mbusa_search:empty;audi/pss_dealers:empty;mercedes/mbusa_dealers:empty"
    with sandbox(faults=faults) as client:
        body = client.scs().json()
        assert (body["totalCount"], body["vehicleBasic"]) == (0, [])
        page = paged(client.mbusa())
        assert (page["paging"]["totalCount"], page["records"]) == (0, [])
        assert client.pss_dealers("ESP", "dealerId") == []
        assert client.pss(MARKETS).json()["data"]["marketInfo"]["markets"]
        assert client.ask(MBUSA, f"{MB_DEALERS}?count=1000").json() == {"results": [], "totalCount": 0}


def test_a_total_that_promises_more() -> None:
    with sandbox() as sound, sandbox(faults="audi/scs_search:shortfall") as client:
        cars = sound.scs_market("esuc", "es")
        total = client.scs().json()["totalCount"]
        assert client.scs_market("esuc", "es") == cars
    assert len(cars) * 1.1 <= total < len(cars) * 1.1 + 1


def test_every_page_repeats_the_first() -> None:
    with sandbox(faults="audi/scs_search:repeat;mercedes/mbusa_search:repeat") as client:
        first = client.scs(size=10).json()["vehicleBasic"]
        assert client.scs(size=10, start=20).json()["vehicleBasic"] == first
        assert client.scs(size=10, start=10_000).json()["vehicleBasic"] == first
        assert paged(client.mbusa(start=7))["records"] == paged(client.mbusa(start=0))["records"] != []


@pytest.mark.slow
def test_half_of_the_stock_is_gone_and_the_total_agrees() -> None:
    faults = "audi/scs_search:half;mercedes/mbusa_dealers:half;audi/pss_dealers:half;mercedes/mbusa_search:half"
    with sandbox() as sound, sandbox(faults=faults) as client:
        whole, half = sound.scs_market("esuc", "es"), client.scs_market("esuc", "es")
        assert half == whole[::2]
        assert client.scs().json()["totalCount"] == len(half)
        assert len(client.pss_dealers("ESP", "dealerId")) == -(-len(sound.pss_dealers("ESP", "dealerId")) // 2)
        path = f"{MB_DEALERS}?count=1000"
        listed, fewer = sound.ask(MBUSA, path).json(), client.ask(MBUSA, path).json()
        assert fewer["results"] == listed["results"][::2]
        assert fewer["totalCount"] == len(fewer["results"])
        assert sum(map(len, client.mbusa_pages())) == -(-sum(map(len, sound.mbusa_pages())) // 2)


def test_a_record_without_identity() -> None:
    faults = "audi/scs_search:no-id;mercedes/mbusa_search:no-id;audi/pss_dealers:no-id;mercedes/mbusa_dealers:no-id"
    with sandbox(faults=faults) as client:
        pages = [
            ("carId", client.scs().json()["vehicleBasic"]),
            ("vin", paged(client.mbusa())["records"]),
            ("dealerId", client.pss_dealers("ESP", "dealerId name")),
            ("id", client.ask(MBUSA, f"{MB_DEALERS}?count=1000").json()["results"]),
        ]
    for identity, records in pages:
        assert [identity in record for record in records] == [False] + [True] * (len(records) - 1)


def test_a_negative_price() -> None:
    with sandbox(faults="audi/scs_search:negative-price;mercedes/mbusa_search:negative-price") as client:
        amounts = [{price["amount"] > 0 for price in car["typedPrices"]} for car in client.scs().json()["vehicleBasic"]]
        asked = [car["msrp"] for car in paged(client.mbusa())["records"]]
    assert amounts[0] == {False}
    assert all(signs <= {True} for signs in amounts[1:])
    assert asked[0] < 0 <= min(asked[1:])


def test_a_registration_in_the_future() -> None:
    with sandbox(faults="audi/scs_search:future-registration") as client:
        cars = client.scs().json()["vehicleBasic"]
    dates = [
        date.fromisoformat(car["used"]["initialRegistration"]) for car in cars if "initialRegistration" in car["used"]
    ]
    assert dates[0] > DAY
    assert max(dates[1:]) < DAY
    assert cars[0]["used"]["initialRegistrationDate"] > datetime(DAY.year + 1, 1, 1, tzinfo=UTC).timestamp() * 1000


def test_a_drifted_schema() -> None:
    faults = "audi/scs_search:drift;mercedes/mbusa_search:drift;audi/pss_dealers:drift;mercedes/mbusa_dealers:drift"
    with sandbox(faults=faults) as client:
        cars = client.scs().json()["vehicleBasic"]
        assert {type(car["modelYear"]) for car in cars} == {str}
        assert all("batteryHealth" in car for car in cars)
        assert {type(car["year"]) for car in paged(client.mbusa())["records"]} == {int}
        assert {type(dealer["latitude"]) for dealer in client.pss_dealers("ESP", "latitude")} == {str}
        listed = client.ask(MBUSA, f"{MB_DEALERS}?count=1000").json()["results"]
        assert {type(dealer["address"]) for dealer in listed} == {dict}


def test_a_byte_order_mark() -> None:
    with sandbox() as sound, sandbox(faults="audi/scs_search:bom") as client:
        assert client.scs().body == b"\xef\xbb\xbf" + sound.scs().body


def test_graphql_errors_with_200() -> None:
    with sandbox(faults="audi/pss_dealers/ESP:graphql-errors") as client:
        query = "query D($m: Market!) { dealersByMarket(market: $m) { dealers { dealerId } } }"
        broken = client.pss(query, {"m": "ESP"})
        assert broken.status == 200
        assert broken.json()["errors"]
        assert "errors" not in client.pss(query, {"m": "GBR"}).json()
        assert "errors" not in client.pss(MARKETS).json()


def test_a_fault_strikes_only_where_and_as_often_as_said() -> None:
    with sandbox(vehicles=2000, faults="audi/scs_search/esuc:status-503@1*2; mercedes/mbusa_search/E:html") as client:
        assert client.scs().status == 200
        assert client.scs("ukuc", "en", start=96).status == 200
        assert [client.scs(start=96).status for _ in range(3)] == [503, 503, 200]
        assert client.mbusa(**{"class": "C"}).json()["success"]
        assert client.mbusa().body.startswith(b"<!DOCTYPE")
        assert dealers(client).status == 200


def test_faults_change_nothing_else() -> None:
    with sandbox() as sound, sandbox(faults="audi/scs_search/pluc:empty") as client:
        assert client.scs().body == sound.scs().body
        assert client.mbusa().body == sound.mbusa().body


def test_a_connection_that_is_reset() -> None:
    with sandbox(faults="audi/scs_search:reset*1") as client:
        with pytest.raises(ConnectionResetError):
            client.scs()
        assert client.scs().status == 200


def test_an_answer_that_stalls_in_the_midst(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resources.sandbox.serving.server.SLOW_SECONDS", 0.5)
    with sandbox(faults="audi/scs_search:stall*1") as client:
        with pytest.raises(http.client.IncompleteRead) as error:
            client.scs()
        assert error.value.partial.startswith(b'{"totalCount"')
        assert client.scs().status == 200


def struck(client: Client) -> list[str]:
    """What became of many requests: a status, or how the connection broke."""
    outcomes = []
    for start in (*range(100), *range(100)):
        try:
            outcomes.append(str((client.scs(start=start, size=1) if start % 2 else client.mbusa(start=start)).status))
        except (http.client.HTTPException, OSError) as error:
            outcomes.append(type(error).__name__)
    return outcomes


@pytest.mark.slow
def test_a_storm_strikes_its_share_of_all_answers_and_the_same_for_a_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resources.sandbox.serving.server.SLOW_SECONDS", 0.01)
    with (
        sandbox(faults="storm:30@7") as first,
        sandbox(faults="storm:30@7") as again,
        sandbox(faults="storm:30@8") as other,
    ):
        outcomes = struck(first)
        assert outcomes == struck(again)
        assert outcomes != struck(other)
        # an answer that is struck twice need not be the same
        assert outcomes != struck(first)
    broken = [outcome for outcome in outcomes if outcome != "200"]
    # a third of the faults, such as a repeated page, shows in the body alone
    assert 0.1 < len(broken) / len(outcomes) < 0.35
    assert {"429", "500", "503", "IncompleteRead", "ConnectionResetError"} == set(broken)


def test_no_storm_is_no_fault_and_a_storm_joins_other_faults() -> None:
    with sandbox() as sound, sandbox(faults="storm:0") as calm, sandbox(faults="storm:0;audi/scs_search:html") as both:
        assert calm.scs().body == sound.scs().body
        assert both.scs().body.startswith(b"<!DOCTYPE")
    with pytest.raises(PlatformError, match="storm:<percent>"):
        Sandbox(World(DAY, 200), None, "storm:often")


@pytest.mark.parametrize(
    ("faults", "names"),
    [
        ("audi/scs_search:sparks", ["sparks", "truncated-json", "future-registration", "status-NNN"]),
        ("audi/scs_search:status-999", ["status-999"]),
        ("audi/scs:html", ["audi/scs", "audi/scs_search", "mercedes/mbusa_dealers"]),
        ("tesla/search:html", ["tesla/search", "audi/pss_dealers"]),
        ("audi/scs_search/deuc:html", ["deuc", "esuc"]),
        ("audi/scs_search:graphql-errors", ["graphql-errors"]),
        ("mercedes/mbusa_search:future-registration", ["future-registration", "negative-price"]),
        ("audi/pss_dealers:shortfall", ["shortfall"]),
        ("html", ["<oem>/<endpoint>"]),
        ("audi/scs_search:html@first", ["<oem>/<endpoint>"]),
    ],
)
def test_what_is_no_fault_is_refused_with_those_there_are(faults: str, names: list[str]) -> None:
    with pytest.raises(PlatformError) as error:
        Sandbox(World(DAY, 200), None, faults)
    assert error.value.cause is Cause.CONFIGURATION
    assert all(name in str(error.value) for name in names), str(error.value)
