"""What may leave the typed days: runs that a later one has replaced or that were killed, and by a setting old days.

Everything here can be made again from raw, as long as raw has the day.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from resources.failures import Cause, PlatformError
from resources.lake import dated_folders
from resources.lake.dated_folders import DatedFolder, is_older_than
from resources.lake.stored_files import StoredFile
from transformed.day.report import read_report

if TYPE_CHECKING:
    from resources.lake.lake import Lake

_REPORT = "report.json"


def leftovers(
    lake: Lake, files: Iterable[StoredFile], today: date, *, transformed_days: int | None
) -> list[StoredFile]:
    """Of all files below `transformed/`, as listed, those that may go, in the order in which to remove them.

    That is: runs that the day's report does not name, and with `transformed_days` older days whole. The reports are
    read now, after the listing. today: by the storage's clock.
    """

    def superfluous_runs(folder: DatedFolder) -> list[str]:
        try:
            named = _named_runs(lake, folder)
        except PlatformError as error:
            if error.cause not in (Cause.TRANSFORMED_DAMAGED, Cause.FORMAT_UNKNOWN):
                raise
            logging.getLogger(__name__).warning("maintenance leaves %s as it is: %s", folder.day, error)
            return []
        return [run for run in folder.runs if run not in named]

    return dated_folders.leftovers(
        lake,
        "transformed",
        files,
        manifest=_REPORT,
        is_over=lambda day: is_older_than(day, today, transformed_days),
        superfluous_runs=superfluous_runs,
    )


def _named_runs(lake: Lake, folder: DatedFolder) -> frozenset[str]:
    """The runs whose files a day's report names."""
    try:
        report = read_report(lake, folder.maker, folder.name, folder.day)
    except PlatformError as error:
        if error.cause is not Cause.NEVER_LANDED:
            raise
        return frozenset()
    return report.runs
