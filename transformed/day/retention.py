"""What may leave the typed days: runs that a later one has replaced or that were killed, and by a setting old days.

Belongs here: naming the leftovers of `transformed/`. Does not belong here: removing them (`resources/lake/sweep.py`).
Everything here can be made again from raw, as long as raw has the day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from resources.failures import Cause, PlatformError
from resources.lake.stored_files import StoredFile
from transformed.day.report import read_report

if TYPE_CHECKING:
    from resources.lake.lake import Lake

_REPORT = "report.json"


def leftovers(
    lake: Lake, files: Iterable[StoredFile], today: date, *, transformed_days: int | None
) -> list[StoredFile]:
    """Of all files below `transformed/`, as listed, those that may go; each as old as the latest
    of its run, or of its day where that goes whole.

    That is: files of runs that the day's report does not name, and with `transformed_days` older days whole, the
    report first. The reports are read now, after the listing. today: by the storage's clock.
    """
    root = lake.storage_path("")
    days: dict[tuple[str, str, str], list[tuple[str, StoredFile]]] = defaultdict(list)
    found: list[StoredFile] = []
    for file in files:
        tier, *place = file.path.removeprefix(root).split("/", 4)
        if file.path.endswith(".tmp"):
            found.append(file)
        elif tier == "transformed" and len(place) == 4:
            days[place[0], place[1], place[2]].append((place[3], file))
    for (oem, name, text), of_day in sorted(days.items()):
        day = date.fromisoformat(text)
        if transformed_days is not None and day < today - timedelta(days=transformed_days):
            # as old as its latest file: what names the others never outlives them
            latest = max(file.modified_at for _, file in of_day)
            in_order = sorted(of_day, key=lambda one: (one[0] != _REPORT, one[0]))
            found.extend(replace(file, modified_at=latest) for _, file in in_order)
            continue
        named = _named(lake, oem, name, day)
        runs: dict[str, list[StoredFile]] = defaultdict(list)
        for inside, file in sorted(of_day, key=lambda one: one[0]):
            if "/" in inside:
                runs[inside.split("/")[0]].append(file)
        for run in runs.values():
            latest = max(file.modified_at for file in run)
            found.extend(replace(one, modified_at=latest) for one in run if one.path.removeprefix(root) not in named)
    return found


def _named(lake: Lake, oem: str, name: str, day: date) -> frozenset[str]:
    """The files that a day's report names, as paths in the lake."""
    try:
        report = read_report(lake, oem, name, day)
    except PlatformError as error:
        if error.cause is not Cause.NEVER_LANDED:
            raise
        return frozenset()
    return frozenset({*report.files, *([report.quarantine_file] if report.quarantine_file else [])})
