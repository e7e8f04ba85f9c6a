"""When a market's pages prove what it holds: counts, totals and tolerances, without a host."""

from __future__ import annotations

from dataclasses import replace

import pytest

from raw.endpoint import (
    Budget,
    Cursor,
    Dealers,
    Endpoint,
    Get,
    Inventory,
    Offset,
    PageIndex,
    PerSecond,
    Quarters,
    Sign,
    Total,
)
from raw.fetch.evidence import Evidence
from raw.fetch.page_reader import PageContent
from resources.failures import Cause

FEED = Endpoint(
    name="feed",
    yields=Inventory("inventory"),
    request=Get("https://oem.example/search"),
    pages=Offset("from", "size", 100, total="total"),
    records="cars",
    identity="id",
    markets={"es": {}},
    limit=PerSecond(1000),
)


def evidence_of(endpoint: Endpoint, unique: int, total: int | None) -> Evidence:
    evidence = Evidence(endpoint)
    for number, start in enumerate(range(0, max(unique, 1), 100)):
        identities: list[str | None] = [str(identity) for identity in range(start, min(start + 100, unique))]
        evidence.add_page("", number, PageContent(identities, total), b"")
    return evidence


@pytest.mark.parametrize(
    ("unique", "total", "complete"),
    [(1000, 1000, True), (995, 1000, True), (994, 1000, False), (199, 200, True), (198, 200, False), (99, 100, False)],
)
def test_a_half_percent_may_be_missing(unique: int, total: int, complete: bool) -> None:
    why = evidence_of(FEED, unique, total).incompleteness()
    assert (why is None) == complete
    if why:
        assert why[0] is Cause.SHORTFALL
        assert f"{unique} distinct" in why[1]


@pytest.mark.parametrize(
    ("listings", "total", "twice", "complete"),
    [(12, 12, 0, True), (12, 1, 0, False), (3, 0, 0, False), (12, 11, 0, False), (11, 11, 1, True)],
)
def test_a_page_holds_no_more_than_its_own_total_says(listings: int, total: int, twice: int, complete: bool) -> None:
    identities: list[str | None] = [str(one) for one in [*range(listings), *range(twice)]]
    evidence, untrusted = Evidence(FEED), Evidence(replace(FEED, trusted_total=False))
    for one in (evidence, untrusted):
        one.add_page("", 0, PageContent(identities, total, exact_duplicates=twice), b"")
    why = evidence.incompleteness()
    assert (why is None) == complete
    assert complete or (why and why[0] is Cause.CONTRADICTION and f"holds {listings} listings" in why[1])
    assert untrusted.incompleteness() is None


@pytest.mark.parametrize(("missing", "complete"), [(50, True), (51, False)])
def test_the_endpoint_says_how_much_may_be_missing(missing: int, complete: bool) -> None:
    endpoint = replace(FEED, total_tolerance=0.05)
    assert (evidence_of(endpoint, 1000 - missing, 1000).incompleteness() is None) == complete


@pytest.mark.parametrize(
    ("pages", "complete"),
    [
        ([(0, 95, 5), (95, 190, 5)], True),  # the total counts what stands twice on a page
        ([(0, 100, 0), (100, 200, 0), (190, 200, 10)], True),  # or it does not, and everything came
        ([(0, 100, 60), (40, 140, 60)], False),  # the pages overlap, and their duplicates hide sixty listings
    ],
)
def test_duplicates_explain_no_more_than_the_total_can_count(pages: list[tuple[int, int, int]], complete: bool) -> None:
    evidence = Evidence(FEED)
    for number, (first, end, twice) in enumerate(pages):
        identities: list[str | None] = [str(one) for one in [*range(first, end), *range(first, first + twice)]]
        evidence.add_page("", number, PageContent(identities, 200, exact_duplicates=twice), bytes([number]))
    why = evidence.incompleteness()
    assert (why is None) == complete, why
    assert evidence.is_reached("") == complete
    assert complete or (why and why[0] is Cause.SHORTFALL)


@pytest.mark.parametrize(("unique", "minimum", "complete"), [(0, 1, False), (1, 1, True), (9, 10, False), (0, 0, True)])
def test_a_market_has_at_least_what_is_expected(unique: int, minimum: int, complete: bool) -> None:
    why = evidence_of(replace(FEED, minimum_expected=minimum), unique, unique).incompleteness()
    assert (why is None) == complete
    assert why is None or why[0] is Cause.EMPTY_FEED


def test_a_market_for_which_no_number_is_expected_has_one_record_at_least() -> None:
    endpoint = replace(FEED, minimum_expected={"gb": 5})
    assert evidence_of(endpoint, 1, 1).incompleteness() is None
    assert evidence_of(endpoint, 0, 0).incompleteness() == (Cause.EMPTY_FEED, "0 records, expected at least 1")


def test_nothing_is_missing_where_no_total_was_told() -> None:
    untold, told = evidence_of(FEED, 0, None), evidence_of(FEED, 0, 3)
    assert (untold.reported_total, untold.shortfall) == (None, 0)
    assert (told.reported_total, told.shortfall) == (3, 3)
    assert (untold.records_by_slice(), evidence_of(FEED, 5, 3).shortfall) == ({"": 0}, 0)
    assert Evidence(FEED).content_digest() == ""


def test_what_a_declaration_leaves_out() -> None:
    assert Inventory("cars").debounce_days == Dealers("dealers").debounce_days == 3
    assert (FEED.trusted_total, FEED.total_tolerance, FEED.total_slack, FEED.minimum_expected) == (True, 0.005, 0, 1)
    assert (FEED.slices_overlap, FEED.markets_share_listings) == (False, False)
    assert PerSecond(2) == PerSecond(2, concurrency=4, rest_seconds=0)
    assert FEED.budget == Budget(
        requests=20_000, refusals=200, decoded_bytes=8 * 2**30, seconds=7200, body_bytes=64 * 2**20
    )
    pages = Offset("from", "size", 100)
    assert (pages.in_order, pages.delay_seconds, pages.serves_fewer, pages.repeats_last_page) == (
        False,
        0,
        False,
        False,
    )
    cursor = Cursor(token="next", place="after")
    assert (PageIndex("page", "size", 100).first, cursor.page_size, cursor.in_last_record) == (0, None, False)
    assert Sign("status") == Sign("status", is_not=False, any_value=False, no_body=False)
    assert Total("total") == Total("total", counts="records", only_on_first_page=False)
    assert Quarters("n", "s", "e", "w", (60.0, 5.0, 50.0, 15.0)).smallest == 0.05
