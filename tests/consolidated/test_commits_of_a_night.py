"""What a maker's night commits, opens and leaves as metadata: counted, never timed; and it does not grow."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from pyiceberg.catalog.sql import SqlCatalog

from consolidated.tables import snapshot
from consolidated.tables.definitions import TABLES
from tests.support.consolidated_support import History
from tests.support.typed_days import FULL, day_number, market_report, stock

pytestmark = pytest.mark.slow

MARKETS = ("es", "gb")
NIGHTS = 8  # into the next month, and more than the manifests that stay apart
SNAPSHOTS = 6


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the catalog was asked to commit to a table and to load one."""
    counted: Counter[str] = Counter()

    def count(name: str) -> None:
        original = getattr(SqlCatalog, name)

        def call(self: SqlCatalog, *arguments: object, **options: object) -> object:
            counted[name] += 1
            return original(self, *arguments, **options)

        monkeypatch.setattr(SqlCatalog, name, call)

    count("commit_table")
    count("load_table")
    return counted


def test_a_night_of_several_markets_commits_once_a_table_and_its_metadata_stays_small(
    tmp_path: Path, calls: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "SNAPSHOTS_AT_MOST", SNAPSHOTS)
    kept = History(tmp_path)
    nights: list[Counter[str]] = []
    for number in range(NIGHTS):
        day = day_number(number)
        rows = [row | {"market": market} for market in MARKETS for row in stock(day, range(number, FULL + number))]
        kept.land_markets(day, rows, [market_report(FULL, market=market) for market in MARKETS])
        calls.clear()
        assert all(one.accepted for one in kept.consolidate_markets(day))
        nights.append(calls.copy())
    # the day's rows, events, `runs` and the present; the same on the last night as on an early one
    assert [one["commit_table"] for one in nights[1:]] == [4] * (NIGHTS - 1)
    assert len({one["load_table"] for one in nights[1:]}) == 1
    assert nights[-1]["load_table"] <= 2 * len(TABLES)
    for definition in TABLES:
        table = kept.catalog.load_table(definition.identifier)
        assert len(table.snapshots()) <= SNAPSHOTS
        assert len(table.metadata.metadata_log) <= 20
        current = table.current_snapshot()
        manifests = current.manifests(table.io) if current else []
        assert len(manifests) <= 6, definition.name
    # small markets share a file; the control table has one a month
    daily = kept.catalog.load_table(("consolidated", "inventory_daily")).inspect.files()
    assert daily.num_rows == NIGHTS
    runs = kept.catalog.load_table(("consolidated", "runs")).inspect.files()
    of_months = Counter(day_number(number).replace(day=1) for number in range(NIGHTS) for _ in MARKETS)
    assert sorted(runs["record_count"].to_pylist()) == sorted(of_months.values())

    # a market that is done again touches its own rows; the others' come along as they are
    day = day_number(NIGHTS - 1)
    before = {name: [row for row in rows if row["market"] != "es"] for name, rows in kept.content().items()}
    rows = [row | {"market": "es"} for row in stock(day, range(3, FULL))]
    kept.land_markets(day, rows, [market_report(len(rows), market="es")])
    calls.clear()
    assert kept.consolidate(day).committed
    assert calls["commit_table"] == 4
    assert before == {name: [row for row in rows if row["market"] != "es"] for name, rows in kept.content().items()}
    assert kept.table("inventory_daily").filter(market="es", date=day).height == FULL - 3
