"""Random days of a market, as hypothesis draws them, and what it means that tables agree with the reference model."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import strategies as st

from tests.support.consolidated_support import vehicle
from tests.support.history_model import History as Expected
from tests.support.history_model import Row, Sealed

VINS = [f"WMAKER0000000000{number}" for number in range(1, 4)]
LISTINGS = ["a", "b", "c", "d", VINS[0]]  # some OEMs name a listing by its VIN


@st.composite
def listings(draw: st.DrawFn, day: date) -> list[Row]:
    rows = []
    for listing_id in draw(st.lists(st.sampled_from(LISTINGS), unique=True)):
        amount = draw(st.sampled_from([None, Decimal("90.00"), Decimal("100.00"), Decimal("110.00")]))
        currency = draw(st.sampled_from(["EUR", "EUR", "EUR", "USD"]))
        rows.append(
            vehicle(
                listing_id,
                day,
                vin=draw(st.sampled_from([None, None, *VINS])),
                vin_is_temporary=draw(st.sampled_from([False, False, False, True])),
                price_amount=amount,
                price_currency=currency if amount is not None or draw(st.booleans()) else None,
                mileage_km=draw(st.sampled_from([None, 10, 20])),
                list_price_amount=draw(st.sampled_from([None, None, Decimal("120.50")])),
                dealer_id=draw(st.sampled_from([None, "north", "north", "south"])),
            )
        )
    return rows


@st.composite
def sealed_day(draw: st.DrawFn, day: date, *, is_crowded: bool) -> Sealed:
    """A few listings that do everything, and a crowd that comes and goes by its number."""
    size = draw(st.sampled_from([24, 24, 30, 13, 4])) if is_crowded else 0
    crowd = [vehicle(f"crowd {one:02}", day, dealer_id="north") for one in range(size)]
    return Sealed(draw(st.sampled_from(["A", "A", "A", "B"])), tuple(draw(listings(day)) + crowd))


def assert_agree(found: Expected, expected: Expected) -> None:
    """Found rows have more columns than the model's; those that the model names have to be the same."""
    assert found.present.keys() == expected.present.keys()
    for vehicle_id, row in expected.present.items():
        row = {name: value for name, value in row.items() if name != "date"}
        assert {name: found.present[vehicle_id][name] for name in row} == row, vehicle_id
    assert found.events.keys() == expected.events.keys()
    for event_id, event in expected.events.items():
        details = {name: value for name, value in found.events[event_id].items() if value is not None}
        ours = {name: value for name, value in event.items() if value is not None}
        assert {name: value for name, value in details.items() if name not in ("oem", "market", "vehicle_id")} == ours
    assert found.counts == expected.counts
