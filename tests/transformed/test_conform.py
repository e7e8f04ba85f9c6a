"""A decoded value as its declared type: what is read, what is told of it, and what loses something and is refused."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from transformed.mapping.conform import UnreadableError, conform, has_ambiguous_separator, read_as
from transformed.mapping.shapes import ByKey, Entries, Json, OneOrList

TEXT, WHOLE, NUMBER, FLAG = pl.String(), pl.Int64(), pl.Float64(), pl.Boolean()
NAMES = {TEXT: "text", WHOLE: "whole number", NUMBER: "number", FLAG: "true or false"}


def read(value: Any, dtype: pl.DataType) -> tuple[Any, list[str]]:
    drift: list[str] = []
    return conform(value, dtype, "$.x", drift), drift


def refusal(value: Any, dtype: pl.DataType) -> str:
    with pytest.raises(UnreadableError) as raised:
        conform(value, dtype, "$.x", [])
    return str(raised.value)


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        ("a", TEXT), ("", TEXT), (5, WHOLE), (-(2**63), WHOLE), (2**63 - 1, WHOLE), (0, WHOLE), (5.5, NUMBER),
        (0.0, NUMBER), (True, FLAG), (False, FLAG), (None, TEXT), (None, FLAG), (None, pl.List(TEXT)),
        (None, pl.Struct({"a": TEXT})), (None, Entries(TEXT)),
    ],
)  # fmt: skip
def test_a_value_of_its_declared_type_is_no_drift(value: Any, dtype: pl.DataType) -> None:
    found, drift = read(value, dtype)
    assert (found, type(found), drift) == (value, type(value), [])


@pytest.mark.parametrize(
    ("value", "dtype", "as_read"), [(5.0, WHOLE, 5), (5, NUMBER, 5.0), (1e15, WHOLE, 10**15), (0, NUMBER, 0.0)]
)
def test_a_whole_number_with_or_without_its_point_is_no_drift(value: Any, dtype: pl.DataType, as_read: Any) -> None:
    found, drift = read(value, dtype)
    assert (found, type(found), drift) == (as_read, type(as_read), [])


@pytest.mark.parametrize(
    ("value", "kind", "dtype", "as_read"),
    [
        (5, "whole number", TEXT, "5"), (5.5, "number", TEXT, "5.5"), ("5", "text", WHOLE, 5),
        ("-5", "text", WHOLE, -5),
        ("+5", "text", WHOLE, 5), (" 5 ", "text", WHOLE, 5), ("5.0", "text", WHOLE, 5), ("5e2", "text", WHOLE, 500),
        ("9223372036854775807", "text", WHOLE, 2**63 - 1), ("5.5", "text", NUMBER, 5.5), ("5", "text", NUMBER, 5.0),
        ("-1.5E-1", "text", NUMBER, -0.15), ("true", "text", FLAG, True), ("false", "text", FLAG, False),
        ("1234.567", "text", NUMBER, 1234.567), ("0.567", "text", NUMBER, 0.567), ("1.5678", "text", NUMBER, 1.5678),
    ],
)  # fmt: skip
def test_another_type_is_read_and_told_where_nothing_is_lost(
    value: Any, kind: str, dtype: pl.DataType, as_read: Any
) -> None:
    found, drift = read(value, dtype)
    assert (found, type(found)) == (as_read, type(as_read))
    assert drift == [f"`$.x` is {kind}, declared and read as {NAMES[dtype]}"]


@pytest.mark.parametrize(
    ("value", "kind", "dtype"),
    [
        (True, "true or false", TEXT), ([], "array", TEXT), ({}, "object", TEXT), (5.5, "number", WHOLE),
        (2**63, "whole number", WHOLE), (-(2**63) - 1, "whole number", WHOLE), (True, "true or false", WHOLE),
        ("5.5", "text", WHOLE), ("9223372036854775808", "text", WHOLE), ("a", "text", WHOLE),
        ("1" * 5000, "text", WHOLE),
        (float("inf"), "number", WHOLE), (float("nan"), "number", WHOLE), ({}, "object", WHOLE),
        (True, "true or false", NUMBER), ("a", "text", NUMBER), ("1e999", "text", NUMBER), ("inf", "text", NUMBER),
        (float("inf"), "number", NUMBER), (10**400, "whole number", NUMBER), ([], "array", NUMBER),
        (".5", "text", NUMBER),
        (1, "whole number", FLAG), (0, "whole number", FLAG), (1.0, "number", FLAG), ("yes", "text", FLAG),
        ("", "text", FLAG), ("True", "text", FLAG), ([], "array", FLAG), ("a", "text", pl.List(TEXT)),
        ({}, "object", pl.List(TEXT)), ([], "array", pl.Struct({})), ("a", "text", pl.Struct({})),
    ],
)  # fmt: skip
def test_what_would_lose_something_is_refused(value: Any, kind: str, dtype: pl.DataType) -> None:
    declared = NAMES.get(dtype, "array" if isinstance(dtype, pl.List) else "object")
    assert refusal(value, dtype) == f"Expected {declared}, got {kind} - at `$.x`"


@pytest.mark.parametrize("dtype", [WHOLE, NUMBER])
@pytest.mark.parametrize("text", ["", " ", "\t"])
def test_a_blank_text_for_a_number_says_nothing(text: str, dtype: pl.DataType) -> None:
    assert read(text, dtype) == (None, [])
    assert read(text, TEXT) == (text, [])


@pytest.mark.parametrize(
    ("text", "is_ambiguous"),
    [
        ("13.590", True), ("-1.020", True), ("+999.000", True), ("1.000", True),
        ("0.590", False), ("1234.567", False), ("13.59", False), ("13.5900", False), ("13.590e2", False), ("13", False),
        ("13,590", True), ("1,5", True), ("1.234.567", True), ("1 234", True), ("1'020", True), ("-1’020", True),
        ("12,", False), (",12", False), ("a1,2", False), ("", False),
    ],
)  # fmt: skip
def test_separators_that_group_or_divide_are_ambiguous(text: str, is_ambiguous: bool) -> None:
    assert has_ambiguous_separator(text) is is_ambiguous
    if is_ambiguous:
        told = "`$.x` is a number with separators that can be read in two ways: it is unknown"
        assert read(text, NUMBER) == read(f" {text} ", WHOLE) == (None, [told])
        assert read(text, TEXT) == (text, [])


def test_of_an_object_the_declared_fields_remain_and_each_is_named_by_its_path() -> None:
    dtype = pl.Struct({"a": pl.Int64, "b": pl.List(pl.Struct({"c": pl.Float64})), "missing": pl.String})
    found, drift = read({"a": "5", "b": [{"c": "1.5", "d": 1}, None, {}], "e": 1}, dtype)
    assert found == {"a": 5, "b": [{"c": 1.5}, None, {}]}
    assert drift == [
        "`$.x.a` is text, declared and read as whole number", "`$.x.b[...].c` is text, declared and read as number"
    ]  # fmt: skip
    assert refusal({"b": [{"c": "far"}]}, dtype) == "Expected number, got text - at `$.x.b[...].c`"
    assert refusal({"b": [5]}, dtype) == "Expected object, got whole number - at `$.x.b[...]`"


def test_what_is_kept_as_json_stays_as_it_is() -> None:
    assert read({"a": [1, "2"]}, Json()) == ({"a": [1, "2"]}, [])


def test_entries_are_read_one_by_one_and_an_empty_list_has_none() -> None:
    found, drift = read({"k": "5", "l": 6}, Entries(WHOLE))
    assert (found, drift) == ({"k": 5, "l": 6}, ["`$.x[...]` is text, declared and read as whole number"])
    assert read([], Entries(WHOLE)) == ({}, [])
    for value, kind in ((["a"], "array"), ("", "text"), (0, "whole number"), (False, "true or false")):
        assert refusal(value, Entries(WHOLE)) == f"Expected object, got {kind} - at `$.x`"


def test_keys_with_values_stay_a_list() -> None:
    by_key = ByKey(pl.Struct({"POWER": pl.Int64}), "name", "value")
    assert read([{"name": "POWER", "value": "x"}], by_key) == ([{"name": "POWER", "value": "x"}], [])
    assert refusal({"POWER": 1}, by_key) == "Expected array, got object - at `$.x`"


def test_one_value_or_a_list_of_them_stays_as_the_source_shapes_it() -> None:
    one_or_list = OneOrList(WHOLE)
    assert read(5, one_or_list) == (5, [])
    assert read(["5", 6], one_or_list) == ([5, 6], ["`$.x` is text, declared and read as whole number"])
    assert refusal({}, one_or_list) == "Expected whole number, got object - at `$.x`"


def test_within_a_record_that_was_read_an_unreadable_value_is_unknown_and_noted() -> None:
    notes: list[str] = []
    assert read_as("5", WHOLE, "$.y", notes.append) == 5
    assert read_as({"a": "1", "b": "far"}, pl.Struct({"a": pl.Int64, "b": pl.Int64}), "$.y", notes.append) is None
    assert read_as(6, WHOLE, "$.y", notes.append) == 6
    assert notes == [
        "`$.y` is text, declared and read as whole number",
        "Expected whole number, got text - at `$.y.b`: it is unknown",
    ]


def test_nothing_where_something_must_be_is_called_null() -> None:
    assert str(UnreadableError(None, "text", "$.x")) == "Expected text, got null - at `$.x`"
