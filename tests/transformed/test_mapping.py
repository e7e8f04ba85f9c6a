"""A mapping is checked when it is loaded: every mistake is a sentence that says how to mend it."""

from __future__ import annotations

import sys
from dataclasses import replace
from types import ModuleType
from typing import Any

import polars as pl
import pytest

from raw.audi import SCS_SEARCH
from resources.failures import Cause, PlatformError
from transformed.contract.contracts import Dealer, Vehicle
from transformed.mapping.declaration import PROVIDED_COLUMNS, TableMapping
from transformed.mapping.loading import mapping_of

RECORD = pl.Struct({"id": pl.String, "price": pl.Float64, "used": pl.Struct({"mileage": pl.Float64})})
ID, BRAND = pl.col("id").alias("listing_id"), pl.lit("Maker").alias("brand")
GOOD = TableMapping(contract=Vehicle, record=RECORD, columns=[ID, BRAND])


def test_what_a_maker_lacks_is_left_out_and_null() -> None:
    assert GOOD.problems() == []
    names = [expression.meta.output_name() for expression in GOOD.row_expressions()]
    assert names == [name for name in Vehicle.column_names() if name not in PROVIDED_COLUMNS]
    row = pl.DataFrame({"id": ["a"]}).select(GOOD.row_expressions())
    filled = {name: value for name, value in row.to_dicts()[0].items() if value is not None}
    assert filled == {"listing_id": "a", "brand": "Maker", "vin_is_temporary": False}
    assert row.schema["price_amount"] == pl.Decimal(14, 2)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"columns": [ID, BRAND, pl.lit("x").alias("modle")]}, "names `modle`, which the contract.*: name it `model`"),
        ({"columns": [ID, BRAND, pl.lit("x").alias("zzz")]}, "`zzz`.* give it the alias of a column of the contract"),
        ({"columns": [ID, BRAND, pl.lit("es").alias("market")]}, "names `market`, which the platform fills: remove it"),
        ({"columns": [ID, BRAND, ID]}, "names `listing_id` 2 times: keep one"),
        ({"columns": [BRAND]}, "lacks `listing_id`, which may not be null: add an expression for it"),
        ({"columns": [ID]}, "lacks `brand`, which may not be null"),
        ({"columns": [ID, BRAND, pl.col("prize").alias("model")]}, "the column `model` reads `prize`, which `record`"),
        (
            {"columns": [ID, BRAND, pl.col("used").struct.field("milage").alias("mileage_km")]},
            "the column `mileage_km` does not fit `record`: .*milage",
        ),
        ({"exclusions": {"test": pl.col("street") == "x"}}, "the exclusion `test` reads `street`"),
        ({"parsed": {"price_amount": pl.col("price")}}, "`parsed` names `price_amount`, which `columns` does not"),
        ({"record": pl.Struct({"id": pl.String, "market": pl.String})}, "`record` declares `market`"),
        ({"contract": Dealer}, "its contract is Dealer: the endpoint yields inventory"),
    ],
)
def test_a_mistake_is_named_with_the_way_to_mend_it(
    changes: dict[str, Any], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = ModuleType("transformed.maker")
    vars(module)["STOCK"] = replace(GOOD, **changes)
    monkeypatch.setitem(sys.modules, "transformed.maker", module)
    endpoint = replace(SCS_SEARCH, yields=replace(SCS_SEARCH.yields, name="stock"))
    with pytest.raises(PlatformError, match=sentence) as raised:
        mapping_of("maker", endpoint)
    assert raised.value.cause is Cause.CONFIGURATION
    assert "STOCK in transformed/maker.py" in str(raised.value)
    assert (raised.value.oem, raised.value.endpoint) == ("maker", endpoint.name)


def test_what_is_no_mapping_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("transformed.maker")
    vars(module)["STOCK"] = {"contract": Vehicle}
    monkeypatch.setitem(sys.modules, "transformed.maker", module)
    endpoint = replace(SCS_SEARCH, yields=replace(SCS_SEARCH.yields, name="stock"))
    with pytest.raises(PlatformError, match="it is a dict: make it a TableMapping"):
        mapping_of("maker", endpoint)
