"""The first day that has a partition: where the lake begins, as far as that costs no question to a remote storage.

The definitions load this module, and every step loads the definitions: it lists a folder on this machine, or nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from resources.failures import Cause, PlatformError
from resources.lake.days import FIRST_DAY, day_of, today
from resources.lake.lake import lake_from_env

VARIABLE = "NIGHTS_SINCE"
_OF_LAKE = "lake"
_TIERS = ("raw", "transformed")  # which keep a folder a day; without them nothing could be computed again


def first_partition_day(*, in_ecs: bool) -> date:
    """The day that `NIGHTS_SINCE` names, FIRST_DAY where it is unset: a day may come late, and before all others.

    `NIGHTS_SINCE=lake`, which `make dev` sets, is the earliest day of a lake in a folder, and today where it is empty.
    It is FIRST_DAY too for a remote lake, which is not listed, and for a replay, which may fetch any past day.

    in_ecs: whether this process runs in an ECS task, where no folder is the lake: a code server has no LAKE_URI.

    Raises PlatformError(CONFIGURATION), which names the variable, for a value that is no day from FIRST_DAY to today.
    """
    value = os.environ.get(VARIABLE, "")
    if value != _OF_LAKE:
        return _named(value) if value else FIRST_DAY
    lake = lake_from_env()
    if not lake.is_local or in_ecs or os.environ.get("OEM_APIS", "").startswith("replay:"):
        return FIRST_DAY
    root = Path(lake.uri.removeprefix("file://"))
    return max(min(_days(root), default=today()), FIRST_DAY)


def _named(value: str) -> date:
    day = day_of(value)
    if day is None or not FIRST_DAY <= day <= today():
        raise PlatformError(
            Cause.CONFIGURATION,
            f"{VARIABLE}={value!r} is no day from {FIRST_DAY} to today",
            advice="Name the lake's first day, such as 2026-11-01, or say `lake`.",
        )
    return day


def _days(root: Path) -> Iterator[date]:
    """The earliest day of each `<tier>/<maker>/<name>/`; what else lies there is left alone."""
    for tier in _TIERS:
        for folder in root.glob(f"{tier}/*/*/"):
            days = [day for path in folder.iterdir() if (day := day_of(path.name))]
            if days:
                yield min(days)
