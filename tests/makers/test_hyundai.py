"""Hyundai: captured answers of 2022, in which cars lie by dealer; text prices; dealers around the cities."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal

import pytest

from raw.fetch.page_reader import PageReader
from raw.hyundai import INVENTORY_SEARCH, US_DEALERS, VEHICLE_LIST
from tests.support.one_record import typed, typed_body
from tests.support.transformed_support import captures


@pytest.mark.parametrize(("name", "cars"), [("2022-01-16_ioniq5_data_only", 62), ("2022-01-19_ioniq5", 126)])
def test_captured_cars_lie_by_dealer(name: str, cars: int) -> None:
    body = json.loads(gzip.decompress(captures("hyundai", "us_vehicleList", f"{name}.json.gz").read_bytes()))
    if isinstance(body, list):  # the capture holds only what stands at `data`
        body = {"data": body}
    text = json.dumps(body).encode()
    assert len(PageReader(VEHICLE_LIST).read(text).identities) == cars
    done = typed_body("hyundai", VEHICLE_LIST, text, "us")
    assert (len(done.rows), done.quarantine, done.drift) == (cars, [], [])
    priced = [row["price_amount"] for row in done.rows if row["price_amount"] is not None]
    assert len(priced) >= cars - 1, "one car of the first answer costs `$0.00`"
    assert min(priced) > 40_000
    assert {row["availability"] for row in done.rows} == {"in_stock", "in_transit"}

    dealers = [dealer for year in body["data"] for dealer in year["dealerInfo"]]
    located = typed("hyundai", US_DEALERS, dealers, "us")
    assert (len(located.rows), located.quarantine, located.drift) == (len(dealers), [], [])


def test_a_dealer_without_an_address_is_a_row() -> None:
    for address in ({}, {"address1": " ", "address2": ""}):
        row = typed(
            "hyundai", US_DEALERS, [{"dealerCd": "NJ001", "dealerNm": "Hyundai of Newark", **address}], "us"
        ).row
        assert row["street"] is None


def test_the_price_of_the_dealer_goes_before_the_list_price() -> None:
    car = {"vin": "KM8KMDAF6NU055944", "msrp": "$48,770.00", "dealerInternetPrice": "$47,000.00"}
    rows = [typed("hyundai", INVENTORY_SEARCH, [one], "us").row for one in (car, {**car, "dealerInternetPrice": ""})]
    assert [(row["price_amount"], row["price_kind"]) for row in rows] == [
        (Decimal(47000), "asking_net"),
        (Decimal(48770), "list"),
    ]
