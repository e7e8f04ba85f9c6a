"""What may leave the response archive: what killed steps left, and by a setting what is superseded or old.

The archive is the truth, so by default everything that a step finished stays for ever. After a day has gone it
cannot be typed anew: a mended mapping reaches back only as far as the archive does.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from raw.archive.seal import MarketSeal, read_seal
from resources.failures import Cause, PlatformError
from resources.lake import dated_folders
from resources.lake.dated_folders import DatedFolder, is_older_than
from resources.lake.stored_files import StoredFile

if TYPE_CHECKING:
    from resources.lake.lake import Lake

_MANIFEST = "manifest.json"


def leftovers(
    lake: Lake, files: Iterable[StoredFile], today: date, *, raw_days: int | None, raw_superseded_days: int | None
) -> list[StoredFile]:
    """Of all files below `raw/`, as listed, those that may go, in the order in which to remove them.

    That is: attempts that no step finished; with `raw_superseded_days`, attempts of older days that no seal names;
    with `raw_days`, older days whole. Never an attempt that the seal of a day within `raw_days` names. The seals are
    read now, after the listing. today: by the storage's clock.
    """

    def superfluous_attempts(folder: DatedFolder) -> list[str]:
        is_superseded = is_older_than(folder.day, today, raw_superseded_days)
        try:
            named = _named_attempts(lake, folder)
        except PlatformError as error:
            if error.cause not in (Cause.ARCHIVE_DAMAGED, Cause.FORMAT_UNKNOWN):
                raise
            logging.getLogger(__name__).warning("maintenance leaves %s as it is: %s", folder.day, error)
            return []
        return [
            attempt
            for attempt, of_attempt in folder.runs.items()
            if attempt not in named and (is_superseded or _MANIFEST not in of_attempt)
        ]

    return dated_folders.leftovers(
        lake,
        "raw",
        files,
        manifest=_MANIFEST,
        is_over=lambda day: is_older_than(day, today, raw_days),
        superfluous_runs=superfluous_attempts,
    )


def _named_attempts(lake: Lake, folder: DatedFolder) -> frozenset[str]:
    """The attempts of an endpoint's day that its seal names, or that of another endpoint which reads its answers."""
    named = {market.attempt for market in _markets(lake, folder, folder.name)}
    endpoints = [folder.name]
    if folder.runs.keys() - named:
        endpoints += [name for name in lake.list(f"raw/{folder.maker}") if name != folder.name]
    own = f"raw/{folder.maker}/{folder.name}/"
    for endpoint in endpoints:
        parts = [part for market in _markets(lake, folder, endpoint) for part in market.parts]
        named |= {part.split("/")[-2] for part in parts if part.startswith(own)}
    return frozenset(named)


def _markets(lake: Lake, folder: DatedFolder, endpoint: str) -> list[MarketSeal]:
    """What the seal of an endpoint says of a folder's day; nothing where the day is not sealed."""
    try:
        return list(read_seal(lake, folder.maker, endpoint, folder.day).markets.values())
    except PlatformError as error:
        if error.cause is not Cause.NEVER_LANDED:
            raise
        return []
