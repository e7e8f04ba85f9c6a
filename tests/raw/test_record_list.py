"""Where records lie: the same ones whether a body is read as structs, as dicts or as bytes."""

from typing import Any

import msgspec
import pytest

from raw.archive.json_fields import attribute, struct_of
from raw.archive.record_list import KEY, RecordList

RECORD = struct_of("Record", {"id": Any, KEY: Any})


def identities(path: str, body: object) -> list[Any] | None:
    """The (id, key) of the records at a path, read in three ways that have to agree."""
    place, sent = RecordList(path), msgspec.json.encode(body)
    plain = place.in_page(msgspec.json.decode(sent))
    if plain is None:
        return None
    told = [(one.get("id"), one.get(KEY)) for one in plain]
    structs = place.in_page(msgspec.json.Decoder(place.page(RECORD)).decode(sent))
    assert structs is not None
    assert [(getattr(one, attribute("id")), getattr(one, attribute(KEY))) for one in structs] == told
    raw = place.in_page(msgspec.json.Decoder(place.page(msgspec.Raw)).decode(sent))
    assert raw is not None
    assert [(one.get("id"), one.get(KEY)) for one in map(msgspec.json.decode, raw)] == told
    return told


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("hits", {"hits": [{"id": 1}, {"id": 2}]}, [(1, None), (2, None)]),
        ("a.hits", {"a": {"hits": [{"id": 1}]}, "b": 5}, [(1, None)]),
        ("", [{"id": 1}], [(1, None)]),
        ("data[].cars", {"data": [{"cars": [{"id": 1}]}, {"cars": None}, {}, None, {"cars": [{"id": 2}]}]},
         [(1, None), (2, None)]),
        ("data[].dealerInfo[].vehicles", {"data": [{"dealerInfo": [{"vehicles": [{"id": 1}, {"id": 2}]}]}]},
         [(1, None), (2, None)]),
        ("data[].cars", {"data": [{"name": "x", "cars": [{"id": 1}]}]}, [(1, None)]),
        ("data[].in.cars", {"data": [{"in": {"cars": [{"id": 1}]}}, {"in": None}]}, [(1, None)]),
        ("[].cars", [{"cars": [{"id": 1}]}], [(1, None)]),
        ("pages[][]", {"pages": [[{"id": 1}], None, [{"id": 2}]]}, [(1, None), (2, None)]),
        ("cars{}", {"cars": {"a": {"id": 1}, "b": {}}}, [(1, "a"), (None, "b")]),
        ("cars{}", {"cars": {"a": {"id": 1, "key": "hidden"}}}, [(1, "a")]),
        ("{}", {"a": {"id": 1}}, [(1, "a")]),
        ("dealers{}.cars", {"dealers": {"x": {"cars": [{"id": 1}]}, "y": {"cars": []}}}, [(1, None)]),
        ("hits", {"hits": []}, []),
        ("hits", {"hits": None}, None),
        ("hits", {}, None),
        ("hits", {"hits": {"id": 1}}, None),
        ("cars{}", {"cars": [{"id": 1}]}, None),
        ("data[].cars", {"data": [{"cars": "none"}]}, None),
        ("", {"hits": []}, None),
        ("cars|vehicles", {"vehicles": [{"id": 1}]}, [(1, None)]),
        ("cars|vehicles", {"cars": None, "vehicles": [{"id": 1}]}, [(1, None)]),
        ("cars|vehicles", {"cars": [{"id": 2}], "vehicles": [{"id": 1}]}, [(2, None)]),
        ("cars|vehicles", {"cars": [], "vehicles": [{"id": 1}]}, []),
        ("cars|vehicles", {"others": []}, None),
        ("cars|vehicles", {"vehicles": {"id": 1}}, None),
        ("a.cars|b{}|data[].cars", {"data": [{"cars": [{"id": 3}]}]}, [(3, None)]),
    ],
)  # fmt: skip
def test_the_records_of_a_body(path: str, body: object, expected: list[Any] | None) -> None:
    assert identities(path, body) == expected


def test_a_record_that_is_no_object_stays_what_it_is() -> None:
    place, sent = RecordList("cars{}"), b'{"cars": {"a": 5, "b": [1]}}'
    assert place.in_page(msgspec.json.decode(sent)) == [5, [1]]
    raw = place.in_page(msgspec.json.Decoder(place.page(msgspec.Raw)).decode(sent))
    assert raw is not None
    assert [bytes(one) for one in raw] == [b"5", b"[1]"]


@pytest.mark.parametrize("path", ["a[0].b", "a[b", "a..b", "a{}x", ".a", "a."])
def test_another_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="is no path of records"):
        RecordList(path)


@pytest.mark.parametrize(("path", "head"), [("a.b", "a.b"), ("", ""), ("a.b[].c", "a.b"), ("{}", ""), ("a{}", "a")])
def test_the_head_is_the_path_of_the_outermost_level(path: str, head: str) -> None:
    assert RecordList(path).head == head


@pytest.mark.parametrize(
    "path", ["hits", "a.hits", "", "data[].cars", "a[].b.c[].d", "pages[][]", "d{}.cars", "cars{}"]
)
def test_a_body_made_of_records_holds_them(path: str) -> None:
    found = RecordList(path).in_page(RecordList(path).body_of([{"id": 1}, {"id": 2}]))
    assert found is not None
    assert [one["id"] for one in found] == [1, 2]
