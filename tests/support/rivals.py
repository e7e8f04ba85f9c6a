"""Writers that commit to one table at the same time, each a process, and what they write.

The module holds what a writer's process runs, so that the processes are forked from a process that has loaded the
libraries and has no thread yet. `tests/laws/test_06_no_lost_commit.py` asserts what the tables have to hold then.
"""

from __future__ import annotations

import logging
import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier

import polars as pl

# what a commit loads: once for all writers
import polars.io.iceberg._sink
import s3fs  # noqa: F401
from pyiceberg.table import Table

from consolidated.tables.catalog_tables import open_table
from consolidated.tables.contention import with_retries
from consolidated.tables.definitions import DEALERS
from consolidated.tables.iceberg import KEY_PROPERTY, read_rows, replace_rows
from resources.lake.catalog import load_lake_catalog
from tests.support.lakes import work_on


def dealers(oem: str, writers: list[str]) -> pl.DataFrame:
    """Rows of a partition: a dealer for every commit that has landed in it."""
    schema = DEALERS.frame_schema
    rows = [{name: "x" if schema[name] == pl.String else None for name in schema} for _ in writers]
    frame = pl.DataFrame(rows, schema=schema, strict=False)
    return frame.with_columns(
        *(pl.lit(None, schema[name]).alias(name) for name in schema if schema[name].is_nested()),
        *(pl.lit(1, schema[name]).alias(name) for name in ("spells", "absent_days")),
        *(pl.lit("2026-01-01").str.to_date().alias(n) for n in ("first_seen_on", "spell_started_on", "last_seen_on")),
        oem=pl.lit(oem),
        market=pl.lit("es"),
        dealer_id=pl.Series(writers, dtype=pl.String),
        first_seen_is_censored=pl.lit(value=False),
    ).select(list(schema))


def commit_one(oem: str, writer: str) -> None:
    """Add a dealer to a partition: read what is there, replace it by that and one more."""
    catalog = load_lake_catalog()
    here = (pl.col("oem") == oem) & (pl.col("market") == "es")

    def action() -> None:
        table = open_table(catalog, DEALERS, "sandbox")
        before = read_rows(table, here)["dealer_id"].to_list()
        rows = dealers(oem, [*before, writer])
        replace_rows(table, here, rows, scope=f"{oem}/es", state=writer)

    with_retries(action, oem=oem, market="es")


def commits_in(table: Table) -> int:
    """How many commits the table's snapshots are of: each is one."""
    keys = Counter(one.summary.additional_properties[KEY_PROPERTY] for one in table.snapshots() if one.summary)
    assert max(keys.values()) == 1
    return len(keys)


def p95(seconds: list[float]) -> float:
    """The 95th percentile of sorted numbers."""
    return seconds[int(len(seconds) * 0.95)]


@dataclass
class Writers:
    """Processes that commit at the same time, the same ones for every catalog."""

    pool: ProcessPoolExecutor

    def commit(
        self, environment: dict[str, str], writers: int, commits: int, *, same: bool
    ) -> tuple[list[float], float]:
        """Have `writers` of them commit, each to its own partition or all to the same.

        Returns the seconds of each commit, sorted, and the CPU seconds of all.
        """
        done = [self.pool.submit(_commits, environment, number, writers, commits, same) for number in range(writers)]
        results = [one.result(timeout=300) for one in done]
        return sorted(one for seconds, _ in results for one in seconds), sum(cpu for _, cpu in results)


@contextmanager
def writers(*at_once: int) -> Iterator[Writers]:
    """Writers, as many as the largest of these numbers; those that start together wait for each other."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    barriers = {number: context.Barrier(number) for number in at_once}
    with ProcessPoolExecutor(max(at_once), context, _start, (barriers,)) as pool:
        yield Writers(pool)


_barriers: dict[int, Barrier] = {}


def _start(barriers: dict[int, Barrier]) -> None:
    logging.disable(logging.WARNING)  # pyiceberg's of every lost commit
    _barriers.update(barriers)


def _commits(
    environment: dict[str, str], number: int, writers: int, commits: int, same: bool
) -> tuple[list[float], float]:
    work_on(environment)
    # what is loaded and connected once is no part of a commit
    table = open_table(load_lake_catalog(), DEALERS, "sandbox")
    read_rows(table, pl.col("oem") == "nobody")
    _barriers[writers].wait(240)
    seconds = []
    cpu = time.process_time()
    for commit in range(commits):
        begun = time.monotonic()
        commit_one("shared" if same else f"oem{number:02}", f"{number}/{commit}")
        seconds.append(time.monotonic() - begun)
    return seconds, time.process_time() - cpu
