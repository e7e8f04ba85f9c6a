"""What history means, in plain Python over dicts: the reference against which the tables are tested.

Belongs here: the rules as simply as they can be said, without a thought for cost. Does not belong here: any
import of `consolidated`, which must agree with this and not with itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from statistics import median
from typing import Any

Row = dict[str, Any]

TRACKED = ("vin", "vin_is_temporary", "mileage_km", "list_price_amount")
"""Of the tracked columns those that the tests vary."""


@dataclass(frozen=True)
class Sealed:
    """A day whose fetch was complete. rows: one a listing."""

    coverage: str
    rows: tuple[Row, ...]
    decision: str | None = None


@dataclass
class History:
    accepted: list[date] = field(default_factory=list)
    present: dict[str, Row] = field(default_factory=dict)
    events: dict[str, Row] = field(default_factory=dict)
    counts: dict[date, dict[str, int]] = field(default_factory=dict)


def history(days: dict[date, Sealed], debounce_days: int) -> History:
    accepted = accept(days)
    result = History(accepted)
    vehicle_of = identify([(day, row) for day in accepted for row in days[day].rows])
    seen = {day: one_a_vehicle(days[day].rows, vehicle_of) for day in accepted}
    result.counts = {day: dict.fromkeys(COUNTS, 0) for day in accepted}
    for vehicle in sorted(set(vehicle_of.values())):
        _life(vehicle, seen, days, accepted, debounce_days, result)
        ids = {name for name, known_as in vehicle_of.items() if known_as == vehicle}
        last = result.present[vehicle]
        result.present[vehicle]["aliases"] = sorted(ids - {vehicle, last["listing_id"], real_vin(last)}) or None
    return result


COUNTS = (
    "covered", "listed", "relisted", "returned", "disappeared", "delisted",
    "price_changes", "dealer_changes", "changes",
)  # fmt: skip


def accept(days: dict[date, Sealed]) -> list[date]:
    verdicts: dict[date, bool] = {}
    sealed = [day for day in sorted(days) if days[day].decision != "refuse"]
    for index, day in enumerate(sealed):
        before = [vehicles(days[other]) for other in sealed[:index] if verdicts[other]][-7:]
        implausible = bool(before) and median(before) >= 20 and vehicles(days[day]) < 0.6 * median(before)
        verdicts[day] = days[day].decision == "accept" or not implausible
        three = sealed[max(0, index - 2) : index + 1]
        if len(three) == 3 and not any(verdicts[one] for one in three):
            level = [vehicles(days[one]) for one in three]
            if all(one >= 0.6 * median(level) for one in level):
                verdicts.update(dict.fromkeys(three, True))
    return [day for day in sealed if verdicts[day]]


def vehicles(day: Sealed) -> int:
    return len({real_vin(row) or row["listing_id"] for row in day.rows})


def real_vin(row: Row) -> str | None:
    return None if row["vin_is_temporary"] else row["vin"]


def identify(sightings: Iterable[tuple[date, Row]]) -> dict[str, str]:
    """Every listing id and real VIN -> its vehicle."""
    sightings = list(sightings)
    together: dict[str, set[str]] = {}
    for _, row in sightings:
        vin = real_vin(row)
        ids: set[str] = {row["listing_id"]} | ({vin} if vin else set())
        merged: set[str] = set().union(ids, *(together.get(one, set()) for one in ids))
        together.update(dict.fromkeys(merged, merged))
    vehicle_of = {}
    for one, ids in together.items():
        vins = [(day, vin) for day, row in sightings if (vin := real_vin(row)) and vin in ids]
        vehicle_of[one] = min(vins)[1] if vins else one
    return vehicle_of


def one_a_vehicle(rows: Iterable[Row], vehicle_of: dict[str, str]) -> dict[str, Row]:
    def preference(row: Row) -> tuple[Any, ...]:
        price = row["price_amount"]
        return (-sum(value is not None for value in row.values()), price is None, price or 0, row["listing_id"])

    chosen: dict[str, Row] = {}
    for row in sorted(rows, key=preference):
        chosen.setdefault(vehicle_of[row["listing_id"]], row)
    return chosen


def _life(
    vehicle: str,
    seen: dict[date, dict[str, Row]],
    days: dict[date, Sealed],
    accepted: list[date],
    debounce_days: int,
    result: History,
) -> None:
    """One vehicle through all accepted days, into `result`."""
    now: Row = {}  # its row of the present
    last: Row = {}  # its last seen row
    for index, day in enumerate(accepted):
        row = seen[day].get(vehicle)
        count = result.counts[day]

        def event(kind: str, on: date, known: date = day, shown: Row | None = row, **details: Any) -> None:
            shown = shown or last  # noqa: B023 - called within the same round only
            event_id = f"{shown['oem']}/{shown['market']}/{vehicle}/{kind}/{on}"
            assert event_id not in result.events
            who = {name: shown[name] for name in ("listing_id", "vin")}
            result.events[event_id] = {"kind": kind, "event_date": on, "known_on": known, **who, **details}
            if kind != "delisted":
                now["last_changed_on"] = known  # noqa: B023

        if row is None:
            if not now or now["status"] == "delisted":
                continue
            count["disappeared"] += now["status"] == "listed"
            now["absent_days"] += 1
            now["absent_since"] = now["absent_since"] or day
            now["status"] = "absent"
            if now["absent_days"] >= debounce_days:
                now["status"] = "delisted"
                count["delisted"] += 1
                old = {"old_price_amount": now["price_amount"], "old_price_currency": now["price_currency"]}
                event("delisted", now["absent_since"], **old)
            continue

        price = {"new_price_amount": row["price_amount"], "new_price_currency": row["price_currency"]}
        if not now or now["status"] == "delisted":
            covering = index == 0 or days[accepted[index - 1]].coverage != days[day].coverage
            if not now:
                kind = "covered" if covering else "listed"
                now |= {"first_seen_on": day, "first_seen_is_censored": covering, "spells": 0}
            else:
                kind = "relisted"
                price |= {"old_price_amount": now["price_amount"], "old_price_currency": now["price_currency"]}
            count[kind] += 1
            event(kind, day, **price)
            now |= {"spells": now["spells"] + 1, "spell_started_on": day, "price_drops": 0}
            now |= {"price_first": row["price_amount"], "price_lowest": row["price_amount"]}
            now |= {"price_amount": row["price_amount"], "price_currency": row["price_currency"]}
        else:
            count["returned"] += now["status"] == "absent"
            _compare(row, last, now, count, price, event)
        now |= {"status": "listed", "last_seen_on": day, "absent_days": 0, "absent_since": None}
        last = row
    now["days_listed"] = (now["last_seen_on"] - now["spell_started_on"]).days + 1
    result.present[vehicle] = {**last, **now}


def _compare(row: Row, last: Row, now: Row, count: dict[str, int], price: Row, event: Any) -> None:
    """A day on which a spell goes on: what differs from before."""
    amount, currency = row["price_amount"], row["price_currency"]
    if amount is not None:
        known, known_in = now["price_amount"], now["price_currency"]
        if known is None or currency != known_in:
            now |= {"price_first": amount, "price_lowest": amount}
        if known is not None and (amount, currency) != (known, known_in):
            count["price_changes"] += 1
            now["price_drops"] += currency == known_in and amount < known
            event("price_changed", row["date"], **price, old_price_amount=known, old_price_currency=known_in)
        now["price_lowest"] = min(now["price_lowest"], amount)
        now |= {"price_amount": amount, "price_currency": currency}
    if row["dealer_id"] != last["dealer_id"]:
        count["dealer_changes"] += 1
        event("dealer_changed", row["date"], old_dealer_id=last["dealer_id"], new_dealer_id=row["dealer_id"])
    changes = [
        {"field": name, "old": _text(last[name]), "new": _text(row[name])}
        for name in TRACKED
        if last[name] != row[name]
    ]
    if changes:
        count["changes"] += 1
        event("changed", row["date"], changes=changes)


def _text(value: Any) -> str | None:
    return str(value).lower() if isinstance(value, bool) else None if value is None else str(value)
