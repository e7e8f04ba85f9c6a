"""Random histories, drawn by hypothesis, and what it means that tables agree with the reference model."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl
from hypothesis import strategies as st

from consolidated.history.advance import with_days_listed
from consolidated.history.fold import Vehicles
from consolidated.history.spells import AcceptedDay
from consolidated.tables.columns import VEHICLE
from consolidated.tables.definitions import INVENTORY, INVENTORY_DAILY
from tests.support.consolidated_support import contract_frame, day_number, vehicle
from tests.support.history_model import History as Expected
from tests.support.history_model import Row, Sealed
from transformed.contract.contracts import Vehicle

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
    vehicles = Vehicles.none(INVENTORY.frame_schema)
    for day in told:

        def past(since: date, ids: pl.Series, until: date = day.date) -> pl.DataFrame:
            seen = [frames[one].with_columns(date=pl.lit(one)) for one in accepted if since <= one < until]
            found = pl.concat(seen)
            return found.filter(pl.col("listing_id").is_in(ids.implode()) | pl.col("vin").is_in(ids.implode()))

        happened = vehicles.add_day(frames[day.date], day, told, past)
        if anew := happened.revision:
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
