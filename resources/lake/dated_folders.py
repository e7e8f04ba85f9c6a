"""What may leave the folders `<tier>/<maker>/<name>/<date>/<run>/...` in which two tiers keep their days.

A day has a manifest (`<date>/manifest.json`, `<date>/report.json`) that names the runs which count. The tier says
what its manifest is called and which runs of a day nothing needs; the walk and the order of removal are the same.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from resources.lake.days import day_of
from resources.lake.stored_files import StoredFile

if TYPE_CHECKING:
    from resources.lake.lake import Lake


@dataclass(slots=True)
class DatedFolder:
    """The files of one `<tier>/<maker>/<name>/<date>/`. runs: run -> file's name -> file; beside: the other files."""

    maker: str
    name: str
    day: date
    runs: dict[str, dict[str, StoredFile]] = field(default_factory=lambda: defaultdict(dict))
    beside: dict[str, StoredFile] = field(default_factory=dict)

    def whole(self, manifest: str) -> Iterator[StoredFile]:
        """Every file, the manifest first: a removal that is killed leaves no manifest without its runs.

        Each is as old as the latest of them, so that the manifest never outlives what it names.
        """
        others = [file for name, file in sorted(self.beside.items()) if name != manifest]
        of_runs = [file for _, files in sorted(self.runs.items()) for _, file in sorted(files.items())]
        files = [self.beside[manifest], *others, *of_runs] if manifest in self.beside else [*others, *of_runs]
        yield from _as_old_as_the_latest(files)


def leftovers(
    lake: Lake,
    tier: str,
    files: Iterable[StoredFile],
    *,
    manifest: str,
    is_over: Callable[[date], bool],
    superfluous_runs: Callable[[DatedFolder], Collection[str]],
) -> list[StoredFile]:
    """Of the files below a tier's folder, as listed, those that may go, in the order in which to remove them.

    manifest: the name of a day's manifest. is_over: whether a day goes whole. superfluous_runs: of a day that stays,
    the runs that nothing needs; a run is as old as the latest of its files. Unfinished writes (`.tmp`) may go too.
    A folder whose name is no date (`2026-11-20-copy`) is told as a warning and stays as it is.
    """
    found: list[StoredFile] = []
    days: dict[tuple[str, str, str], DatedFolder] = {}
    strays: set[str] = set()
    root = lake.storage_path("")
    for file in files:
        place = file.path.removeprefix(root).split("/", 4)
        if file.path.endswith(".tmp"):
            found.append(file)
        elif len(place) == 5 and place[0] == tier:
            _, maker, name, text, inside = place
            day = day_of(text)
            if day is None:
                strays.add("/".join(place[:4]))
                continue
            folder = days.setdefault((maker, name, text), DatedFolder(maker, name, day))
            run, is_in_run, of_run = inside.partition("/")
            if is_in_run:
                folder.runs[run][of_run] = file
            else:
                folder.beside[run] = file
    for stray in sorted(strays):
        logging.getLogger(__name__).warning(
            "%s is no folder of a day (<year>-<month>-<day>): maintenance leaves it as it is; move it out of the lake",
            stray,
        )
    for _, folder in sorted(days.items()):
        if is_over(folder.day):
            found.extend(folder.whole(manifest))
        else:
            for run in sorted(superfluous_runs(folder)):
                found.extend(_as_old_as_the_latest(file for _, file in sorted(folder.runs[run].items())))
    return found


def is_older_than(day: date, today: date, days: int | None) -> bool:
    """Whether a day lies more than `days` days before today; never where `days` is None."""
    return days is not None and day < today - timedelta(days=days)


def _as_old_as_the_latest(files: Iterable[StoredFile]) -> list[StoredFile]:
    files = list(files)
    latest = max((file.modified_at for file in files), default=None)
    return [replace(file, modified_at=latest) for file in files] if latest else []
