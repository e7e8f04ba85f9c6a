"""`market_daily` equals SQL over the other tables, whatever changed the history: a late day, a word, a VIN."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import polars as pl
import pytest

from consolidated.day.market_daily import write_market_daily
from tests.support.consolidated_support import MemoryHistory
from tests.support.market_daily_sql import by_sql
from tests.support.typed_days import FULL, day_number, market_report, stock, vehicle

pytestmark = pytest.mark.slow

# as anybody would ask it; the day's own row of `runs` says what counts


def assert_equals_sql(kept: MemoryHistory) -> None:
    wanted = by_sql(kept.table)
    found = kept.table("market_daily").sort("oem", "market", "date").select(wanted.columns)
    assert found.to_dicts() == wanted.to_dicts()


def written(kept: MemoryHistory) -> MemoryHistory:
    write_market_daily(kept.store, kept.oem)
    assert_equals_sql(kept)
    return kept


@pytest.fixture
def kept(six_nights: MemoryHistory) -> MemoryHistory:
    return deepcopy(six_nights)


@pytest.fixture(scope="module")
def six_nights() -> MemoryHistory:
    """Six nights: the stock moves, one price falls, some say what they are, one costs dollars."""
    kept = MemoryHistory()
    for number in range(6):
        day = day_number(number)
        rows = stock(day, range(number * 2, FULL + number))
        rows[4] |= {"listing_id": "falls", "price_amount": Decimal(90 - number)}
        rows[5] |= {"listing_id": "one" if number > 1 else "first", "availability": "in_transit"}
        rows[6] |= {"listing_id": "other" if number > 2 else "second", "price_currency": "USD", "availability": "sold"}
        kept.day(day, rows)
        written(kept)
    return kept


def test_a_night_computes_its_own_day_and_no_other(kept: MemoryHistory) -> None:
    rows = kept.table("market_daily")
    assert rows.height == 6
    assert rows["departures"].sum() > 0
    assert rows["price_drops"].sum() > 0
    assert rows["days_on_lot_median"].drop_nulls().len() > 0
    before = len(kept.memory.versions["market_daily"])
    assert not write_market_daily(kept.store, kept.oem)
    assert len(kept.memory.versions["market_daily"]) == before
    kept.memory.read_tables.clear()
    write_market_daily(kept.store, kept.oem)
    assert "inventory_daily" not in kept.memory.read_tables


def test_a_bad_day_has_its_row(kept: MemoryHistory) -> None:
    day = day_number(6)
    kept.day(day, stock(day, range(3)))
    last = written(kept).table("market_daily").filter(pl.col("date") == day).to_dicts()[0]
    assert (last["accepted"], last["listed"], last["arrivals"]) == (False, 3, None)


def test_a_late_day_computes_the_days_after_it_again(kept: MemoryHistory) -> None:
    late = day_number(8)
    kept.day(late, stock(late, range(12, FULL + 8)))
    written(kept)
    between = day_number(7)
    kept.day(between, stock(between, range(30, FULL + 7)))
    written(kept)


def test_an_operators_word_is_followed(kept: MemoryHistory) -> None:
    kept.decide(day_number(3), "refuse")
    written(kept)
    kept.decide(day_number(3), "cover")
    written(kept)
    kept.decide(day_number(3), None)
    written(kept)


def test_a_vin_that_shows_late_computes_the_past_again(kept: MemoryHistory) -> None:
    day = day_number(6)
    rows = stock(day, range(12, FULL + 6))
    vin = "WAUZZZ00000000001"
    kept.day(day, [*rows, vehicle("one", day, vin=vin, price_amount=Decimal(150), price_currency="EUR")])
    written(kept)
    again = day + timedelta(days=1)
    kept.day(again, [*stock(again, range(12, FULL + 6)), vehicle("other", again, vin=vin)])
    written(kept)


def test_markets_are_computed_together_where_they_end_and_apart_where_their_past_changed() -> None:
    kept = MemoryHistory()

    def night(number: int, ids: dict[str, range]) -> None:
        day = day_number(number)
        rows = [row | {"market": market} for market, of_market in ids.items() for row in stock(day, of_market)]
        reports = [replace(market_report(len(of_market)), market=market) for market, of_market in ids.items()]
        kept.land_markets(day, rows, reports)
        kept.consolidate_markets(day)
        written(kept)

    night(0, {"de": range(FULL), "es": range(FULL), "gb": range(FULL + 1)})
    night(2, {"de": range(3, FULL + 5), "es": range(4, FULL + 2), "gb": range(2)})  # a bad day of gb
    night(1, {"de": range(1, FULL + 2)})  # late
    night(3, {"de": range(3, FULL + 7), "es": range(5, FULL + 2), "gb": range(6, FULL)})
    rows = kept.table("market_daily")
    assert dict(rows.group_by("market").len().iter_rows()) == {"de": 4, "es": 3, "gb": 3}
    assert rows["departures"].sum() > 0


def test_another_makers_market_of_the_same_name_counts_for_nothing() -> None:
    kept = MemoryHistory()
    other = MemoryHistory(oem="another", memory=kept.memory)
    for number in (0, 2, 1, 3):  # a late day, and one after it
        day = day_number(number)
        for history, first in ((other, 3 * number), (kept, number)):
            rows = stock(day, range(first, FULL + number))
            history.day(day, [row | {"oem": history.oem, "price_amount": Decimal(90 - number)} for row in rows])
            write_market_daily(kept.store, history.oem)
    assert_equals_sql(kept)
    assert kept.table("market_daily")["oem"].n_unique() == 2
