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
from transformed.mapping.declaration import PROVIDED_COLUMNS, Coded, TableMapping, paths
from transformed.mapping.expressions import at
from transformed.mapping.loading import mapping_of

RECORD = pl.Struct({"id": pl.String, "price": pl.Float64, "used": pl.Struct({"mileage": pl.Float64})})
ID, BRAND = {"listing_id": pl.col("id")}, {"brand": pl.lit("Maker")}
GOOD = TableMapping(contract=Vehicle, record=RECORD, columns=ID | BRAND)


def test_what_a_maker_lacks_is_left_out_and_null() -> None:
    assert GOOD.problems() == []
    names = [expression.meta.output_name() for expression in GOOD.row_expressions()]
    assert names == [name for name in Vehicle.column_names() if name not in PROVIDED_COLUMNS]
    row = pl.DataFrame({"id": ["a"]}).select(GOOD.row_expressions())
    filled = {name: value for name, value in row.to_dicts()[0].items() if value is not None}
    assert filled == {"listing_id": "a", "brand": "Maker", "vin_is_temporary": False}
    assert row.schema["price_amount"] == pl.Decimal(14, 2)
    assert GOOD.absent() == [name for name in names if name not in ("listing_id", "brand")]


def test_a_coded_column_has_its_twin_and_is_watched_by_its_code() -> None:
    mapping = replace(
        GOOD,
        record=pl.Struct({"id": pl.String, "fuel": pl.Struct({"code": pl.String, "name": pl.String})}),
        columns=ID | BRAND | {"fuel_type": Coded("fuel.code", {"B": "petrol"}, said="fuel.name", unknown=["?"])},
    )
    assert mapping.problems() == []
    assert mapping.names() == ["listing_id", "brand", "fuel_type", "fuel_type_source"]
    fuels = [{"code": code, "name": name} for code, name in ((" B", "Benzin"), ("X", "Holz"), ("?", "-"), ("", None))]
    frame = pl.DataFrame({"id": list("abcd"), "fuel": fuels})
    found = frame.select(mapping.row_expressions())
    assert found["fuel_type"].to_list() == ["petrol", None, None, None]
    assert found["fuel_type_source"].to_list() == ["Benzin", "Holz", "-", None]
    assert frame.select(mapping.read_from()["fuel_type"]).to_series().to_list() == ["B", "X", None, None]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"columns": ID | BRAND | {"modle": pl.lit("x")}}, "names `modle`, which the contract.*: name it `model`"),
        ({"columns": ID | BRAND | {"zzz": pl.lit("x")}}, "`zzz`.* give it the name of a column of the contract"),
        ({"columns": ID | BRAND | {"market": pl.lit("es")}}, "names `market`, which the platform fills: remove it"),
        ({"columns": [pl.col("id").alias("listing_id")]}, "`columns` is a list: write a dict of column -> expression"),
        ({"columns": ID | BRAND | {"model": "id"}}, "the column `model` is a str: make it an expression or Coded"),
        (
            {"columns": ID | BRAND | {"fuel_type": Coded("id", {}), "fuel_type_source": pl.col("id")}},
            "names `fuel_type_source`, which the Coded column beside it makes: remove it, or use `said`",
        ),
        ({"columns": ID | BRAND | {"model": Coded("id", {})}}, "names `model_source`, which the contract"),
        (
            {"columns": ID | BRAND | {"fuel_type": Coded("id", {})}, "parsed": {"fuel_type": "id"}},
            "`parsed` names `fuel_type`, which is Coded and watched by its code: remove it there",
        ),
        ({"columns": ID | BRAND | {"fuel_type": Coded("fuel", {})}}, "the column `fuel_type` reads `fuel`"),
        ({"parsed": {"brand": "make"}}, "`parsed` of `brand` reads `make`"),
        ({"columns": BRAND}, "lacks `listing_id`, which may not be null: add an expression for it"),
        ({"columns": ID}, "lacks `brand`, which may not be null"),
        ({"columns": ID | BRAND | {"model": pl.col("prize")}}, "the column `model` reads `prize`, which `record`"),
        (
            {"columns": ID | BRAND | {"mileage_km": at("used.milage")}},
            "the column `mileage_km` does not fit `record`: .*milage",
        ),
        ({"exclusions": {"test": pl.col("street") == "x"}}, "the exclusion `test` reads `street`"),
        ({"parsed": {"price_amount": pl.col("price")}}, "`parsed` names `price_amount`, which `columns` does not"),
        ({"record": pl.Struct({"id": pl.String, "market": pl.String})}, "`record` declares `market`"),
        ({"record": pl.Struct({"id": pl.String, "used": pl.Struct({})})}, "`record` lacks `used.id`, the endpoint's"),
        (
            {"ignored": frozenset({"used"})},
            r"names `used`, of which `record` declares a part: write `used.\*`",
        ),
        (
            {"ignored": frozenset({"used.mileage"})},
            "names `used.mileage`, which `record` declares: remove it",
        ),
        ({"contract": Dealer}, "its contract is Dealer: the endpoint yields inventory"),
    ],
)
def test_a_mistake_is_named_with_the_way_to_mend_it(
    changes: dict[str, Any], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = ModuleType("transformed.maker")
    vars(module)["STOCK"] = replace(GOOD, **changes)
    monkeypatch.setitem(sys.modules, "transformed.maker", module)
    endpoint = replace(SCS_SEARCH, yields=replace(SCS_SEARCH.yields, name="stock"), identity="used.id")
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


RICH = TableMapping(
    contract=Vehicle,
    record=pl.Struct({"id": pl.String, "year": pl.String, "used": pl.Struct({"km": pl.Float64}), "fuel": pl.String}),
    columns=ID | BRAND | {"model_year": at("year").cast(pl.Int16, strict=False), "fuel_type": Coded("fuel", {})},
    ignored=frozenset({"used.*", "owner", "fuel.name"}),
    exclusions={"part": pl.col("fuel") == "none"},
    parsed={"model_year": "year"},
)


def test_a_declaration_that_uses_every_word_has_no_mistake() -> None:
    assert RICH.problems() == []
    assert set(RICH.read_from()) == {"model_year", "fuel_type"}


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        (
            {"parsed": {"brand": "make", "model": "id"}},
            [
                "`parsed` names `model`, which `columns` does not: add the column or remove it there",
                "`parsed` of `brand` reads `make`, which `record` does not declare: add it there",
            ],
        ),
        (
            {"columns": ID | BRAND | {"model_year": pl.lit(1), "market": pl.lit("es"),
                "model": pl.col("a") + pl.col("b")}},
            [
                "`columns` names `market`, which the platform fills: remove it",
                "the column `model` reads `a`, `b`, which `record` does not declare: add it there",
            ],
        ),
        (
            {"ignored": frozenset({"used", "year", "use"})},
            [
                "`ignored` names `used`, of which `record` declares a part: write `used.*` for the rest",
                "`ignored` names `year`, which `record` declares: remove it from one of them",
            ],
        ),
        ({"columns": 5}, ["`columns` is a int: write a dict of column -> expression"]),
        (
            {"columns": {"model": 5, "trim": None, "brand": pl.lit("x")}},
            [
                "the column `model` is a int: make it an expression or Coded",
                "the column `trim` is a NoneType: make it an expression or Coded",
            ],
        ),
    ],
)  # fmt: skip
def test_every_mistake_is_told_once_and_nothing_else(changes: dict[str, Any], sentences: list[str]) -> None:
    assert replace(RICH, **changes).problems() == sentences


def test_an_expression_reads_what_the_platform_fills() -> None:
    columns = ID | BRAND | {"url": pl.col("archive_address"), "offered_at": pl.col("fetched_at").dt.truncate("1d")}
    assert replace(GOOD, columns=columns).problems() == []


def test_paths_are_words_below_a_path() -> None:
    assert paths(" a\n b.c ") == {"a", "b.c"}
    assert paths("a b.*", under="used") == {"used.a", "used.b.*"}
    assert paths("") == frozenset()
