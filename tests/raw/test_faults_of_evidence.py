"""Faulty feeds that were once believed: a market is complete only on evidence, and its pages end by evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from raw.endpoint import Offset, SinglePage
from raw.fetch.day import fetch_day
from raw.mercedes import MBUSA_SEARCH
from resources.lake.lake import Lake
from tests.support.lying_feed import (
    DAY,
    FEED,
    PAGE,
    cars,
    feed_of,
    fetch,
    market_of,
    page,
)
from tests.support.played import PlayedApis

pytestmark = pytest.mark.slow


def test_a_sound_feed_is_complete(lake: Lake) -> None:
    market = market_of(lake, feed_of(cars(300), 300))
    assert market.complete
    assert (market.collected, market.unique, market.without_identity, market.exact_duplicates) == (300, 300, 0, 0)


@pytest.mark.parametrize(
    "total", [None, "many", "9" * 400, 10**400, -1, True, [300], 3.5, {"value": 300}, "1.000", "1,000"]
)
def test_a_trusted_total_that_cannot_be_read_is_drift(lake: Lake, total: Any) -> None:
    market = market_of(lake, feed_of(cars(192), total))
    assert market.cause == "schema_drift"
    assert "total" in str(market.message)


@pytest.mark.parametrize("total", ["192", 192.0, "192.0", " 192 "])
def test_a_total_may_come_as_text_or_as_a_float(lake: Lake, total: Any) -> None:
    assert market_of(lake, feed_of(cars(192), total)).complete


@pytest.mark.parametrize("totals", [(300, 300, 0, 0), (300, 192, 192, 192), (192, 300, 192, 192)])
def test_the_largest_total_counts(lake: Lake, totals: Sequence[int]) -> None:
    market = market_of(lake, lambda start: page(cars(192)[start : start + PAGE], totals[min(start // PAGE, 3)]))
    assert not market.complete
    assert market.reported_total == 300
    assert market.cause == "shortfall"


def test_totals_that_disagree_contradict_each_other_though_all_is_there(lake: Lake) -> None:
    market = market_of(lake, lambda start: page(cars(300)[start : start + PAGE], 300 if start == 0 else 200))
    assert market.unique == 300
    assert market.cause == "contradiction"


@pytest.mark.parametrize("missing", [None, "", "  ", {"nested": 1}, 1.5])
def test_a_record_without_identity_proves_nothing(lake: Lake, missing: Any) -> None:
    records = cars(96) + [{"id": missing, "price": price} for price in range(204)]
    market = market_of(lake, feed_of(records, 300))
    assert not market.complete
    assert (market.unique, market.without_identity, market.collected) == (96, 204, 300)


def test_records_without_identity_are_drift_where_no_total_tells(lake: Lake) -> None:
    endpoint = replace(FEED, trusted_total=False, pages=Offset("from", "size", PAGE))
    market = market_of(lake, feed_of([*cars(90), {"x": 1}], None), endpoint)
    assert market.cause == "schema_drift"


@pytest.mark.parametrize("identity", ["carid", "car.id", "ID"])
def test_an_identity_that_no_record_has_is_drift(lake: Lake, identity: str) -> None:
    manifest, _ = fetch(lake, feed_of(cars(50), 50), replace(FEED, identity=identity))
    assert {market.cause for market in manifest.markets.values()} == {"schema_drift"}


@pytest.mark.parametrize(("served", "total", "complete"), [(40, 40, True), (0, 40, False), (10, 40, False)])
@pytest.mark.parametrize("trusted", [True, False])
def test_a_page_that_lacks_what_its_own_total_says(
    lake: Lake, served: int, total: int, complete: bool, trusted: bool
) -> None:
    endpoint = replace(FEED, trusted_total=trusted, minimum_expected=0)
    market = market_of(lake, feed_of(cars(served), total), endpoint)
    assert market.complete == complete
    assert market.cause in (None, "shortfall" if trusted else "contradiction")


def test_one_answer_that_lacks_what_it_says(lake: Lake) -> None:
    endpoint = replace(FEED, pages=SinglePage(total="total"), trusted_total=False)
    manifest, _ = fetch(lake, lambda _: page(cars(30), 40), endpoint)
    assert manifest.markets["es"].cause == "contradiction"


def test_slices_that_answer_empty_although_their_total_says_more(lake: Lake) -> None:
    endpoint = replace(MBUSA_SEARCH, slices={"lot": ("used",), "class": ("A", "C", "E")})

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        name, number = request.query["class"], int(request.query["start"])
        records = [{"vin": f"{name}{one}"} for one in range(30)][number * 12 : number * 12 + 12]
        paging = {"totalCount": 30}
        if name == "C":
            records = []
        body = {"success": True, "result": {"pagedVehicles": {"records": records, "paging": paging}}}
        return web.json_response(body)

    apis = PlayedApis("sandbox", handler=handle)
    manifest = fetch_day(lake=lake, oem="any", endpoint=endpoint, day=DAY, apis=apis, progress=lambda _: None)
    market = manifest.markets["us"]
    assert market.cause == "contradiction"
    assert "class=C" in str(market.message)
    assert market.slices == {"lot=used&class=A": 30, "lot=used&class=C": 0, "lot=used&class=E": 30}


@pytest.mark.parametrize("number", [82, 13, 97])
def test_an_exact_duplicate_on_a_page_explains_the_difference(lake: Lake, number: int) -> None:
    records = cars(number - 1)
    records.insert(5, records[4])
    market = market_of(lake, feed_of(records, number))
    assert market.complete, market.message
    assert (market.collected, market.unique, market.exact_duplicates, market.shortfall) == (number, number - 1, 1, 0)


def test_another_record_with_the_same_identity_explains_nothing(lake: Lake) -> None:
    records = [*cars(81), {"id": "es4", "price": 1}]
    assert market_of(lake, feed_of(records, 82)).cause == "shortfall"


def test_a_record_that_comes_again_on_the_next_page_explains_nothing(lake: Lake) -> None:
    """The stock moved between the two pages, so another record was passed over."""
    records = cars(110)
    records[PAGE] = records[PAGE - 1]
    market = market_of(lake, feed_of(records, 110))
    assert market.cause == "shortfall"
    assert (market.unique, market.exact_duplicates) == (109, 0)


# where the pages end


def test_a_total_of_a_billion_plans_no_more_than_there_is(lake: Lake) -> None:
    manifest, host = fetch(
        lake,
        lambda start: page(cars(192)[start : start + PAGE], 10**9) if start < 192 else web.Response(status=400),
    )
    assert manifest.markets["es"].cause == "shortfall"
    assert host.asked.count("es") <= 2 + 2 * FEED.limit.concurrency


@pytest.mark.parametrize("total", [None, 10**6])
@pytest.mark.parametrize("varying", [0, 1, 5])
def test_pages_that_bring_nothing_new_end(lake: Lake, total: int | None, varying: int) -> None:
    """Shuffled, and with a few records that are new on every page."""

    def answer(start: int) -> web.StreamResponse:
        records = [*cars(PAGE - varying), *({"id": f"new {start} {one}"} for one in range(varying))]
        return page(records[start % 7 :] + records[: start % 7], total)

    manifest, host = fetch(lake, answer, replace(FEED, trusted_total=total is not None))
    assert manifest.markets["es"].cause == "repeated_page"
    assert manifest.markets["gb"].complete
    assert host.asked.count("es") < 20


def test_a_last_page_that_is_repeated_for_ever_ends_where_all_is_there(lake: Lake) -> None:
    records = cars(2 * PAGE)

    def answer(start: int) -> web.StreamResponse:
        start = min(start, PAGE)
        return page(records[start : start + PAGE], 2 * PAGE)

    market = market_of(lake, answer)
    assert market.complete, market.message


@pytest.mark.parametrize(
    ("body", "is_end"),
    [
        (b'{"message": "from is past the end"}', True),
        (b"bad request", True),
        (b"", True),
        (b"<!DOCTYPE html><html>not found</html>", False),
        (b"\xef\xbb\xbf  <html>", False),
    ],
)
def test_a_status_ends_the_pages_only_in_the_apis_own_language(lake: Lake, body: bytes, is_end: bool) -> None:
    endpoint = replace(FEED, trusted_total=False, pages=Offset("from", "size", PAGE, ends_with=404))

    def answer(start: int) -> web.StreamResponse:
        return page(cars(PAGE)) if start == 0 else web.Response(status=404, body=body)

    market = market_of(lake, answer, endpoint)
    assert market.complete == is_end
    assert market.cause in (None, "bad_request")


def test_a_status_ends_the_pages_only_with_the_declared_sign(lake: Lake) -> None:
    pages = Offset("from", "size", PAGE, ends_with=404, end_sign=("error.code", "NO_MORE"))
    endpoint = replace(FEED, trusted_total=False, pages=pages)
    for number, (sign, complete) in enumerate([({"code": "NO_MORE"}, True), ({"code": "GONE"}, False), (None, False)]):

        def answer(start: int, sign: Any = sign) -> web.StreamResponse:
            return page(cars(PAGE)) if start == 0 else web.json_response({"error": sign}, status=404)

        manifest, _ = fetch(lake, answer, endpoint, DAY + timedelta(days=number))
        assert manifest.markets["es"].complete == complete


def test_a_first_page_is_no_end(lake: Lake) -> None:
    market = market_of(lake, lambda _: web.json_response({"message": "unknown market"}, status=400))
    assert market.cause == "bad_request"
