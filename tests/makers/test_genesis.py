"""Genesis: the dealer stands inside each vehicle; prices are texts; the captured records were edited by hand."""

from __future__ import annotations

import gzip
from datetime import date
from decimal import Decimal

from raw.fetch.page_reader import PageReader
from raw.genesis import US_DEALERS, US_INVENTORY
from tests.support.one_record import typed_body
from tests.support.transformed_support import captures


def test_the_captured_records() -> None:
    records = gzip.decompress(captures("genesis", "us_inventory_search", "2023-07_mixed_4_edited.json.gz").read_bytes())
    body = b'{"result": {"status": "SUCCESS", "vehicles": ' + records + b"}}"  # the envelope was not captured
    assert len(set(PageReader(US_INVENTORY).read(body).identities)) == 4
    vehicles = typed_body("genesis", US_INVENTORY, body, "us")
    dealers = typed_body("genesis", US_DEALERS, body, "us")
    assert (len(vehicles.rows), vehicles.quarantine, vehicles.drift) == (4, [], [])
    assert (dealers.quarantine, dealers.drift) == ([], [])
    first = next(row for row in vehicles.rows if row["vin"] == "KMTGB4SDXPU191849")
    assert (first["price_amount"], first["power_kw"], first["drive_type"]) == (Decimal("67880.00"), 280, "all")
    assert (first["expected_on"], first["fuel_type"]) == (date(2023, 5, 19), "petrol")
    dealer = next(row for row in dealers.rows if row["dealer_id"] == first["dealer_id"])
    assert (dealer["city"], dealer["region"], dealer["postal_code"]) == ("Jersey City", "NJ", "07304")
