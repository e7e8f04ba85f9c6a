"""Mercedes-Benz USA, played: every rule of the search over real HTTP."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise, product
from typing import Any

import pytest

from resources.sandbox.mercedes import CLASSES
from resources.sandbox.parts.identity import with_check_digit
from tests.support.nights import captures
from tests.support.sandbox_client import (
    DAY,
    MB_NEW_SEARCH,
    MB_SEARCH,
    Client,
    key_paths,
    paged,
    sandbox,
)

pytestmark = pytest.mark.slow

VIN = re.compile(r"(W1K|W1N|4JG)[A-HJ-NPR-Z0-9]{14}")


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with sandbox(vehicles=4000) as client:
        yield client


@pytest.fixture(scope="module")
def stock(client: Client) -> list[Any]:
    """Every used car of every class, once."""
    return client.mbusa_cars(**{"class": None})


@pytest.fixture(scope="module")
def new_stock(client: Client) -> list[Any]:
    """Every new car of every class, once."""
    return client.mbusa_cars(MB_NEW_SEARCH, **{"class": None})


def miles(car: Any) -> float:
    return float(car["dealer"]["address"][0]["location"]["dist"])


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"class": None}, 200),
        ({"withFilters": "false"}, 400),
        ({"withFilters": None}, 400),
        ({"count": 0}, 500),
        ({"count": "x"}, 400),
        ({"start": -1}, 400),
        ({"sortBy": "price-asc"}, 400),
        ({"sortBy": "distance-desc"}, 200),
        ({"zip": "1"}, 400),
        ({"class": "Z"}, 200),
    ],
)
def test_what_the_search_accepts(client: Client, query: dict[str, object], status: int) -> None:
    reply = client.mbusa(**query)
    assert reply.status == status
    body = reply.json()
    assert body["success"] is (status == 200)
    assert body["status"]["code"] == status
    assert bool(body["messages"]) is (status != 200)


def test_start_is_a_page_index_from_zero(client: Client) -> None:
    pages = client.mbusa_pages()
    assert [len(page) for page in pages[:-1]] == [12] * (len(pages) - 1)
    assert 0 < len(pages[-1]) <= 12
    assert paged(client.mbusa(start=1))["paging"]["currentOffset"] == 12
    assert paged(client.mbusa(start=1))["paging"]["currentCount"] == 12
    flat = [car["vin"] for page in pages for car in page]
    assert [car["vin"] for car in paged(client.mbusa(start=1, count=5))["records"]] == flat[5:10]


def test_past_the_end_there_is_nothing(client: Client) -> None:
    end = paged(client.mbusa(start=len(client.mbusa_pages())))
    assert end["records"] == []
    assert end["paging"]["currentCount"] == 0


def test_too_large_a_count_answers_nothing(client: Client) -> None:
    few = {"class": "SL"}
    total = sum(len(page) for page in client.mbusa_pages(**few))
    assert len(paged(client.mbusa(count=total, **few))["records"]) == total
    assert paged(client.mbusa(count=total + 1, **few))["records"] == []
    assert len(paged(client.mbusa(count=24, **few))["records"]) == 24
    assert paged(client.mbusa(count=24, start=total // 24, **few))["records"] == []


@pytest.mark.parametrize("path", [MB_SEARCH, MB_NEW_SEARCH])
def test_past_the_hundredth_row_there_is_nothing_and_every_dealer_gives_his_own(client: Client, path: str) -> None:
    first = client.mbusa(path, **{"class": "C"}).json()["result"]
    rows = [car for page in client.mbusa_pages(path, **{"class": "C"}) for car in page]
    cars = client.mbusa_cars(path, **{"class": "C"})
    assert len(rows) == 100 < len(cars)
    assert abs(first["pagedVehicles"]["paging"]["totalCount"] - len(cars)) <= 4
    dealers = Counter(car["dealerId"] for car in cars)
    assert {value["value"]: value["count"] for value in first["facets"]["dealer"]["values"]} == dealers
    (busiest, count), *_ = dealers.most_common(1)
    mine = {car["vin"]: car for page in client.mbusa_pages(path, **{"class": "C"}, dealerId=busiest) for car in page}
    assert {car["dealerId"] for car in mine.values()} == {busiest}
    assert len(mine) == count


def test_the_lot_of_new_cars(new_stock: list[Any], stock: list[Any]) -> None:
    assert abs(len(new_stock) / (4000 * 0.45) - 1) < 0.06
    for car in new_stock:
        assert (car["type"], "usedVehicleAttributes" in car) == ("NEW", False)
        assert car["dealer"]["id"] == car["dealerId"]
        assert 30_000 < car["msrp"] < 180_000
        assert abs(int(car["year"]) - DAY.year) <= 1
    assert {car["vin"] for car in new_stock}.isdisjoint(car["vin"] for car in stock)
    assert key_paths(new_stock) - key_paths(stock) == {"[].images"}
    shown = [car["inventoryPrice"] for car in new_stock]
    assert 0.4 < sum(price > 0 for price in shown) / len(shown) < 0.8
    assert {car["classId"] for car in new_stock} == set(CLASSES)


def test_the_types_of_used_cars_find_no_new_one(client: Client) -> None:
    assert paged(client.mbusa(MB_NEW_SEARCH, invType="cpo"))["records"] == []


def test_an_unknown_class_has_no_cars(client: Client) -> None:
    assert paged(client.mbusa(**{"class": "Z"})) == {
        "records": [],
        "paging": {"totalCount": 0, "currentOffset": 0, "currentCount": 0},
    }


def test_cars_come_nearest_first_from_the_zip_asked(client: Client) -> None:
    for zip_code in ("66952", "98101", "02108"):
        distances = [miles(car) for page in client.mbusa_pages(zip=zip_code) for car in page]
        assert distances == sorted(distances)
    farthest_first = [miles(car) for car in paged(client.mbusa(sortBy="distance-desc"))["records"]]
    assert farthest_first == sorted(farthest_first, reverse=True)
    from_seattle = {car["vin"] for car in client.mbusa_cars(zip="98101")}
    assert from_seattle == {car["vin"] for car in client.mbusa_cars()}
    assert paged(client.mbusa(zip="98101"))["records"][0]["dealer"]["address"][0]["state"] == "WA"


def test_filters_narrow(client: Client, stock: list[Any]) -> None:
    cars = [car for car in stock if car["classId"] == "E"]

    def found(**query: object) -> set[str]:
        return {car["vin"] for car in client.mbusa_cars(**query)}

    assert found() == {car["vin"] for car in cars}
    assert found(model="E450S4") == {car["vin"] for car in cars if car["modelId"] == "E450S4"} != set()
    assert found(bodyStyleId="WGN") == {car["vin"] for car in cars if car["bodyStyleId"] == "WGN"} != set()
    certified = {car["vin"] for car in cars if car["usedVehicleAttributes"]["certified"]}
    assert found(invType="cpo") == certified
    assert found(invType="preowned") == found() - certified != set()
    assert 0.8 < len(certified) / len(cars) < 0.97


def test_records_have_the_keys_of_the_captured_ones(stock: list[Any]) -> None:
    paths = sorted((captures() / "mercedes" / "mbusa_used_search").glob("*.json.gz"))
    captured = [
        car
        for path in paths[::10]
        for car in json.loads(gzip.decompress(path.read_bytes()))["result"]["pagedVehicles"]["records"]
    ]
    assert key_paths(stock) == key_paths(captured)
    always = set.intersection(*(set(car) for car in captured))
    assert set.intersection(*(set(car) for car in stock)) <= always


def test_the_envelope_has_the_keys_of_the_captured_ones(client: Client) -> None:
    path = captures() / "mercedes" / "mbusa_used_search" / "2026-04-26.json.gz"
    captured = json.loads(gzip.decompress(path.read_bytes()))
    body = client.mbusa().json()
    assert body.keys() == captured.keys()
    assert body["status"].keys() == captured["status"].keys()
    assert body["result"].keys() == captured["result"].keys()
    assert body["result"]["pagedVehicles"]["paging"].keys() == captured["result"]["pagedVehicles"]["paging"].keys()
    assert body["result"]["facets"].keys() <= captured["result"]["facets"].keys()


def test_fields_are_missing_as_often_as_in_the_captures(stock: list[Any]) -> None:
    def share(missing: Any) -> float:
        return sum(bool(missing(car)) for car in stock) / len(stock)

    assert 0.32 < share(lambda car: "stockId" not in car) < 0.42
    assert 0 < share(lambda car: "id" not in car["paint"]) < 0.012
    assert 0.005 < share(lambda car: not car["usedVehicleAttributes"]["images"]) < 0.06
    assert 0.01 < share(lambda car: car["msrp"] == 0) < 0.03
    assert all(("additionalPricingInformation" in car) is (car["msrp"] != 0) for car in stock)
    assert all(car["contactDealerForPrice"] is (car["msrp"] == 0) for car in stock)


def test_a_price_of_zero_is_gone_the_next_day() -> None:
    days = []
    for offset in range(2):
        with sandbox(DAY + timedelta(days=offset), vehicles=3000) as client:
            cars = [car for name in ("GLC", "C") for page in client.mbusa_pages(**{"class": name}) for car in page]
            days.append({car["vin"]: car["msrp"] for car in cars})
    glitched = [vin for vin, price in days[0].items() if price == 0 and vin in days[1]]
    assert len(glitched) >= 3
    assert sum(days[1][vin] > 0 for vin in glitched) > len(glitched) / 2


def test_cars_are_plausible(stock: list[Any]) -> None:
    for car in stock:
        used = car["usedVehicleAttributes"]
        assert VIN.fullmatch(car["vin"])
        assert with_check_digit(car["vin"]) == car["vin"]
        assert car["year"].isdecimal()
        assert 2016 <= int(car["year"]) <= DAY.year + 1
        assert used["mileageUnit"] == "mi"
        assert 0 < used["mileage"] < 200_000
        assert car["dealer"] == used["dealer"]
        assert car["dealerId"] == car["dealer"]["id"]
        assert car["msrp"] == used["dsrp"]
        assert car["msrp"] == 0 or 8_000 < car["msrp"] < 250_000
    assert len({car["vin"][:3] for car in stock}) == 3
    assert {car["fuelType"]["name"] for car in stock} == {"Gasoline", "Electric", "Plug-in Hybrid"}


def test_the_stock_is_split_over_the_classes(stock: list[Any]) -> None:
    assert abs(len(stock) / (4000 * 0.55) - 1) < 0.04
    counts = Counter(car["classId"] for car in stock)
    for name, weight in CLASSES.items():
        assert abs(counts[name] / len(stock) - weight / 100) < 0.02


def test_totals_are_sometimes_off_by_a_few_and_the_same_when_asked_again(client: Client, stock: list[Any]) -> None:
    off = []
    for name in CLASSES:
        cars = sum(car["classId"] == name for car in stock)
        total = paged(client.mbusa(**{"class": name}))["paging"]["totalCount"]
        assert total == paged(client.mbusa(**{"class": name}))["paging"]["totalCount"] > 0
        off.append(total - cars)
    assert 0 < sum(error != 0 for error in off) < len(off) / 2
    assert max(abs(error) for error in off) <= 4


def test_page_boundaries_sometimes_repeat_a_record_and_lose_none() -> None:
    repeated = boundaries = 0
    with sandbox(vehicles=1800) as client:
        for path, name in product((MB_SEARCH, MB_NEW_SEARCH), CLASSES):
            found = []
            for order in ("distance-asc", "distance-desc"):
                pages = client.mbusa_pages(path, **{"class": name}, sortBy=order)
                vins = Counter(car["vin"] for page in pages for car in page)
                twice = {vin for vin, count in vins.items() if count > 1}
                assert twice == {a[-1]["vin"] for a, b in pairwise(pages) if a[-1]["vin"] == b[0]["vin"]}
                repeated, boundaries = repeated + len(twice), boundaries + len(pages)
                found.append(set(vins))
            # a repeat takes no other car's place
            assert found[0] == found[1]
    assert 0 < repeated < boundaries * 0.05


def test_facets_count_the_cars_found(client: Client) -> None:
    reply = client.mbusa(invType="cpo").json()["result"]
    cars = client.mbusa_cars(invType="cpo")
    models = Counter(car["modelId"] for car in cars)
    assert {value["value"]: value["count"] for value in reply["facets"]["modelDesignation"]["values"]} == models
    inventory = {value["value"]: value["count"] for value in reply["facets"]["invType"]["values"]}
    assert inventory["CPO"] == len(cars)
