"""The pure functions of history against the reference model, for random histories."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from consolidated.history.acceptance import SealedDay, judge_days
from tests.support.consolidated_support import day_number, vehicle
from tests.support.history_model import Sealed, accept, history
from tests.support.history_model import vehicles as distinct_vehicles
from tests.support.random_histories import assert_agree, computed, histories


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
    judgements = judge_days(reversed(sealed))
    assert [day for day in sorted(judgements) if judgements[day].accepted] == accept(days)
    assert all(judgement.reason for judgement in judgements.values() if not judgement.accepted)
