"""Which partitions are rewritten, how many at once, what a dry run says, and the filter that finds their rows."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import polars as pl
import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.transforms import BucketTransform, IdentityTransform, MonthTransform

from consolidated.maintenance import compaction
from consolidated.maintenance.compaction import UNTOLD, Compacted, compact, partition_filter
from consolidated.tables.definitions import INVENTORY, INVENTORY_EVENTS, TableDefinition
from consolidated.tables.store import RowsChanged

MB = 1024 * 1024
CATALOG = cast("Catalog", None)
Files = dict[tuple[Any, ...], list[Any]]


def file(megabytes: float, spec_id: int = 1) -> Any:
    return SimpleNamespace(file_size_in_bytes=int(megabytes * MB), spec_id=spec_id)


class Table:
    """A table by its files. rewritten: the filters of what was rewritten, each of which leaves one file."""

    def __init__(self, files: Files) -> None:
        self.files, self.rewritten = files, 0

    def spec(self) -> Any:
        return SimpleNamespace(spec_id=1)


@pytest.fixture
def rewriting(monkeypatch: pytest.MonkeyPatch) -> Any:
    def run(files: Files, *, dry_run: bool = False, lost: int = 0) -> tuple[Compacted, list[list[Any]]]:
        batches: list[list[Any]] = []
        table = Table(files)
        monkeypatch.setattr(compaction, "load_table", lambda *_: table)
        monkeypatch.setattr(compaction, "_files", lambda one: one.files)
        lose = [lost]

        def rewrite(_catalog: Any, _definition: Any, partitions: list[Any]) -> bool:
            batches.append(partitions)
            if lose[0]:
                lose[0] -= 1
                return False
            table.files = table.files | {one: [file(1)] for one in partitions}
            return True

        monkeypatch.setattr(compaction, "_rewrite", rewrite)
        done = compact(
            CATALOG,
            INVENTORY_EVENTS,
            small_file_mb=32,
            small_files_at_least=5,
            partition_mb_at_most=256,
            dry_run=dry_run,
        )
        return done, batches

    return run


@pytest.mark.parametrize(
    ("files", "is_rewritten"),
    [
        ([file(31)] * 5, True),
        ([file(31)] * 4, False),
        ([file(32)] * 6, False),
        ([file(31)] * 4 + [file(32)], False),
        ([file(1)] * 5 + [file(251)], True),
        ([file(1)] * 5 + [file(252)], False),
        ([file(200), file(1, spec_id=0)], True),
        ([file(200), file(57, spec_id=0)], False),
    ],
)
def test_a_partition_of_many_small_files_or_of_an_older_layout_is_rewritten_unless_it_is_too_large(
    rewriting: Any, files: list[Any], is_rewritten: bool
) -> None:
    _, batches = rewriting({("a", 1): files})
    assert batches == ([[("a", 1)]] if is_rewritten else [])


FILES: Files = {("a", 1): [file(1)] * 5, ("a", 2): [file(2)] * 6, ("b", 1): [file(1)] * 7, ("c", 1): [file(3)]}


def test_what_was_done_is_counted(rewriting: Any) -> None:
    done, batches = rewriting(FILES)
    assert batches == [[("a", 1), ("a", 2)], [("b", 1)]]
    assert done == Compacted(3, 0, 19, 4, 27 * MB, 6 * MB)
    done, _ = rewriting(FILES, lost=1)
    assert done == Compacted(1, 2, 19, 13, 27 * MB, 21 * MB)


def test_a_dry_run_writes_nothing_and_says_what_it_would(rewriting: Any) -> None:
    done, batches = rewriting(FILES, dry_run=True)
    assert (batches, done) == ([], Compacted(3, 0, 19, 19, 27 * MB, 27 * MB))


@pytest.mark.parametrize(("lost", "landed"), [(0, True), (2, True), (3, False)])
def test_a_rival_is_given_way_to_three_times(lost: int, landed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[pl.DataFrame] = []
    rows = pl.DataFrame(
        {
            "oem": ["a", "a", "a", "b"],
            "known_on": [date(2026, 1, 31), date(2026, 2, 1), date(2026, 3, 1), date(2026, 2, 1)],
        }
    )

    def rewrite_rows(_table: Any, where: pl.Expr) -> None:
        tries.append(rows.filter(where))
        if len(tries) <= lost:
            raise RowsChanged("a rival")

    monkeypatch.setattr(compaction, "load_table", lambda *_: None)
    monkeypatch.setattr(compaction, "rewrite_rows", rewrite_rows)
    # months since January 1970
    partitions: list[Any] = [("a", 672), ("a", 673)]
    assert compaction._rewrite(CATALOG, INVENTORY_EVENTS, partitions) is landed
    assert len(tries) == min(lost + 1, 3)
    assert tries[0]["known_on"].to_list() == [date(2026, 1, 31), date(2026, 2, 1)]


def test_the_filter_of_a_partition_finds_its_rows_alone() -> None:
    rows = pl.DataFrame(
        {
            "oem": ["a", "a", "a", "b", "a"],
            "status": ["listed", "listed", "gone", "listed", "listed"],
            "last_seen_on": [date(2026, 1, 1), date(2026, 2, 1), date(2026, 1, 9), date(2026, 1, 2), None],
            "n": range(5),
        }
    )

    def found(*partition: Any) -> list[int]:
        return rows.filter(partition_filter(INVENTORY, partition))["n"].to_list()

    assert found("a", "listed", 672) == [0]
    assert found("a", "listed", None) == [4]
    assert found("a", UNTOLD, 672) == [0, 2]
    assert found("a", UNTOLD, UNTOLD) == [0, 1, 2, 4]
    assert found("b", "listed", UNTOLD) == [3]


def test_a_layout_that_no_version_has_is_an_error() -> None:
    definition = TableDefinition("t", "", {}, (("oem", BucketTransform(4)),), ())
    with pytest.raises(NotImplementedError, match="no filter for partitions by bucket"):
        partition_filter(definition, (3,))


def test_files_of_an_older_layout_are_those_of_all_partitions_that_they_may_be() -> None:
    def spec(*fields: tuple[int, Any]) -> Any:
        return SimpleNamespace(
            fields=[SimpleNamespace(source_id=one, transform=kind) for one, kind in fields], spec_id=2
        )

    specs = {
        1: spec((1, IdentityTransform()), (2, IdentityTransform())),
        2: spec((1, IdentityTransform()), (3, MonthTransform())),
        3: spec((3, MonthTransform()), (1, IdentityTransform())),
    }
    manifests = {
        one: SimpleNamespace(
            partition_spec_id=one,
            fetch_manifest_entry=lambda _io, discard_deleted, one=one: [
                SimpleNamespace(data_file=SimpleNamespace(partition=values, of=one)) for values in values_of[one]
            ] if discard_deleted else [],
        )
        for one in specs
    }  # fmt: skip
    values_of: dict[int, list[tuple[Any, ...]]] = {1: [("a", "es")], 2: [("a", 7), ("b", 7)], 3: [(7, "a")]}
    table = SimpleNamespace(spec=lambda: specs[2], specs=lambda: specs, io=None)
    table.current_snapshot = lambda: SimpleNamespace(manifests=lambda _io: manifests.values())
    found = compaction._files(cast("Any", table))
    assert {partition: [cast("Any", one).of for one in files] for partition, files in found.items()} == {
        ("a", UNTOLD): [1], ("a", 7): [2, 3], ("b", 7): [2],
    }  # fmt: skip
    table.current_snapshot = lambda: None
    assert compaction._files(cast("Any", table)) == {}


def test_one_commit_writes_thirty_two_megabytes_and_no_more() -> None:
    halves = {("a", number): 16 * MB for number in range(3)}
    assert [len(batch) for batch in compaction._batches(halves)] == [2, 1]
    over = {("a", 0): 16 * MB, ("a", 1): 16 * MB + 1}
    assert [len(batch) for batch in compaction._batches(over)] == [1, 1]


def test_one_commit_rewrites_so_many_partitions_of_one_maker_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "_BATCH", 2)
    sizes = {(oem, number): 1 for oem in "ba" for number in range(3)}
    batches = [[("a", 0), ("a", 1)], [("a", 2)], [("b", 0), ("b", 1)], [("b", 2)]]
    assert list(compaction._batches(sizes)) == batches
    assert list(compaction._batches({})) == []
