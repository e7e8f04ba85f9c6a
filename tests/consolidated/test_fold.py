"""A market's vehicles from day to day: what a day that shows who a vehicle is changes of the days before it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from consolidated.history.fold import Happened, Vehicles
from consolidated.history.identity import known_ids
from consolidated.history.seen import Seen
from consolidated.history.spells import AcceptedDay
from consolidated.tables.columns import COUNTS, VEHICLE
from consolidated.tables.definitions import INVENTORY
from tests.support.typed_days import contract_frame, day_number, vehicle
from transformed.contract.contracts import Vehicle

DAYS = [day_number(number) for number in range(4)]
SCHEMA = INVENTORY.frame_schema
NO_SIGHTINGS = pl.DataFrame(schema={"date": pl.Date, "listing_id": pl.String, "vin": pl.String})
VIN, OTHER_VIN = "WAUZZZF49HA036784", "WVWZZZ1JZXW000001"


def car(listing: str, vin: str | None = None, price: str = "100") -> dict[str, Any]:
    return {"listing_id": listing, "vin": vin, "price_amount": Decimal(price), "price_currency": "EUR"}


def never_typed(*seen: tuple[date, str, str | None]) -> pl.DataFrame:
    return pl.DataFrame(seen, schema=NO_SIGHTINGS.schema, orient="row")


@dataclass
class Market:
    """Accepted days, one after the other. asked: since which day the past was read, of which ids."""

    vehicles: Vehicles = field(default_factory=lambda: Vehicles.none(SCHEMA))
    rows: pl.DataFrame = field(default_factory=lambda: _rows(DAYS[0], []).with_columns(date=pl.lit(DAYS[0])))
    days: list[AcceptedDay] = field(default_factory=list)
    asked: list[tuple[date, list[str]]] = field(default_factory=list)
    quarantined: pl.DataFrame = field(default_factory=NO_SIGHTINGS.clone)

    def add(self, day: date, *cars: dict[str, Any]) -> Happened:
        rows = _rows(day, cars)
        accepted = AcceptedDay(day, is_covering=not self.days, debounce_days=2)
        seen = Seen(rows, NO_SIGHTINGS.drop("date"), rows.clear())
        happened = self.vehicles.add_day(seen, accepted, [*self.days, accepted], self._past)
        self.days.append(accepted)
        self.rows = pl.concat([self.rows, rows.with_columns(date=pl.lit(day))])
        return happened

    def _past(self, since: date, ids: pl.Series) -> Seen:
        self.asked.append((since, sorted(ids)))
        of_ids = pl.col("listing_id").is_in(ids.implode()) | pl.col("vin").is_in(ids.implode())
        rows = self.rows.filter(of_ids & (pl.col("date") >= since))
        return Seen(rows, self.quarantined.filter(of_ids).select("listing_id", "vin", "date"), rows.clear())

    def present(self, *columns: str) -> list[tuple[Any, ...]]:
        return sorted(self.vehicles.with_aliases().select("vehicle_id", *columns).rows())


def _rows(day: date, cars: Iterable[dict[str, Any]]) -> pl.DataFrame:
    rows = [vehicle(day=day, **one) for one in cars]
    return contract_frame(Vehicle, rows).select(list(VEHICLE)).cast({name: SCHEMA[name] for name in VEHICLE})


def kinds(events: pl.DataFrame) -> list[tuple[str, str, date]]:
    return sorted(events.select("vehicle_id", "kind", "known_on").rows())


def test_days_that_show_nothing_new_of_who_a_vehicle_is_leave_the_past_unread() -> None:
    market = Market()
    assert kinds(market.add(DAYS[0], car("a"), car("b", VIN)).events) == [
        (VIN, "covered", DAYS[0]), ("a", "covered", DAYS[0]),
    ]  # fmt: skip
    happened = market.add(DAYS[1], car("a", price="90"), car("c", VIN))
    assert (happened.revision, market.asked) == (None, [])
    assert kinds(happened.events) == [("a", "price_changed", DAYS[1])]
    assert market.present("listing_id", "aliases") == [(VIN, "c", ["b"]), ("a", "a", None)]


def test_a_vehicle_that_gets_its_vin_has_had_it_from_its_first_day_on() -> None:
    market = Market()
    market.add(DAYS[0], car("a"), car("b"))
    market.add(DAYS[1], car("a", price="90"), car("b"))
    happened = market.add(DAYS[2], car("a", VIN, "90"), car("b"))
    revision = happened.revision
    assert revision is not None
    assert (revision.since, sorted(revision.vehicle_ids)) == (DAYS[0], [VIN, "a"])
    assert market.asked == [(DAYS[0], ["a"])]
    assert kinds(revision.events) == [(VIN, "covered", DAYS[0]), (VIN, "price_changed", DAYS[1])]
    assert revision.counts == {day: dict.fromkeys(COUNTS, 0) for day in DAYS[:2]}
    assert market.present("first_seen_on", "price_first", "aliases") == [
        (VIN, DAYS[0], Decimal(100), None), ("b", DAYS[0], Decimal(100), None),
    ]  # fmt: skip


def test_two_vehicles_that_turn_out_to_be_one_are_counted_once_on_the_days_before() -> None:
    market = Market()
    market.add(DAYS[0], car("b"))
    market.add(DAYS[1], car("b"), car("a", VIN), car("c", OTHER_VIN))
    happened = market.add(DAYS[2], car("b", VIN), car("c", OTHER_VIN))
    revision = happened.revision
    assert revision is not None
    assert (revision.since, sorted(revision.vehicle_ids)) == (DAYS[0], [VIN, "b"])
    gained = {day: {name: count for name, count in one.items() if count} for day, one in revision.counts.items()}
    assert gained == {DAYS[0]: {}, DAYS[1]: {"listed": -1, "changes": 1}}, "its VIN is another than on the first day"
    assert kinds(revision.events) == [(VIN, "changed", DAYS[1]), (VIN, "covered", DAYS[0])]
    assert market.present("first_seen_on") == [(VIN, DAYS[0]), (OTHER_VIN, DAYS[1])]


def test_a_listing_that_never_had_a_row_may_get_its_vin_with_its_first_one() -> None:
    """No day before it has anything to compute again, and a vehicle that was refused before is new all the same."""
    quarantined = never_typed((DAYS[0], "a", None))
    market = Market(Vehicles.of(pl.DataFrame(schema=SCHEMA), quarantined), quarantined=quarantined)
    happened = market.add(DAYS[1], car("a", VIN))
    assert happened.revision is None
    assert kinds(happened.events) == [(VIN, "covered", DAYS[1])]
    assert market.asked == [(DAYS[1], ["a"])]
    assert market.present("is_identified_by_vin") == [(VIN, True)]


def test_the_vin_of_a_listing_that_never_had_a_row_is_a_real_one() -> None:
    quarantined = never_typed((DAYS[0], "a", VIN))
    market = Market(Vehicles.of(pl.DataFrame(schema=SCHEMA), quarantined), quarantined=quarantined)
    assert market.add(DAYS[1], car("b", VIN)).revision is None
    assert market.present("listing_id", "aliases") == [(VIN, "b", ["a"])]


def test_a_listing_of_a_vehicle_that_exists_is_no_new_one_whether_its_row_is_at_hand_or_not() -> None:
    before = Market()
    before.add(DAYS[0], car("a", VIN))
    present = before.vehicles.with_aliases()
    seen_since = never_typed((DAYS[1], "a", None))
    found = Vehicles.of(present, seen_since)
    assert sorted(found.known["id"]) == [VIN, "a"]
    elsewhere = Vehicles.of(present.clear(), seen_since, known_ids(present))
    assert elsewhere.known.is_empty(), "it is known, and stays what it was"
    assert sorted(Vehicles.of(present.clear(), seen_since).known["id"]) == ["a"]
