"""What a market tells while it is asked for, what it may cost, and what it is sealed as: without a host."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from raw.archive.seal import MarketSeal
from raw.endpoint import Budget, Get, Listed, Offset, Way
from raw.fetch import market, spending
from raw.fetch.conversation import Position
from raw.fetch.market import MarketFetch, Progress
from resources.failures import Cause
from tests.support.conversed import Answered, Conversed, conversed
from tests.support.words import cars, endpoint

STOCK = cars(*range(7))
BY_TWO = Offset(start="from", size=None, step=2)
WRITER: Any = SimpleNamespace(parts_of=lambda market: [f"part of {market}"])


def served(position: Position, stock: list[Any] = STOCK) -> Any:
    start = position.page * 2
    return {"cars": stock[start : start + 2]}


def sealed(fetch: MarketFetch) -> MarketSeal:
    return fetch.seal(WRITER, "20261120T060000.000000Z", datetime(2026, 11, 20, 6, tzinfo=UTC))


def clock(monkeypatch: pytest.MonkeyPatch, *seconds: float) -> list[float]:
    """The clock by which a market goes. seconds: what it shows, the last one from then on; the list may be changed."""
    left = list(seconds)

    class Clock:
        @staticmethod
        def monotonic() -> float:
            return left.pop(0) if len(left) > 1 else left[0]

    monkeypatch.setattr(market, "time", Clock)
    monkeypatch.setattr(spending, "time", Clock)
    return left


def test_a_whole_market_is_sealed_with_its_counts_and_its_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock(monkeypatch, 50.0)

    def answer(at: Position) -> Any:
        now[0] += 1.25
        return served(at)

    found = sealed(conversed(endpoint(pages=BY_TWO), answer).fetch)
    assert (found.complete, found.cause, found.message, found.seconds) == (True, None, None, 5.0)
    assert (found.market, found.parts, found.unique, found.slices) == ("es", ["part of es"], 7, {"": 7})


def test_a_market_that_proves_too_little_is_sealed_with_the_reason() -> None:
    found = sealed(conversed(endpoint(minimum_expected=8, pages=BY_TWO), served).fetch)
    assert (found.complete, found.cause) == (False, "empty_feed")
    assert str(found.message).startswith("yugo feed es: empty_feed: 7 records, expected at least 8. ")


def test_a_failure_while_a_market_is_asked_for_is_not_replaced_by_what_it_lacks() -> None:
    found = sealed(conversed(endpoint(), lambda _: Answered(b"", 403)).fetch)
    assert (found.complete, found.cause, found.responses) == (False, "blocked", 1)


def test_a_market_that_was_not_asked_for_took_no_time() -> None:
    fetch = MarketFetch("yugo", endpoint(), "es", lambda _: None)
    fetch.fail(Cause.BAD_MARKET, "not listed")
    assert (sealed(fetch).seconds, sealed(fetch).cause) == (0.0, "bad_market")


def test_each_slice_is_held_against_the_count_of_its_list() -> None:
    listed = Listed(Get("https://oem.example/models"), "models[].code", count="count")
    declared = endpoint(request=Get("https://oem.example/", params={"m": "{model}"}), slices={"model": listed})

    def answer(at: Position) -> Any:
        return {"models": [{"code": "a", "count": 2}]} if at.slice.startswith("list") else {"cars": cars(1, 2)}

    assert sealed(conversed(declared, answer).fetch).complete


def test_a_slice_that_is_asked_in_another_way_is_paged_that_way() -> None:
    way = Way(Get("https://oem.example/new"), BY_TWO)
    declared = endpoint(slices={"lot": ("used", "new")}, way_of_slice={"lot": {"new": way}})
    ended = conversed(declared, lambda at: {"cars": cars(1, 2)})
    assert ended.asked == [("lot=used", 0), ("lot=new", 0), ("lot=new", 1)]
    assert ended.why is not None
    assert ended.why[0] is Cause.REPEATED_PAGE


def test_a_budget_ends_a_feed_that_does_not() -> None:
    ended = conversed(endpoint(pages=BY_TWO, budget=Budget(requests=2)), served)
    told = "no end after 2 requests, which is all that the market may cost"
    assert (ended.asked, ended.why) == ([("", 0), ("", 1)], (Cause.BUDGET_SPENT, told, "2"))


@pytest.mark.parametrize(("begins", "cause"), [(60.0, None), (0.0, Cause.BUDGET_SPENT)])
def test_what_a_market_may_take_counts_from_its_own_beginning(
    begins: float, cause: Cause | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock(monkeypatch, 0.0)

    def answer(at: Position) -> Any:
        now[0] = 100.0
        return served(at, STOCK[:3])

    fetch = MarketFetch("yugo", endpoint(pages=BY_TWO, budget=Budget(seconds=50)), "es", lambda _: None)
    now[0] = begins
    conversation: Any = Conversed(answer)
    asyncio.run(fetch.run(conversation))
    assert (fetch._failure and fetch._failure.cause) == cause


def test_a_market_tells_how_far_it_is_at_most_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock(monkeypatch, 100.0)
    moments = iter([100.5, 101.0, 101.9, 102.5])

    def answer(at: Position) -> Any:
        now[0] = next(moments)
        return served(at)

    ended = conversed(endpoint(pages=BY_TWO), answer)
    told = [(one.pages, one.records, one.elapsed_seconds, one.finished) for one in ended.told]
    assert told == [(2, 4, 1.0, False), (4, 7, 2.5, False), (4, 7, 2.5, True)]


@pytest.mark.parametrize(
    ("total", "finished", "said"),
    [
        (None, False, "yugo feed es: 3 records, 2 pages in 1.2 s, so far"),
        (0, True, "yugo feed es: 3 of 0 records, 2 pages in 1.2 s, finished"),
    ],
)
def test_progress_is_a_sentence(total: int | None, finished: bool, said: str) -> None:
    assert str(Progress("yugo", "feed", "es", 3, total, 2, 1.24, finished)) == said
