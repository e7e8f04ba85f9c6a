"""What one answer is worth: a page, an end, a refusal, and whether another page follows."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from raw.endpoint import Offset, Refused, Sign
from raw.fetch.judging import Judgement, judge_page
from raw.fetch.page_reader import PageReader
from resources.apis.http import Response
from resources.failures import Cause
from tests.support.words import cars, endpoint

CARS = cars(1, 2)


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
