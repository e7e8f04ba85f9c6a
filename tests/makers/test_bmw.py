"""BMW: a good answer has status 201, prices stand under the dealer's number; the captured pages of Germany. What is on
its way to a dealer of the United States."""

from __future__ import annotations

import gzip
from decimal import Decimal

import pytest

from raw.bmw import STOLO_SEARCH, US_INVENTORY
from raw.fetch.page_reader import PageReader
from tests.support.one_record import typed, typed_body
from tests.support.transformed_support import captures


@pytest.mark.slow
def test_the_captured_pages() -> None:
    folder = captures("bmw", "stolo_vehiclesearch")
    page = gzip.decompress((folder / "de_gebrauchtwagen_3series_A.json.gz").read_bytes())
    hits = gzip.decompress((folder / "de_gebrauchtwagen_5series_hits.json.gz").read_bytes())
    read = PageReader(STOLO_SEARCH).read(page)
    assert (len(set(read.identities)), read.total) == (8, 8)
    for body, expected in ((page, 8), (b'{"hits": ' + hits + b"}", 13)):
        found = typed_body("bmw", STOLO_SEARCH, body, "de")
        assert (len(found.rows), found.quarantine, found.drift) == (expected, [], [])
        assert all(row["price_amount"] and row["vin"] and row["dealer_id"] for row in found.rows)
    row = next(row for row in typed_body("bmw", STOLO_SEARCH, page, "de").rows if row["vin"] == "WBA51GL060FU17334")
    assert (row["price_amount"], row["list_price_amount"]) == (Decimal("50490.00"), Decimal("88310.01"))
    assert (row["fuel_type"], row["electric_range_km"], row["drive_type"]) == ("plug_in_hybrid", 89, "all")


@pytest.mark.parametrize(
    ("status", "sold", "availability", "said"),
    [("1", False, "in_stock", "1"), ("4", False, None, "4"), ("0", True, "sold", "sold"), (None, None, None, None)],
)
def test_what_is_on_its_way(status: str | None, sold: bool | None, availability: str | None, said: str | None) -> None:
    car = {"vin": None, "code": "c1", "totalMsrp": 0, "orderStatus": status, "sold": sold}
    done = typed("bmw", US_INVENTORY, [car | {"dealerEstArrivalDate": "2026-08-01"}], "us")
    row = done.row
    assert (row["availability"], row["availability_source"]) == (availability, said)
    assert (row["listing_id"], row["price_amount"], str(row["expected_on"])) == ("c1", None, "2026-08-01")
    assert done.drift_of("availability") == []
