"""Audi's Partner Search Service, played: what it asks for, what it answers, and how untidy that is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from resources.sandbox.audi import LOTS as MARKETS
from tests.support.nights import captures
from tests.support.sandbox_client import PSS, Client, key_paths, sandbox


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with sandbox(vehicles=2000) as client:
        yield client


def composite(name: str) -> Any:
    return json.loads((captures() / "audi" / name).read_text())


@pytest.mark.slow
def test_the_same_dealers_in_both_services(client: Client) -> None:
    for code, iso3 in (("esuc", "ESP"), ("kruc", "KOR"), ("ukuc", "GBR"), ("pluc", "POL"), ("auuc", "AUS")):
        listed = {dealer["dealerId"]: dealer for dealer in client.pss_dealers(iso3, "dealerId name city services")}
        selling = {car["dealer"]["id"]: car["dealer"] for car in client.scs_market(code, MARKETS[code].facts.language)}
        for identifier, dealer in selling.items():
            assert not identifier.startswith(iso3)
            assert dealer["trackingId"] == f"{iso3}{identifier}"
            assert listed[f"{iso3}{identifier}"]["name"].upper() == dealer["name"].upper()
        assert any(dealer["services"] == ["service"] for dealer in listed.values())


def test_pss_without_its_client_id_answers_403(client: Client) -> None:
    for client_id in ("", "sandbox-AUDI_SCS_TOKEN"):
        reply = client.pss("{ marketInfo { markets { market } } }", client=client_id)
        assert reply.status == 403
        assert "application/json" in reply.headers["content-type"]


def test_pss_lists_markets_with_the_pseudo_market(client: Client) -> None:
    markets = client.pss("query MarketInfo { marketInfo { markets { market } } }").json()["data"]["marketInfo"][
        "markets"
    ]
    expected = composite("pss_dealers/COMPOSITE_example_marketInfo.json")["data"]["marketInfo"]["markets"]
    assert {item["market"] for item in markets} >= {item["market"] for item in expected} | {
        "KOR",
        "POL",
        "AUS",
        "A-ATA",
    }
    assert client.pss_dealers("A-ATA", "dealerId") == []


def test_pss_returns_what_was_asked_and_no_more(client: Client) -> None:
    page = composite("pss_dealers/COMPOSITE_example_dealersByMarket.json")["data"]["dealersByMarket"]["dealers"]
    hours = "openingHours{departments{departmentName openingHours{id open timeRanges{openTime closeTime}}}}"
    fields = " ".join(key for key in page[0] if key != "openingHours")
    full = client.pss_dealers("DEU", f"{fields} {hours}")
    assert key_paths(full) == key_paths(page)
    few = client.pss_dealers("DEU", "dealerId label: name")
    assert [set(dealer) for dealer in few] == [{"dealerId", "label"}] * len(full)
    assert [dealer["label"] for dealer in few] == [dealer["name"] for dealer in full]


def test_pss_dealers_are_as_untidy_as_the_real_ones(client: Client) -> None:
    hours = "openingHours{departments{departmentName openingHours{id open timeRanges{openTime closeTime}}}}"
    dealers = client.pss_dealers("DEU", f"dealerId name street url zipCode phone {hours}")
    assert [dealer["url"] for dealer in dealers if dealer["street"] == "Test"] == ["test.com"]
    times = re.findall(r'"(?:open|close)Time": "([^"]+)"', json.dumps(dealers))
    formats = {re.sub(r"\d", "9", time) for time in times}
    assert formats == {"99:99:99", "99:99", "9999"}
    for field in ("openingHours", "zipCode", "phone"):
        missing = sum(dealer[field] is None for dealer in dealers)
        assert 0 < missing < len(dealers) / 3, field
    assert any(not dealer["url"].startswith("http") for dealer in dealers)
    assert any(dealer["url"].startswith("https://") for dealer in dealers)
    hours_in_korea = [dealer["openingHours"] for dealer in client.pss_dealers("KOR", hours)]
    departments = {
        department["departmentName"] for one in hours_in_korea if one is not None for department in one["departments"]
    }
    assert departments == {"판매", "서비스"}


def test_pss_answers_an_unknown_market_with_200_and_errors(client: Client) -> None:
    reply = client.pss("query D($m: Market!) { dealersByMarket(market: $m) { dealers { dealerId } } }", {"m": "XXX"})
    assert reply.status == 200
    assert reply.json()["data"] == {"dealersByMarket": None}
    assert "XXX" in reply.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "query {",
        "{ dealersByMarket(market: DEU) { dealers { shoeSize } } }",
        "{ dealersByMarket(market: DEU) { dealers } }",
        "{ dealersByMarket(market: $missing) { dealers { dealerId } } }",
        "{ everything { id } }",
        "mutation { marketInfo { markets { market } } }",
        "{ marketInfo { markets { market { code } } } }",
        "{ marketInfo { markets { market } } } trailing",
        "{ marketInfo § }",
    ],
)
def test_pss_refuses_a_malformed_query(client: Client, query: str) -> None:
    reply = client.pss(query)
    assert reply.status == 400
    assert reply.json()["errors"][0]["message"]


def test_pss_refuses_what_is_no_json_and_a_get(client: Client) -> None:
    headers = {"clientid": "sandbox-AUDI_PSS_CLIENT_ID"}
    assert client.ask(PSS, "/", method="POST", headers=headers, body=b"{").status == 400
    assert client.ask(PSS, "/", method="POST", headers=headers, body=b"[]").status == 400
    assert client.ask(PSS, "/", headers=headers).status == 405
