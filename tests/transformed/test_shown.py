"""What the UI is shown of a transformed day: the lineage of every maker's columns, the worst of a quarantine."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from raw.endpoint.declaration import Endpoint
from raw.wiring.discovery import Oem
from tests.support.declared import ENDPOINT_IDS, ENDPOINTS
from transformed.day import shown
from transformed.day.quarantine import QUARANTINE_SCHEMA
from transformed.mapping.expressions import at, at_key, first_where, money, text
from transformed.mapping.lineage import field_paths
from transformed.mapping.loading import mapping_of
from transformed.mapping.shapes import plain


@pytest.mark.parametrize(("oem", "endpoint"), ENDPOINTS, ids=ENDPOINT_IDS)
def test_the_lineage_of_a_maker_names_declared_fields(oem: Oem, endpoint: Endpoint) -> None:
    mapping = mapping_of(oem.name, endpoint)
    found = shown.lineage(oem.name, endpoint)
    assert set(found) <= set(mapping.contract.column_names())
    assert len(found) >= 5
    record = plain(mapping.record)
    assert isinstance(record, pl.Struct)
    empty = pl.DataFrame(schema=record.to_schema())
    for paths in found.values():
        empty.select(*(at(path).alias(path) for path in paths))  # raises where a field is not declared


def test_paths_are_read_off_every_kind_of_expression() -> None:
    assert field_paths(text("a.b.c")) == {"a.b.c"}
    assert field_paths(pl.coalesce(text("a.b"), money("a.c"))) == {"a.b", "a.c"}
    assert field_paths(first_where("prices", "amount", type="retail")) == {"prices"}
    assert field_paths(at_key("offers", "dealer.id", "price")) == {"offers", "dealer.id"}
    assert field_paths(pl.col("x").map_batches(lambda rows: rows)) == {"x"}
    assert field_paths(pl.col("market").replace_strict({"de": "EUR"}, default=None)) == set()
    assert field_paths(pl.lit("new")) == set()


def quarantined(*rows: dict[str, str]) -> pl.DataFrame:
    common = {"oem": "maker", "endpoint": "e", "date": date(2026, 11, 25), "contract_version": 2}
    return pl.DataFrame([{**common, **row} for row in rows], schema=QUARANTINE_SCHEMA)


def test_the_worst_of_a_quarantine_comes_first_with_its_text_within_bounds() -> None:
    vin = {"market": "es", "rule": "vin|regex", "column": "vin", "value": "x" * 500}
    text_of_host = "<b>|`\n5"
    table = shown.worst_of(
        quarantined(
            *({**vin, "archive_address": f"p#1/{number}"} for number in range(3)),
            {"market": "de", "rule": "doors|max", "column": "doors", "value": text_of_host, "archive_address": "p#0/7"},
        )
    )
    head, _, worst, other = table.splitlines()
    assert head.startswith("| market | rule | records |")
    assert worst.startswith("| es | vin: regex | 3 | `xxx")
    assert worst.endswith("…` | `p#1/0` |")
    assert len(worst) < 150
    assert "| `<b>¦' 5` |" in other
    assert shown.worst_of(quarantined()) == shown.NOTHING
