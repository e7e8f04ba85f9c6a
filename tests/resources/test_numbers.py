"""Numbers on which somebody relies, each group with who that is: who changes one reads here whom to tell.

Does not belong here: what a setting is by default (`docs/settings.md` and `tests/consolidated/test_what_is_set.py`),
and a bound that a test of its own reaches.
"""

from __future__ import annotations

import importlib
from datetime import date, timedelta
from typing import Any

import pytest

from resources.apis.apis import Patience
from resources.sizing.sizes import Size

MB = 1024 * 1024

NUMBERS: dict[str, dict[str, Any]] = {
    # when a maker's host repeats itself, and what of its texts is shown
    "raw.fetch.evidence": {"_NEW_SHARE": 10},
    "raw.fetch.redaction": {"LONGEST_SHOWN": 200, "_CUT_AT_LEAST": 6},
    # who sizes a raw step: what is held in memory, and what a killed step loses (docs/ecs.md)
    "raw.archive.writer": {"_FLUSH_BYTES": 8 * MB, "_PART_BYTES": 64 * MB, "_ROW_BYTES": 1024},
    # which rows are refused, merged or called unusual (docs/failures.md)
    "transformed.contract.plausible": {
        "FIRST_REGISTRATION": date(1950, 1, 1), "_PRICE_LIMIT": 1e12, "_SAME_AT_THE_END": 8,
        "_DEGREES": {"latitude": (-90, 90), "longitude": (-180, 180)},
    },
    "transformed.day.assets": {"_QUARANTINE_ALARM": 0.05},
    "transformed.day.attributes": {
        "_DAYS": 7, "_ROWS_AT_LEAST": 5, "_FILLED": 0.5, "_EMPTY": 0.05, "_KNOWN": 0.8, "_MISSED": 0.5,
    },
    "transformed.day.duplicates": {"_MOST_LISTINGS_OF_A_VIN": 2},
    "transformed.day.output": {"_ABANDONED_AFTER": timedelta(days=1)},
    "transformed.mapping.expressions": {
        "KILOMETRES_PER_MILE": 1.609344, "KILOWATTS_PER_HORSEPOWER": 0.745699872, "_MONEY_LIMIT": 1e12,
    },
    # which days count (docs/history.md)
    "consolidated.history.acceptance": {
        "SHARE": 0.6, "SMALL_MARKET_SHARE": 0.4, "MEDIAN_DAYS": 7, "SMALLEST_MEDIAN": 20, "SMALLEST_SMALL_MEDIAN": 5,
        "NEW_LEVEL_DAYS": 3, "TURNOVER_SHARE": 0.6, "TURNOVER_VEHICLES": 20, "TURNOVER_DAYS": 7, "RISE": 1.4,
        "RISE_BY": 5, "WAVE": 4, "WAVE_BY": 20,
    },
    # who is told, how late, how long is waited (docs/alerts.md)
    "consolidated.night.freshness": {"DUE_HOUR": 10, "_INTERVAL_SECONDS": 300, "_SIZE": Size(512, 1024)},
    "consolidated.night.alerts.channels": {
        "_TIMEOUT_SECONDS": 20, "_SNS_SUBJECT_CHARACTERS": 100,
        "_SMTP_PORTS": {"smtp": 25, "smtps": 465, "smtp+starttls": 587},
    },
    # how many files a night leaves (docs/maintenance.md)
    "consolidated.tables.snapshot": {
        "SNAPSHOTS_AT_MOST": 100, "_MANIFESTS_AT_MOST": 5, "_MANIFEST_BYTES": 32 * 1024,
        "_LARGEST_MANIFEST_BYTES": 8 * MB,
    },
    # AWS's own limits, and how fast its API is called (docs/ecs.md)
    "resources.ecs.attempts": {"DESCRIBE_BATCH": 100, "GONE_SECONDS": 120, "GONE_ROUNDS": 3, "_STOP_ATTEMPTS": 5},
    "resources.ecs.launches": {"LAUNCHES_PER_SECOND": 8, "CALLS_AT_ONCE": 8},
    "resources.ecs.requests": {"MAX_OVERRIDES_CHARACTERS": 8192, "EPHEMERAL_STORAGE_GIB": range(21, 201)},
    "resources.ecs.sweeper": {"SWEEP_SECONDS": 300},
}  # fmt: skip


@pytest.mark.parametrize("module", NUMBERS)
def test_the_numbers_are_those_that_somebody_relies_on(module: str) -> None:
    found = importlib.import_module(module)
    assert {name: getattr(found, name) for name in NUMBERS[module]} == NUMBERS[module]


def test_a_host_is_asked_so_patiently_unless_it_says_otherwise() -> None:
    assert Patience() == Patience(
        total_seconds=120, connect_seconds=10, read_seconds=30, attempts=5, budget_seconds=600, backoff_seconds=1,
        backoff_max_seconds=30, retry_after_max_seconds=120,
    )  # fmt: skip
