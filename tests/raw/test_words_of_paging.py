"""The words for paging: windows, caps, totals, pages in order, and the signs by which pages end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from raw.endpoint import Get, InHeader, Offset, PageIndex, PerSecond, Sign, SinglePage, Split, Total
from tests.support.words import Asked, Said, cars, endpoint, fetched

STOCK = cars(*range(7))
BY_OFFSET: dict[str, Any] = {"start": "from", "size": "size", "step": 3}
BY_PAGE: dict[str, Any] = {"index": "page", "size": None, "step": 3, "first": 1}


def page_of(asked: Asked, step: int = 3, stock: list[Any] = STOCK) -> list[Any]:
    start = int(asked.query.get("from", (int(asked.query.get("page", "1")) - 1) * step))
    return stock[start : start + step]


@pytest.mark.parametrize("pages", [Offset(**BY_OFFSET, total="total"), PageIndex(**BY_PAGE, total="total")])
@pytest.mark.parametrize("extra", [{}, {"in_order": True}, {"delay_seconds": 9.0}])
def test_pages_side_by_side_or_strictly_one_after_another(tmp_path: Path, pages: Any, extra: Any) -> None:
    from dataclasses import replace

    under_way = 0
    declared = endpoint(pages=replace(pages, **extra), limit=PerSecond(1000, concurrency=4))

    def answer(asked: Asked) -> Any:
        return {"cars": page_of(asked), "total": 7}

    day = fetched(tmp_path, declared, answer)
    assert day.seal.complete, day.seal.message
    assert under_way == 0
    numbers = [row["page"] for row in day.rows]
    assert sorted(numbers) == [0, 1, 2]
    if extra:
        assert numbers == [0, 1, 2]


@pytest.mark.parametrize("served", [1, 2, 3])
def test_a_server_that_quietly_serves_fewer_is_followed_by_what_came(tmp_path: Path, served: int) -> None:
    pages = Offset(start="from", size="size", step=100, total="total", serves_fewer=True)

    def answer(asked: Asked) -> Any:
        start = int(asked.query["from"])
        return {"cars": STOCK[start : start + served], "total": 7}

    day = fetched(tmp_path, endpoint(pages=pages), answer)
    assert day.seal.complete, day.seal.message
    assert [int(asked.query["from"]) for asked in day.asked] == list(range(0, 7, served))


def test_a_server_that_serves_fewer_though_it_is_not_declared_is_told(tmp_path: Path) -> None:
    pages = Offset(start="from", size="size", step=100, total="total")
    day = fetched(tmp_path, endpoint(pages=pages), lambda asked: {"cars": page_of(asked), "total": 7})
    assert not day.seal.complete


@pytest.mark.parametrize("served", [2, 3])
def test_a_server_that_serves_fewer_and_stops_is_a_shortfall(tmp_path: Path, served: int) -> None:
    pages = Offset(start="from", size="size", step=100, total="total", serves_fewer=True)

    def answer(asked: Asked) -> Any:
        start = int(asked.query["from"])
        return {"cars": STOCK[start : start + served] if start < 4 else [], "total": 7}

    day = fetched(tmp_path, endpoint(pages=pages), answer)
    assert day.seal.cause == "shortfall", day.seal.message


TOTALS = [
    (Total(header="X-Result-Number"), lambda n: ({}, {"X-Result-Number": "7"})),
    (Total("meta.pageMax", counts="pages"), lambda n: ({"meta": {"pageMax": 3}}, {})),
    (Total(header="x-pages", counts="pages"), lambda n: ({}, {"x-pages": "3"})),
    (Total("total", only_on_first_page=True), lambda n: ({"total": 7 if n == 0 else 0}, {})),
    (Total("total", only_on_first_page=True), lambda n: ({"total": 7} if n == 0 else {"total": "none"}, {})),
]


@pytest.mark.parametrize(("total", "said"), TOTALS)
@pytest.mark.parametrize("missing", [0, 3])
def test_totals_of_every_kind_prove_a_market_and_tell_what_is_missing(
    tmp_path: Path, total: Total, said: Any, missing: int
) -> None:
    stock = STOCK[: 7 - missing]

    def answer(asked: Asked) -> Any:
        number = int(asked.query["page"]) - 1
        body, headers = said(number)
        return Said({"cars": page_of(asked, stock=stock), **body}, headers=headers)

    day = fetched(tmp_path, endpoint(pages=PageIndex(**BY_PAGE, total=total)), answer)
    assert day.seal.complete == (not missing), day.seal.message
    assert day.seal.unique == len(stock)


@pytest.mark.parametrize("total", [Total(header="x-total"), Total("meta.total"), Total("pages", counts="pages")])
def test_a_total_that_is_not_there_is_drift(tmp_path: Path, total: Total) -> None:
    pages = PageIndex(**BY_PAGE, total=total)
    day = fetched(tmp_path, endpoint(pages=pages), lambda asked: {"cars": page_of(asked)})
    assert day.seal.cause == "schema_drift"


ENDS = [
    (Sign("node", None), lambda stock: {"node": stock or None}, "node"),
    (Sign("node", None), lambda stock: {"node": stock} if stock else {}, "node"),
    (Sign("error", "notFound", status=404), lambda s: {"cars": s} if s else Said({"error": "notFound"}, 404), "cars"),
    (Sign(status=400), lambda stock: {"cars": stock} if stock else Said({"error": 1}, 400), "cars"),
    (Sign("last", True), lambda stock: {"cars": stock, "last": not stock}, "cars"),
]


@pytest.mark.parametrize(("ends", "said", "records"), ENDS)
def test_pages_end_by_a_sign(tmp_path: Path, ends: Sign, said: Any, records: str) -> None:
    declared = endpoint(records=records, pages=PageIndex(**BY_PAGE, ends=ends))
    day = fetched(tmp_path, declared, lambda asked: said(page_of(asked, stock=STOCK[:6])))
    assert day.seal.complete, day.seal.message
    assert (day.seal.unique, len(day.asked)) == (6, 3)
    assert len(day.archived_as("refused")) == 0


@pytest.mark.parametrize(
    "said",
    [
        Said({"message": "no such path"}, 404),
        Said(b"<html>not found</html>", 404),
        Said({"error": "notFound"}, 410),
        Said({"error": "other"}, 404),
    ],
)
def test_a_status_without_its_sign_is_no_end(tmp_path: Path, said: Said) -> None:
    pages = PageIndex(**BY_PAGE, ends=Sign("error", "notFound", status=404))
    day = fetched(
        tmp_path,
        endpoint(pages=pages),
        lambda asked: {"cars": page_of(asked, stock=STOCK[:6])} if (page_of(asked, stock=STOCK[:6])) else said,
    )
    assert day.seal.cause == "bad_request", day.seal.message


@pytest.mark.parametrize("times", [1, 99])
def test_a_null_in_the_middle_is_asked_again_and_is_no_end(tmp_path: Path, times: int) -> None:
    """Pages of three of seven records; the second page is null, though the total says that there is more."""
    nulls = 0

    def answer(asked: Asked) -> Any:
        nonlocal nulls
        if asked.query["page"] == "2" and nulls < times:
            nulls += 1
            return {"data": {"search": None}}
        return {"data": {"search": {"cars": page_of(asked), "total": 7}}}

    pages = PageIndex(**BY_PAGE, total="data.search.total", ends=Sign("data.search", None))
    day = fetched(tmp_path, endpoint(records="data.search.cars", pages=pages), answer)
    assert day.seal.complete == (times == 1), day.seal.message
    assert nulls == (1 if times == 1 else 3)
    if times > 1:
        assert day.seal.cause == "server_error"
        assert "page 1" in str(day.seal.message)


def test_the_last_page_may_come_again_and_again(tmp_path: Path) -> None:
    def answer(asked: Asked) -> Any:
        number = min(int(asked.query["page"]), 2)
        return {"cars": STOCK[(number - 1) * 3 : number * 3]}

    day = fetched(tmp_path, endpoint(pages=PageIndex(**BY_PAGE, repeats_last_page=True)), answer)
    assert day.seal.complete, day.seal.message
    assert (day.seal.unique, day.seal.collected) == (6, 6)
    assert len(day.asked) == 3
    day = fetched(tmp_path / "undeclared", endpoint(pages=PageIndex(**BY_PAGE)), answer)
    assert day.seal.cause == "repeated_page"


@pytest.mark.parametrize("total", [None, "total"])
def test_no_page_is_asked_for_past_the_window_and_the_market_says_why_it_is_incomplete(
    tmp_path: Path, total: str | None
) -> None:
    pages = Offset(**BY_OFFSET, total=total, window=6)

    def answer(asked: Asked) -> Any:
        assert int(asked.query["from"]) + 3 <= 6
        return {"cars": page_of(asked, stock=cars(*range(50))), "total": 50}

    day = fetched(tmp_path, endpoint(pages=pages), answer)
    assert day.seal.cause == "window"
    assert "6" in str(day.seal.message)


@pytest.mark.parametrize("records", [5, 6])
def test_a_feed_within_the_window_is_whole(tmp_path: Path, records: int) -> None:
    pages = Offset(**BY_OFFSET, total="total", window=6)
    stock = cars(*range(records))
    day = fetched(
        tmp_path, endpoint(pages=pages), lambda asked: {"cars": page_of(asked, stock=stock), "total": records}
    )
    assert day.seal.complete, day.seal.message


def test_a_window_that_no_step_divides_is_used_up_to_its_last_row(tmp_path: Path) -> None:
    """Rows 0..8 in pages of three, of which the host gives any page that ends at row 8 or before."""
    stock = cars(*range(8))

    def answer(asked: Asked) -> Any:
        assert int(asked.query["from"]) < 8
        return {"cars": page_of(asked, stock=stock), "total": 8}

    day = fetched(tmp_path, endpoint(pages=Offset(**BY_OFFSET, total="total", window=8)), answer)
    assert day.seal.complete, day.seal.message


@pytest.mark.parametrize("total", [None, "total"])
def test_a_slice_past_the_window_is_split(tmp_path: Path, total: str | None) -> None:
    stock = {"a": cars(1, 2, 3, 4, 5, 6), "b": cars(7, 8, 9, 10)}

    def answer(asked: Asked) -> Any:
        model = asked.query["model"]
        found = stock[model] if model else [*stock["a"], *stock["b"]]
        start = int(asked.query["from"])
        assert start < 6
        return {
            "cars": found[start : start + 3],
            "total": len(found),
            "facets": {"models": [{"code": "a"}, {"code": "b"}]},
        }

    declared = endpoint(
        request=Get("https://oem.example/search", params={"model": "{model}"}),
        pages=Offset(**BY_OFFSET, total=total, window=6, ends=None if total else Sign("none", 1)),
        split=Split("model", "facets.models[].code"),
        # the slice `a` is full up to the window and its next page cannot be asked for
        trusted_total=bool(total),
    )
    day = fetched(tmp_path, declared, answer)
    if total:
        assert day.seal.complete, day.seal.message
        assert day.seal.unique == 10
    else:
        assert day.seal.cause == "window"
    assert {asked.query["model"] for asked in day.asked} >= {"", "a"}


@pytest.mark.parametrize(("records", "complete"), [(19, True), (20, False), (21, False)])
def test_an_answer_of_the_cap_is_cut_off(tmp_path: Path, records: int, complete: bool) -> None:
    day = fetched(tmp_path, endpoint(pages=SinglePage(cap=20)), lambda asked: {"cars": cars(*range(records))})
    assert day.seal.complete == complete, day.seal.message
    if not complete:
        assert day.seal.cause == "capped"


def test_a_total_of_the_cap_is_cut_off(tmp_path: Path) -> None:
    def answer(asked: Asked) -> Any:
        return {"cars": page_of(asked, stock=cars(*range(6))), "total": 6}

    day = fetched(tmp_path, endpoint(pages=Offset(**BY_OFFSET, total="total", cap=6)), answer)
    assert day.seal.cause == "capped"
    day = fetched(tmp_path / "not", endpoint(pages=Offset(**BY_OFFSET, total="total", cap=7)), answer)
    assert day.seal.complete


def test_a_header_may_hold_the_page_and_the_header_of_an_answer_the_total(tmp_path: Path) -> None:
    pages = PageIndex(
        index=InHeader("x-page"), size=InHeader("x-page-items"), step=3, first=1, total=Total(header="x-result-number")
    )

    def answer(asked: Asked) -> Any:
        assert asked.headers["x-page-items"] == "3"
        start = (int(asked.headers["x-page"]) - 1) * 3
        return Said({"cars": STOCK[start : start + 3]}, headers={"X-Result-Number": "7"})

    day = fetched(tmp_path, endpoint(pages=pages), answer)
    assert day.seal.complete, day.seal.message
    assert day.seal.reported_total == 7
