"""The rules of acceptance against the reference model: volume, turnover, new levels, an operator's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consolidated.history.acceptance import SealedDay, Shares, judge_days
from tests.support.acceptance_model import Sealed, accept, groups
from tests.support.acceptance_model import vehicles as distinct_vehicles
from tests.support.typed_days import day_number, vehicle


@pytest.mark.slow
@given(
    st.lists(
        st.tuples(
            st.sampled_from([0, 1, 2, 4, 5, 7, 8, 11, 12, 13, 19, 20, 21, 24, 30, 50]),
            st.sampled_from([None] * 8 + ["accept", "refuse", "cover"]),
            st.sampled_from([0, 0, 0, 0, 8, 9, 12, 20, 100]),
            st.sampled_from([1, 1, 1, 2, 7, 8]),
        ),
        max_size=14,
    )
)
@settings(max_examples=1000)
def test_accepted_days_agree_with_the_model(drawn: list[tuple[int, Any, int, int]]) -> None:
    days = {}
    number = 0
    for size, decision, first, gap in drawn:
        number += gap
        day = day_number(number)
        days[day] = Sealed("A", tuple(vehicle(str(first + one), day) for one in range(size)), decision)

    def measured(day: SealedDay, accepted: Sequence[SealedDay]) -> Shares:
        now, last = (groups(days[one].seen) for one in (day.date, accepted[-1].date))
        ever = {one for other in accepted for group in groups(days[other.date].seen) for one in group}
        absent = sum(group.isdisjoint(set().union(*now)) for group in last) / len(last)
        return Shares(absent, sum(group.isdisjoint(ever) for group in now) / len(now) if absent > 0.6 else None)

    sealed = [SealedDay(day, distinct_vehicles(one), one.decision) for day, one in days.items()]  # type: ignore[arg-type]
    judgements = judge_days(reversed(sealed), measured)
    assert [day for day in sorted(judgements) if judgements[day].accepted] == accept(days)
    assert all(judgement.reason for judgement in judgements.values() if not judgement.accepted)
