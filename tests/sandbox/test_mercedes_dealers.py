"""Mercedes-Benz USA, played: every rule of the dealer service over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.sandbox_client import MB_DEALERS, MBUSA, Client, sandbox

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with sandbox(vehicles=4000) as client:
        yield client


def dealer_list(client: Client, query: str = "zip=66952&start=0&count=1000&filter=mbdealer") -> Any:
    reply = client.ask(MBUSA, f"{MB_DEALERS}?{query}")
    assert reply.status == 200
    return reply.json()


def test_the_dealer_list_holds_the_dealers_of_the_cars_and_some_without(client: Client) -> None:
    body = dealer_list(client)
    listed = {dealer["id"]: dealer for dealer in body["results"]}
    assert body["totalCount"] == len(body["results"]) == len(listed)
    embedded = {car["dealer"]["id"]: car["dealer"] for car in client.mbusa_cars(**{"class": None})}
    assert {identifier: listed[identifier] for identifier in embedded} == embedded
    assert 0 < len(listed) - len(embedded) < 30


def test_the_zip_orders_the_dealers_and_does_not_narrow_them(client: Client) -> None:
    central, eastern = (dealer_list(client, f"zip={zip_code}&count=1000")["results"] for zip_code in ("66952", "02108"))
    assert {dealer["id"] for dealer in central} == {dealer["id"] for dealer in eastern}
    assert eastern[0]["address"][0]["state"] == "MA"
    for dealers in (central, eastern):
        distances = [float(dealer["address"][0]["location"]["dist"]) for dealer in dealers]
        assert distances == sorted(distances)


def test_the_dealer_list_is_paged(client: Client) -> None:
    everyone = dealer_list(client)["results"]
    assert dealer_list(client, "zip=66952&start=1&count=50")["results"] == everyone[50:100]
    assert client.ask(MBUSA, f"{MB_DEALERS}?zip=66952&count=many").status == 400
