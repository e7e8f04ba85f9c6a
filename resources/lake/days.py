"""The days of the platform: the first one, and today. Light, because programs ask before they load anything heavy."""

from __future__ import annotations

from datetime import UTC, date, datetime

FIRST_DAY = date(2023, 1, 1)
"""The first day that the platform knows: the oldest captured data is of it. `first_partition_day` says where a lake's
partitions begin."""


def today() -> date:
    """The day that has begun, in UTC as all days are."""
    return datetime.now(UTC).date()
