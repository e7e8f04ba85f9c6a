"""Killed anywhere, and several writers at once: the tables are as if nothing had happened (laws 3, 6)."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from consolidated.day.consolidate import _first_of
from consolidated.tables import definitions as tables
from consolidated.tables.catalog_tables import open_table
from consolidated.tables.contention import with_retries
from consolidated.tables.iceberg import read_rows, replace_rows
from consolidated.tables.store import RowsChanged
from resources.failures import Cause, PlatformError
from tests.support.consolidated_support import History, MemoryHistory, assert_same_rows, nights
from tests.support.consolidating import Consolidating
from tests.support.counts import count
from tests.support.memory_tables import MemoryTables
from tests.support.typed_days import FULL, day_number, stock
from transformed.day.output import read_file

pytestmark = pytest.mark.slow

COMMITS_OF_A_DAY = 4


class Killed(BaseException):
    """Ends a step where a signal would."""


@contextmanager
def killed_before_commit(number: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let `number` commits land and kill the step in place of the next one."""
    landed = 0

    def counted(*arguments: object, **options: object) -> bool:
        nonlocal landed
        if landed == number:
            raise Killed
        changed = original(*arguments, **options)  # type: ignore[arg-type]
        landed += changed
        return changed

    original = MemoryTables.replace
    with monkeypatch.context() as patched:
        patched.setattr(MemoryTables, "replace", counted)
        yield
    assert landed == number


@pytest.mark.parametrize("commits", range(COMMITS_OF_A_DAY))
@pytest.mark.parametrize("late", [False, True], ids=["a new last day", "a late day"])
def test_law_3_killed_between_two_commits_and_run_again(
    monkeypatch: pytest.MonkeyPatch, commits: int, late: bool
) -> None:
    undisturbed, disturbed = MemoryHistory(), MemoryHistory()
    order = [0, 1, 3, 2] if late else [0, 1, 2]
    for kept in (undisturbed, disturbed):
        for number in order[:-1]:
            kept.day(day_number(number), stock(day_number(number), range(number, FULL)))
    last = day_number(order[-1])
    rows = stock(last, range(5, FULL + 3), "90.00")
    undisturbed.day(last, rows)
    disturbed.land(last, rows)
    with killed_before_commit(commits, monkeypatch), pytest.raises(Killed):
        disturbed.consolidate(last)
    disturbed.consolidate(last)
    assert_same_rows(disturbed.content(), undisturbed.content())


@pytest.mark.parametrize("commits", range(COMMITS_OF_A_DAY))
@pytest.mark.parametrize("rows", [FULL, 5], ids=["other rows", "half a feed"])
def test_killed_and_then_fetched_again_with_another_result(
    monkeypatch: pytest.MonkeyPatch, commits: int, rows: int
) -> None:
    undisturbed, disturbed = MemoryHistory(), MemoryHistory()
    for kept in (undisturbed, disturbed):
        nights(kept, 2)
    day = day_number(2)
    disturbed.land(day, stock(day, range(10, 2 * FULL), "80.00"))
    with killed_before_commit(commits, monkeypatch), pytest.raises(Killed):
        disturbed.consolidate(day)
    for kept in (undisturbed, disturbed):
        kept.day(day, stock(day, range(rows)))
    assert_same_rows(disturbed.content(), undisturbed.content())


def test_a_rivals_rows_are_computed_again_and_those_of_others_are_not() -> None:
    tries: list[None] = []

    def action() -> str:
        tries.append(None)
        if len(tries) < 3:
            raise RowsChanged
        return "landed"

    assert with_retries(action, oem="maker", market="es") == "landed"
    assert len(tries) == 3


def test_a_writer_that_always_loses_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)

    def action() -> None:
        raise RowsChanged("consolidated.runs maker/es")

    with pytest.raises(PlatformError, match=r"consolidated\.runs maker/es") as failure:
        with_retries(action, oem="maker", market="es")
    assert (failure.value.cause, failure.value.oem, failure.value.market) == (Cause.COMMIT_CONFLICT, "maker", "es")
    assert 5 <= len(waits) <= 50
    assert max(waits) <= 20


def test_a_commit_to_rows_that_changed_since_they_were_read_is_refused(tmp_path: Path) -> None:
    kept = History(tmp_path)
    nights(kept, 1)
    here = (pl.col("oem") == "maker") & (pl.col("market") == "es")
    ours, rivals = (open_table(kept.catalog, tables.INVENTORY, "sandbox") for _ in range(2))
    rows = read_rows(ours, here)
    assert replace_rows(rivals, here, rows.head(10), scope="maker/es", state="rival")
    with pytest.raises(RowsChanged):
        replace_rows(ours, here, rows.head(20), scope="maker/es", state="ours")
    assert kept.table("inventory").height == 10

    elsewhere = (pl.col("oem") == "maker") & (pl.col("market") == "pl")
    ours, rivals = (open_table(kept.catalog, tables.INVENTORY, "sandbox") for _ in range(2))
    assert replace_rows(rivals, here, rows.head(5), scope="maker/es", state="rival again")
    moved = rows.with_columns(market=pl.lit("pl"))
    assert replace_rows(ours, elsewhere, moved, scope="maker/pl", state="ours")
    assert kept.table("inventory").height == 5 + FULL


def consolidating(folder: Path, oem: str, days: Iterable[int]) -> Consolidating:
    return Consolidating(folder, oem, [day_number(number) for number in days])


def landed(folder: Path, oem: str, days: range) -> History:
    kept = History(folder, oem=oem)
    for number in days:
        rows = [row | {"oem": oem} for row in stock(day_number(number), range(number, FULL + 2 * number))]
        kept.land(day_number(number), rows)
    return kept


@pytest.mark.slow
def test_law_6_oems_that_write_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    """The tables themselves too are made by whoever comes first."""
    oems, days = ("first", "second", "third")[: count(2, 3)], range(count(2, 3))
    together, alone = tmp_path / "together", tmp_path / "alone"
    for oem in oems:
        landed(together, oem, days)
        kept = landed(alone, oem, days)
        for number in days:
            kept.consolidate(day_number(number))
    processes = [consolidating(together, oem, days) for oem in oems]
    for process in processes:
        process.begin()
    for process in processes:
        process.succeed()
    assert_same_rows(History(together).content(), History(alone).content())


@pytest.mark.slow
def test_law_6_days_of_one_market_that_are_written_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    days = range(4)
    together, alone = landed(tmp_path / "together", "maker", days), landed(tmp_path / "alone", "maker", days)
    for number in days:
        alone.consolidate(day_number(number))
    processes = [consolidating(together.folder, "maker", own) for own in ([0, 2], [3, 1])]
    for process in processes:
        process.begin()
    for process in processes:
        process.succeed()
    assert_same_rows(together.content(), alone.content())


@pytest.mark.slow
def test_law_3_killed_at_any_moment_and_run_again(tmp_path: Path) -> None:
    days = range(3)
    undisturbed = landed(tmp_path / "undisturbed", "maker", days)
    for number in days:
        undisturbed.consolidate(day_number(number))
    moments = random.Random(os.environ.get("KILL_SEED", "1"))  # noqa: S311 - guards nothing
    disturbed = landed(tmp_path / "disturbed", "maker", days)
    kills = 0
    for number in days:
        for _ in range(count(1, 20)):
            process = consolidating(disturbed.folder, "maker", [number])
            process.begin()
            time.sleep(moments.uniform(0.02, 0.4))
            kills += process.kill()
        disturbed.consolidate(day_number(number))
    assert kills >= count(1, 3)
    assert_same_rows(disturbed.content(), undisturbed.content())


READ_FILE = "consolidated.day.typed.read_file"


def typed_again_at_the_first_read(kept: History, monkeypatch: pytest.MonkeyPatch, failure: PlatformError) -> None:
    """The first typed file cannot be read, and meanwhile another night has typed the day again, with five vehicles."""

    def failing(*arguments: Any) -> pl.DataFrame:
        monkeypatch.setattr(READ_FILE, read_file)
        kept.land(day_number(0), stock(day_number(0), range(5)))
        raise failure

    kept.land(day_number(0), stock(day_number(0)))
    monkeypatch.setattr(READ_FILE, failing)


def test_law_3_a_day_that_is_typed_again_while_it_is_consolidated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two nights of a day run at once: the other one has replaced the report and removed its files."""
    kept, day = History(tmp_path / "lake"), day_number(0)
    gone = PlatformError(Cause.TRANSFORMED_DAMAGED, "it is gone")
    typed_again_at_the_first_read(kept, monkeypatch, gone)
    assert kept.consolidate(day).vehicles == 5

    def damaged(*arguments: Any) -> pl.DataFrame:
        raise gone

    monkeypatch.setattr(READ_FILE, damaged)
    kept.land(day, stock(day, range(6)))
    with pytest.raises(PlatformError, match="it is gone") as failure:
        kept.consolidate(day)
    assert failure.value.cause is Cause.TRANSFORMED_DAMAGED


def test_a_lake_that_cannot_be_read_is_no_day_that_was_typed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = History(tmp_path / "lake")
    typed_again_at_the_first_read(kept, monkeypatch, PlatformError(Cause.LAKE_UNWRITABLE, "no answer"))
    with pytest.raises(PlatformError, match="no answer") as failure:
        kept.consolidate(day_number(0))
    assert failure.value.cause is Cause.LAKE_UNWRITABLE


def test_the_first_failure_names_the_markets_of_the_others() -> None:
    first = PlatformError(Cause.NEVER_LANDED, "no day", oem="maker", market="es")
    others = [
        PlatformError(Cause.DEFECT, "x", oem="maker", market="gb"),
        PlatformError(Cause.NEVER_LANDED, "x", endpoint="stock"),
    ]
    assert _first_of([first]).detail == "no day"
    assert _first_of([first, *others]) is first
    assert first.detail == "no day (and gb: defect, stock: never_landed)"
