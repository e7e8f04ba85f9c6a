"""Tesla: an object for nothing, a challenge with 200, placeholders for VINs; the captured answer of France."""

from __future__ import annotations

from decimal import Decimal

import pytest

from raw.fetch.page_reader import PageReader
from raw.tesla import INVENTORY_RESULTS
from resources.failures import Cause, PlatformError
from tests.support.one_record import typed, typed_body
from tests.support.transformed_support import captures


def test_the_captured_answer() -> None:
    (file,) = captures("tesla", "inventory-results", "fr_my_new_json").glob("*.json")
    page = PageReader(INVENTORY_RESULTS).read(file.read_bytes())
    assert (len(set(page.identities)), page.total) == (29, 29)
    found = typed_body("tesla", INVENTORY_RESULTS, file.read_bytes(), "fr")
    assert (len(found.rows), found.quarantine, found.drift) == (29, [], [])
    # none of them is built yet
    assert {(row["vin"], row["vin_is_temporary"]) for row in found.rows} == {(None, True)}
    assert {row["electric_range_km"] for row in found.rows if row["drive_type"] == "rear"} == {430, 455}
    assert sum(row["availability"] == "in_transit" for row in found.rows) == 9
    # the subsidy of 5,000 EUR that six of them get is in `InventoryPrice` and is no price of Tesla's
    cheapest = min(found.rows, key=lambda row: row["price_amount"])
    assert (cheapest["price_amount"], cheapest["list_price_amount"]) == (Decimal(43690), Decimal(45990))


@pytest.mark.parametrize(
    ("prices", "price", "list_price"),
    [
        ({"PurchasePrice": 0, "InventoryPrice": 45_000, "Discount": 500}, 45_000, 45_500),
        ({"PurchasePrice": 0, "InventoryPrice": 0, "Discount": 500}, None, None),
        ({"PurchasePrice": None, "InventoryPrice": -1, "Discount": 500}, None, None),
    ],
)
def test_a_price_of_zero_is_none_and_a_discount_alone_no_list_price(
    prices: dict[str, int | None], price: int | None, list_price: int | None
) -> None:
    row = typed("tesla", INVENTORY_RESULTS, [{"VIN": "5YJ3E1EA7KF000316", **prices}], "us").row
    assert (row["price_amount"], row["list_price_amount"], row["price_kind"]) == (price, list_price, "asking_net")


def test_nothing_is_an_object_and_a_challenge_is_a_refusal() -> None:
    reader = PageReader(INVENTORY_RESULTS)
    nothing = b'{"results": {"exact": [], "approximate": [{"VIN": "near"}]}, "total_matches_found": 0}'
    assert reader.read(nothing).identities == []
    for body, cause in (
        (b'{"cpr_chlge": "true"}', Cause.BLOCKED),
        (b'{"results": {"exact": []}, "total_matches_found": 3}', Cause.SCHEMA_DRIFT),
    ):
        with pytest.raises(PlatformError) as failure:
            reader.read(body)
        assert failure.value.cause is cause
