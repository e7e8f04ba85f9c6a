"""What may leave the response archive: what killed steps left, and by a setting what is superseded or old.

Belongs here: naming the leftovers of `raw/`. Does not belong here: removing them (`resources/lake/sweep.py`).

The archive is the truth, so by default everything that a step finished stays for ever. After a day has gone it
cannot be typed anew: a mended mapping reaches back only as far as the archive does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from raw.archive.seal import read_seal
from resources.failures import Cause, PlatformError
from resources.lake.stored_files import StoredFile

if TYPE_CHECKING:
    from resources.lake.lake import Lake

_MANIFEST = "manifest.json"


def leftovers(
    lake: Lake, files: Iterable[StoredFile], today: date, *, raw_days: int | None, raw_superseded_days: int | None
) -> list[StoredFile]:
    """Of all files below `raw/`, as listed, those that may go; each as old as the latest
    of its attempt, or of its day where that goes whole.

    That is: attempts that no step finished; with `raw_superseded_days`, attempts of older days that no seal names;
    with `raw_days`, older days whole, seal first, so that a sweep that is killed leaves no seal without its
    responses. Never an attempt that the seal of a day within `raw_days` names. The seals are read now, after the
    listing. today: by the storage's clock.
    """
    root = lake.storage_path("")
    days: dict[tuple[str, str, str], list[tuple[str, StoredFile]]] = defaultdict(list)
    found: list[StoredFile] = []
    for file in files:
        tier, *place = file.path.removeprefix(root).split("/", 4)
        if file.path.endswith(".tmp"):
            found.append(file)
        elif tier == "raw" and len(place) == 4:
            days[place[0], place[1], place[2]].append((place[3], file))
    for (oem, endpoint, text), of_day in sorted(days.items()):
        day = date.fromisoformat(text)
        if _is_over(day, today, raw_days):
            # as old as its latest file: what names the others never outlives them
            latest = max(file.modified_at for _, file in of_day)
            in_order = sorted(of_day, key=lambda one: (one[0] != _MANIFEST, one[0]))
            found.extend(replace(file, modified_at=latest) for _, file in in_order)
        else:
            is_over = _is_over(day, today, raw_superseded_days)
            found.extend(_superfluous(_named(lake, oem, endpoint, day), of_day, is_over))
    return found


def _superfluous(
    named: frozenset[str], of_day: Iterable[tuple[str, StoredFile]], superseded_too: bool
) -> Iterator[StoredFile]:
    attempts: dict[str, dict[str, StoredFile]] = defaultdict(dict)
    for inside, file in of_day:
        attempt, is_of_attempt, name = inside.partition("/")
        if is_of_attempt:
            attempts[attempt][name] = file
    for attempt, files in sorted(attempts.items()):
        if attempt not in named and (superseded_too or _MANIFEST not in files):
            latest = max(file.modified_at for file in files.values())
            yield from (replace(file, modified_at=latest) for _, file in sorted(files.items()))


def _named(lake: Lake, oem: str, endpoint: str, day: date) -> frozenset[str]:
    """The attempts that a day's seal names."""
    try:
        seal = read_seal(lake, oem, endpoint, day)
    except PlatformError as error:
        if error.cause is not Cause.NEVER_LANDED:
            raise
        return frozenset()
    return frozenset(
        {market.attempt for market in seal.markets.values()}
        | {part.split("/")[-2] for market in seal.markets.values() for part in market.parts}
    )


def _is_over(day: date, today: date, days: int | None) -> bool:
    return days is not None and day < today - timedelta(days=days)
