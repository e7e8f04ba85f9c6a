"""Which days are looked at for a column that changed for most: the events of the others are not read."""

from __future__ import annotations

import pytest

from consolidated.history.mass_change import SHARE, VEHICLES, may_hold


@pytest.mark.parametrize(
    ("counts", "held"),
    [
        ({"price_changes": 20, "compared": 39}, True),
        ({"dealer_changes": 21, "compared": 41}, True),
        ({"changes": 20, "price_changes": 3, "compared": 39}, True),
        ({"changes": 19, "compared": 19}, False),
        ({"changes": 20, "compared": 40}, False),
        ({"changes": 20}, True),
        ({"compared": 40}, False),
        ({}, False),
    ],
)
def test_only_a_day_of_twenty_changes_and_more_than_half_may_hold_one(counts: dict[str, int], held: bool) -> None:
    assert may_hold(counts) is held
    assert (VEHICLES, SHARE) == (20, 0.5)
