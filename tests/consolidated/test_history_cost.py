"""A night costs its day, a late day what comes after it: what is read and written again, and what is not.

Belongs here: which days are told and which files are written. Does not belong here: seconds and bytes
(`bench_history.py` prints them).
"""

from __future__ import annotations

import gc
import subprocess
import sys
from collections import Counter
from datetime import date

import pytest
from pyiceberg.expressions.visitors import ResidualVisitor
from pyiceberg.io import FileIO
from pyiceberg.manifest import ManifestEntry, ManifestFile

from consolidated.day import ledger
from consolidated.history import fold
from consolidated.history.advance import advance
from consolidated.history.spells import AcceptedDay
from consolidated.tables import definitions as tables
from consolidated.tables import planning
from tests.support.acceptance_model import Row
from tests.support.consolidated_support import History, MemoryHistory, assert_same_rows
from tests.support.laid_down import LaidDown
from tests.support.source import CHECKOUT
from tests.support.typed_days import FULL, day_number, stock

pytestmark = pytest.mark.slow

NIGHTS = range(4, 11)  # from January 29 to February 4; a car goes each night, and is gone two nights later


def cars(number: int) -> list[Row]:
    return stock(day_number(number), range(number, FULL + number))


@pytest.fixture(scope="module")
def laid_down(tmp_path_factory: pytest.TempPathFactory) -> LaidDown:
    kept = History(tmp_path_factory.mktemp("history_cost") / "lake")
    for number in NIGHTS:
        kept.day(day_number(number), cars(number))
    return LaidDown(kept)


@pytest.fixture
def kept(laid_down: LaidDown) -> History:
    return laid_down.put_back()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[date]:
    """The days that are told from here on."""
    days: list[date] = []

    def counted(state: object, rows: object, day: AcceptedDay, **options: object) -> object:
        days.append(day.date)
        return advance(state, rows, day, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(fold, "advance", counted)
    return days


def files_of_the_gone(kept: History) -> dict[int, set[str]]:
    """The files of `inventory` with delisted vehicles, by the month in which they were last seen."""
    found: dict[int, set[str]] = {}
    for file in kept.catalog.load_table(tables.INVENTORY.identifier).inspect.files().to_pylist():
        if file["partition"]["status"] == "delisted":
            found.setdefault(file["partition"]["last_seen_on_month"], set()).add(file["file_path"])
    return found


def test_a_night_tells_itself_and_leaves_the_files_of_those_long_gone_alone(kept: History, told: list[date]) -> None:
    before = files_of_the_gone(kept)
    january, february = sorted(before)
    kept.day(day_number(11), cars(11))
    assert told == [day_number(11)]
    after = files_of_the_gone(kept)
    assert after[january] == before[january]
    assert after[february] != before[february], "somebody has gone"

    # who comes back is fetched from among the gone, and leaves them
    kept.day(day_number(12), [*cars(12), *stock(day_number(12), range(4, 5))])
    assert files_of_the_gone(kept)[january] != before[january]
    returned = {row["listing_id"]: row for row in kept.table("inventory").to_dicts()}["car 004"]
    assert [returned[name] for name in ("status", "spells", "first_seen_on")] == ["listed", 2, day_number(4)]
    assert kept.table("inventory").height == len(set(kept.table("inventory")["vehicle_id"]))


@pytest.mark.parametrize(
    "has_expired",
    [pytest.param(False, id="its snapshot is there"),
     pytest.param(True, id="its snapshot has expired", marks=pytest.mark.soak)],
)  # fmt: skip
def test_a_late_day_tells_itself_and_what_comes_after(kept: History, told: list[date], has_expired: bool) -> None:
    late, rows = day_number(9), [*cars(9), *stock(day_number(9), range(300, 303))]
    if has_expired:
        table = kept.catalog.load_table(tables.INVENTORY.identifier)
        current = table.metadata.current_snapshot_id
        table.maintenance.expire_snapshots().by_ids(
            [one.snapshot_id for one in table.snapshots() if one.snapshot_id != current]
        ).commit()
    kept.day(late, rows)
    assert told == [day_number(number) for number in (NIGHTS if has_expired else (9, 10))]

    afresh = MemoryHistory()
    for number in NIGHTS:
        afresh.day(day_number(number), rows if day_number(number) == late else cars(number))
    assert_same_rows(kept.content(), afresh.content())


def test_a_night_makes_two_fingerprints_of_each_day(kept: History, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what its history is computed from, and of what its turnover is measured against."""
    made: list[str] = []
    fingerprint = ledger._hash

    def counted(text: str) -> str:
        made.append(text)
        return fingerprint(text)

    monkeypatch.setattr(ledger, "_hash", counted)
    kept.day(day_number(11), cars(11))
    days = len(NIGHTS) + 1
    assert days <= len(made) <= 2 * days


def test_a_night_works_out_no_filter_for_a_single_file(kept: History, monkeypatch: pytest.MonkeyPatch) -> None:
    def unwanted(*_: object) -> None:
        raise AssertionError("worked out for a file")

    monkeypatch.setattr(ResidualVisitor, "eval", unwanted)
    assert kept.day(day_number(11), cars(11)).accepted
    # pyiceberg's own reader, which takes the filter of each file, finds the same rows as polars
    day = day_number(10)
    table = kept.catalog.load_table(tables.RUNS.identifier)
    found = table.scan(f"date = '{day}'").to_arrow()
    assert found["date"].to_pylist() == kept.table("runs").filter(date=day)["date"].to_list() == [day]


def test_a_night_reads_each_manifest_and_each_list_once_to_compute_and_once_to_commit(
    kept: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: Counter[str] = Counter()
    read_list, read_entries = planning._fetch_list, planning._fetch_entries

    def list_counted(io: FileIO, manifest_list: str) -> tuple[ManifestFile, ...]:
        read[manifest_list] += 1
        return read_list(io, manifest_list)

    def entries_counted(manifest: ManifestFile, io: FileIO, discard_deleted: bool) -> list[ManifestEntry]:
        read[manifest.manifest_path] += 1
        return read_entries(manifest, io, discard_deleted)

    monkeypatch.setattr(planning, "_fetch_list", list_counted)
    monkeypatch.setattr(planning, "_fetch_entries", entries_counted)
    assert kept.day(day_number(11), cars(11)).accepted
    assert set(read.values()) == {1, 2}


def test_manifests_of_a_loaded_table_are_forgotten_with_it(kept: History) -> None:
    gc.collect()
    before = len(planning._read)
    table = kept.catalog.load_table(tables.RUNS.identifier)
    assert list(table.scan().plan_files())
    assert len(planning._read) == before + 1
    del table
    gc.collect()
    assert len(planning._read) == before


def test_a_large_manifest_is_read_at_each_look(kept: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "_LARGEST_KEPT_BYTES", 0)
    table = kept.catalog.load_table(tables.RUNS.identifier)
    files = [task.file.file_path for task in table.scan().plan_files()]
    snapshot = table.current_snapshot()
    assert snapshot is not None
    assert set(planning._read[table.io]) == {snapshot.manifest_list}
    assert [task.file.file_path for task in table.scan().plan_files()] == files


def test_a_lookup_of_every_vehicle_costs_what_the_vehicles_cost() -> None:
    """Of 10,000 vehicles: a set of all ids made anew for each vehicle takes gigabytes. In a process of its own."""
    program = """
import resource
import polars as pl
from consolidated.day.evidence import _share_known
ids = [str(number) for number in range(10_000)]
vehicles = pl.DataFrame({"vehicle_id": ids, "id": ids})
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert _share_known(vehicles, vehicles["id"]) == 1
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 200, "MB"
