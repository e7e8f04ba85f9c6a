"""Which pages of a market are asked for, in what order, and which answer ends or fails it: without a host."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from raw.endpoint import Cursor, First, Get, Offset, PerSecond, Sign, SinglePage, Split
from raw.fetch.conversation import Position
from raw.fetch.market import MarketFetch
from resources.failures import Cause, PlatformError
from tests.support.conversed import Answered, conversed
from tests.support.words import cars, endpoint

STOCK = cars(*range(7))
BY_OFFSET: dict[str, Any] = {"start": "from", "size": None, "step": 2}


def offset(**words: Any) -> Any:
    return endpoint(pages=Offset(**BY_OFFSET, **words), limit=PerSecond(1000, concurrency=2))


def served(position: Position, *, total: int | None = 7, stock: list[Any] = STOCK) -> Any:
    start = position.page * 2
    return {"cars": stock[start : start + 2], **({} if total is None else {"total": total})}


def test_planned_pages_are_asked_for_side_by_side_and_no_more_at_once_than_declared() -> None:
    ended = conversed(offset(total="total"), served)
    assert sorted(ended.asked) == [("", 0), ("", 1), ("", 2), ("", 3)]
    assert ended.conversation.at_once == 2
    assert ended.why is None
    assert ended.fetch.evidence.unique == 7


@pytest.mark.parametrize("words", [{}, {"total": "total", "in_order": True}])
def test_pages_that_nothing_plans_follow_each_other_while_they_are_full(words: dict[str, Any]) -> None:
    ended = conversed(offset(**words), served)
    assert (ended.asked, ended.conversation.at_once) == ([("", 0), ("", 1), ("", 2), ("", 3)], 1)


def test_a_total_that_is_too_small_does_not_end_the_pages() -> None:
    assert len(conversed(offset(total="total"), lambda at: served(at, total=3)).asked) == 4
    assert len(conversed(offset(total="total"), lambda at: served(at, total=0)).asked) == 4


def test_a_planned_page_that_is_short_is_no_end_and_one_that_is_empty_is() -> None:
    moving = lambda at: {"cars": STOCK[:1] if at.page == 1 else served(at)["cars"], "total": 7}  # noqa: E731
    assert sorted(conversed(offset(total="total"), moving).asked) == [("", 0), ("", 1), ("", 2), ("", 3)]
    ended = conversed(offset(total="total"), lambda at: {"cars": STOCK[:2] if not at.page else [], "total": 99})
    assert len(ended.asked) == 3, "the two pages that were under way, and no other of fifty"


def test_a_refused_page_ends_the_market() -> None:
    ended = conversed(offset(total="total"), lambda at: served(at, total=99) if not at.page else Answered(b"", 403))
    assert ended.why == (Cause.BLOCKED, "status 403", "1")
    assert len(ended.asked) == 3
    again = conversed(offset(), lambda at: served(at) if at.page < 2 else Answered(b"", 404))
    assert (again.asked[-1], again.why) == (("", 2), (Cause.BAD_REQUEST, "status 404", "2"))


@pytest.mark.parametrize(("paces", "waits"), [(True, [0.5, 0.5, 0.5]), (False, [])])
def test_a_declared_delay_is_kept_between_two_pages_where_politeness_is(
    paces: bool, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    sleep = asyncio.sleep

    async def noted(seconds: float) -> None:
        if seconds:
            slept.append(seconds)
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", noted)
    assert len(conversed(offset(delay_seconds=0.5), served, paces=paces).asked) == 4
    assert slept == waits


CURSOR = Cursor(token="next", place="after")


def test_a_token_leads_from_page_to_page_and_never_in_a_circle() -> None:
    declared = endpoint(pages=CURSOR)
    ended = conversed(declared, lambda at: {"cars": cars(at.page), "next": at.page + 1 if at.page < 3 else None})
    assert (len(ended.asked), ended.why) == (4, None)
    assert [one.url.partition("?")[2] for one in ended.conversation.requests] == ["", "after=1", "after=2", "after=3"]
    ended = conversed(declared, lambda at: {"cars": cars(at.page), "next": "ab"[at.page % 2]})
    circle = "a page names as the next one a page that came before"
    assert (len(ended.asked), ended.why) == (3, (Cause.REPEATED_PAGE, circle, "3"))


@pytest.mark.parametrize(
    ("window", "records", "why"),
    [
        (4, 3, None),
        (4, 4, "the pages are full up to row 4, past which none can be asked for"),
        (6, 5, None),
        (2, 1, None),
        (2, 2, "the pages are full up to row 2, past which none can be asked for"),
    ],
)
def test_pages_past_the_window_are_not_asked_for(window: int, records: int, why: str | None) -> None:
    ended = conversed(offset(window=window), lambda at: served(at, stock=STOCK[:records]))
    assert ended.why == (why and (Cause.WINDOW, why, "0"))
    assert len(ended.asked) == (records + 1) // 2


def test_a_total_that_is_reached_at_the_window_says_that_nothing_is_missing() -> None:
    words: dict[str, Any] = {"total": "total", "window": 4, "in_order": True}
    assert conversed(offset(**words), lambda at: served(at, total=4, stock=STOCK[:4])).why is None


SPLITTED: dict[str, Any] = {"request": Get("https://oem.example/", params={"model": "{model}"})}


def test_a_slice_that_is_cut_off_is_asked_in_finer_ones_and_said_to_be_cut_off_where_there_are_none() -> None:
    words = SPLITTED | {"pages": SinglePage(cap=3, total="total")}
    declared = endpoint(split=Split("model", ("a", "b")), **words)
    answers = {"": cars(1, 2, 3), "model=a": cars(1, 2), "model=b": cars(3, 4)}
    ended = conversed(declared, lambda at: {"cars": answers[at.slice], "total": len(answers[at.slice])})
    assert (ended.asked, ended.why) == ([("", 0), ("model=a", 0), ("model=b", 0)], None)
    assert ended.fetch.evidence.incompleteness() is None
    assert ended.fetch.evidence.reported_total == 4
    told = (Cause.CAPPED, "3 records, which is all that one answer holds", "0 (model=a)")
    ended = conversed(declared, lambda at: {"cars": cars(1, 2, 3)})
    assert (ended.asked, ended.why) == ([("", 0), ("model=a", 0)], told)


@pytest.mark.parametrize(("words", "is_short"), [({"cap": 9}, False), ({"window": 8}, True)])
def test_what_a_window_cuts_off_is_held_against_its_total_and_a_cap_is_none(
    words: dict[str, Any], is_short: bool
) -> None:
    pages = Offset(**BY_OFFSET, total="total", **words)
    declared = endpoint(split=Split("model", ("a", "b")), pages=pages, **SPLITTED)
    answers = {"": (cars(1, 2), 9), "model=a": (cars(1), 1), "model=b": (cars(2), 1)}
    ended = conversed(declared, lambda at: dict(zip(("cars", "total"), answers[at.slice], strict=True)))
    assert ended.asked == [("", 0), ("model=a", 0), ("model=b", 0)]
    why = (Cause.SHORTFALL, "the finer slices hold 2 records of 9 reported")
    assert ended.fetch.evidence.incompleteness() == (why if is_short else None)


def test_slices_are_named_where_a_page_of_them_is_refused_and_the_others_are_not_asked_for() -> None:
    declared = endpoint(**SPLITTED, slices={"model": ("a", "b")})
    ended = conversed(declared, lambda at: Answered(b"", 403))
    assert (ended.asked, ended.why) == ([("model=a", 0)], (Cause.BLOCKED, "status 403", "0 (model=a)"))


@pytest.mark.parametrize(("status", "page", "cause"), [
    (500, 0, Cause.BAD_MARKET), (500, 1, Cause.BAD_REQUEST), (404, 0, Cause.BAD_REQUEST),
])  # fmt: skip
def test_the_status_of_an_unknown_market_tells_it_on_the_first_page(status: int, page: int, cause: Cause) -> None:
    declared = endpoint(pages=Offset(**BY_OFFSET), bad_market_status=500)
    ended = conversed(declared, lambda at: Answered(b"", status) if at.page == page else served(at))
    assert ended.why == (cause, f"status {status}", str(page))


def test_an_answer_without_a_status_is_no_unknown_market() -> None:
    ended = conversed(endpoint(), lambda at: Answered(status=None, cause=Cause.TIMEOUT, detail="no answer"))
    assert ended.why == (Cause.TIMEOUT, "no answer", "0")


TOKEN = First(Get("https://login.oem.example/"), values={"token": "token"}, again_after=(401,))
WITH_TOKEN = endpoint(request=Get("https://oem.example/", params={"t": "{token}"}), first=TOKEN)


@pytest.mark.parametrize(
    ("refusals", "cause", "mints"), [(0, None, 1), (2, None, 3), (3, Cause.CREDENTIAL_REJECTED, 3)]
)
def test_a_token_that_is_used_up_is_renewed_twice(refusals: int, cause: Cause | None, mints: int) -> None:
    left = [refusals]

    def answer(at: Position) -> Any:
        if at.slice.startswith("first"):
            return {"token": "t"}
        left[0] -= 1
        return {"cars": cars(1)} if left[0] < 0 else Answered(b"", 401)

    ended = conversed(WITH_TOKEN, answer)
    assert (ended.why and ended.why[0]) == cause
    assert ended.asked.count(("first 0", 0)) == mints


def test_a_template_that_nothing_fills_is_told_before_anything_is_asked() -> None:
    ended = conversed(endpoint(request=Get("https://oem.example/{b}/{a}")), served)
    told = "the request's templates name a, b, which the market has no parameter for"
    assert (ended.asked, ended.why) == ([], (Cause.CONFIGURATION, told, "0"))


def test_a_first_answer_that_is_refused_is_named() -> None:
    ended = conversed(WITH_TOKEN, lambda at: Answered(b"", 403))
    assert (ended.asked, ended.why) == ([("first 0", 0)], (Cause.BLOCKED, "status 403", "first 0"))


def _raising(error: BaseException) -> Any:
    def answer(at: Position) -> Any:
        raise error

    return answer


def test_what_goes_wrong_in_a_markets_own_work_is_its_failure_and_what_the_lake_refuses_is_the_steps() -> None:
    ended = conversed(endpoint(), _raising(ZeroDivisionError("a secret host")))
    assert ended.why is not None
    assert (ended.why[0], ended.why[1].partition(" at ")[0]) == (Cause.DEFECT, "ZeroDivisionError")
    assert [one.finished for one in ended.told] == [True]
    for error in (PlatformError(Cause.LAKE_UNWRITABLE, "full"), KeyboardInterrupt()):
        with pytest.raises(type(error)):
            conversed(endpoint(), _raising(error))

    def side_by_side(at: Position) -> Any:
        return served(at) if at.page == 0 else _raising(PlatformError(Cause.LAKE_UNWRITABLE, "full"))(at)

    with pytest.raises(BaseExceptionGroup):
        conversed(offset(total="total"), side_by_side)


def test_the_first_failure_of_a_market_is_told() -> None:
    fetch = MarketFetch("yugo", endpoint(), "es", lambda _: None)
    assert not fetch.failed
    fetch.fail(Cause.BLOCKED, "first", "3")
    fetch.fail(Cause.TIMEOUT, "second")
    assert fetch.failed
    assert str(fetch._failure).startswith("yugo feed es page 3: blocked: first. ")


@pytest.mark.parametrize(
    ("answers", "words", "kinds", "cause"),
    [
        # the last page comes again
        ([STOCK[:2], STOCK[:2]], {}, ["page", "refused"], Cause.REPEATED_PAGE),
        ([STOCK[:2], STOCK[:2]], {"repeats_last_page": True}, ["page", "end"], None),
        ([STOCK[:2], STOCK[:2]], {"total": "total"}, ["page", "page"], None),
        # an end although a total promises more
        ([STOCK[:2], None], {"ends": Sign("last", True)}, ["page", "end"], None),
        ([STOCK[:2], None], {"ends": Sign("last", True), "total": "more"}, ["page", "refused"], Cause.SERVER_ERROR),
    ],
)
def test_a_page_that_brings_nothing_new_ends_or_fails_the_market(
    answers: list[Any], words: dict[str, Any], kinds: list[str], cause: Cause | None
) -> None:
    def answer(at: Position) -> Any:
        found = answers[at.page]
        return {"total": 2, "more": 9, **({"last": True} if found is None else {"cars": found})}

    ended = conversed(offset(in_order=True, **words), answer)
    assert [one.kind for one in ended.conversation.judgements] == kinds
    assert (ended.why and ended.why[0]) == cause
    assert ended.fetch.evidence.pages == kinds.count("page")


def test_a_status_that_ends_the_pages_ends_them_whatever_the_total_says() -> None:
    ended = conversed(offset(ends_with=404, total="total"), lambda at: Answered(b"", 404) if at.page else served(at))
    assert [one.kind for one in ended.conversation.judgements][:2] == ["page", "end"]
    assert ended.why is None
