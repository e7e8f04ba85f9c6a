"""What one answer is worth: a page, an end, a list, first values, or a refusal and why."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from raw.endpoint import Cursor, Get, MarketList, Offset, Refused, Sign, secret
from raw.fetch.judging import Judgement, judge_first, judge_listed, judge_market_list, judge_page, kind_of_body
from raw.fetch.page_reader import PageReader
from resources.apis.http import Response
from resources.failures import Cause
from tests.support.words import cars, endpoint

CARS = cars(1, 2)
URL = "https://oem.example/"


def judged(said: Any, status: int = 200, number: int = 1, **pages: Any) -> Judgement:
    refusals = (Refused(Sign("error", True, status=200), "blocked"),)
    of = endpoint(pages=Offset(start="from", size=None, step=2, **pages), nothing=Sign("total", 0), refusals=refusals)
    response = Response(status, {}, json.dumps(said).encode(), datetime(2026, 11, 20, tzinfo=UTC))
    return judge_page(of, next(iter(of.markets)), PageReader(of), response, number)


LAST = {"ends": Sign("last", True)}


@pytest.mark.parametrize(
    ("said", "pages", "kind", "ends_slice"),
    [
        ({"cars": CARS}, LAST, "page", False),
        ({"cars": CARS, "last": True}, LAST, "page", False),
        ({"cars": [], "last": True}, LAST, "end", True),
        ({"last": True}, LAST, "end", True),
        ({"cars": []}, LAST, "page", True),
        ({"cars": []}, {}, "page", True),
        ({"total": 0}, {}, "page", True),
    ],
)
def test_whether_another_page_follows(said: Any, pages: dict[str, Any], kind: str, ends_slice: bool) -> None:
    found = judged(said, **pages)
    assert (found.kind, found.status, found.cause, found.ends_slice) == (kind, 200, None, ends_slice)


@pytest.mark.parametrize(
    ("said", "status", "pages", "kind", "cause"),
    [
        ("over", 404, {"ends_with": 404}, "end", None),
        ("over", 400, {"ends_with": 404}, "refused", Cause.BAD_REQUEST),
        ({"key": "none"}, 404, {"ends": Sign("key", "none", status=404)}, "end", None),
        ({"key": "x"}, 404, {"ends": Sign("key", "none", status=404)}, "refused", Cause.BAD_REQUEST),
        ({"lots": CARS}, 200, {}, "refused", Cause.SCHEMA_DRIFT),
        ({"cars": CARS, "error": True}, 200, {}, "refused", Cause.BLOCKED),
    ],
)
def test_an_end_has_its_own_sign_and_all_else_is_refused(
    said: Any, status: int, pages: dict[str, Any], kind: str, cause: Cause | None
) -> None:
    found = judged(said, status, **pages)
    assert (found.kind, found.status, found.cause, found.ends_slice) == (kind, status, cause, kind == "end")
    assert (found.content is None, bool(found.detail)) == (True, kind == "refused")


def answered(
    body: Any = b"", status: int | None = 200, cause: Cause | None = None, headers: dict[str, str] | None = None
) -> Response:
    said = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(
        status, headers or {}, said, datetime(2026, 11, 20, tzinfo=UTC), cause, "no answer" if cause else ""
    )


def page_judged(response: Response, *, number: int = 1, market: str = "es", **words: Any) -> Judgement:
    of = endpoint(**words)
    return judge_page(of, market, PageReader(of), response, number)


@pytest.mark.parametrize(
    ("status", "words", "cause", "detail"),
    [
        (199, {}, Cause.BAD_REQUEST, "status 199"),
        (200, {}, None, ""),
        (299, {}, None, ""),
        (300, {}, Cause.BAD_REQUEST, "status 300"),
        (404, {}, Cause.BAD_REQUEST, "status 404"),
        (403, {}, Cause.BLOCKED, "status 403"),
        (401, {}, Cause.BLOCKED, "status 401"),
        (202, {"success": (200, 202)}, None, ""),
        (201, {"success": (200, 202)}, Cause.BAD_REQUEST, "status 201"),
        (404, {"success": (404,)}, Cause.BAD_REQUEST, "status 404"),
    ],
)
def test_a_status_is_a_page_or_why_there_is_none(
    status: int, words: dict[str, Any], cause: Cause | None, detail: str
) -> None:
    found = page_judged(answered({"cars": CARS}, status), **words)
    assert (found.kind, found.cause, found.detail) == ("page" if cause is None else "refused", cause, detail)


def test_what_the_transport_tells_goes_before_everything() -> None:
    found = page_judged(answered(b"", None, Cause.TIMEOUT))
    assert (found.kind, found.status, found.cause, found.detail) == ("refused", None, Cause.TIMEOUT, "no answer")
    assert page_judged(answered(b"", None)).cause is Cause.CONNECTION
    declared: dict[str, Any] = {"refusals": (Refused(Sign(status=429), "blocked"),), "pages": ENDS_WITH_429}
    assert page_judged(answered(b"", 429, Cause.RATE_LIMITED), **declared).cause is Cause.RATE_LIMITED


ENDS_WITH_429 = Offset(start="from", size=None, step=2, ends_with=429)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"request": Get(URL, headers={"key": secret("A"), "other": secret("B")})}, "A, B"),
        ({"request": Get(URL, params={"k": "{key}"}), "markets": {"es": {"key": secret("C")}}}, "C"),
        ({"request": Get(URL), "markets": {"es": {"key": secret("C")}}}, None),
    ],
)
def test_a_credential_that_is_rejected_is_named(words: dict[str, Any], told: str | None) -> None:
    found = page_judged(answered(b"", 401), **words)
    if told is None:
        assert (found.cause, found.detail) == (Cause.BLOCKED, "status 401")
    else:
        said = f"status 401 with the credential of {told}"
        assert (found.cause, found.detail) == (Cause.CREDENTIAL_REJECTED, said)
    assert page_judged(answered(b"", 403), **words).cause is Cause.BLOCKED


@pytest.mark.parametrize(
    ("sign", "response", "is_refused"),
    [
        (Sign(status=418), answered({"cars": CARS}, 418), True),
        (Sign(status=418), answered({"cars": CARS}, 200), False),
        (Sign(header=("X-Block", "1")), answered({"cars": CARS}, headers={"x-block": "1"}), True),
        (Sign("error.code", 7), answered({"error": {"code": 7}}, 404), True),
        (Sign("error.code", 7), answered({"error": {"code": 8}}, 404), False),
        (Sign("error.code", 7), answered({"error": {"code": 7}}, 300), True),
        (Sign("error.code", 7), answered({"error": {"code": 7}}, 199), True),
        (Sign("error.code"), answered(b"<html>", 404), False),
    ],
)
def test_a_declared_refusal_has_its_own_cause(sign: Sign, response: Response, is_refused: bool) -> None:
    found = page_judged(response, refusals=(Refused(sign, "market_mixup"),))
    assert (found.cause is Cause.MARKET_MIXUP) is is_refused
    if is_refused:
        assert found.detail == f"status {response.status} with the sign of a refusal"


def test_a_refusal_in_the_body_of_a_good_answer_is_told_by_its_place() -> None:
    refusals = (Refused(Sign("error.code", 7), "market_mixup"),)
    for status in (200, 299):
        found = page_judged(answered({"error": {"code": 7}, "cars": CARS}, status), refusals=refusals)
        assert (found.cause, found.detail) == (Cause.MARKET_MIXUP, "the answer says at error.code that it is none")


def test_a_refusal_whose_body_cannot_be_read_hides_no_other() -> None:
    refusals = (Refused(Sign("error.code", 7), "market_mixup"), Refused(Sign(status=404), "window"))
    assert page_judged(answered(b"<html>", 404), refusals=refusals).cause is Cause.WINDOW


@pytest.mark.parametrize(
    ("body", "words", "number", "is_end"),
    [
        (b"", {"ends_with": 404}, 1, True),
        (b"", {"ends_with": 404}, 0, False),
        (b"<html>", {"ends_with": 404}, 1, False),
        ({"over": True}, {"ends_with": 404, "end_sign": ("over", True)}, 0, True),
        ({"over": False}, {"ends_with": 404, "end_sign": ("over", True)}, 1, False),
        (b"<html>", {"ends_with": 404, "end_sign": ("over", True)}, 1, False),
        (b"<html>", {"ends": Sign("over", None, status=404)}, 1, False),
        ({}, {"ends": Sign("over", None, status=404)}, 1, True),
        (b"", {"ends": Sign(status=404)}, 1, True),
        (b"", {"ends": Sign(status=404)}, 0, False),
        (b"", {"ends": Sign(status=410)}, 1, False),
    ],
)
def test_a_status_is_an_end_by_the_makers_own_word(body: Any, words: dict[str, Any], number: int, is_end: bool) -> None:
    found = page_judged(answered(body, 404), number=number, pages=Offset(start="from", size=None, step=2, **words))
    assert (found.kind, found.ends_slice) == (("end", True) if is_end else ("refused", False))
    if not is_end and words.get("ends") != Sign(status=410):
        assert found.detail == "status 404 without the OEM's own sign that the pages end"


def test_a_declared_refusal_goes_before_an_end() -> None:
    refusals = (Refused(Sign(status=404), "window"),)
    pages = Offset(start="from", size=None, step=2, ends_with=404)
    assert page_judged(answered(b"", 404), pages=pages, refusals=refusals).cause is Cause.WINDOW


@pytest.mark.parametrize(
    ("said", "ends"),
    [({"cars": [], "next": "t"}, False), ({"cars": []}, True), ({"cars": CARS}, False)],
)
def test_an_empty_page_that_names_the_next_one_ends_nothing(said: Any, ends: bool) -> None:
    found = page_judged(answered(said), pages=Cursor(token="next", place="after"))
    assert (found.kind, found.ends_slice) == ("page", ends)


NO_MARKETS = (Cause.SCHEMA_DRIFT, "no markets at data.markets[].id")
LIST = MarketList(Get(URL, headers={"key": secret("A")}), "data.markets", "id", "m", ignore=frozenset({"all"}))


@pytest.mark.parametrize(
    ("response", "codes", "why"),
    [
        (answered({"data": {"markets": [{"id": "es"}, {"id": 7}, {"no": 1}, "x", {"id": "all"}]}}), {"es", "7"}, None),
        (answered({"data": {"markets": [{"id": "all"}]}}), set(), NO_MARKETS),
        (answered({"data": {"markets": {"id": "es"}}}), set(), NO_MARKETS),
        (answered(b"<html>"), set(), NO_MARKETS),
        (answered(b"", 401), set(), (Cause.CREDENTIAL_REJECTED, "status 401 with the credential of A")),
    ],
)  # fmt: skip
def test_a_list_of_markets_holds_one_at_least(response: Response, codes: set[str], why: Any) -> None:
    found = judge_market_list(LIST, response)
    assert (found.kind, set(found.market_codes)) == ("refused" if why else "market_list", codes)
    assert (found.cause, found.detail, found.status) == (*(why or (None, "")), response.status)


@pytest.mark.parametrize(
    ("response", "listed", "why"),
    [
        (answered({"m": [{"c": "a", "n": 2}, {"c": "b"}]}), (("a", 2), ("b", None)), None),
        (answered({"m": []}), (), (Cause.SCHEMA_DRIFT, "no values at m[].c")),
        (answered(b"", 500), (), (Cause.BAD_REQUEST, "status 500")),
    ],
)
def test_a_list_of_a_slice_holds_one_value_at_least(response: Response, listed: Any, why: Any) -> None:
    found = judge_listed(Get(URL), "m[].c", "n", response)
    assert (found.kind, found.listed) == ("refused" if why else "list", listed)
    assert (found.cause, found.detail, found.status) == (*(why or (None, "")), response.status)


@pytest.mark.parametrize(
    ("response", "values", "why"),
    [
        (answered({"a": {"b": 7}, "c": "x"}), {"number": "7", "text": "x"}, None),
        (answered({"c": ["x"]}), {}, (Cause.SCHEMA_DRIFT, "nothing at a.b, c")),
        (answered(b"no", 403), {}, (Cause.BLOCKED, "status 403")),
    ],
)
def test_a_first_answer_holds_all_its_values(response: Response, values: dict[str, str], why: Any) -> None:
    found = judge_first(Get(URL), {"number": "a.b", "text": "c"}, response)
    assert (found.kind, found.first) == ("refused" if why else "first", values)
    assert (found.cause, found.detail, found.status) == (*(why or (None, "")), response.status)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "empty"), (b" \n<html>", "HTML or XML"), (b"\xef\xbb\xbf<x/>", "HTML or XML"), (b' {"a"', "JSON"),
        (b"[", "JSON"), (b"no", "text"), (b"   ", "text"), (b"\x00\xff", "bytes"), (b"n\xc3\xb6", "bytes"),
        (b"x" * 100 + b"\xff", "text"), (b"x" * 99 + b"\xff", "bytes"),
    ],
)  # fmt: skip
def test_a_body_is_told_in_a_word(body: bytes, kind: str) -> None:
    assert kind_of_body(body) == kind
