"""Audi, played: every rule of SCS and PSS over real HTTP."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from resources.sandbox.audi import LOTS as MARKETS
from resources.sandbox.parts import PERSONS as PERSON_LAST_NAMES
from tests.support.nights import captures
from tests.support.sandbox_client import DAY, SCS, Client, key_paths, sandbox

VIN = re.compile(r"WAUZZZ[A-HJ-NPR-Z0-9]{11}")
# beside the composite page: what SOURCES names and the page lacks, some of it of new or British cars only
MORE_KEYS = {".vin", ".vehicleOrderStatus", ".used.numberplate", ".dealer.dealerPersons"}


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with sandbox(vehicles=4000) as client:
        yield client


@pytest.fixture(scope="module")
def stock(client: Client) -> dict[str, list[Any]]:
    """Every market's cars."""
    return {code: client.scs_market(code, lot.facts.language) for code, lot in MARKETS.items()}


def composite(name: str) -> Any:
    return json.loads((captures() / "audi" / name).read_text())


def retail(car: Any) -> float | None:
    return next((price["amount"] for price in car["typedPrices"] if price["type"] == "retail"), None)


@pytest.mark.parametrize("token", ["", "sandbox-AUDI_PSS_CLIENT_ID"])
def test_scs_without_its_token_answers_401(client: Client, token: str) -> None:
    reply = client.scs(token=token)
    assert reply.status == 401
    assert reply.json()["message"] == "Token is missing or invalid"
    assert client.ask(SCS, "/api/v2/search/filter/esuc/es").status == 401


@pytest.mark.parametrize(("market", "language"), [("deuc", "de"), ("esuc", "en")])
def test_an_unknown_market_answers_500(client: Client, market: str, language: str) -> None:
    assert client.scs(market, language).status == 500


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"size": 300}, 200),
        ({"size": 301}, 400),
        ({"size": 500}, 400),
        ({"size": 0}, 400),
        ({"size": "many"}, 400),
        ({"from": -1}, 400),
        ({"from": "x"}, 400),
        ({"from": "²"}, 400),
        ({"sort": "prices.retail:desc"}, 200),
        ({"sort": "name:asc"}, 400),
        ({"filter": "colour.red"}, 400),
        ({"filter": "fuel"}, 400),
    ],
)
def test_what_scs_accepts(client: Client, query: dict[str, object], status: int) -> None:
    assert client.scs(query=query).status == status


def test_pages_end_with_a_short_one_and_then_400(client: Client) -> None:
    total = client.scs().json()["totalCount"]
    last = client.scs(start=total - 1)
    assert last.status == 200
    assert len(last.json()["vehicleBasic"]) == 1
    assert last.json()["header"] == {"from": total - 1, "size": 96, "market": "esuc", "sort": "prices.retail:asc"}
    assert client.scs(start=total).status == 400
    assert client.scs(start=total + 96).status == 400


@pytest.mark.slow
def test_all_pages_hold_each_car_once(client: Client, stock: dict[str, list[Any]]) -> None:
    total = client.scs().json()["totalCount"]
    cars = [car for start in range(0, total, 96) for car in client.scs(start=start).json()["vehicleBasic"]]
    assert cars == stock["esuc"]
    for market in stock.values():
        ids = [car["carId"] for car in market]
        assert len(set(ids)) == len(ids) > 0
    vins = [car["vin"] for market in stock.values() for car in market if "vin" in car]
    assert len(set(vins)) == len(vins)
    assert all(VIN.fullmatch(vin) for vin in vins)


@pytest.mark.slow
def test_cars_come_cheapest_first(client: Client, stock: dict[str, list[Any]]) -> None:
    for market in stock.values():
        prices = [price for car in market if (price := retail(car)) is not None]
        assert prices == sorted(prices)
        assert prices[0] < prices[-1]
    dearest = client.scs(query={"sort": "prices.retail:desc"}).json()["vehicleBasic"][0]
    assert dearest["carId"] == stock["esuc"][-1]["carId"]


def test_filters_narrow_and_alternatives_of_one_criterion_add(client: Client, stock: dict[str, list[Any]]) -> None:
    cars = stock["esuc"]

    def expected(fuels: str, carlines: set[str] | None = None) -> int:
        return sum(
            car["fuel"]["code"] in fuels and (carlines is None or car["symbolicCarline"]["code"] in carlines)
            for car in cars
        )

    assert client.scs(query={"filter": "fuel.D"}).json()["totalCount"] == expected("D") > 0
    assert client.scs(query={"filter": "fuel.D,fuel.E"}).json()["totalCount"] == expected("DE") > expected("D")
    both = client.scs(query={"filter": "fuel.D,carline.a4avant", "size": 300}).json()
    assert both["totalCount"] == len(both["vehicleBasic"]) == expected("D", {"a4avant"}) > 0
    manual = client.scs(query={"filter": "gear-type.manual"}).json()["vehicleBasic"]
    assert {car["gearType"]["code"] for car in manual} <= {"gear-type.manual", None}
    assert client.scs(query={"filter": "fuel.W"}).json()["vehicleBasic"] == []


def test_facets_count_the_cars_and_are_none(client: Client, stock: dict[str, list[Any]]) -> None:
    body = client.scs().json()
    fuels = Counter(f"fuel.{car['fuel']['code']}" for car in stock["esuc"])
    assert {item["id"]: item["count"] for item in body["items"] if item["id"].startswith("fuel.")} == fuels
    assert {group["id"] for group in body["groups"]} == {"carline", "fuel", "gear-type"}


@pytest.mark.slow
def test_records_have_the_keys_of_the_composite_page(stock: dict[str, list[Any]]) -> None:
    page = composite("scs_search/COMPOSITE_example_page.json")
    expected = key_paths(page["vehicleBasic"])
    used = set().union(*(key_paths([car]) for car in stock["esuc"] + stock["ukuc"]))
    assert expected <= used
    everything = set().union(*(key_paths(cars) for cars in stock.values()))
    beyond = {path.removeprefix("[]") for path in everything - expected}
    assert {path for path in beyond if not path.startswith((".priceDetails", *MORE_KEYS))} <= {".intColor.description"}


def test_the_envelope_has_the_keys_of_the_composite_page(client: Client) -> None:
    page = composite("scs_search/COMPOSITE_example_page.json")
    assert client.scs().json().keys() == page.keys() - {"_note"}


def test_optional_fields_are_missing_as_often_as_they_are(stock: dict[str, list[Any]]) -> None:
    cars = [car for market in stock.values() for car in market]
    share = {key: sum(key in car for car in cars) / len(cars) for key in ("vin", "trimline", "vat", "emissionClass")}
    assert 0.11 < share["vin"] < 0.19
    assert 0.8 < share["trimline"] < 0.95
    assert 0.5 < share["vat"] < 0.7
    assert 0.6 < share["emissionClass"] < 0.8
    used = [car["used"] for code in ("esuc", "ukuc") for car in stock[code]]
    assert 0 < sum("initialRegistration" not in one for one in used) / len(used) < 0.05
    assert any(car["gearType"]["code"] is None for car in cars)
    assert any(car["typedPrices"] == [] for car in cars)


def test_the_retail_price_is_not_always_first(stock: dict[str, list[Any]]) -> None:
    first = Counter(car["typedPrices"][0]["type"] for car in stock["ukuc"] if car["typedPrices"])
    assert first["regular"] > 50
    assert first["retail"] > 50


def test_markets_differ_in_money_distance_and_words(stock: dict[str, list[Any]]) -> None:
    currencies = {
        code: {price["currencyCode"] for car in cars for price in car["typedPrices"]} for code, cars in stock.items()
    }
    assert currencies == {code: {lot.facts.currency} for code, lot in MARKETS.items()}
    assert {car["used"]["mileageUnit"] for car in stock["ukuc"]} == {"mi"}
    assert {car["used"]["mileageUnit"] for car in stock["esuc"]} == {"km"}
    assert all("numberplate" in car["used"] for car in stock["ukuc"])
    assert not any("numberplate" in car["used"] for car in stock["esuc"])
    petrol = {
        code: next(car for car in cars if car["fuel"]["code"] == "B")["fuel"]["description"]
        for code, cars in stock.items()
    }
    assert [petrol[code] for code in ("esuc", "ukuc", "kruc", "pluc", "auuc")] == [
        "Gasolina",
        "Petrol",
        "가솔린",
        "Benzyna",
        "Petrol",
    ]


def test_some_korean_cars_are_priced_in_ten_thousand_won(client: Client) -> None:
    with sandbox(vehicles=20_000) as larger:
        prices = [price for car in larger.scs_market("kruc", "ko") if (price := retail(car)) is not None]
    small = sum(price < 100_000 for price in prices) / len(prices)
    assert 0.005 < small < 0.035
    assert all(500 < price < 30_000 or price > 5_000_000 for price in prices)


def test_new_cars_were_never_used(stock: dict[str, list[Any]]) -> None:
    for code in ("es", "kr", "pl"):
        assert {car["type"] for car in stock[code]} == {"N"}
        assert not any("used" in car for car in stock[code])
        assert {car["vehicleOrderStatus"] for car in stock[code]} <= {7, 8, 9, 10, 11, 12}
    assert {car["type"] for car in stock["esuc"]} == {"U"}


def test_dates_agree_and_lie_in_the_past(stock: dict[str, list[Any]]) -> None:
    for car in stock["esuc"]:
        registered = car["used"].get("initialRegistration")
        offered = datetime.fromtimestamp(car["dateOffer"] / 1000, UTC).date()
        changed = datetime.fromtimestamp(car["lastChange"] / 1000, UTC).date()
        assert DAY - timedelta(days=121) < offered <= changed <= DAY
        if registered is not None:
            stamp = datetime.fromtimestamp(car["used"]["initialRegistrationDate"] / 1000, UTC)
            assert stamp.date() == date.fromisoformat(registered) < offered


def test_a_car_keeps_its_fields_from_day_to_day() -> None:
    """Only price, its date, mileage and dealer may move: else every night would report changes that are none."""
    days = []
    for offset in range(2):
        with sandbox(DAY + timedelta(days=offset), vehicles=1000) as client:
            days.append({car["carId"]: car for car in client.scs_market("ukuc", "en")})
    both = days[0].keys() & days[1].keys()
    assert len(both) > 250
    moving = {"typedPrices", "lastChange", "used", "dealer", "rawDealerId", "vehicleDataVersion"}
    for car_id in both:
        still = [{key: value for key, value in day[car_id].items() if key not in moving} for day in days]
        assert still[0] == still[1]
    assert any(retail(days[0][car_id]) != retail(days[1][car_id]) for car_id in both)


def test_the_stock_is_split_over_the_markets(stock: dict[str, list[Any]]) -> None:
    total = sum(len(cars) for cars in stock.values())
    assert abs(total / 4000 - 1) < 0.03
    for code, market in MARKETS.items():
        assert abs(len(stock[code]) / total - market.weight / 100) < 0.02


def test_persons_appear_and_are_invented(stock: dict[str, list[Any]]) -> None:
    persons = [person for car in stock["esuc"] for person in car["dealer"].get("dealerPersons", [])]
    assert persons
    assert {person["lastname"] for person in persons} <= set(PERSON_LAST_NAMES)
    assert any("dealerPersons" not in car["dealer"] for car in stock["esuc"])
