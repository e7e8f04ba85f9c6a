"""Records to frame: what is declared is read, what is not is reported, and one bad record costs no other."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.counts import count
from tests.support.declared_record import IGNORED, decoder, page
from tests.support.decoded import frame_of
from transformed.contract.drift import Drift
from transformed.mapping.decode import RecordDecoder


def rows(records: Any) -> list[dict[str, Any]]:
    """What comes of records that are all readable."""
    decode, _ = decoder()
    decoded = decode.decode(page(records), "part#0")
    assert not decoded.broken
    return frame_of(decode, decoded.records).to_dicts()


def expected(record: dict[str, Any]) -> dict[str, Any]:
    used = record.get("used") or {}
    prices = record.get("prices")
    return {
        **{name: record.get(name) for name in ("id", "class", "year", "amount", "sold")},
        "used": {name: used.get(name) for name in ("mileage", "unit-name")},
        "prices": None
        if prices is None
        else [{name: (price or {}).get(name) for name in ("type", "amount")} for price in prices],
        "tags": record.get("tags"),
    }


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
numbers = st.floats(allow_nan=False, allow_infinity=False, width=64) | st.integers(-(2**53), 2**53)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


good_records = st.fixed_dictionaries(
    {},
    optional={
        "id": maybe(texts),
        "class": maybe(texts),
        "year": maybe(st.integers(-(2**63), 2**63 - 1)),
        "amount": maybe(numbers),
        "sold": maybe(st.booleans()),
        "used": maybe(
            st.fixed_dictionaries({}, optional={"mileage": maybe(numbers), "unit-name": maybe(texts), "remarks": texts})
        ),
        "prices": maybe(
            st.lists(
                maybe(st.fixed_dictionaries({}, optional={"type": maybe(texts), "amount": maybe(numbers)})), max_size=3
            )
        ),
        "tags": maybe(st.lists(maybe(texts), max_size=3)),
        "note": st.dictionaries(texts, numbers, max_size=2),
    },
)


@pytest.mark.slow
@given(st.lists(good_records, max_size=6))
@settings(max_examples=count(60, 2000), deadline=None)
def test_a_frame_holds_exactly_the_declared_fields_of_every_record(records: list[dict[str, Any]]) -> None:
    assert rows(records) == [expected(record) for record in records]


@given(st.lists(good_records, max_size=4))
@settings(max_examples=count(30, 1000), deadline=None)
def test_a_bad_record_changes_nothing_of_the_good_ones(records: list[dict[str, Any]]) -> None:
    decode, _ = decoder()
    spoilt = [*records[:2], {"id": "bad", "used": "gone"}, *records[2:]]
    decoded = decode.decode(page(spoilt), "part#0")
    assert frame_of(decode, decoded.records).to_dicts() == [expected(record) for record in records]
    assert [(record.index, record.identity) for record in decoded.broken] == [(min(2, len(records)), "bad")]
    assert "$.used" in decoded.broken[0].message


@pytest.mark.parametrize(
    ("field", "value", "read_as"),
    [
        ("year", "2018", 2018),
        ("id", 2018, "2018"),
        ("id", -7, "-7"),
        ("amount", "13590.50", 13590.5),
        ("amount", "-3", -3.0),
        ("amount", "99590.0", 99590.0),
        ("amount", "13590.500", 13590.5),
        ("amount", "0.125", 0.125),
        ("year", "2018.0", 2018),
        ("sold", "true", True),
    ],
)
def test_another_type_is_read_where_nothing_is_lost_and_reported(field: str, value: Any, read_as: Any) -> None:
    decode, drift = decoder()
    decoded = decode.decode(page([{field: None}, {field: value}, {field: value}]), "part#4")
    assert frame_of(decode, decoded.records)[field].to_list() == [None, read_as, read_as]
    (line,) = drift.lines()
    assert f"`$.{field}`" in line
    assert "(2 records, first part#4/1)" in line


@pytest.mark.parametrize("text", ["13.590", "1.020", "13,590", "13.590,00", "13 590", "1'020", "-12.000", "1,5"])
@pytest.mark.parametrize("field", ["amount", "year"])
def test_a_number_whose_separators_can_be_read_in_two_ways_is_unknown_and_reported(field: str, text: str) -> None:
    decode, drift = decoder()
    decoded = decode.decode(page([{"id": "a", field: text}]), "part#4")
    assert frame_of(decode, decoded.records).select("id", field).row(0) == ("a", None)
    (line,) = drift.lines()
    assert f"`$.{field}` is a number with separators" in line
    assert "part#4/0" in line


@pytest.mark.parametrize(("field", "value"), [("amount", 13590), ("amount", 13590.0), ("year", 2018.0)])
def test_a_whole_number_is_no_drift_with_or_without_its_point(field: str, value: float) -> None:
    decode, drift = decoder()
    decoded = decode.decode(page([{field: value}]), "part#0")
    assert frame_of(decode, decoded.records)[field].to_list() == [value]
    assert drift.lines() == []


@pytest.mark.parametrize(
    ("record", "path"),
    [
        ({"year": "MY18"}, "$.year"),
        ({"year": 2018.5}, "$.year"),
        ({"year": 10**30}, "$.year"),
        ({"year": True}, "$.year"),
        ({"amount": "on request"}, "$.amount"),
        ({"amount": {}}, "$.amount"),
        ({"sold": 1}, "$.sold"),
        ({"id": False}, "$.id"),
        ({"id": ["a"]}, "$.id"),
        ({"used": []}, "$.used"),
        ({"used": {"mileage": "far"}}, "$.used.mileage"),
        ({"prices": {"retail": 1}}, "$.prices"),
        ({"prices": ["1"]}, "$.prices[...]"),
        ({"tags": "none"}, "$.tags"),
        (None, "$"),
        (5, "$"),
        ("a car", "$"),
        ([], "$"),
    ],
)
def test_what_cannot_be_read_without_loss_breaks_that_record_alone(record: Any, path: str) -> None:
    decode, _ = decoder()
    decoded = decode.decode(page([{"id": "a"}, record, {"id": "b"}]), "part#0")
    assert decoded.received == 3
    assert frame_of(decode, decoded.records)["id"].to_list() == ["a", "b"]
    assert list(decoded.indexes) == [0, 2]
    assert [broken.index for broken in decoded.broken] == [1]
    assert f"`{path}`" in decoded.broken[0].message or path in ("$.year",)


@pytest.mark.parametrize("number", [b"1e400", b"1" * 400, b"1" * 5000, b'"1e999"'])
def test_a_number_past_every_type_breaks_its_record_alone(number: bytes) -> None:
    decode, _ = decoder()
    decoded = decode.decode(b'{"result":{"records":[{"id":"a"},{"amount":' + number + b"}]}}", "part#0")
    assert (len(decoded.records), len(decoded.broken)) == (1, 1)


def test_unknown_fields_are_found_at_every_depth_and_ignored_ones_are_not() -> None:
    decode, drift = decoder()
    record = {
        "id": "a",
        "note": {"anything": 1},
        "batteryHealth": 97,
        "used": {"remarks": "", "plate": "x"},
        "prices": [{"formatted": "1"}, {"vat": 19}],
    }
    decode.look_for_unknown_fields(page([{"id": "z"}, record, "no record", record]), "part#2")
    assert drift.lines() == [
        "unknown field `batteryHealth` (2 records, first part#2/1)",
        "unknown field `prices.vat` (2 records, first part#2/1)",
        "unknown field `used.plate` (2 records, first part#2/1)",
    ]


def test_unknown_fields_are_looked_for_in_the_records_of_the_sample_alone() -> None:
    decode, drift = decoder()
    body = page([{"id": "a", "first": 1}, {"id": "b", "second": 1}, {"id": "c", "third": 1}])
    decode.look_for_unknown_fields(body, "part#2", {1})
    assert drift.lines() == ["unknown field `second` (1 record, first part#2/1)"]
    assert [(index, paths) for index, _, paths in decode.unknown_fields(body, "part#2", {0, 2})] == [
        (0, ["first"]),
        (2, ["third"]),
    ]


def test_a_declared_field_that_no_record_holds_is_reported_once_all_are_seen() -> None:
    decode, drift = decoder()
    for record in ({"id": "a", "used": {"mileage": 1}, "tags": []}, {"id": "b", "year": 1, "class": None}):
        frame_of(decode, decode.decode(page([record]), "part#0").records)
    decode.note_fields_never_seen(optional=frozenset({"prices", "used.unit-name"}))
    assert drift.lines() == [
        f"no record holds the declared field `{name}` (2 records)" for name in ("amount", "class", "sold", "tags")
    ]


def test_drift_keeps_to_what_a_person_reads() -> None:
    drift = Drift()
    for number in range(80):
        drift.note(f"field {number:02d}", "part#0/0")
    assert len(drift.lines()) == 51
    assert drift.lines()[-1] == "and 30 more"


@pytest.mark.parametrize(
    ("record", "identity"),
    [
        ({"used": {"vin": " W1 "}, "id": 5}, "W1"),
        ({"used": {"vin": " "}, "id": 5}, "5"),
        ({"used": None, "id": "a"}, "a"),
        ({"used": [], "id": True}, None),
        ({"used": {"vin": ["W1"]}, "id": 5}, "W1"),
        ({"used": {"vin": ["W1", "W2"]}, "id": 5}, "5"),
        ({"used": {"vin": []}, "id": ["7"]}, "7"),
        ({}, None),
    ],
)
def test_the_identity_is_the_first_that_is_there(record: dict[str, Any], identity: str | None) -> None:
    schema = pl.Struct({"year": pl.Int64, "id": pl.String})
    decode = RecordDecoder(schema, "result.records", ("used.vin", "id"), IGNORED, Drift())
    decoded = decode.decode(page([record | {"year": "MY"}]), "part#0")
    assert [one.identity for one in decoded.broken] == [identity]
