"""The days of the platform: the first one, and today. Light, because programs ask before they load anything heavy."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

FIRST_DAY = date(2023, 1, 1)
"""The first day that the platform knows: the oldest captured data is of it. `first_partition_day` says where a lake's
partitions begin."""
PARTITION_TAG = "dagster/partition"
"""The tag of a run that names its day, as Dagster spells it."""


def today() -> date:
    """The day that has begun, in UTC as all days are."""
    return datetime.now(UTC).date()


def last_day() -> date:
    """The last day that there can be: tomorrow, which the sandbox plays so that a next night can be tried."""
    return today() + timedelta(days=1)


def day_of(text: str) -> date | None:
    """The day that a folder, a file or a person names, written as 2026-11-23; None for any other text, also for
    `20261123` and `2026-W48-1`, which Python reads as days: a folder of such a name is nobody's day."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None
