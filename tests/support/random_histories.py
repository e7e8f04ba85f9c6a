"""Random histories, drawn by hypothesis, and what it means that tables agree with the reference model."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import strategies as st

from tests.support.acceptance_model import Row, Sealed
from tests.support.history_model import History as Expected
from tests.support.typed_days import vehicle

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
    """A few listings that do everything, and a crowd that comes and goes by its number; now and then its ids are
    minted anew. Some listings are seen without a row. Some days are typed otherwise than others."""
    size = draw(st.sampled_from([24, 24, 30, 13, 4])) if is_crowded else 0
    mint = draw(st.sampled_from(["crowd", "crowd", "crowd", "other crowd"]))
    rows = draw(listings(day)) + [vehicle(f"{mint} {one:02}", day, dealer_id="north") for one in range(size)]
    without_row = draw(st.lists(st.sampled_from(LISTINGS), unique=True, max_size=2))
    has_row = {row["listing_id"] for row in rows}
    sightings = [(one, draw(st.sampled_from([None, None, *VINS]))) for one in without_row if one not in has_row]
    quarantined = draw(st.sampled_from([0, 0, 0, size]))
    if quarantined:
        rows, hidden = rows[: len(rows) - size], rows[len(rows) - size :]
        sightings += [(row["listing_id"], None) for row in hidden]
    interpretation = draw(st.sampled_from(["1", "1", "1", "2", "3"]))
    retyped = {
        other: tuple(_otherwise(draw, row) for row in rows if draw(st.integers(0, 7)))
        for other in ("1", "2", "3")
        if other != interpretation and draw(st.integers(0, 4))
    }
    coverage = draw(st.sampled_from(["A", "A", "A", "B"]))
    return Sealed(coverage, tuple(rows), None, tuple(sightings), interpretation, retyped)


def _otherwise(draw: st.DrawFn, row: Row) -> Row:
    """A row as another interpretation may give it."""
    if row["listing_id"] not in LISTINGS:
        return row
    changes = [
        {},
        {},
        {"mileage_km": 30},
        {"vin": VINS[2]},
        {"dealer_id": "east"},
        {"price_amount": Decimal("95.00"), "price_currency": "EUR"},
        {"price_amount": None},
    ]
    return row | draw(st.sampled_from(changes))


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
