"""Law 12: a change of our own (mapping, contract) makes no event; what it reads otherwise is counted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import polars as pl
import pytest

from resources.failures import PlatformError
from tests.support.acceptance_model import Row, Sealed
from tests.support.consolidated_support import MemoryHistory, assert_same_rows, run, statuses
from tests.support.typed_days import FULL, day_number, stock

pytestmark = pytest.mark.slow

FIRST, SECOND, THIRD = day_number(0), day_number(1), day_number(2)


@pytest.fixture
def kept() -> MemoryHistory:
    return MemoryHistory()


def read_otherwise(rows: Sequence[Row], **values: Any) -> tuple[Row, ...]:
    return tuple(row | values for row in rows)


def sealed(rows: Sequence[Row], interpretation: str, **retyped: Sequence[Row]) -> Sealed:
    again = {name.removeprefix("by_"): tuple(one) for name, one in retyped.items()}
    return Sealed("A", tuple(rows), None, (), interpretation, again)


def events(kept: MemoryHistory, day: date) -> list[str]:
    return sorted(kept.table("inventory_events").filter(pl.col("known_on") == day)["kind"])


@pytest.mark.parametrize(
    "values",
    [
        {"mileage_km": 5},  # FAULTS 13: a column that is new, or that was not read before
        {"price_amount": Decimal("119.00")},
        {"dealer_id": "north-1", "list_price_amount": Decimal("130.00")},
    ],
    ids=["a column gained", "another price", "other dealers and list prices"],
)
def test_what_the_new_interpretation_reads_otherwise_is_no_event(kept: MemoryHistory, values: dict[str, Any]) -> None:
    """FAULTS 13 and 14."""
    first, second = stock(FIRST), stock(SECOND)
    kept.seal(FIRST, sealed(first, "1", by_2=read_otherwise(first, **values)))
    outcome = kept.seal(SECOND, sealed(read_otherwise(second, **values), "2"))
    assert outcome.accepted
    assert events(kept, SECOND) == []
    assert outcome.warnings == []
    assert run(kept, SECOND)["reinterpreted"] == FULL
    assert statuses(kept) == {"listed": FULL}


def test_what_changed_beside_it_is_an_event(kept: MemoryHistory) -> None:
    first, second = stock(FIRST), read_otherwise(stock(SECOND), mileage_km=5)
    kept.seal(FIRST, sealed(first, "1", by_2=read_otherwise(first, mileage_km=5)))
    changed = (second[0] | {"mileage_km": 6}, second[1] | {"price_amount": Decimal("90.00")}, *second[2:])
    kept.seal(SECOND, sealed(changed, "2"))
    assert events(kept, SECOND) == ["changed", "price_changed"]


def test_a_mapping_that_is_mended_for_one_day(kept: MemoryHistory) -> None:
    """FAULTS 14: there and back again."""
    rows = {day: stock(day) for day in (FIRST, SECOND, THIRD)}
    other = {day: read_otherwise(one, mileage_km=5) for day, one in rows.items()}
    kept.seal(FIRST, sealed(rows[FIRST], "1", by_2=other[FIRST]))
    kept.seal(SECOND, sealed(other[SECOND], "2", by_1=rows[SECOND]))
    kept.seal(THIRD, sealed(rows[THIRD], "1"))
    assert events(kept, SECOND) == events(kept, THIRD) == []


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"mileage_km": 5}, []),
        ({"price_amount": Decimal("90.00")}, ["price_changed"] * FULL),
        ({"dealer_id": "south"}, ["dealer_changed"] * FULL),
    ],
)
def test_without_the_archive_price_currency_and_dealer_alone_are_compared(
    kept: MemoryHistory, values: dict[str, Any], expected: list[str]
) -> None:
    kept.seal(FIRST, sealed(stock(FIRST), "1"))
    kept.seal(SECOND, sealed(read_otherwise(stock(SECOND), **values), "2"))
    assert events(kept, SECOND) == expected
    assert run(kept, SECOND)["reinterpreted"] is None
    # until the vehicle's next day
    kept.seal(THIRD, sealed(read_otherwise(stock(THIRD), **(values | {"mileage_km": 9})), "2"))
    assert events(kept, THIRD) == ["changed"] * FULL


def test_a_vehicle_that_was_absent_on_the_boundary_is_compared_by_price_and_dealer(kept: MemoryHistory) -> None:
    rows = stock(SECOND, range(1, FULL))
    kept.seal(FIRST, sealed(stock(FIRST), "1"))
    kept.seal(SECOND, sealed(rows, "1", by_2=read_otherwise(rows, mileage_km=5)))
    kept.seal(THIRD, sealed(read_otherwise(stock(THIRD), mileage_km=5), "2"))
    assert events(kept, THIRD) == []
    assert run(kept, THIRD)["returned"] == 1


def test_a_price_of_another_interpretation_is_not_lower(kept: MemoryHistory) -> None:
    first = stock(FIRST, amount="119.00")
    kept.seal(FIRST, sealed(first, "1", by_2=read_otherwise(first, price_amount=Decimal("100.00"))))
    kept.seal(SECOND, sealed(stock(SECOND, amount="100.00"), "2"))
    kept.seal(THIRD, sealed(stock(THIRD, amount="99.00"), "2"))
    (prices,) = kept.table("inventory").select("price_first", "price_lowest", "price_drops").unique().rows()
    assert prices == (Decimal("100.00"), Decimal("99.00"), 1)


def test_the_comparison_is_kept_when_the_archive_is_gone(kept: MemoryHistory) -> None:
    """What the boundary was compared with stays, so that a late day computes the same history."""
    first, second = stock(FIRST), stock(SECOND)
    kept.seal(FIRST, sealed(first, "1", by_2=read_otherwise(first, mileage_km=5)))
    kept.seal(SECOND, sealed(read_otherwise(second, mileage_km=5), "2"))
    kept.archive.clear()
    content = kept.content()
    kept.decide(SECOND, "refuse", "a try")
    kept.decide(SECOND, None)
    assert_same_rows(kept.content(), content)


@pytest.mark.parametrize("decision", ["refuse", "accept"])
def test_a_word_that_makes_other_days_neighbours_types_the_earlier_one_again(
    kept: MemoryHistory, decision: Literal["accept", "refuse"]
) -> None:
    """The operator takes out the day between two interpretations, or puts it back."""
    rows = {day: stock(day) for day in (FIRST, SECOND, THIRD)}
    other = {day: read_otherwise(one, mileage_km=5) for day, one in rows.items()}
    for day in (FIRST, SECOND):
        kept.seal(day, sealed(rows[day], "1", by_2=other[day]))
        if day == SECOND and decision == "accept":
            kept.decide(SECOND, "refuse", "a try")
    kept.seal(THIRD, sealed(read_otherwise(other[THIRD], mileage_km=6), "2"))
    kept.decide(SECOND, decision, "a word")
    assert events(kept, THIRD) == ["changed"] * FULL
    changes = kept.table("inventory_events").filter(known_on=THIRD)["changes"].explode()
    assert changes.to_list() == [{"field": "mileage_km", "old": "5", "new": "6"}] * FULL


def test_nothing_is_written_before_everything_was_computed(
    kept: MemoryHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.day(FIRST, stock(FIRST))
    content, snapshots = kept.content(), kept.snapshots()

    def fails(*_arguments: object, **_options: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr("consolidated.history.fold.advance", fails)
        with pytest.raises(PlatformError, match="defect: ZeroDivisionError"):
            kept.day(SECOND, stock(SECOND, range(5, FULL)))
    assert kept.snapshots() == snapshots
    assert_same_rows(kept.content(), content)


def test_a_vehicle_that_is_sold_is_still_listed_and_an_event_says_so(kept: MemoryHistory) -> None:
    kept.seal(FIRST, sealed(read_otherwise(stock(FIRST), availability="in_stock"), "1"))
    second = read_otherwise(stock(SECOND), availability="in_stock")
    kept.seal(SECOND, sealed((second[0] | {"availability": "sold"}, *second[1:]), "1"))
    (told,) = kept.table("inventory_events").filter(pl.col("known_on") == SECOND).to_dicts()
    assert told["kind"] == "changed"
    assert told["changes"] == [{"field": "availability", "old": "in_stock", "new": "sold"}]
    assert statuses(kept) == {"listed": FULL}
    present = kept.table("inventory").group_by("availability").len().sort("availability").rows()
    assert present == [("in_stock", FULL - 1), ("sold", 1)]
