"""What history means, in plain Python over dicts: the reference against which the tables are tested.

The rules are said as simply as they can be, without a thought for cost. This module imports nothing of `consolidated`,
which must agree with it and not with itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tests.support.acceptance_model import Row, Sealed, Sighting, accept, groups, real_vin

TRACKED = ("vin", "vin_is_temporary", "mileage_km", "list_price_amount")
"""Of the tracked columns those that the tests vary."""
COMPARED = ("price_amount", "price_currency", "dealer_id", *TRACKED)


@dataclass
class History:
    accepted: list[date] = field(default_factory=list)
    present: dict[str, Row] = field(default_factory=dict)
    events: dict[str, Row] = field(default_factory=dict)
    counts: dict[date, dict[str, int]] = field(default_factory=dict)


def history(days: dict[date, Sealed], debounce_days: int) -> History:
    accepted = accept(days)
    result = History(accepted)
    seen_at: list[tuple[date, Sighting]] = []
    bases: dict[date, tuple[Row, ...]] = {}
    for before, day in zip([None, *accepted], accepted, strict=False):
        bases[day] = compared_with(days[before], days[day]) if before else ()
        typed_again = [(row["listing_id"], real_vin(row)) for row in bases[day]]
        seen_at += [(day, sighting) for sighting in [*days[day].seen, *typed_again]]
    vehicle_of = identify(seen_at)
    rows = {day: one_a_vehicle(days[day].rows, vehicle_of) for day in accepted}
    seen = {day: {vehicle_of[listing] for listing, _ in days[day].seen} for day in accepted}
    base = {day: one_a_vehicle(bases[day], vehicle_of) for day in accepted}
    result.counts = {day: dict.fromkeys(COUNTS, 0) for day in accepted}
    for vehicle in sorted(set(vehicle_of.values())):
        life = _Life(vehicle, days, accepted, debounce_days, result)
        for index, day in enumerate(accepted):
            life.go_on(index, rows[day].get(vehicle), vehicle in seen[day], base[day].get(vehicle))
        if not life.now:
            continue
        ids = {name for name, known_as in vehicle_of.items() if known_as == vehicle}
        present = life.as_of_today()
        present["aliases"] = sorted(ids - {vehicle, present["listing_id"], real_vin(present)}) or None
        result.present[vehicle] = present
    return result


COUNTS = (
    "covered", "listed", "relisted", "returned", "disappeared", "delisted",
    "price_changes", "dealer_changes", "changes", "compared",
)  # fmt: skip


def compared_with(before: Sealed, day: Sealed) -> tuple[Row, ...]:
    """The rows of the accepted day before, typed again by the day's interpretation, of the listings that had a row."""
    if before.interpretation == day.interpretation:
        return ()
    had_a_row = {row["listing_id"] for row in before.rows}
    return tuple(row for row in before.retyped.get(day.interpretation, ()) if row["listing_id"] in had_a_row)


def identify(seen_at: Iterable[tuple[date, Sighting]]) -> dict[str, str]:
    """Every listing id and real VIN -> its vehicle: the earliest real VIN of any of its listings, else the listing."""
    seen_at = list(seen_at)
    vehicle_of = {}
    for ids in groups(sighting for _, sighting in seen_at):
        vins = [(day, vin) for day, (_, vin) in seen_at if vin and vin in ids]
        vehicle_of.update(dict.fromkeys(ids, min(vins)[1] if vins else next(iter(ids))))
    return vehicle_of


def one_a_vehicle(rows: Iterable[Row], vehicle_of: dict[str, str]) -> dict[str, Row]:
    def preference(row: Row) -> tuple[Any, ...]:
        price = row["price_amount"]
        return (-sum(value is not None for value in row.values()), price is None, price or 0, row["listing_id"])

    chosen: dict[str, Row] = {}
    for row in sorted(rows, key=preference):
        chosen.setdefault(vehicle_of[row["listing_id"]], row)
    return chosen


@dataclass
class _Life:
    """One vehicle through all accepted days. now: its row of the present; last: its last seen row."""

    vehicle: str
    days: dict[date, Sealed]
    accepted: list[date]
    debounce_days: int
    result: History
    now: Row = field(default_factory=dict)
    last: Row = field(default_factory=dict)
    typed_by: str = ""
    """The interpretation of the last seen row."""

    def go_on(self, index: int, row: Row | None, is_seen: bool, base: Row | None) -> None:
        day, now = self.accepted[index], self.now
        before = self.accepted[index - 1] if index else None
        if base and now and now["last_seen_on"] == before:
            self._type_again(base, self.days[day].interpretation)
        if not is_seen:
            if now:
                self._absent(day)
        elif row is not None or now:
            is_covering = (
                before is None
                or self.days[before].coverage != self.days[day].coverage
                or self.days[day].decision == "cover"
            )
            self._present(day, row, is_covering)

    def as_of_today(self) -> Row:
        now = self.now
        days = (now["last_seen_on"] - now["spell_started_on"]).days + 1
        total = days + now.pop("earlier_days")
        return {**self.last, **now, "days_listed": days, "days_listed_total": total}

    def _type_again(self, base: Row, interpretation: str) -> None:
        """The last seen row as the new interpretation gives it. A price that it reads otherwise starts the prices of
        the spell anew: no price of one interpretation is lower than one of another."""
        now = self.now
        price = (base["price_amount"], base["price_currency"])
        if price[0] is not None and price != (now["price_amount"], now["price_currency"]):
            now |= {"price_amount": price[0], "price_currency": price[1]}
            now |= {"price_first": price[0], "price_lowest": price[0]}
        self.last, self.typed_by = base, interpretation

    def _absent(self, day: date) -> None:
        now, count = self.now, self.result.counts[day]
        if now["status"] == "delisted":
            return
        count["disappeared"] += now["status"] == "listed"
        now["absent_days"] += 1
        now["absent_since"] = now["absent_since"] or day
        now["status"] = "absent"
        if now["absent_days"] >= self.debounce_days:
            now["status"] = "delisted"
            count["delisted"] += 1
            old = {"old_price_amount": now["price_amount"], "old_price_currency": now["price_currency"]}
            self._event("delisted", now["absent_since"], day, self.last, **old)

    def _present(self, day: date, row: Row | None, is_covering: bool) -> None:
        """row: None for a sighting without a row: present with the last known row, and without an event."""
        now, count = self.now, self.result.counts[day]
        if not now or now["status"] == "delisted":
            self._begin_spell(day, row, is_covering)
        else:
            count["returned"] += now["status"] == "absent"
            if row is not None:
                count["compared"] += 1
                self._compare(day, row)
        now |= {"status": "listed", "last_seen_on": day, "absent_days": 0, "absent_since": None}
        if row is not None:
            self.last, self.typed_by = row, self.days[day].interpretation

    def _begin_spell(self, day: date, row: Row | None, is_covering: bool) -> None:
        now = self.now
        if row is None:
            amount, currency = now["price_amount"], now["price_currency"]
        else:
            amount, currency = row["price_amount"], row["price_currency"]
            terms = {"new_price_amount": amount, "new_price_currency": currency}
            kind = "covered" if is_covering else "relisted" if now else "listed"
            if kind == "relisted":
                terms |= {"old_price_amount": now["price_amount"], "old_price_currency": now["price_currency"]}
            self.result.counts[day][kind] += 1
            self._event(kind, day, day, row, **terms)
        if "spells" not in now:
            now |= {"first_seen_on": day, "first_seen_is_censored": is_covering, "spells": 0, "earlier_days": 0}
        else:
            now["earlier_days"] += (now["last_seen_on"] - now["spell_started_on"]).days + 1
        now |= {"spells": now["spells"] + 1, "spell_started_on": day, "spell_started_is_censored": is_covering}
        now |= {"price_drops": 0, "price_first": amount, "price_lowest": amount}
        now |= {"price_amount": amount, "price_currency": currency}

    def _compare(self, day: date, row: Row) -> None:
        """A day on which a spell goes on: what differs from before."""
        now, last, count = self.now, self.last, self.result.counts[day]
        amount, currency = row["price_amount"], row["price_currency"]
        if amount is not None:
            known, known_in = now["price_amount"], now["price_currency"]
            if known is not None and (amount, currency) != (known, known_in):
                count["price_changes"] += 1
                now["price_drops"] += currency == known_in and amount < now["price_lowest"]
                new = {"new_price_amount": amount, "new_price_currency": currency}
                self._event("price_changed", day, day, row, **new, old_price_amount=known, old_price_currency=known_in)
            if known is None or currency != known_in:
                now |= {"price_first": amount, "price_lowest": amount}
            now["price_lowest"] = min(now["price_lowest"], amount)
            now |= {"price_amount": amount, "price_currency": currency}
        if row["dealer_id"] != last["dealer_id"]:
            count["dealer_changes"] += 1
            dealers = {"old_dealer_id": last["dealer_id"], "new_dealer_id": row["dealer_id"]}
            self._event("dealer_changed", day, day, row, **dealers)
        changes = [
            {"field": name, "old": _text(last[name]), "new": _text(row[name])}
            for name in TRACKED
            if last[name] != row[name]
        ]
        if changes and self.typed_by == self.days[day].interpretation:
            count["changes"] += 1
            self._event("changed", day, day, row, changes=changes)

    def _event(self, kind: str, on: date, known: date, shown: Row, **details: Any) -> None:
        event_id = f"{shown['oem']}/{shown['market']}/{self.vehicle}/{kind}/{on}"
        assert event_id not in self.result.events
        named = {name: shown[name] for name in ("listing_id", "vin")}
        self.result.events[event_id] = {"kind": kind, "event_date": on, "known_on": known, **named, **details}
        if kind != "delisted":
            self.now["last_changed_on"] = known


def _text(value: Any) -> str | None:
    return str(value).lower() if isinstance(value, bool) else None if value is None else str(value)
