"""What a commit costs where many processes commit to one table at once, by catalog: `python -m tests.bench.writers`.

Twelve processes make four commits each, each to rows of its own, on SQLite in a folder, on PostgreSQL and on a REST
catalog with S3. The same number of commits of a lone process is the base. Prints a line each, and last a JSON object.
The servers share the machine with the writers; their CPU time is not counted.
"""

from __future__ import annotations

import json
import statistics
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from consolidated.tables.catalog_tables import ensure_tables
from resources.lake.catalog import load_lake_catalog
from tests.support.lakes import folder_and_sqlite, s3_and_postgres, s3_and_rest, work_on
from tests.support.rivals import Writers, p95, writers
from tests.support.servers import postgres_server, s3_server

WRITERS, COMMITS = 12, 4


@dataclass(frozen=True)
class Commits:
    """Seconds of a commit: the median, the 95th percentile and the longest; CPU seconds of a commit, and of one that a
    lone writer makes."""

    median_seconds: float
    p95_seconds: float
    longest_seconds: float
    cpu_seconds: float
    lone_cpu_seconds: float


def commits_of(processes: Writers, environment: Mapping[str, str]) -> Commits:
    """Have the writers of `processes` commit to the tables of a new lake. environment: the lake's."""
    work_on(environment)
    ensure_tables(load_lake_catalog(), "sandbox")
    of_lone, lone_cpu = processes.commit(dict(environment), 1, COMMITS, same=False)
    seconds, cpu = processes.commit(dict(environment), WRITERS, COMMITS, same=False)
    return Commits(
        median_seconds=statistics.median(seconds),
        p95_seconds=p95(seconds),
        longest_seconds=seconds[-1],
        cpu_seconds=cpu / len(seconds),
        lone_cpu_seconds=lone_cpu / len(of_lone),
    )


def line(catalog: str, one: Commits) -> str:
    """A line of the benchmark's table."""
    return (
        f"{catalog:12}{one.median_seconds:9.2f}{one.p95_seconds:9.2f}{one.longest_seconds:9.2f}{one.cpu_seconds:9.2f}"
        f"{one.lone_cpu_seconds:9.2f}{one.cpu_seconds / one.lone_cpu_seconds:8.1f} x"
    )


HEAD = f"{f'{WRITERS} writers':12}{'median s':>9}{'95 %':>9}{'longest':>9}{'CPU s':>9}{'lone':>9}{'ratio':>10}"


def main() -> None:
    found: dict[str, Commits] = {}
    print(HEAD)
    with (
        tempfile.TemporaryDirectory() as folder,
        s3_server() as s3,
        postgres_server() as postgres,
        writers(1, WRITERS) as processes,
    ):
        lakes: dict[str, Callable[[], Mapping[str, str]]] = {
            "SQLite": lambda: folder_and_sqlite(Path(folder)),
            "PostgreSQL": lambda: s3_and_postgres(s3, postgres),
            "REST": lambda: s3_and_rest(s3),
        }
        for catalog, lake in lakes.items():
            found[catalog] = commits_of(processes, lake())
            print(line(catalog, found[catalog]), flush=True)
    print(json.dumps({catalog: asdict(one) for catalog, one in found.items()}))


if __name__ == "__main__":
    main()
