"""A page as raw archived it: its bytes are read or the page is refused, and its records are those that raw counts."""

import json
from dataclasses import replace
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raw.archive.json_fields import struct_at_paths, value_at
from raw.archive.record_list import RecordList
from raw.audi import SCS_SEARCH
from raw.fetch.page_reader import PageReader
from resources.failures import Cause, PlatformError
from tests.support.counts import count
from tests.support.declared_record import IGNORED, SCHEMA, decoder, page
from tests.support.decoded import frame_of
from tests.support.transformed_support import body_of, car
from transformed.contract.drift import Drift
from transformed.mapping.decode import RecordDecoder
from transformed.mapping.loading import mapping_of


def test_bytes_that_are_no_text_break_their_record_alone() -> None:
    decode, _ = decoder()
    decoded = decode.decode(b'{"result":{"records":[{"id":"a"},{"id":"\xff\xfe"},{"id":"c"}]}}', "part#0")
    assert frame_of(decode, decoded.records)["id"].to_list() == ["a", "c"]
    assert [broken.index for broken in decoded.broken] == [1]


@pytest.mark.parametrize(
    "field",
    [
        b'"note":NaN', b'"note":-Infinity', b'"note":"\\ud83d"', b'"note":["\\udc00\\ud800"]', b'"amount":NaN',
        b'"class":"LEIOA \\ud83d WAGEN"', b'"class":"two\nlines"', b'"note":"\x01"',
    ],
)  # fmt: skip
def test_a_record_that_strict_json_refuses_is_repaired_and_the_page_stays(field: bytes) -> None:
    decode, drift = decoder()
    decoded = decode.decode(b'{"result":{"records":[{"id":"a"},{"id":"b",' + field + b'},{"id":"c"}]}}', "part#3")
    assert frame_of(decode, decoded.records)["id"].to_list() == ["a", "b", "c"]
    assert frame_of(decode, decoded.records)["amount"].to_list() == [None] * 3
    assert any("was repaired (1 record, first part#3)" in line for line in drift.lines())


def test_a_byte_order_mark_is_no_content() -> None:
    decode, _ = decoder()
    assert decode.decode(b"\xef\xbb\xbf" + page([{"id": "a"}]), "part#0").received == 1


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b'{"result":{"records":[{"id":"a"}', b"{} {}", b'{"deep":' + b"[" * 9999 + b"]" * 9999 + b"}"],
)
def test_a_page_that_is_not_json_is_an_error_that_names_it(body: bytes) -> None:
    decode, _ = decoder()
    with pytest.raises(PlatformError) as raised:
        decode.decode(body, "part#7")
    assert raised.value.cause is Cause.NOT_JSON
    assert "part#7" in str(raised.value)


@pytest.mark.parametrize(
    "body", [b"{}", b'{"result":null}', b'{"result":{"records":null}}', b'{"result":{"records":[]}}']
)
def test_a_page_without_records_has_none(body: bytes) -> None:
    decode, drift = decoder()
    decoded = decode.decode(body, "part#0")
    assert (decoded.received, drift.lines()) == (0, [])
    assert frame_of(decode, decoded.records).schema == pl.Schema(SCHEMA.to_schema())


def test_records_that_are_no_list_are_reported() -> None:
    decode, drift = decoder()
    assert decode.decode(b'{"result":{"records":{"exact":[]}}}', "part#0").received == 0
    assert "without a list of records" in drift.lines()[0]


def test_what_may_stand_in_their_place_is_no_drift() -> None:
    drift = Drift()
    decode = RecordDecoder(SCHEMA, "result.records", ["id"], IGNORED, drift, may_lack_records=True)
    assert decode.decode(page({"exact": []}), "part#0").received == 0
    assert drift.lines() == []


NESTED = replace(SCS_SEARCH, records="data[].dealers{}.cars", identity="id")


@pytest.mark.parametrize(
    "data",
    [
        [{"dealers": {"x": {"cars": [{"id": "a"}]}, "y": 5}}, {"dealers": {"z": {"cars": [{"id": "b"}]}}}],
        [5, {"dealers": {"x": {"cars": [{"id": "a"}, {"id": "b", "year": "MY"}, 7]}}}, {"dealers": None}, "text"],
        [{"dealers": {"x": {"cars": None}, "y": {}}}, [], None],
    ],
)
def test_records_in_nested_lists_are_those_that_raw_counts(data: Any) -> None:
    body = json.dumps({"data": data}).encode()
    decode = RecordDecoder(SCHEMA, NESTED.records, NESTED.identities, IGNORED, Drift())
    decoded = decode.decode(body, "part#0")
    assert decoded.received == PageReader(NESTED).read(body).count
    found = {one["id"] for one in frame_of(decode, decoded.records).to_dicts()} | {
        one.identity for one in decoded.broken
    }
    assert {"a", "b"} <= found or decoded.received == 0


@st.composite
def mutated_pages(draw: st.DrawFn) -> bytes:
    """A page of which some bytes were flipped, cut out, doubled or replaced by something that JSON does not know."""
    cars = [car(number) for number in range(draw(st.integers(0, 4)))]
    body = body_of(SCS_SEARCH, cars)
    pieces = [b"NaN", b"null", b'"\\ud83d"', b"1e999", b"{}", b"[]", b"\xff", b"\x00", b'"', b"13.590", b",", b"9" * 30]
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(body)))
        length = draw(st.sampled_from([0, 0, 1, 5, 40]))
        body = body[:start] + draw(st.sampled_from([b"", *pieces])) + body[start + length :]
    return body


@pytest.mark.slow
@given(mutated_pages())
@settings(max_examples=count(150, 50_000), deadline=None)
def test_whatever_raw_counts_transformed_receives(body: bytes) -> None:
    """A body that raw archives as a page costs no market anything here: the same records come, good or broken."""
    try:
        collected = PageReader(SCS_SEARCH).read(body).count
    except PlatformError:
        return  # raw seals no such page
    mapping = mapping_of("audi", SCS_SEARCH)
    decode = RecordDecoder(mapping.record, SCS_SEARCH.records, SCS_SEARCH.identities, mapping.ignored, Drift())
    decoded = decode.decode(body, "part#0")
    assert decoded.received == collected
    assert len(frame_of(decode, decoded.records)) == len(decoded.records)


def test_a_list_that_was_renamed_is_read_under_either_name() -> None:
    """Raw and transformed see the same records; the first name goes before the second."""
    place = RecordList("cars|data.vehicles[].car")
    decoder = msgspec.json.Decoder(place.page(struct_at_paths("Record", {"id": str})))
    for body, expected in (
        (b'{"cars": [{"id": "1"}]}', ["1"]),
        (b'{"data": {"vehicles": [{"car": [{"id": "2"}]}, {"car": null}]}}', ["2"]),
        (b'{"cars": [{"id": "3"}], "data": {"vehicles": [{"car": [{"id": "4"}]}]}}', ["3"]),
        (b'{"cars": [], "data": null}', []),
        (b'{"other": []}', None),
    ):
        found = place.in_page(decoder.decode(body))
        assert (None if found is None else [value_at(one, ["id"]) for one in found]) == expected
        plain = place.in_page(msgspec.json.decode(body))
        assert (None if plain is None else [one["id"] for one in plain]) == expected
