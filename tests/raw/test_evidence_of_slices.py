"""What slices prove together: sums of totals, counts of lists, and finer slices in the place of one."""

from __future__ import annotations

from typing import Any

import pytest

from raw.endpoint import Offset, SinglePage, Split
from raw.fetch.evidence import Evidence
from raw.fetch.page_reader import PageContent
from resources.failures import Cause
from tests.support.paged_evidence import LOTS, ended, evidence, is_again, page


def test_a_listing_that_another_slice_held_too_is_no_page_of_before() -> None:
    found = ended(evidence(**LOTS), a=page(*range(10)))
    found.add_page("b", 0, page(*range(10, 20)), b"0")
    assert not is_again(found, page(*range(10)), name="b")
    assert is_again(found, page(*range(10, 20)), name="b")


def test_slices_add_up_unless_each_is_the_whole_in_another_order() -> None:
    a, b = page(1, 2, 2, total=3, exact_duplicates=1), page(2, 3, 3, 4, 4, total=7, exact_duplicates=2)
    added, overlapping = ended(evidence(**LOTS), a=a, b=b), ended(evidence(slices_overlap=True, **LOTS), a=a, b=b)
    assert (added.reported_total, added.unique, added.shortfall) == (10, 4, 3)
    assert (overlapping.reported_total, overlapping.unique, overlapping.shortfall) == (7, 4, 1)
    short = ended(evidence(slices_overlap=True, **LOTS), a=page(1, 2, total=3), b=page(2, 1, total=3))
    assert short.shortfall == 1
    nothing = evidence(slices_overlap=True, **LOTS)
    assert (nothing.reported_total, nothing.shortfall) == (None, 0)


@pytest.mark.parametrize(("expected", "told"), [(2, False), (3, False), (4, True), (None, False)])
def test_a_slice_holds_what_its_list_says(expected: int | None, told: bool) -> None:
    found = evidence(pages=Offset("from", "size", 10), **LOTS)
    if expected is not None:
        found.expect("a", expected)
    ended(found, a=page(1, 2, 2, exact_duplicates=1))
    why = (Cause.SHORTFALL, f"3 records of a, {expected} by the list that names it")
    assert found.incompleteness() == (why if told else None)


SPLIT: dict[str, Any] = {"split": Split("model", ("x", "y")), "pages": Offset("from", "size", 10, total="total")}


def cut(total: int, x: PageContent, y: PageContent, *, is_capped: bool = False, **words: Any) -> Evidence:
    """A slice of this total, and the finer ones that were asked in its place."""
    found = evidence(**SPLIT, **words)
    found.add_page("", 0, page(*range(10), total=total), b"")
    found.split("", ["x", "y"], is_capped=is_capped)
    for name, content in (("x", x), ("y", y)):
        found.add_page(name, 0, content, name.encode())
        found.end_slice(name, "")
    found.end_slice("")
    return found


ALL = page(*range(6), total=6), page(*range(6, 12), total=6)
LESS = page(*range(6), total=6), page(*range(6, 11), total=5)


@pytest.mark.parametrize(
    ("finer", "words", "told"),
    [
        (ALL, {}, False),
        (LESS, {}, True),
        (LESS, {"is_capped": True}, False),
        (LESS, {"total_tolerance": 0.1}, False),
        (LESS, {"trusted_total": False}, True),
        (LESS, {"trusted_total": False, "total_slack": 1}, False),
        (LESS, {"total_slack": 1}, True),
    ],
)
def test_finer_slices_hold_what_the_slice_said_that_was_cut_off(finer: Any, words: Any, told: bool) -> None:
    found = cut(12, *finer, **words)
    why = (Cause.SHORTFALL, "the finer slices hold 11 records of 12 reported")
    assert found.incompleteness() == (why if told else None)
    assert found.reported_total == sum(one.total for one in finer), "the finer slices speak for the whole"


@pytest.mark.parametrize(("total", "trusted"), [(7, True), (7, False), (None, False)])
def test_a_record_that_stands_twice_in_a_finer_slice_may_be_counted_in_the_whole(
    total: int | None, trusted: bool
) -> None:
    finer = page(*range(6), 0, total=total, exact_duplicates=1), page(*range(6, 11), total=5)
    found = cut(12, *finer, trusted_total=trusted)
    assert found.incompleteness() is None
    assert (found.shortfall, found.unique) == (0, 11)


def test_what_the_answer_that_was_cut_off_lacks_is_in_the_finer_slices() -> None:
    found = evidence(**SPLIT | {"pages": SinglePage(total="total")})
    found.add_page("", 0, page(1, total=2), b"")
    found.split("", ["x"], is_capped=False)
    found.add_page("x", 0, page(1, 2, total=2), b"x")
    found.end_slice("x", "")
    found.end_slice("")
    assert found.incompleteness() is None


def test_an_empty_finer_slice_needs_no_total_where_the_whole_had_one() -> None:
    assert cut(10, page(*range(10), total=10), page()).incompleteness() is None
    for capped_or_not_empty in (
        cut(10, page(*range(10), total=10), page(), is_capped=True),
        cut(10, page(*range(6), total=6), page(6, 7, 8, 9)),
    ):
        assert capped_or_not_empty.incompleteness() == (Cause.SCHEMA_DRIFT, "no total that can be read at total of y")


@pytest.mark.parametrize(("tolerance", "held", "told"), [(0.0, 10, False), (0.1, 9, False), (0.1, 8, True)])
def test_a_list_counts_as_exactly_as_a_total(tolerance: float, held: int, told: bool) -> None:
    found = evidence(pages=Offset("from", "size", 10), total_tolerance=tolerance, **LOTS)
    found.expect("a", 10)
    ended(found, a=page(*range(held)))
    assert (found.incompleteness() is not None) is told


def test_a_slice_without_a_total_and_without_records_says_nothing_of_its_finer_ones() -> None:
    found = evidence(**SPLIT | {"pages": Offset("from", "size", 10)}, minimum_expected=0)
    found.split("", ["x"], is_capped=False)
    assert found.incompleteness() is None
