"""Records become columns a thousand values at a time, and a field counts as filled where it lies in no list."""

from __future__ import annotations

from collections import Counter
from typing import Any

import polars as pl

from transformed.mapping import columns
from transformed.mapping.columns import Columns
from transformed.mapping.shapes import struct_type

SCHEMA = pl.Struct({"number": pl.Int64, "dealer": pl.Struct({"id": pl.String}), "tags": pl.List(pl.String)})
RECORD = struct_type("record", SCHEMA)
DEALER = struct_type("dealer", pl.Struct({"id": pl.String}))


def taking() -> Columns:
    return Columns(SCHEMA, lambda *_: None)


def test_values_are_columns_whenever_a_thousand_have_come() -> None:
    taken = taking()
    numbers = list(range(columns._VALUES_AT_ONCE + 1))
    for one in ([], numbers[:-2], numbers[-2:-1], numbers[-1:]):
        taken.add(RECORD(number, DEALER(str(number)), [str(number)]) for number in one)
        first: Any = taken._record._fields[0]
        assert len(first._values) < columns._VALUES_AT_ONCE
    frame = taken.frame()
    assert first.series() is first.series(), "what was converted is not converted again"
    assert frame["number"].to_list() == numbers
    assert frame["tags"].list.join("").to_list() == frame["dealer"].struct.field("id").to_list()
    taken.add([RECORD(7, None, None)])
    assert taken.frame()["number"].to_list() == [*numbers, 7], "it can be asked at any time"


def test_a_field_is_filled_where_it_holds_a_value_and_a_list_where_it_has_an_entry() -> None:
    taken = taking()
    taken.add([RECORD(1, DEALER("a"), ["x", "y"]), RECORD(None, DEALER(None), []), RECORD(0, None, None)])
    assert taken.filled() == Counter({"number": 2, "dealer.id": 1, "tags": 1})
    assert taken.frame().rows() == [
        (1, {"id": "a"}, ["x", "y"]),
        (None, {"id": None}, []),
        (0, {"id": None}, None),
    ]
    assert taking().filled() == Counter({"number": 0, "dealer.id": 0, "tags": 0})
