"""A record of a few declared fields, a page of such records, and the decoder that reads them."""

from __future__ import annotations

import json
from typing import Any

import polars as pl

from transformed.contract.drift import Drift
from transformed.mapping.decode import RecordDecoder

SCHEMA = pl.Struct(
    {
        "id": pl.String,
        "class": pl.String,
        "year": pl.Int64,
        "amount": pl.Float64,
        "sold": pl.Boolean,
        "used": pl.Struct({"mileage": pl.Float64, "unit-name": pl.String}),
        "prices": pl.List(pl.Struct({"type": pl.String, "amount": pl.Float64})),
        "tags": pl.List(pl.String),
    }
)
IGNORED = frozenset({"note", "used.remarks", "prices.formatted"})


def decoder(path: str = "result.records") -> tuple[RecordDecoder, Drift]:
    drift = Drift()
    return RecordDecoder(SCHEMA, path, ["id"], IGNORED, drift), drift


def page(records: Any) -> bytes:
    return json.dumps({"result": {"records": records}, "facets": [1]}).encode()
