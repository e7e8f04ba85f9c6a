"""What the collector of the Mercedes captures saw, looking hourly, beside what one look a day makes of it.

Belongs here: reading the labels, and the class of each of them; `python -m tests.support.collector_labels <captures>`
prints how many there are of each. Does not belong here: our tables (`test_replay.py` compares them with these classes).

The captures are the collector's last run of each day, so a label is before or after a daily look by its run.
"""

from __future__ import annotations

import csv
import gzip
import json
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from pathlib import Path

Prices = dict[date, dict[str, Decimal]]


def observed(folder: Path) -> Prices:
    """VIN -> price of each captured day; a price of 0 is none, as SOURCES says."""
    days = {}
    for path in sorted((folder / "mercedes" / "mbusa_used_search").glob("*.json.gz")):
        records = json.loads(gzip.decompress(path.read_bytes()))["result"]["pagedVehicles"]["records"]
        days[date.fromisoformat(path.name[:10])] = {record["vin"]: Decimal(str(record["msrp"])) for record in records}
    return days


def labels(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "mercedes" / "lifecycle_labels" / name).open() as file:
        return list(csv.DictReader(file))


@dataclass(frozen=True)
class Label:
    """The collector's word on a VIN, with the number of the run that said it."""

    vin: str
    kind: str
    run: int


@dataclass(frozen=True)
class Gap:
    """Accepted looks, from the first to the last without the vehicle: their numbers. returned: a later one has it."""

    first: int
    last: int
    returned: bool

    @property
    def days(self) -> int:
        return self.last - self.first + 1


@dataclass
class Comparison:
    """seen: VINs of each captured day. accepted: the days that count. debounce_days: accepted days that end a spell."""

    folder: Path
    seen: Prices
    accepted: list[date]
    debounce_days: int
    gone: dict[str, list[Label]] = field(default_factory=dict)
    reappeared: dict[str, list[Label]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for label in self.labels:
            if label.kind == "gone":
                self.gone.setdefault(self._class_of_gone(label), []).append(label)
            elif label.kind == "reappeared":
                self.reappeared.setdefault(self._class_of_reappeared(label), []).append(label)

    @cached_property
    def labels(self) -> list[Label]:
        starts = [row["started_at"] for row in labels(self.folder, "runs.csv")]
        return [
            Label(row["vin"], row["event_type"], bisect_right(starts, row["sent_at"]) - 1)
            for row in labels(self.folder, "events.csv")
        ]

    @cached_property
    def _last_runs(self) -> dict[date, int]:
        return {
            date.fromisoformat(row["started_at"][:10]): number
            for number, row in enumerate(labels(self.folder, "runs.csv"))
        }

    @cached_property
    def _looks(self) -> list[int]:
        """The run of each accepted day's look."""
        return [self._last_runs[day] for day in self.accepted]

    def gap_at(self, vin: str, look: int) -> Gap:
        """The gap of a vehicle that a look does not show."""
        first = last = look
        while first > 0 and vin not in self.seen[self.accepted[first - 1]]:
            first -= 1
        while last + 1 < len(self.accepted) and vin not in self.seen[self.accepted[last + 1]]:
            last += 1
        return Gap(first, last, last + 1 < len(self.accepted))

    def day_of(self, label: Label) -> date:
        """The accepted day whose look is the first to show what the label says."""
        return self.accepted[bisect_left(self._looks, label.run)]

    def _next(self, label: Label, kind: str) -> int:
        """The run of the next label of a kind for the same VIN; one after all runs where there is none."""
        later = [one.run for one in self.labels if one.vin == label.vin and one.kind == kind and one.run > label.run]
        return min(later, default=sys.maxsize)

    def _class_of_gone(self, label: Label) -> str:
        back = self._next(label, "reappeared")
        look = bisect_left(self._looks, label.run)
        if look == len(self._looks) or back <= self._looks[look]:
            left_out = [day for day, run in self._last_runs.items() if day in self.seen and label.run <= run < back]
            if left_out:
                return "away on days that do not count only"
            return "back before the next daily look"
        if label.vin in self.seen[self.accepted[look]]:
            return "unexplained"
        gap = self.gap_at(label.vin, look)
        if gap.first == 0:
            return "not yet seen by a daily look"
        if look > gap.first:
            return "seen between two daily looks of a longer absence"
        if gap.days >= self.debounce_days:
            return "delisted"
        return "back within the debounce" if gap.returned else "away on the last day, for less than the debounce"

    def _class_of_reappeared(self, label: Label) -> str:
        gone_again = self._next(label, "gone")
        look = bisect_left(self._looks, label.run)
        if look == len(self._looks) or gone_again <= self._looks[look]:
            return "gone again before the next daily look"
        if label.vin not in self.seen[self.accepted[look]]:
            return "unexplained"
        if look == 0 or label.vin in self.seen[self.accepted[look - 1]]:
            return "there at the daily look before too"
        gap = self.gap_at(label.vin, look - 1)
        if gap.first == 0:
            return "first seen by a daily look"
        return "relisted" if gap.days >= self.debounce_days else "back within the debounce"

    def table(self) -> str:
        lines = []
        for name, classes in (("gone", self.gone), ("reappeared", self.reappeared)):
            lines.append(f"{sum(map(len, classes.values())):4} {name}, of which")
            lines += [f"{len(found):8} {kind}" for kind, found in sorted(classes.items(), key=lambda one: -len(one[1]))]
        return "\n".join(lines)


def implausible(seen: Prices) -> Iterable[date]:
    """The days that the rule leaves out, by the tests' own model."""
    from tests.support.acceptance_model import Sealed, accept

    rows = {
        day: tuple({"vin": vin, "vin_is_temporary": False, "listing_id": vin} for vin in vins)
        for day, vins in seen.items()
    }
    accepted = accept({day: Sealed("", of_day) for day, of_day in rows.items()})
    return sorted(seen.keys() - set(accepted))


def main() -> None:
    folder = Path(sys.argv[1])
    seen = observed(folder)
    left_out = set(implausible(seen))
    comparison = Comparison(folder, seen, [day for day in seen if day not in left_out], 14)
    print(comparison.table())
    disappeared = sum(len(seen[one].keys() - seen[two].keys()) for one, two in pairwise(comparison.accepted))
    print(f"{disappeared:4} disappearances from one accepted day to the next")


if __name__ == "__main__":
    main()
