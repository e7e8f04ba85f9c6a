"""The words for slices: lists asked for first, counts, ways of a value, numbers by market."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from raw.endpoint import Get, Inventory, Listed, PageIndex, PerSecond, Post, SinglePage, Way
from raw.endpoint.coverage import coverage
from tests.support.words import DAY, Asked, Said, cars, endpoint, fetched

URL = "https://oem.example/search"
BY_MODEL = Get(URL, params={"model": "{model}"})
LIST = Get("https://oem.example/models", params={"m": "{code}"})
STOCK = {"m1": cars(1, 2), "m2": cars(3), "m3": cars(4, 5, 6)}


def listing(asked: Asked) -> Any:
    if asked.path == "/models":
        counted = [{"code": model, "count": len(found)} for model, found in STOCK.items()]
        by_code = {model: len(found) for model, found in STOCK.items()}
        return {"facets": {"models": counted, "by_code": by_code, "names": list(STOCK)}}
    return {"cars": STOCK[asked.query["model"]]}


@pytest.mark.parametrize("values", ["facets.models[].code", "facets.by_code{}", "facets.names[]"])
def test_the_values_of_a_slice_may_come_from_a_first_request(tmp_path: Path, values: str) -> None:
    day = fetched(tmp_path, endpoint(request=BY_MODEL, slices={"model": Listed(LIST, values)}), listing)
    assert day.seal.complete, day.seal.message
    assert day.seal.slices == {"model=m1": 2, "model=m2": 1, "model=m3": 3}
    assert day.asked[0].query == {"m": "es"}


def test_a_listed_value_may_be_left_out(tmp_path: Path) -> None:
    slices = {"model": Listed(LIST, "facets.models[].code", ignore=frozenset({"m3"}))}
    day = fetched(tmp_path, endpoint(request=BY_MODEL, slices=slices), listing)
    assert day.seal.slices == {"model=m1": 2, "model=m2": 1}


def test_a_new_value_in_the_list_is_asked_for_and_is_no_other_coverage(tmp_path: Path) -> None:
    declared = endpoint(request=BY_MODEL, slices={"model": Listed(LIST, "facets.models[].code")})

    def answer(asked: Asked) -> Any:
        if asked.path == "/models":
            return {"facets": {"models": [{"code": "m1"}, {"code": "m19"}]}}
        return {"cars": cars(19) if asked.query["model"] == "m19" else STOCK[asked.query["model"]]}

    day = fetched(tmp_path, declared, answer)
    assert day.seal.slices == {"model=m1": 2, "model=m19": 1}
    assert day.seal.coverage == coverage(declared, "es")


@pytest.mark.parametrize("said", [{"facets": {"models": []}}, {"facets": {}}, Said(status=403), Said(b"<html>", 200)])
def test_without_its_list_a_market_fails(tmp_path: Path, said: Any) -> None:
    declared = endpoint(request=BY_MODEL, slices={"model": Listed(LIST, "facets.models[].code")})
    day = fetched(tmp_path, declared, lambda asked: said)
    assert not day.seal.complete
    assert "list of model" in str(day.seal.message)
    assert {asked.path for asked in day.asked} == {"/models"}


def test_known_values_are_asked_for_beside_those_that_the_list_names(tmp_path: Path) -> None:
    """Also the value that the list left out: it may be sold out, and then its slice is empty."""
    declared = endpoint(request=BY_MODEL, slices={"model": Listed(LIST, "facets.models[].code", known=("m3", "m1"))})

    def answer(asked: Asked) -> Any:
        if asked.path == "/models":
            return {"facets": {"models": [{"code": "m1"}, {"code": "m19"}]}}
        return {"cars": cars(19) if asked.query["model"] == "m19" else STOCK[asked.query["model"]]}

    day = fetched(tmp_path, declared, answer)
    assert day.seal.complete, day.seal.message
    assert day.seal.slices == {"model=m3": 3, "model=m1": 2, "model=m19": 1}
    assert day.manifest.drift == []


@pytest.mark.parametrize("status", [400, 404, 422])
def test_where_a_host_serves_no_list_the_known_values_are_asked_for_and_it_is_told(tmp_path: Path, status: int) -> None:
    declared = endpoint(request=BY_MODEL, slices={"model": Listed(LIST, "facets.models[].code", known=("m1", "m2"))})

    def answer(asked: Asked) -> Any:
        return Said(status=status) if asked.path == "/models" else listing(asked)

    day = fetched(tmp_path, declared, answer)
    assert day.seal.complete, day.seal.message
    assert day.seal.slices == {"model=m1": 2, "model=m2": 1}
    assert [line.split(":")[1].strip() for line in day.manifest.drift] == ["the list of model is not served"]


def test_what_the_list_alone_named_is_missed_where_the_list_is_not_served(tmp_path: Path) -> None:
    declared = endpoint(request=BY_MODEL, slices={"model": Listed(LIST, "facets.models[].code", known=("m1", "m2"))})
    assert fetched(tmp_path, declared, listing, day=DAY - timedelta(days=1)).seal.complete
    day = fetched(tmp_path, declared, lambda asked: Said(status=404) if asked.path == "/models" else listing(asked))
    assert (day.seal.complete, day.seal.cause) == (False, "shortfall")
    assert "es: shortfall: model=m3 held records on the last sealed day and was not asked for" in str(day.seal.message)


@pytest.mark.parametrize("said", [{"facets": {"models": []}}, Said(status=403), Said(status=503), Said(b"<html>", 200)])
def test_a_list_that_could_be_there_is_not_done_without(tmp_path: Path, said: Any) -> None:
    declared = endpoint(request=BY_MODEL, slices={"model": Listed(LIST, "facets.models[].code", known=("m1",))})
    day = fetched(tmp_path, declared, lambda asked: said if asked.path == "/models" else listing(asked))
    assert not day.seal.complete
    assert "list of model" in str(day.seal.message)


def test_a_list_is_asked_for_each_value_of_the_slices_before_it_and_held_against_its_count(tmp_path: Path) -> None:
    stock = {"A": {"m1": cars(1, 2)}, "B": {"m1": cars(3), "m2": cars(4, 5)}}
    declared = endpoint(
        request=Get(URL, params={"program": "{program}", "model": "{model}"}),
        slices={
            "brand": ("a", "b"),
            "model": Listed(Get("https://oem.example/{brand}"), "models[].code", count="count"),
        },
        of_slice={"brand": {"a": {"program": "A"}, "b": {"program": "B"}}},
    )

    def answer(asked: Asked) -> Any:
        if asked.path != "/search":
            models = stock[asked.path[1:].upper()]
            return {"models": [{"code": model, "count": len(found)} for model, found in models.items()]}
        return {"cars": stock[asked.query["program"]][asked.query["model"]]}

    day = fetched(tmp_path / "whole", declared, answer)
    assert day.seal.complete, day.seal.message
    assert day.seal.slices == {"brand=a&model=m1": 2, "brand=b&model=m1": 1, "brand=b&model=m2": 2}
    stock["B"]["m2"] = cars(4)
    listed = {"models": [{"code": "m1", "count": 1}, {"code": "m2", "count": 2}]}
    less = fetched(tmp_path / "less", declared, lambda asked: listed if asked.path == "/b" else answer(asked))
    assert (less.seal.cause, "brand=b&model=m2" in str(less.seal.message)) == ("shortfall", True)


@pytest.mark.parametrize("values", ["facets.models[].code", "facets.by_code{}"])
@pytest.mark.parametrize("model", ["m1", "m2", "m3"])
def test_each_slice_is_held_against_the_count_of_its_list(tmp_path: Path, model: str, values: str) -> None:
    slices = {"model": Listed(LIST, values, count="count")}
    declared = endpoint(request=BY_MODEL, slices=slices)
    assert fetched(tmp_path, declared, listing).seal.complete

    def one_less(asked: Asked) -> Any:
        said = listing(asked)
        if asked.path == "/search" and asked.query["model"] == model:
            return {"cars": said["cars"][:-1]}
        return said

    day = fetched(tmp_path / "less", replace(declared, minimum_expected=0), one_less)
    assert day.seal.cause == "shortfall", day.seal.message
    assert f"model={model}" in str(day.seal.message)


def test_requests_and_slices_that_differ_by_market(tmp_path: Path) -> None:
    declared = endpoint(
        request=Get(URL),
        request_of_market={"us": Post("https://us.oem.example/search", body={"model": "{model}"})},
        slices_of_market={"us": {"model": ("m1", "m3")}},
        markets={"es": {}, "us": {}},
    )

    def answer(asked: Asked) -> Any:
        if asked.host == "us.oem.example":
            return {"cars": STOCK[asked.json["model"]]}
        return {"cars": cars(90, 91)}

    day = fetched(tmp_path, declared, answer)
    assert all(market.complete for market in day.manifest.markets.values()), day.manifest
    assert day.manifest.markets["us"].slices == {"model=m1": 2, "model=m3": 3}
    assert day.manifest.markets["es"].slices == {"": 2}
    assert coverage(declared, "es") == coverage(endpoint(request=Get(URL)), "es")
    assert coverage(replace(declared, slices_of_market={}), "us") != coverage(declared, "us")


def test_minimum_debounce_and_limit_by_market(tmp_path: Path) -> None:
    declared = endpoint(
        markets={"es": {"m": 3}, "us": {"m": 5}},
        request=Get(URL, params={"m": "{m}"}),
        minimum_expected={"us": 5},
        limits={"us": PerSecond(1, concurrency=1)},
        yields=Inventory("inventory", debounce_days=3, debounce_days_in={"us": 14}),
    )
    day = fetched(
        tmp_path,
        declared,
        lambda asked: {"cars": cars(*range(int(asked.query["m"]) * 10, int(asked.query["m"]) * 10 + 4))},
    )
    assert day.manifest.markets["es"].complete
    assert day.manifest.markets["us"].cause == "empty_feed"
    assert "at least 5" in str(day.manifest.markets["us"].message)
    assert coverage(declared, "us") == coverage(replace(declared, limits={}, minimum_expected=1), "us")


def test_a_slice_that_is_empty_and_never_was_is_told(tmp_path: Path) -> None:
    declared = endpoint(request=BY_MODEL, slices={"model": Listed(LIST, "facets.models[].code")})
    fetched(tmp_path, declared, listing, day=DAY - timedelta(days=1))

    def answer(asked: Asked) -> Any:
        said = listing(asked)
        return {"cars": []} if asked.path == "/search" and asked.query["model"] == "m2" else said

    day = fetched(tmp_path, declared, answer)
    assert day.seal.silent_slices == ["model=m2"]
    assert any("silent_slice: model=m2" in told for told in day.manifest.drift)


def test_a_slice_that_the_list_names_no_more_is_told(tmp_path: Path) -> None:
    declared = endpoint(request=BY_MODEL, slices={"model": Listed(LIST, "facets.models[].code")})
    fetched(tmp_path, declared, listing, day=DAY - timedelta(days=1))

    def answer(asked: Asked) -> Any:
        said = listing(asked)
        if asked.path != "/search":
            said["facets"]["models"] = [one for one in said["facets"]["models"] if one["code"] != "m2"]
        return said

    day = fetched(tmp_path, declared, answer)
    assert day.seal.complete, "a model may be sold out"
    assert [told for told in day.manifest.drift if "unlisted_slice: model=m2 held" in told]


NEW = Way(
    Post("https://oem.example/new", body={"m": "{model}", "of": "{code}"}),
    PageIndex(index="page", size="size", step=2, first=1, total="count"),
)
TWO_SERVICES = endpoint(
    request=BY_MODEL,
    pages=SinglePage(total="total"),
    slices={"lot": ("used", "new"), "model": ("m1", "m3")},
    way_of_slice={"lot": {"new": NEW}},
    records="cars|stock",
)
NEW_STOCK = {"m1": cars(11), "m3": cars(12, 13, 14)}


def two_services(asked: Asked, told: int = 3) -> Any:
    if asked.path == "/search":
        found = STOCK[asked.query["model"]]
        return {"cars": found, "total": len(found)}
    assert asked.json["of"] == "es"
    first = (asked.json["page"] - 1) * asked.json["size"]
    found = NEW_STOCK[asked.json["m"]]
    return {"stock": found[first : first + 2], "count": told if len(found) == 3 else len(found)}


def test_the_slices_of_a_value_may_be_asked_in_another_way(tmp_path: Path) -> None:
    day = fetched(tmp_path, TWO_SERVICES, two_services)
    assert day.seal.complete, day.seal.message
    assert day.seal.slices == {
        "lot=used&model=m1": 2, "lot=used&model=m3": 3, "lot=new&model=m1": 1, "lot=new&model=m3": 3,
    }  # fmt: skip
    assert [(one.method, one.path) for one in day.asked].count(("POST", "/new")) == 3
    assert coverage(TWO_SERVICES, "es") != coverage(replace(TWO_SERVICES, way_of_slice={}), "es")


def test_the_total_of_another_way_is_held_against_its_pages(tmp_path: Path) -> None:
    day = fetched(tmp_path, TWO_SERVICES, lambda asked: two_services(asked, told=5))
    assert (day.seal.complete, day.seal.cause) == (False, "shortfall")
