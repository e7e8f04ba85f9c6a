"""Law 11: a received listing is present whatever became of its record, and what looks like a mass sale is doubted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from tests.support.acceptance_model import Row, Sighting
from tests.support.consolidated_support import MemoryHistory, assert_same_rows, run, statuses
from tests.support.counts import count
from tests.support.typed_days import day_number, stock, vehicle

pytestmark = pytest.mark.slow


@pytest.fixture
def kept() -> MemoryHistory:
    return MemoryHistory()


def quarantined(numbers: Iterable[int]) -> list[Sighting]:
    return [(f"car {number:03}", None) for number in numbers]


def kinds(kept: MemoryHistory, since: date) -> list[str]:
    return sorted(kept.table("inventory_events").filter(pl.col("known_on") >= since)["kind"].unique())


@pytest.mark.parametrize("nights", [1, pytest.param(3, marks=pytest.mark.soak), 8])
def test_a_maker_that_hides_its_prices_has_nothing_delisted(kept: MemoryHistory, nights: int) -> None:
    """FAULTS 1: every record is quarantined for some nights, and then they are as before."""
    kept.day(day_number(0), stock(day_number(0)))
    for night in range(1, nights + 1):
        outcome = kept.day(day_number(night), [], sightings=quarantined(range(30)))
        assert outcome.accepted
        assert outcome.vehicles == 30
        assert statuses(kept) == {"listed": 30}
    last = day_number(nights + 1)
    kept.day(last, stock(last))
    assert kinds(kept, day_number(1)) == []
    assert set(kept.table("inventory")["spells"]) == {1}


@pytest.mark.parametrize("hidden", [1, 12, 29])
def test_some_hidden_prices_make_no_event(kept: MemoryHistory, hidden: int) -> None:
    """FAULTS 2."""
    kept.day(day_number(0), stock(day_number(0)))
    for night in range(1, 5):
        day = day_number(night)
        kept.day(day, stock(day, range(hidden, 30)), sightings=quarantined(range(hidden)))
    assert statuses(kept) == {"listed": 30}
    assert kinds(kept, day_number(1)) == []


def test_a_hidden_price_that_comes_back_lower_is_one_change(kept: MemoryHistory) -> None:
    kept.day(day_number(0), stock(day_number(0)))
    kept.day(day_number(1), stock(day_number(1), range(1, 30)), sightings=quarantined([0]))
    day = day_number(2)
    kept.day(day, [*stock(day, range(1, 30)), *stock(day, range(1), "90.00")])
    assert kinds(kept, day_number(1)) == ["price_changed"]


def test_a_vehicle_that_never_had_a_row_does_not_exist_yet(kept: MemoryHistory) -> None:
    kept.day(day_number(0), stock(day_number(0)), sightings=[("hidden", "WMAKER00000000001")])
    assert kept.table("inventory").height == 30
    day = day_number(1)
    kept.day(day, [*stock(day), vehicle("shown", day, vin="WMAKER00000000001")])
    (row,) = kept.table("inventory").filter(vehicle_id="WMAKER00000000001").to_dicts()
    assert (row["first_seen_on"], row["aliases"]) == (day, ["hidden"])
    # the hidden listing is the vehicle's all along: without its VIN it is known, and nothing is listed or absent
    kept.day(day_number(2), stock(day_number(2)), sightings=[("hidden", None)])
    kept.day(day_number(3), stock(day_number(3)), sightings=[("hidden", None)])
    assert statuses(kept) == {"listed": 31}


def test_a_merged_listing_is_present_by_the_row_of_the_other(kept: MemoryHistory) -> None:
    vin = "WMAKER00000000001"
    kept.day(day_number(0), [*stock(day_number(0)), vehicle("a", day_number(0), vin=vin)], sightings=[("b", vin)])
    for night in (1, 2, 3):
        kept.day(day_number(night), [*stock(day_number(night)), vehicle("b", day_number(night))])
    assert statuses(kept) == {"listed": 31}


def test_three_empty_days_are_no_new_level(kept: MemoryHistory) -> None:
    kept.day(day_number(0), stock(day_number(0)))
    for night in range(1, 5):
        assert not kept.day(day_number(night), []).accepted
    assert statuses(kept) == {"listed": 30}


@pytest.mark.parametrize(("usual", "left", "is_accepted"), [(5, 1, False), (5, 2, True), (19, 7, False), (19, 8, True)])
def test_a_small_market_may_lose_half_but_not_most(
    kept: MemoryHistory, usual: int, left: int, is_accepted: bool
) -> None:
    kept.day(day_number(0), stock(day_number(0), range(usual)))
    assert kept.day(day_number(1), stock(day_number(1), range(left))).accepted is is_accepted


NIGHTS = count(8, 12)  # more than the week within which turnover is measured


def minted_anew(day: date, count: int = 30, vin: bool = False, known: int = 0) -> list[Row]:
    """The stock under new ids, `known` of them under the old ones."""
    return [
        *stock(day, range(known)),
        *(
            vehicle(
                f"new {number:03}",
                day,
                vin=f"WMAKER0000000{number:04}" if vin else None,
                price_amount=Decimal("100.00"),
                price_currency="EUR",
            )
            for number in range(known, count)
        ),
    ]


@pytest.mark.parametrize("known", [*(pytest.param(one, marks=pytest.mark.soak) for one in (0, 5)), 11])
def test_ids_that_are_minted_anew_wait_for_a_word(kept: MemoryHistory, known: int) -> None:
    """FAULTS 9: nothing is listed and delisted; the old stock stays served, however long the word takes."""
    kept.day(day_number(0), stock(day_number(0)))
    for night in range(1, NIGHTS + 1):
        outcome = kept.day(day_number(night), minted_anew(day_number(night), known=known))
        assert not outcome.accepted
        assert outcome.reason is not None
        assert outcome.reason.startswith("turnover: ")
    assert statuses(kept) == {"listed": 30}
    for night in range(1, NIGHTS + 1):
        kept.decide(day_number(night), "cover", "ids were minted anew")
    assert kinds(kept, day_number(1)) == ["covered", "delisted"]
    in_order = MemoryHistory()
    in_order.day(day_number(0), stock(day_number(0)))
    for night in range(NIGHTS, 0, -1):
        in_order.day(day_number(night), minted_anew(day_number(night), known=known))
        in_order.decide(day_number(night), "cover", "ids were minted anew")
    for name in ("inventory", "inventory_events"):
        assert in_order.content()[name] == kept.content()[name]


def test_a_vin_shows_that_the_market_did_not_turn_over(kept: MemoryHistory) -> None:
    vins = [f"WMAKER0000000{number:04}" for number in range(30)]
    kept.day(day_number(0), [vehicle(f"old {vin}", day_number(0), vin=vin) for vin in vins])
    assert kept.day(day_number(1), minted_anew(day_number(1), vin=True)).accepted
    assert kinds(kept, day_number(1)) == []


@pytest.mark.parametrize(("size", "gap", "is_accepted"), [(19, 1, True), (20, 1, False), (20, 7, False), (20, 8, True)])
def test_turnover_is_measured_on_enough_vehicles_within_a_week(
    kept: MemoryHistory, size: int, gap: int, is_accepted: bool
) -> None:
    kept.day(day_number(0), stock(day_number(0), range(size)))
    assert kept.day(day_number(gap), minted_anew(day_number(gap), size)).accepted is is_accepted


@pytest.mark.parametrize(("size", "is_told"), [(34, False), (42, False), (43, True), (60, True)])
def test_a_rise_is_told(kept: MemoryHistory, size: int, is_told: bool) -> None:
    """FAULTS 11: of a page that had never been asked for, it is a word like any other until somebody says cover."""
    kept.day(day_number(0), stock(day_number(0)))
    outcome = kept.day(day_number(1), stock(day_number(1), range(size)))
    assert outcome.accepted
    assert [warning.split(":")[0] for warning in outcome.warnings] == (["rise"] if is_told else [])


def test_cover_says_that_nobody_looked_there_before(kept: MemoryHistory) -> None:
    kept.day(day_number(0), stock(day_number(0)))
    kept.day(day_number(1), stock(day_number(1), range(50)))
    assert kinds(kept, day_number(1)) == ["listed"]
    before = kept.content()
    kept.decide(day_number(1), "cover", "page one is asked for")
    assert kinds(kept, day_number(1)) == ["covered"]
    assert run(kept, day_number(1))["covered"] == 20
    censored = kept.table("inventory").filter("spell_started_is_censored")
    assert censored.height == 50
    # from this day on, and not again on the next one
    kept.day(day_number(2), stock(day_number(2), range(51)))
    assert kinds(kept, day_number(2)) == ["listed"]
    kept.decide(day_number(1), None)
    assert kinds(kept, day_number(1)) == ["listed"]
    del before


def test_a_wave_is_told(kept: MemoryHistory) -> None:
    for night in range(3):
        kept.day(day_number(night), stock(day_number(night), range(night, 100)))
    outcome = kept.day(day_number(3), stock(day_number(3), range(24, 100)))
    assert outcome.accepted
    assert [warning.split(":")[0] for warning in outcome.warnings] == ["wave"]


@pytest.mark.parametrize(
    ("size", "changed", "told"),
    [(30, 30, "30 of 30"), (40, 20, None), (40, 21, "21 of 40"), (19, 19, None), (20, 20, "20 of 20")],
)
def test_a_column_that_changes_for_most_in_one_night_is_told(
    kept: MemoryHistory, size: int, changed: int, told: str | None
) -> None:
    """FAULTS 40: all prices in another currency, the same figures."""
    kept.day(day_number(0), stock(day_number(0), range(size)))
    rows = stock(day_number(1), range(size))
    for row in rows[:changed]:
        row["price_currency"] = "USD"
    for _ in range(2):
        outcome = kept.day(day_number(1), rows)
        assert outcome.accepted
        expected = [f"mass_change: price_currency changed for {told} vehicles"] if told else []
        assert [warning.split(" (")[0] for warning in outcome.warnings] == expected


@pytest.mark.parametrize(
    ("column", "value"), [("mileage_km", 77), ("dealer_id", "south"), ("list_price_amount", Decimal("120.00"))]
)
def test_any_column_is_told(kept: MemoryHistory, column: str, value: Any) -> None:
    kept.day(day_number(0), stock(day_number(0)))
    outcome = kept.day(day_number(1), [row | {column: value} for row in stock(day_number(1))])
    assert [warning.split(" changed")[0] for warning in outcome.warnings] == [f"mass_change: {column}"]


def test_the_columns_of_the_present_say_how_long(kept: MemoryHistory) -> None:
    """price_drops, days_listed, days_listed_total; a feed that flaps between two prices drops once."""

    def car(number: int, amount: str) -> list[Row]:
        day = day_number(number)
        row = vehicle("a", day, price_amount=Decimal(amount), price_currency="EUR")
        return [row, *stock(day)]

    for number, amount in enumerate(["100", "90", "100", "90", "89"]):
        kept.day(day_number(number), car(number, amount))
    (row,) = kept.table("inventory").filter(vehicle_id="a").to_dicts()
    assert (row["price_drops"], row["days_listed"], row["days_listed_total"]) == (2, 5, 5)
    for number in (5, 6):
        kept.day(day_number(number), stock(day_number(number)))
    kept.day(day_number(9), car(9, "100"))
    (row,) = kept.table("inventory").filter(vehicle_id="a").to_dicts()
    assert (row["price_drops"], row["days_listed"], row["days_listed_total"], row["spells"]) == (0, 1, 6, 2)
    assert not row["spell_started_is_censored"]
    assert row["first_seen_is_censored"]


def test_a_quarantined_day_again_changes_nothing(kept: MemoryHistory) -> None:
    kept.day(day_number(0), stock(day_number(0)))
    kept.day(day_number(1), stock(day_number(1), range(5, 30)), sightings=quarantined(range(5)))
    content, snapshots = kept.content(), kept.snapshots()
    kept.day(day_number(1), stock(day_number(1), range(5, 30)), sightings=quarantined(range(5)))
    assert kept.snapshots() == snapshots
    assert_same_rows(kept.content(), content)
