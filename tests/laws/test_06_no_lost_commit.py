"""Law 6: no commit is lost and none is made twice, whatever writes at the same time.

Real processes on a real catalog. Each commits rows that say who wrote them and as which commit, so the table itself
tells what landed: snapshots are counted by the commits' own keys, rows by their writers.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyiceberg.table import Table

from consolidated.tables.catalog_tables import ensure_tables, open_table
from consolidated.tables.definitions import DEALERS
from consolidated.tables.tickets import KEPT
from resources.lake.catalog import load_lake_catalog
from resources.lake.lake import lake_from_env
from tests.support.counts import IS_SOAK, count
from tests.support.lakes import folder_and_sqlite, s3_and_postgres, s3_and_rest
from tests.support.rivals import Writers, commits_in, p95, writers
from tests.support.servers import PostgresServer, S3Server

pytestmark = pytest.mark.slow

# the losers of a partition compute again, so that n writers of the same cost n*n/2 commits
WRITERS, COMMITS = count(6, 12), count(1, 4)
SAME_WRITERS, SAME_COMMITS = count(4, 8), count(1, 4)


@pytest.fixture(scope="module")
def processes() -> Iterator[Writers]:
    with writers(WRITERS, SAME_WRITERS) as started:
        yield started


@pytest.fixture(params=["PostgreSQL", "REST", *(["SQLite"] if IS_SOAK else [])])
def lake(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    s3: S3Server,
    postgres: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, str]:
    """A lake with its tables, by its environment."""
    environment = {
        "SQLite": lambda: folder_and_sqlite(tmp_path),
        "PostgreSQL": lambda: s3_and_postgres(s3, postgres),
        "REST": lambda: s3_and_rest(s3),
    }[request.param]()
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    ensure_tables(load_lake_catalog(), "sandbox")
    return environment


def dealers_table() -> Table:
    return open_table(load_lake_catalog(), DEALERS, "sandbox")


def say(what: str, seconds: list[float], cpu: float) -> None:
    median = statistics.median(seconds)
    print(
        f"{what}: {len(seconds)} commits, seconds each: median {median:.2f}, p95 {p95(seconds):.2f},"
        f" most {seconds[-1]:.2f}; CPU seconds each: {cpu / len(seconds):.2f}"
    )


def test_processes_commit_at_once_and_all_land_once(
    lake: dict[str, str], processes: Writers, request: pytest.FixtureRequest
) -> None:
    """Six processes; twelve, and 48 commits, under `make soak`."""
    seconds, cpu = processes.commit(lake, WRITERS, COMMITS, same=False)
    table = dealers_table()
    rows = table.scan().to_arrow()
    assert Counter(rows["oem"].to_pylist()) == {f"oem{number:02}": COMMITS for number in range(WRITERS)}
    assert len(set(rows["dealer_id"].to_pylist())) == WRITERS * COMMITS
    assert commits_in(table) == WRITERS * COMMITS
    if "REST" in request.node.name:
        tickets = Counter(name.partition(".")[2] for name in lake_from_env().list("turns/consolidated.dealers"))
        assert tickets["ended"] == tickets["json"] == min(WRITERS * COMMITS, KEPT + 1), "each took its turn"
    say(request.node.name, seconds, cpu)


def test_the_same_partition_from_several_is_serialised(
    lake: dict[str, str], processes: Writers, request: pytest.FixtureRequest
) -> None:
    """Every commit adds to what the one before left: a commit on rows that have changed since would lose one."""
    seconds, cpu = processes.commit(lake, SAME_WRITERS, SAME_COMMITS, same=True)
    table = dealers_table()
    expected = {f"{number}/{commit}" for number in range(SAME_WRITERS) for commit in range(SAME_COMMITS)}
    assert sorted(table.scan().to_arrow()["dealer_id"].to_pylist()) == sorted(expected)
    assert commits_in(table) == SAME_WRITERS * SAME_COMMITS
    say(request.node.name, seconds, cpu)
