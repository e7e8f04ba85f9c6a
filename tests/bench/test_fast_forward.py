"""A lake whose nights were written in few commits is the lake that they would have left."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

from consolidated.tables import snapshot
from consolidated.tables.definitions import TABLES
from tests.bench import fast_forward, long_lake
from tests.bench.fast_forward import NIGHTLY
from tests.bench.long_lake import Lake, past
from tests.support.acceptance_model import Row
from tests.support.counts import count

pytestmark = pytest.mark.slow

# more nights than manifests stay apart, of a maker whose three or six nights of `inventory_daily` are a manifest that
# stays as it is; into the next month, and more than the three nights after which a vehicle is gone
NIGHTS, FORWARD, NIGHTS_OF_A_MANIFEST = count(5, 11), count(4, 9), count(3, 6)
FIRST = date(2026, 2, 1) - timedelta(days=FORWARD - 2)
FINGERPRINTS = ("content_hash", "judged_after", "state", "basis")
"""Of the one history that all makers have."""


def test_the_rows_lie_in_the_files_in_which_true_nights_leave_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_lake, "VEHICLES", 8)
    for module in (long_lake, fast_forward):
        monkeypatch.setattr(module, "day_number", lambda number: FIRST + timedelta(days=number))
    monkeypatch.setattr(snapshot, "_MANIFESTS_AT_MOST", NIGHTS_OF_A_MANIFEST - 1)
    monkeypatch.setattr(snapshot, "_MANIFEST_BYTES", count(10_000, 11_000))
    forward, true = (Lake(tmp_path / name, makers=1, markets=2) for name in ("forward", "true"))
    forward.fast_forward(past(FORWARD), FORWARD)
    for lake in (forward, true):
        while lake.nights < NIGHTS:
            lake.night()
    rows, rows_of_true = _rows(forward), _rows(true)
    files, files_of_true = _files(forward), _files(true)
    manifests, manifests_of_true = _manifests(forward), _manifests(true)
    for definition in TABLES:
        name = definition.name
        assert rows[name] == rows_of_true[name], name
        assert files[name] == files_of_true[name], name
        assert abs(len(manifests[name]) - len(manifests_of_true[name])) <= snapshot._MANIFESTS_AT_MOST, name
    for name in NIGHTLY:
        assert max(manifests[name]) <= max(manifests_of_true[name]), name
    assert max(manifests["inventory_daily"]) == NIGHTS_OF_A_MANIFEST


def _rows(lake: Lake) -> dict[str, list[Row]]:
    return {
        name: [{key: value for key, value in row.items() if key not in FINGERPRINTS} for row in rows]
        for name, rows in lake.content().items()
    }


def _files(lake: Lake) -> dict[str, Counter[str]]:
    """Of each table, how many data files each partition has, and how many rows they have."""
    found = {}
    for definition in TABLES:
        files = lake.catalog.load_table(definition.identifier).inspect.files().to_pylist()
        found[definition.name] = Counter(f"{one['partition']} {one['record_count']} rows" for one in files)
    return found


def _manifests(lake: Lake) -> dict[str, list[int]]:
    """Of each table, how many files each manifest names."""
    found = {}
    for definition in TABLES:
        table = lake.catalog.load_table(definition.identifier)
        current = table.current_snapshot()
        manifests = current.manifests(table.io) if current else []
        found[definition.name] = sorted(
            (one.added_files_count or 0) + (one.existing_files_count or 0) for one in manifests
        )
    return found
