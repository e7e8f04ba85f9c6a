"""The shapes of a source's values: what each becomes in the frame, however it is read, and what is unknown of it."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest

from tests.support.decoded import frame_of
from transformed.contract.drift import Drift
from transformed.mapping.decode import RecordDecoder
from transformed.mapping.fields import fields
from transformed.mapping.shapes import plain
from transformed.mapping.unknown import Paths, declared_paths, to_paste


def decoded(record: pl.Struct, records: list[Any], *, spoil: bool = False) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows of a page's records, and the drift. spoil: a broken record beside them has each read by itself."""
    drift = Drift()
    decoder = RecordDecoder(record, "hits", ["id"], frozenset(), drift)
    body = json.dumps({"hits": [*records, *(["broken"] if spoil else [])]}).encode()
    page = decoder.decode(body, "part#0")
    assert len(page.broken) == spoil, page.broken
    frame = frame_of(decoder, page.records)
    found = plain(record)
    assert isinstance(found, pl.Struct)
    assert frame.schema == pl.Schema(found.to_schema())
    return frame.to_dicts(), drift.lines()


SHAPES = [
    ({"text": "a.b"}, {"a": {"b": "x"}}, {"a": {"b": "x"}}),
    ({"text": "tags[]"}, {"tags": ["x", None]}, {"tags": ["x", None]}),
    ({"number": "prices[].amount"}, {"prices": [{"amount": 1}, None]}, {"prices": [{"amount": 1.0}, {"amount": None}]}),
    (
        {"number": "o.prices{}.gross"},
        {"o": {"prices": {"24513": {"gross": 9, "net": 8}, "UCFRW": None}}},
        {"o": {"prices": [{"key": "24513", "gross": 9.0}, {"key": "UCFRW", "gross": None}]}},
    ),
    (
        {"whole": "stock{}"},
        {"stock": {"a": 1, "b": None}},
        {"stock": [{"key": "a", "value": 1}, {"key": "b", "value": None}]},
    ),
    ({"whole": "stock{}"}, {"stock": None}, {"stock": None}),
    (
        {"text": "cars{}.tags[]"},
        {"cars": {"x": {"key": "hidden", "tags": ["t"]}}},
        {"cars": [{"key": "x", "tags": ["t"]}]},
    ),
    (
        {"text": "specs[name:value].POWER", "number": "specs[name:value].CO2"},
        {"specs": [{"name": "POWER", "value": "9 kW"}, {"name": "CO2", "value": 5}, {"name": "CO2", "value": 6}, None]},
        {"specs": {"POWER": "9 kW", "CO2": 5.0}},
    ),
    ({"text": "specs[name:value].POWER"}, {"specs": None}, {"specs": {"POWER": None}}),
    (
        {"number": "items[key].km.raw", "text": "items[key].price.values[key].retail.value"},
        {"items": [{"key": "km", "raw": 7}, {"key": "price", "values": [{"key": "retail", "value": "9"}]}, {"key": 5}]},
        {"items": {"km": {"raw": 7.0}, "price": {"values": {"retail": {"value": "9"}}}}},
    ),
    ({"text": "fuel[0]"}, {"fuel": ["ELEC"]}, {"fuel": "ELEC"}),
    ({"text": "fuel[0]"}, {"fuel": "ELEC"}, {"fuel": "ELEC"}),
    ({"text": "fuel[0]"}, {"fuel": []}, {"fuel": None}),
    ({"whole": "dealer[0].id"}, {"dealer": [{"id": 5}]}, {"dealer": {"id": 5}}),
    ({"json": "options"}, {"options": {"b": 1.5, "a": ["ü", None]}}, {"options": '{"a":["ü",null],"b":1.5}'}),
    ({"json": "options"}, {"options": "text"}, {"options": '"text"'}),
    ({"json": "prices{}.extra"}, {"prices": {"x": {"extra": [1]}}}, {"prices": [{"key": "x", "extra": "[1]"}]}),
]  # fmt: skip


@pytest.mark.parametrize("spoil", [False, True])
@pytest.mark.parametrize(("declared", "record", "row"), SHAPES)
def test_what_a_shape_becomes(declared: dict[str, str], record: Any, row: dict[str, Any], spoil: bool) -> None:
    schema = fields(**declared)
    (found, empty), drift = decoded(schema, [record, {}], spoil=spoil)
    assert found == row
    assert drift == []
    # a record without the field has nothing there, and the next one is not shifted
    assert decoded(schema, [{}, record])[0] == [empty, found]


@pytest.mark.parametrize(
    ("declared", "record", "row", "sentence"),
    [
        ({"text": "fuel[0]"}, {"fuel": ["a", "b"]}, {"fuel": None}, "`fuel` is a list of several values"),
        ({"number": "s[n:v].P"}, {"s": [{"n": "P", "v": "far"}]}, {"s": {"P": None}}, "`s.P`: it is unknown"),
        ({"number": "s[n:v].P"}, {"s": [{"n": "P", "v": "5.0"}]}, {"s": {"P": 5.0}}, "`s.P` is text, declared and"),
        ({"number": "p{}.a"}, {"p": {"x": {"a": "5.0"}}}, {"p": [{"key": "x", "a": 5.0}]}, "is text, declared and"),
        ({"whole": "y[0]"}, {"y": ["2024"]}, {"y": 2024}, "is text, declared and read as whole number"),
    ],
)  # fmt: skip
def test_what_is_not_as_declared_is_told(declared: dict[str, str], record: Any, row: Any, sentence: str) -> None:
    rows, drift = decoded(fields(**declared), [record])
    assert rows == [row]
    assert len(drift) == 1
    assert sentence in drift[0]


def test_an_empty_list_for_an_object_without_members() -> None:
    assert decoded(fields(number="p{}.a"), [{"p": []}])[0] == [{"p": []}]


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ({"number": "a{}.b"}, "x"),
        ({"number": "a{}.b"}, [1]),
        ({"number": "a{}.b"}, {"x": 5}),
        ({"text": "a[k].b.c"}, {}),
    ],
)
def test_another_shape_breaks_its_record_alone(declared: dict[str, str], value: Any) -> None:
    drift = Drift()
    decoder = RecordDecoder(fields(text="id", **{"number": "", **declared}) if "text" not in declared else
                            fields(text=f"id {declared['text']}"), "hits", ["id"], frozenset(), drift)  # fmt: skip
    page = decoder.decode(json.dumps({"hits": [{"id": "a"}, {"id": "b", "a": value}]}).encode(), "part#0")
    assert [(one.index, one.identity) for one in page.broken] == [(1, "b")]
    assert frame_of(decoder, page.records)["id"].to_list() == ["a"]


@pytest.mark.parametrize(
    "declared",
    [
        {"text": "a b[].c", "number": "b.c"}, {"text": "a", "number": "a"}, {"text": "a a.b"}, {"text": "a.b a"},
        {"text": "a[k]"}, {"text": "a[b"}, {"text": "a..b"}, {"text": "a[].b a{}.b"},
    ],
)  # fmt: skip
def test_a_path_that_is_none_or_contradicts_another_is_refused(declared: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"is no path of a field|contradicts another|names a list of keys"):
        fields(**declared)


def unknown(record: pl.Struct, value: dict[str, Any], ignored: str = "") -> list[str]:
    drift = Drift()
    decoder = RecordDecoder(record, "", ["id"], frozenset(ignored.split()), drift)
    decoder.look_for_unknown_fields(json.dumps([value]).encode(), "part#0")
    return [line.split("`")[1] for line in drift.lines()]


RICH = fields(
    text="id specs[name:value].POWER items[key].km.unit fuel[0] dealer[0].id", number="p{}.a n{}", json="options"
)
VALUE = {
    "id": "a",
    "new": 1,
    "specs": [{"name": "POWER", "value": "x", "header": "h"}, {"name": "SEATS", "value": "5"}],
    "items": [{"key": "km", "unit": "KM", "label": "Mileage"}, {"key": "mbv"}],
    "fuel": ["x"],
    "dealer": [{"id": 1, "city": "x"}],
    "p": {"24513": {"a": 1, "b": 2}},
    "n": {"x": 1},
    "options": {"S01": {"deep": 1}},
}


@pytest.mark.parametrize(
    ("ignored", "paths"),
    [
        ("", ["dealer.city", "items.km.label", "items.mbv", "new", "p.b", "specs.SEATS", "specs.header"]),
        ("*", ["dealer.city", "items.km.label", "items.mbv", "p.b", "specs.SEATS", "specs.header"]),
        ("specs.* items.*", ["dealer.city", "items.km.label", "new", "p.b"]),
        ("**.label **.b ne*", ["dealer.city", "items.mbv", "specs.SEATS", "specs.header"]),
        ("**", []),
    ],
)
def test_unknown_fields_within_the_shapes(ignored: str, paths: list[str]) -> None:
    assert unknown(RICH, VALUE, ignored) == paths


def test_the_key_of_an_entry_is_known_and_a_member_of_its_value_that_has_the_same_name_is_not() -> None:
    entry = {"name": "POWER", "value": {"unit": "kW", "name": "new"}, "unit": "x"}
    assert unknown(fields(text="specs[name:value].POWER.unit"), {"specs": [entry]}) == [
        "specs.POWER.name",
        "specs.unit",
    ]
    assert unknown(fields(text="specs[name].POWER.unit"), {"specs": [entry]}) == ["specs.POWER.value"]


@pytest.mark.parametrize("value", [5, "x", None, True, [], {}, [5, None]])
def test_in_a_value_of_another_shape_nothing_is_unknown(value: Any) -> None:
    assert unknown(RICH, dict.fromkeys(("specs", "items", "fuel", "dealer", "p", "n", "options"), value)) == []


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("a.b", ["a.b"], ["a", "a.b.c", "axb"]),
        ("a.*", ["a.b", "a.c"], ["a", "a.b.c", "b.a"]),
        ("*Images", ["cosyImages", "Images"], ["a.cosyImages", "Image"]),
        ("**.code", ["code", "a.code", "a.b.code"], ["a.codes", "code.a", "acode"]),
        ("a.**", ["a.b", "a.b.c"], ["b.a"]),
        ("a.**.z", ["a.z", "a.b.c.z"], ["a.zz", "b.z"]),
        ("a+b.c", ["a+b.c"], ["aab.c"]),
    ],
)
def test_wildcards(pattern: str, matching: list[str], other: list[str]) -> None:
    paths = Paths([pattern])
    assert [path for path in matching if path not in paths] == []
    assert [path for path in other if path in paths] == []


def test_unknown_paths_are_written_ready_to_paste() -> None:
    found = ["b", "a", *(f"used.field{number:02}" for number in range(30)), "x.y", "a"]
    pasted = to_paste(found)
    namespace: dict[str, Any] = {}
    exec(f"from transformed.mapping.declaration import paths\nignored = ({pasted})", namespace)  # noqa: S102 - it is code
    assert namespace["ignored"] == frozenset(found)
    assert max(map(len, pasted.splitlines())) <= 118
    assert to_paste([]) == ""


def test_paths_of_one_parent_have_a_text_of_their_own_from_four_on() -> None:
    few, many = [f"few.{name}" for name in "abc"], [f"many.{name}" for name in "wxyz"]
    assert to_paste([*many, *few, "z"]) == 'paths("few.a few.b few.c z")\n| paths("w x y z", under="many")'
    assert to_paste(many) == 'paths("w x y z", under="many")'
    assert to_paste([f"few.{name * 60}" for name in "ab"]) == (
        f'paths(\n    """\n        few.{"a" * 60}\n        few.{"b" * 60}\n    """,\n)'
    )
    assert to_paste([f"many.{name * 60}" for name in "wxyz"]).endswith('\n    """, under="many",\n)')


def test_everything_that_a_schema_declares_has_its_path() -> None:
    schema = fields(
        text="id specs[name:value].POWER items[key].km.unit dealer[0].id a.b[].c", number="p{}.x", whole="n{}"
    )
    assert sorted(declared_paths(schema)) == [
        "a", "a.b", "a.b.c", "dealer", "dealer.id", "id", "items", "items.km", "items.km.unit", "n", "p", "p.key",
        "p.x", "specs", "specs.POWER",
    ]  # fmt: skip
