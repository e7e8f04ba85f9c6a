"""Mercedes-Benz: two lots of which a search gives a hundred rows; a total that says too much, and far too much."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from raw.mercedes import MBUSA_SEARCH
from raw.platforms.onesearch import KR_INVENTORY
from tests.support.one_record import typed
from tests.support.words import DAY, Asked, Fetched, Said, fetched


@pytest.mark.parametrize(("said", "cause"), [(70, None), (75, None), (80, "shortfall")])
def test_the_total_of_korea_is_a_little_too_large(tmp_path: Path, said: int, cause: str | None) -> None:
    cars = [{"identification": {"code": f"c{number}"}} for number in range(70)]

    def answer(asked: Asked) -> object:
        first = (asked.json["variables"]["page"] - 1) * 50
        return {"data": {"search": {"navigation": {"totalResults": said}, "results": cars[first : first + 50]}}}

    day = fetched(tmp_path, KR_INVENTORY, answer)
    assert (day.seal.collected, day.seal.cause) == (70, cause)


Stock = dict[str, dict[str, dict[str, int]]]
"""Lot -> class -> dealer -> how many cars stand there."""
USED: Stock = {"used": {"E": {"05400": 30}, "VLE": {"05400": 13}}, "new": {}}


def page_of(asked: Asked, stock: Stock, facets: str = "dealer") -> object:
    """The search of the United States: the first hundred rows of a class and no more, of a dealer where one is named;
    the facets of all classes where no class is named."""
    name, wanted, dealer = asked.path.split("/")[5], asked.query.get("class"), asked.query.get("dealerId")
    found = {one: count for one, count in stock[name].get(wanted or "", {}).items() if dealer in (None, one)}
    vins = [f"{name}-{wanted}-{one}-{number}" for one, count in found.items() for number in range(count)]
    first = 12 * int(asked.query["start"])
    records = [{"vin": vin} for vin in vins[:100][first : first + 12]]
    classes = [one for one in stock[name] or USED["used"] if wanted in (None, one)]
    listed = {
        facet: {"values": [{"value": value} for value in values]}
        for facet, values in (("modelIdentifier", classes), ("dealer", found))
        if facet in f"modelIdentifier {facets}"
    }
    paged = {"records": records, "paging": {"totalCount": len(vins)}}
    return {"success": True, "result": {"pagedVehicles": paged, "facets": listed}}


def held(day: Fetched) -> dict[str, int]:
    """The slices that hold records."""
    return {name: count for name, count in day.seal.slices.items() if count}


def test_a_class_that_nobody_knew_is_asked_for_when_the_facets_of_its_lot_name_it(tmp_path: Path) -> None:
    stock: Stock = {**USED, "new": {"E": {"05400": 95}}}
    day = fetched(tmp_path, MBUSA_SEARCH, lambda asked: page_of(asked, stock))
    assert day.seal.complete, day.seal.message
    assert held(day) == {"lot=used&class=E": 30, "lot=used&class=VLE": 13, "lot=new&class=E": 95}
    assert len(day.seal.slices) == 19 + 18


def test_a_request_below_the_hundred_rows_is_the_one_that_was_captured(tmp_path: Path) -> None:
    day = fetched(tmp_path, MBUSA_SEARCH, lambda asked: page_of(asked, USED))
    (used,) = [one for one in day.asked if "/used/" in one.path and one.query.get("class") == "G"]
    assert used.query == {
        "class": "G", "invType": "cpo", "zip": "66952", "distance": "ANY", "sortBy": "distance-asc",
        "resvOnly": "false", "withFilters": "true", "start": "0", "count": "12",
    }  # fmt: skip
    (new,) = [one for one in day.asked if "/new/" in one.path and one.query.get("class") == "G"]
    assert new.query == {name: value for name, value in used.query.items() if name != "invType"}


def test_a_lot_without_cars_is_empty_and_the_market_whole(tmp_path: Path) -> None:
    day = fetched(tmp_path, MBUSA_SEARCH, lambda asked: page_of(asked, USED))
    assert day.seal.complete, day.seal.message
    assert (day.seal.unique, sum("lot=new" in name for name in day.seal.slices)) == (43, 19)


@pytest.mark.parametrize("lot", ["used", "new"])
@pytest.mark.parametrize("said", [0, 4, -4], ids=["the total is right", "says too much", "says too little"])
def test_a_class_beyond_the_hundred_rows_is_asked_for_by_dealer(tmp_path: Path, lot: str, said: int) -> None:
    stock: Stock = {**USED, lot: {"GLC": {"05400": 60, "05101": 43}, "E": {"05400": 3}}}

    def answer(asked: Asked) -> object:
        found: Any = page_of(asked, stock)
        if f"/{lot}/" in asked.path and asked.query.get("class") == "GLC" and "dealerId" not in asked.query:
            found["result"]["pagedVehicles"]["paging"]["totalCount"] += said
        return found

    day = fetched(tmp_path, MBUSA_SEARCH, answer)
    assert day.seal.complete, day.seal.message
    of_class = {name: count for name, count in held(day).items() if "GLC" in name and "dealer" in name}
    assert sorted(of_class.values()) == [43, 60]
    assert day.seal.unique == 106 + (0 if lot == "used" else 43)


@pytest.mark.parametrize(
    ("dealers", "facets", "cause"),
    [
        ({"05400": 60, "05101": 60}, "", "window"),  # no facet of dealers
        ({"05400": 120}, "dealer", "window"),  # a dealer beyond the hundred rows, and no facet of models
        ({"05400": 60, "05101": 60}, "dealer", None),
    ],
)
def test_rows_that_no_split_reaches_make_the_market_incomplete(
    tmp_path: Path, dealers: dict[str, int], facets: str, cause: str | None
) -> None:
    stock: Stock = {**USED, "new": {"GLC": dealers}}
    day = fetched(tmp_path, MBUSA_SEARCH, lambda asked: page_of(asked, stock, facets))
    assert (day.seal.complete, day.seal.cause) == (cause is None, cause), day.seal.message


def test_a_facet_that_leaves_a_dealer_out_is_a_shortfall(tmp_path: Path) -> None:
    stock: Stock = {**USED, "new": {"GLC": {"05400": 60, "05101": 60, "05417": 9}}}

    def answer(asked: Asked) -> object:
        found: Any = page_of(asked, stock)
        values = found["result"]["facets"]["dealer"]["values"]
        found["result"]["facets"]["dealer"]["values"] = [one for one in values if one["value"] != "05417"]
        return found

    assert fetched(tmp_path, MBUSA_SEARCH, answer).seal.cause == "shortfall"


def test_a_dealer_who_sold_his_last_car_of_a_class_is_no_slice_that_is_missed(tmp_path: Path) -> None:
    stock: Stock = {**USED, "new": {"GLC": {"05400": 60, "05101": 60, "05417": 9}}}
    fetched(tmp_path, MBUSA_SEARCH, lambda asked: page_of(asked, stock), day=DAY - timedelta(days=1))
    stock["new"]["GLC"] = {"05400": 60, "05101": 60}
    day = fetched(tmp_path, MBUSA_SEARCH, lambda asked: page_of(asked, stock))
    assert day.seal.complete, day.seal.message
    assert day.manifest.drift == []


def test_a_host_that_wants_a_class_in_every_request_is_asked_for_those_that_are_known(tmp_path: Path) -> None:
    def answer(asked: Asked) -> object:
        return page_of(asked, USED) if "class" in asked.query else Said({"success": False}, 400)

    day = fetched(tmp_path, MBUSA_SEARCH, answer)
    assert day.seal.complete, day.seal.message
    assert (day.seal.collected, len(day.seal.slices)) == (30, 36)
    assert ["is not served" in told for told in day.manifest.drift] == [True, True]


def test_a_car_of_korea() -> None:
    car = {
        "identification": {"code": "a1", "dealerId": "7"}, "vehicleModel": {"bodyType": {"value": "Roadster"}},
        "price": {"grossValue": 62_000_000}, "technicalInformation": {"engine": {"fuelType": {"value": "Kerosene"}}},
    }  # fmt: skip
    done = typed("mercedes", KR_INVENTORY, [car], "kr")
    assert (done.row["price_amount"], done.row["price_currency"], done.row["body_type"]) == (
        62_000_000,
        "KRW",
        "roadster",
    )
    assert (done.row["fuel_type"], done.row["fuel_type_source"], len(done.drift_of("fuel_type"))) == (
        None,
        "Kerosene",
        1,
    )
