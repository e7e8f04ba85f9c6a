"""What a page's body is read as: identities, total, token, repeats, or the cause why it is none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from raw.endpoint import Cursor, GraphQL, PageIndex, Post, Refused, Sign, SinglePage, Split, Total
from raw.fetch.page_reader import PageReader
from raw.fetch.signs import Answer, holds, listed_counts
from resources.failures import Cause, PlatformError
from tests.support.words import endpoint

CARS = [{"id": "a"}, {"id": "b"}]


def read(said: Any, *, number: int = 0, headers: dict[str, str] | None = None, **words: Any) -> Any:
    """A body as its endpoint's reader reads it. said: bytes as they are, all else as JSON."""
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return PageReader(endpoint(**words)).read(body, headers=headers, number=number)


def pages(**words: Any) -> PageIndex:
    return PageIndex(**{"index": "page", "size": "size", "step": 2, "first": 1, "total": "total", **words})


def cause_of(said: Any, **words: Any) -> tuple[Cause, str]:
    with pytest.raises(PlatformError) as refusal:
        read(said, **words)
    return refusal.value.cause, refusal.value.detail


@pytest.mark.parametrize(
    ("said", "words", "cause", "detail"),
    [
        ({"cars": CARS, "ok": False}, {"succeeds_when": ("ok", True)}, Cause.BAD_REQUEST, "ok is not True"),
        ({"cars": CARS}, {"succeeds_when": ("ok", True)}, Cause.BAD_REQUEST, "ok is not True"),
        ({"cars": CARS, "no": 1}, {"refusals": (Refused(Sign("no", 1), "blocked"),)}, Cause.BLOCKED,
         "the answer says at no that it is none"),
        ({"data": 1}, {}, Cause.SCHEMA_DRIFT, "cars is missing"),
        ({"cars": None}, {}, Cause.SCHEMA_DRIFT, "cars is missing"),
        ({"cars": "none"}, {}, Cause.SCHEMA_DRIFT, "cars is of type str, not a list"),
        ({"cars": 0}, {}, Cause.SCHEMA_DRIFT, "cars is of type int, not a list"),
        ({"cars": {"a": 1}}, {}, Cause.SCHEMA_DRIFT, "cars is of type dict, not the declared list"),
        ({"cars": []}, {"records": ""}, Cause.SCHEMA_DRIFT, "the body is of type dict, not the declared list"),
        (b'{"cars": [{"id": "a"}', {}, Cause.TRUNCATED, "the JSON ends early, after 21 bytes"),
        (b" [", {"records": ""}, Cause.TRUNCATED, "the JSON ends early, after 2 bytes"),
        (b"<html>", {}, Cause.NOT_JSON, "the body is not JSON ("),
        (b"", {}, Cause.NOT_JSON, "the body is not JSON ("),
    ],
)  # fmt: skip
def test_what_is_no_page_says_why(said: Any, words: dict[str, Any], cause: Cause, detail: str) -> None:
    found, told = cause_of(said, **words)
    assert (found, told[: len(detail)]) == (cause, detail)


@pytest.mark.parametrize(("errors", "many"), [([{}, {}], 2), ({"message": "no"}, 1)])
def test_graphql_tells_its_errors_in_a_good_answer(errors: Any, many: int) -> None:
    request = GraphQL("https://oem.example/graphql", "query { cars }", {})
    told = f"the answer holds {many} GraphQL errors"
    assert cause_of({"cars": CARS, "errors": errors}, request=request) == (Cause.BAD_REQUEST, told)
    assert read({"cars": CARS, "errors": []}, request=request).count == 2
    assert read({"cars": CARS, "errors": errors}, request=Post("https://oem.example")).count == 2


def test_an_answer_that_says_that_there_is_nothing_has_no_records() -> None:
    words: dict[str, Any] = {"nothing": Sign("total", 0), "pages": pages(ends=Sign("last", True))}
    assert read({"total": 0}, **words).count == 0
    assert read({"total": 2, "last": True}, **words).is_end
    assert cause_of({"total": 2}, **words)[0] is Cause.SCHEMA_DRIFT
    page = read({"total": 0, "cars": CARS}, **words)
    assert (page.count, page.is_end) == (2, False), "records count, whatever the sign says"


@pytest.mark.parametrize(
    ("said", "total", "is_unreadable"),
    [
        (7, 7, False), (0, 0, False), ("7", 7, False), (" 7. ", 7, False), ("7.00", 7, False), (7.0, 7, False),
        (10**12, 10**12, False), ("1" * 12, int("1" * 12), False), (None, None, False),
        ("7.000", None, True), ("1,000", None, True), (7.5, None, True), (-1, None, True), (True, None, True),
        (10**12 + 1, None, True), ("1" * 16, None, True), ("", None, True), ([7], None, True),
    ],
)  # fmt: skip
def test_a_total_is_a_count_or_is_unreadable(said: Any, total: int | None, is_unreadable: bool) -> None:
    page = read({"cars": CARS, "total": said}, pages=pages())
    assert (page.total, page.total_is_unreadable) == (total, is_unreadable)


@pytest.mark.parametrize(("many", "at_least"), [(0, 0), (1, 1), (3, 5)])
def test_a_total_of_pages_is_the_least_number_of_records(many: int, at_least: int) -> None:
    counted = pages(total=Total("pages", counts="pages"))
    assert read({"cars": CARS, "pages": many}, pages=counted).total == at_least


def test_a_total_may_stand_in_a_header_or_on_the_first_page_alone() -> None:
    in_header = pages(total=Total(header="X-Total"))
    assert read({"cars": CARS}, pages=in_header, headers={"x-total": "9"}).total == 9
    assert read({"cars": CARS}, pages=in_header).total is None
    on_first = pages(total=Total("total", only_on_first_page=True))
    assert read({"cars": CARS, "total": 9}, pages=on_first).total == 9
    later = read({"cars": CARS, "total": "none"}, pages=on_first, number=1)
    assert (later.total, later.total_is_unreadable) == (None, False)


@pytest.mark.parametrize(
    ("said", "token"), [("t", "t"), (0, 0), (7, 7), ("", None), (None, None), (False, None), ([], None)]
)
def test_a_token_that_is_empty_is_none(said: Any, token: Any) -> None:
    assert read({"cars": CARS, "next": said}, pages=Cursor(token="next", place="after")).token == token
    last = [{"id": "a", "next": "first"}, {"id": "b", "next": said}]
    assert read({"cars": last}, pages=Cursor(token="next", place="after", in_last_record=True)).token == token


def test_no_record_has_no_token() -> None:
    assert read({"cars": [], "next": "t"}, pages=Cursor(token="next", place="after", in_last_record=True)).token is None
    assert read({"cars": CARS, "next": "t"}, pages=SinglePage()).token is None


@pytest.mark.parametrize(
    ("record", "identity"),
    [
        ({"id": "x"}, "x"), ({"id": 7}, "7"), ({"id": ["x"]}, "x"), ({"id": -(2**64) + 1}, str(-(2**64) + 1)),
        ({"id": " "}, None), ({"id": ["x", "y"]}, None), ({"id": []}, None), ({"id": True}, None),
        ({"id": 2**64}, None), ({"id": 1.5}, None), ({}, None), ("text", None), (None, None),
    ],
)  # fmt: skip
def test_an_identity_is_a_text_or_a_whole_number(record: Any, identity: str | None) -> None:
    assert read({"cars": [record]}).identities == [identity]


@pytest.mark.parametrize(
    ("records", "repeats"),
    [
        ('[{"id":"a"},{"id":"a"}]', 1),
        ('[{"id":"a"},{"id": "a"}]', 0),
        ('[{"id":"a"},{"id":"a","x":1},{"id":"a"},{"id":"a"}]', 2),
        ('[{"x":1},{"x":1}]', 0),
        ('[{"x":1},{"x":1},{"id":"a"},{"id":"a"}]', 1),
        ('[{"id":"a"},{"id":"b"}]', 0),
    ],
)
def test_records_that_stand_twice_byte_for_byte_are_counted(records: str, repeats: int) -> None:
    assert read(f'{{"cars":{records}}}'.encode()).exact_duplicates == repeats


def test_a_value_that_strict_json_does_not_know_costs_no_page() -> None:
    page = read(b'\xef\xbb\xbf{"cars": [{"id": "a", "x": NaN}, {"id": "\\ud83d"}]}')
    assert page.count == 2
    assert page.identities[0] == "a"


def test_the_values_of_a_split_are_those_that_the_page_names() -> None:
    split = Split("model", "facets.models[].code")
    facets = {"models": [{"code": "x"}, {"code": 7}, {"code": "x"}, {"code": None}, {"code": True}]}
    page = read({"cars": CARS, "facets": facets}, split=split)
    assert page.split_values == {"model": ("x", "7")}


@pytest.mark.parametrize(
    ("path", "count", "found"),
    [
        ("f[].code", "n", [("x", 3), ("y", None)]),
        ("f[].code", None, [("x", None), ("y", None)]),
        ("o{}", "n", [("p", 2), ("q", 5), ("r", None)]),
        ("s[]", None, [("u", None), ("7", None)]),
        ("none{}", None, []),
        ("none[].code", "n", []),
    ],
)
def test_listed_values_come_with_their_counts(
    path: str, count: str | None, found: list[tuple[str, int | None]]
) -> None:
    body = {
        "f": [{"code": "x", "n": 3}, {"code": "y", "n": "4"}, {"n": 1}],
        "o": {"p": {"n": 2}, "q": 5, "r": {"n": True}},
        "s": ["u", 7, None],
        "none": "text",
    }
    assert listed_counts(body, path, count) == found


@pytest.mark.parametrize(
    ("sign", "does"),
    [
        (Sign("a", 1), True), (Sign("a", 2), False),
        (Sign("a", 2, is_not=True), True), (Sign("a", 1, is_not=True), False),
        (Sign("a", any_value=True), True), (Sign("zero", any_value=True), True), (Sign("no", any_value=True), False),
        (Sign("empty", any_value=True), False), (Sign("none", any_value=True), False), (Sign("none"), True),
        (Sign(status=404), True), (Sign(status=200), False), (Sign("a", 1, status=200), False),
        (Sign(header=("X-A", "b")), True), (Sign(header=("X-A", "c")), False), (Sign(no_body=True), False),
        (Sign("a", 1, status=404, header=("X-A", "b")), True),
    ],
)  # fmt: skip
def test_a_sign_holds_where_all_that_it_names_holds(sign: Sign, does: bool) -> None:
    body = {"a": 1, "zero": 0, "no": False, "empty": "", "none": None}
    answer = Answer(404, {"x-a": "b"}, b"text")
    assert holds(sign, answer, lambda path: body.get(path[0])) is does
    assert holds(Sign(no_body=True), Answer(404, {}, b""), lambda _: None)
