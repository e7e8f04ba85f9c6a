"""Spoticar: each value stands in a list of its own, its identity too; the one captured car."""

from __future__ import annotations

import gzip
from decimal import Decimal

from raw.fetch.page_reader import PageReader
from raw.spoticar import USED_CARS
from tests.support.one_record import typed_body
from tests.support.transformed_support import captures


def test_the_captured_car() -> None:
    body = gzip.decompress(captures("spoticar", "es_paginate_search_trimmed", "2026-06-22_1.json.gz").read_bytes())
    page = PageReader(USED_CARS).read(body)
    assert (page.identities, page.total) == (["zfaefaa4xpx169902"], 6411)
    found = typed_body("spoticar", USED_CARS, body, "es")
    assert (len(found.rows), found.quarantine, found.drift) == (1, [], [])
    row = found.rows[0]
    assert (row["vin"], row["price_amount"], row["fuel_type"]) == ("ZFAEFAA4XPX169902", Decimal(21990), "electric")
