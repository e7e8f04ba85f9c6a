"""What pages prove: totals, duplicates, fingerprints, records without identity, and pages that bring nothing new."""

from __future__ import annotations

from typing import Any

import pytest

from raw.endpoint import Cursor, Offset, PageIndex, SinglePage, Total
from raw.fetch.page_reader import PageContent
from resources.failures import Cause
from tests.support.paged_evidence import LOTS, ended, evidence, is_again, page


@pytest.mark.parametrize(("new", "again"), [(0, True), (1, False), (10, False)])
def test_a_full_page_is_the_one_before_where_less_than_a_tenth_of_it_is_new(new: int, again: bool) -> None:
    found = evidence()
    found.add_page("", 0, page(*range(10)), b"0")
    assert is_again(found, page(*range(new, 10 + new))) is again


@pytest.mark.parametrize(("new", "again"), [(2, True), (3, False)])
def test_a_page_of_which_a_record_or_two_were_exchanged_is_the_page_before(new: int, again: bool) -> None:
    found = evidence(pages=Offset("from", "size", 21))
    found.add_page("", 0, page(*range(21)), b"0")
    assert is_again(found, page(*range(new, 21 + new))) is again


def test_a_first_page_an_empty_one_and_a_short_one_are_no_page_before() -> None:
    found = evidence()
    found.add_page("", 0, page(*range(10)), b"0")
    assert not is_again(found, page(*range(10)), number=0)
    assert not is_again(found, page())
    assert not is_again(found, page(*range(9)))
    assert is_again(found, page(*range(10), 3))


def test_pages_that_follow_what_came_are_the_one_before_only_if_all_of_it_was_seen() -> None:
    found = evidence(pages=Cursor(token="next", place="after", size="size", step=100))
    found.add_page("", 0, page(*range(30)), b"0")
    assert is_again(found, page(1, 2))
    assert not is_again(found, page(1, 2, 77))
    assert not is_again(found, page(*range(29), 77))
    assert not is_again(found, page(1, None))
    assert not is_again(found, page())


def test_records_without_identity_are_the_page_before_where_its_bytes_are() -> None:
    found = evidence()
    found.add_page("", 0, page(*[None] * 10), b"the body")
    assert is_again(found, page(*[None] * 10), body=b"the body")
    assert not is_again(found, page(*[None] * 10), body=b"another body")


def test_one_answer_that_holds_everything_comes_once() -> None:
    found = evidence(pages=SinglePage())
    found.add_page("", 0, page(1, 2), b"0")
    assert not is_again(found, page(1, 2))


@pytest.mark.parametrize(
    ("records", "duplicates", "total", "reached"),
    [(10, 0, 10, True), (9, 0, 10, False), (9, 1, 10, True), (9, 2, 10, True), (8, 1, 10, False), (9, 0, None, False)],
)
def test_a_total_is_reached_by_listings_and_by_records_that_it_may_count_twice(
    records: int, duplicates: int, total: int | None, reached: bool
) -> None:
    numbers = [*range(records), *range(duplicates)]
    content = page(*numbers, total=total, exact_duplicates=duplicates)
    trusted, untrusted = evidence(), evidence(trusted_total=False)
    for one in (trusted, untrusted):
        one.add_page("", 0, content, b"")
    assert trusted.is_reached("") is reached
    assert not untrusted.is_reached("")


def test_a_slice_lacks_records_until_its_largest_total_came() -> None:
    found = evidence()
    assert not found.lacks_records("")
    found.add_page("", 0, page(*range(10), total=12), b"0")
    assert (found.lacks_records(""), found.received("")) == (True, 10)
    found.add_page("", 1, page(10, 11, total=11), b"1")
    assert (found.lacks_records(""), found.received("")) == (False, 12)


@pytest.mark.parametrize(
    ("words", "number", "promised"),
    [
        ({}, 1, True),
        ({}, 2, True),
        ({}, 3, False),
        ({"total_tolerance": 0.2}, 2, False),
        ({"trusted_total": False}, 1, False),
        ({"pages": SinglePage(total="total")}, 1, False),
        ({"pages": Offset("from", "size", 10, total="total", serves_fewer=True)}, 9, True),
    ],
)
def test_a_page_is_promised_by_a_trusted_total(words: dict[str, Any], number: int, promised: bool) -> None:
    found = evidence(**words)
    assert not found.promises("", number), "no total was told"
    found.add_page("", 0, page(*range(10), total=25), b"0")
    assert found.promises("", number) is promised


def test_pages_that_follow_what_came_promise_nothing_once_all_came() -> None:
    found = evidence(pages=Offset("from", "size", 10, total="total", serves_fewer=True))
    found.add_page("", 0, page(*range(10), total=10), b"0")
    assert not found.promises("", 0)


def test_what_was_received_is_counted() -> None:
    found = evidence()
    found.add_response(5, refused=False)
    found.add_response(7, refused=True)
    found.add_page("", 0, page(1, 1, None, exact_duplicates=1), b"0")
    found.add_page("", 1, page(2, None), b"1")
    assert (found.responses, found.body_bytes, found.refusals, found.pages) == (2, 12, 1, 2)
    assert (found.collected, found.unique, found.without_identity, found.exact_duplicates) == (5, 2, 2, 1)
    assert found.records_by_slice() == {"": 5}


def test_a_fingerprint_hangs_on_the_bytes_and_not_on_the_order_of_pages() -> None:
    def digest(*bodies: bytes) -> str:
        found = evidence()
        for number, body in enumerate(bodies):
            found.add_page("", number, page(number), body)
        return found.content_digest()

    assert digest(b"one", b"two") == digest(b"two", b"one")
    assert len({digest(), digest(b"one"), digest(b"two"), digest(b"one", b"two")}) == 4
    assert len(digest(b"one")) == 64


@pytest.mark.parametrize(
    ("total", "place"),
    [("n", "n"), (Total("m"), "m"), (Total(header="X-Total"), "the header X-Total")],
)
def test_a_total_that_cannot_be_read_is_named_by_its_place(total: Any, place: str) -> None:
    for content in (page(1), page(1, total=1, total_is_unreadable=True)):
        found = ended(evidence(pages=PageIndex("page", None, 10, total=total)), **{"": content})
        assert found.incompleteness() == (Cause.SCHEMA_DRIFT, f"no total that can be read at {place}")


def test_a_total_of_pages_says_nothing_of_what_one_page_holds() -> None:
    counted = PageIndex("page", None, 10, total=Total("pages", counts="pages"))
    found = ended(evidence(pages=counted, total_tolerance=1), **{"": page(*range(3), total=1)})
    assert found.incompleteness() is None
    found = ended(evidence(pages=counted, total_tolerance=0), **{"": page(1, 2, total=2)})
    assert found.incompleteness() is None


def test_totals_of_one_slice_agree_within_what_is_tolerated() -> None:
    def totals(*told: int, **words: Any) -> tuple[Cause, str] | None:
        found = evidence(**LOTS, **words)
        for number, total in enumerate(told):
            found.add_page("a", number, page(*range(number * 10, number * 10 + 10), total=total), bytes([number]))
        return found.incompleteness()

    assert totals(20, 20) is None
    assert totals(18, 20) == (Cause.CONTRADICTION, "the pages of a report totals from 18 to 20")
    assert totals(18, 20, total_tolerance=0.1) is None
    assert totals(20, 18, trusted_total=False) is None


def test_a_page_that_says_that_there_is_nothing_contradicts_one_that_holds_something() -> None:
    found = evidence()
    found.add_page("", 0, page(1, total=1), b"0")
    found.add_page("", 1, page(total=0), b"1")
    assert found.incompleteness() == (Cause.CONTRADICTION, "the pages report totals from 0 to 1")


@pytest.mark.parametrize(
    ("words", "pages", "promised"),
    [
        ({}, [page(*range(9), total=10)], 1),
        ({}, [page(*range(10), total=10)], None),
        ({}, [page(*range(10), total=12), page(10, 11, total=12)], None),
        ({}, [page(*range(10), total=12), page(10, total=12)], 1),
        ({"total_tolerance": 0.1}, [page(*range(9), total=10)], None),
        ({"total_slack": 1}, [page(*range(9), total=10)], None),
        ({"total_slack": 1}, [page(*range(8), total=10)], 2),
        ({"pages": SinglePage(total="total")}, [page(*range(9), total=12)], 3),
        ({"pages": Offset("from", "size", 10, total="total", serves_fewer=True)}, [page(1, total=10)], None),
        ({"pages": Offset("from", "size", 10, total="n", serves_fewer=True)}, [page(1, total=9), page(total=9)], None),
        ({"pages": PageIndex("n", None, 10, total=Total("n", counts="pages"))}, [page(1, total=10)], None),
        ({"total_tolerance": 1.0, "minimum_expected": 0}, [page(total=10)], 10),
        ({"total_tolerance": 1.0, "minimum_expected": 0}, [page(1, total=10), page(total=10)], None),
        ({"total_tolerance": 1.0, "minimum_expected": 0}, [page(total=1)], 1),
        ({"total_tolerance": 1.0, "minimum_expected": 0}, [page(total=0)], None),
    ],
)
def test_pages_hold_what_their_own_total_promises_though_it_is_not_trusted(
    words: dict[str, Any], pages: list[PageContent], promised: int | None
) -> None:
    found = evidence(trusted_total=False, **words)
    for number, content in enumerate(pages):
        found.add_page("", number, content, bytes([number]))
    detail = f"pages lack {promised} records that their own total, {pages[-1].total}, promises"
    assert found.incompleteness() == (None if promised is None else (Cause.CONTRADICTION, detail))


@pytest.mark.parametrize(("nameless", "complete"), [(1, True), (2, False)])
def test_few_records_may_lack_an_identity(nameless: int, complete: bool) -> None:
    found = evidence(pages=SinglePage(), identity=("id", "vin"), total_tolerance=0.1)
    found.add_page("", 0, page(*range(10 - nameless), *[None] * nameless), b"")
    why = (Cause.SCHEMA_DRIFT, f"{nameless} of 10 records have no identity at id or vin")
    assert found.incompleteness() == (None if complete else why)


def test_records_that_all_lack_an_identity_prove_nothing() -> None:
    found = evidence(identity=("id", "vin"))
    found.add_page("", 0, page(None, None, total=2), b"")
    assert found.incompleteness() == (Cause.SCHEMA_DRIFT, "none of 2 records has an identity at id or vin")
