"""Which sealed days count, in plain Python over dicts: the reference against which acceptance is tested.

The rules are said as simply as they can be, without a thought for cost. This module imports nothing of `consolidated`,
which must agree with it and not with itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from statistics import median
from typing import Any

Row = dict[str, Any]
Sighting = tuple[str, str | None]
"""A listing that was seen, with its real VIN where one was readable."""


@dataclass(frozen=True)
class Sealed:
    """A day whose fetch was complete. rows: one a listing. sightings: of the listings that have no row, since their
    records were quarantined or merged. retyped: the day's rows as other interpretations give them, while the archive
    still has the day."""

    coverage: str
    rows: tuple[Row, ...]
    decision: str | None = None
    sightings: tuple[Sighting, ...] = ()
    interpretation: str = "1"
    retyped: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)

    @property
    def seen(self) -> list[Sighting]:
        return [*((row["listing_id"], real_vin(row)) for row in self.rows), *self.sightings]


def accept(days: dict[date, Sealed]) -> list[date]:
    accepted: list[date] = []
    dropped: list[date] = []  # sealed days in a row that dropped in volume
    watched: date | None = None  # the last day that was accepted, or that waits for a word about its turnover
    for day in sorted(day for day in days if days[day].decision != "refuse"):
        volume = vehicles(days[day])
        if days[day].decision not in ("accept", "cover"):
            if accepted and watched and is_turnover(days, accepted, watched, day):
                watched, dropped = day, []
                continue
            usual = median([vehicles(days[one]) for one in accepted][-7:]) if accepted else 0
            if volume < (0.6 if usual >= 20 else 0.4 if usual >= 5 else 0) * usual:
                dropped = [*dropped, day][-3:]
                level = [vehicles(days[one]) for one in dropped]
                if len(dropped) == 3 and min(level) > 0 and min(level) >= 0.6 * median(level):
                    accepted += dropped
                    watched, dropped = day, []
                continue
        accepted.append(day)
        watched, dropped = day, []
    return accepted


def is_turnover(days: dict[date, Sealed], accepted: list[date], watched: date, day: date) -> bool:
    """ids were re-minted, or another feed was served. The days after such a day are compared with the last accepted
    day as well, however long the market waits for a word."""
    now, last = groups(days[day].seen), groups(days[accepted[-1]].seen)
    if min(len(now), len(last)) < 20 or (day - watched).days > 7:
        return False
    ids_now = set().union(*now)
    ids_ever = {one for other in accepted for group in groups(days[other].seen) for one in group}
    absent = sum(group.isdisjoint(ids_now) for group in last)
    unseen = sum(group.isdisjoint(ids_ever) for group in now)
    return absent > 0.6 * len(last) and unseen > 0.6 * len(now)


def groups(seen: Iterable[Sighting]) -> list[set[str]]:
    """The ids of each vehicle of one day: listings that share a VIN are one."""
    together: dict[str, set[str]] = {}
    for listing, vin in seen:
        ids = {listing, vin} if vin else {listing}
        merged: set[str] = set().union(ids, *(together.get(one, set()) for one in ids))
        together.update(dict.fromkeys(merged, merged))
    return list({id(group): group for group in together.values()}.values())


def vehicles(day: Sealed) -> int:
    return len(groups(day.seen))


def real_vin(row: Row) -> str | None:
    return None if row["vin_is_temporary"] else row["vin"]
