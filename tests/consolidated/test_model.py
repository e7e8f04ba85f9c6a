"""The pure functions against the reference model, for random histories.

Belongs here: how random histories are drawn, and what agreement is. Does not belong here: tables, and the order in
which days come (`test_any_order.py`).
"""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consolidated.history.acceptance import SealedDay, judge_days
from consolidated.history.advance import with_days_listed
from consolidated.history.fold import Vehicles
from consolidated.history.spells import AcceptedDay
from consolidated.tables.columns import VEHICLE
from consolidated.tables.definitions import INVENTORY, INVENTORY_DAILY
from tests.support.consolidated_support import contract_frame, day_number, vehicle
from tests.support.history_model import History as Expected
from tests.support.history_model import Row, Sealed, accept, history
from tests.support.history_model import vehicles as distinct_vehicles
from tests.support.random_days import assert_agree, sealed_day
from transformed.contract.contracts import Vehicle

pytestmark = pytest.mark.slow


@st.composite
def histories(draw: st.DrawFn, longest: int = 7) -> dict[date, Sealed]:
    is_crowded = draw(st.booleans())
    days = [day_number(number) for number in range(draw(st.integers(1, longest)))]
    return {day: draw(sealed_day(day, is_crowded=is_crowded)) for day in days}


def computed(days: dict[date, Sealed], accepted: list[date], debounce_days: int) -> Expected:
    """What the pure functions make of the accepted days, each added to what was known before."""
    result = Expected(accepted)
    frames = {day: typed(days[day].rows) for day in accepted}
    before = [None, *accepted]
    told = [
        AcceptedDay(day, last is None or days[last].coverage != days[day].coverage, debounce_days)
        for last, day in zip(before, accepted, strict=False)
    ]
    vehicles = Vehicles.nobody(INVENTORY.frame_schema)
    for day in told:

        def past(since: date, ids: pl.Series, until: date = day.date) -> pl.DataFrame:
            seen = [frames[one].with_columns(date=pl.lit(one)) for one in accepted if since <= one < until]
            found = pl.concat(seen)
            return found.filter(pl.col("listing_id").is_in(ids.implode()) | pl.col("vin").is_in(ids.implode()))

        happened = vehicles.one_more_day(frames[day.date], day, told, past)
        if anew := happened.told_anew:
            names = set(anew.vehicle_ids)
            result.events = {
                event_id: event
                for event_id, event in result.events.items()
                if event["vehicle_id"] not in names or event["known_on"] < anew.since
            }
            result.events |= {row.pop("event_id"): row for row in anew.events.to_dicts()}
            for one, gained in anew.counts.items():
                result.counts[one] = {name: value + gained[name] for name, value in result.counts[one].items()}
        result.events |= {row.pop("event_id"): row for row in happened.events.to_dicts()}
        result.counts[day.date] = happened.counts
    present = with_days_listed(vehicles.with_aliases())
    result.present = {row["vehicle_id"]: row for row in present.to_dicts()}
    return result


def typed(rows: tuple[Row, ...]) -> pl.DataFrame:
    schema = {name: INVENTORY_DAILY.frame_schema[name] for name in VEHICLE}
    return contract_frame(Vehicle, rows).select(list(VEHICLE)).cast(schema)  # type: ignore[arg-type]


@given(histories(), st.integers(1, 4))
def test_a_day_at_a_time_agrees_with_the_model(days: dict[date, Sealed], debounce_days: int) -> None:
    expected = history(days, debounce_days)
    assert_agree(computed(days, expected.accepted, debounce_days), expected)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0, 4, 11, 12, 13, 19, 20, 21, 24, 30, 50]),
            st.sampled_from([None] * 6 + ["accept", "refuse"]),
        ),
        max_size=14,
    )
)
@settings(max_examples=300)
def test_accepted_days_agree_with_the_model(counts: list[tuple[int, Any]]) -> None:
    days = {
        day_number(number): Sealed("A", tuple(vehicle(str(one), day_number(number)) for one in range(count)), decision)
        for number, (count, decision) in enumerate(counts)
    }
    sealed = [SealedDay(day, distinct_vehicles(one), one.decision) for day, one in days.items()]  # type: ignore[arg-type]
    verdicts = judge_days(reversed(sealed))
    assert [day for day in sorted(verdicts) if verdicts[day].accepted] == accept(days)
    assert all(verdict.reason for verdict in verdicts.values() if not verdict.accepted)
