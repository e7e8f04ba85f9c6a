"""Every reader of `docs/query.md` gives the same counts and sums, whatever the lake does meanwhile.

Its lines are run as printed, all readers of a lake in one process of their own.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from pyiceberg.table import Table

from consolidated.maintenance import tasks
from consolidated.maintenance.settings import MaintenanceSettings
from resources.lake.lake import CHECKOUT
from tests.support.aging import aged
from tests.support.consolidated_support import History
from tests.support.counts import IS_SOAK, count
from tests.support.lakes import CATALOG, folder_and_sqlite, s3_and_postgres, s3_and_rest
from tests.support.servers import REGION, PostgresServer, S3Server
from tests.support.typed_days import day_number, stock

pytestmark = pytest.mark.slow

BLOCKS = dict(re.findall(r"```python ([\w-]+)\n(.*?)```", (CHECKOUT / "docs" / "query.md").read_text(), re.DOTALL))
INSTALL = "INSTALL avro; LOAD avro; INSTALL httpfs; LOAD httpfs; INSTALL iceberg; LOAD iceberg"
S3_READERS = ["polars", "duckdb", "clickhouse-s3", "sail"]
READERS = {
    "folder": ["polars", "duckdb", "clickhouse-folder", "sail"],
    "S3 and PostgreSQL": S3_READERS,
    "S3 and REST": [*S3_READERS, "duckdb-rest"],
}
LAKES = ["S3 and REST", "folder", "S3 and PostgreSQL"]  # the first two have every reader of the document
ONCE = {  # what a reader runs before its first question
    "duckdb": ["duckdb-session", "duckdb-s3"],
    "duckdb-rest": ["duckdb-attach"],
    "sail": ["sail-session"],
}

# asked by a line, a name of a block, it runs the block; an error ends it
PROGRAM = """
import sys
blocks, pasted = {blocks!r}, {{}}
for line in sys.stdin:
    exec(compile(blocks[line.strip()], line.strip(), "exec"), pasted)
    print("=== end", flush=True)
"""
ROW = re.compile(
    r"\b(absent|changed|covered|dealer_changed|delisted|listed|price_changed|relisted)\b\W+(\d+)(?:\W+(\d+(?:\.\d+)?))?"
)

Answer = frozenset[tuple[str, int, Decimal | None]]
"""Rows of (status, count, sum of the prices), or of (kind, count, None)."""


@dataclass
class Pasted:
    """A process into which an engineer pastes blocks."""

    process: subprocess.Popen[str]
    errors: Path

    def run(self, block: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        if self.process.poll() is None:
            self.process.stdin.write(f"{block}\n")
            self.process.stdin.flush()
        printed = ""
        for line in self.process.stdout:
            if line.startswith("=== end"):
                return printed
            printed += line
        raise AssertionError(f"{block}: {self.errors.read_text()[-1500:]}")

    def ask(self, reader: str) -> tuple[Answer, Answer]:
        """The inventory by status and the events by kind, as the catalog has them now."""
        self.run("tables")
        rows = [match for line in self.run(reader).splitlines() if (match := ROW.search(line))]
        read = [(row[1], int(row[2]), Decimal(row[3]) if row[3] else None) for row in rows]
        return frozenset(row for row in read if row[2] is not None), frozenset(row for row in read if row[2] is None)


@dataclass
class AnyLake:
    kept: History
    readers: list[str]
    environment: dict[str, str]
    placeholders: dict[str, str]
    folder: Path

    @contextmanager
    def pasted(self, readers: list[str]) -> Iterator[Pasted]:
        blocks = dict(BLOCKS)
        assert INSTALL in blocks["duckdb-session"]
        for placeholder, value in self.placeholders.items():
            blocks = {name: block.replace(placeholder, value) for name, block in blocks.items()}
        program, errors = self.folder / "pasted.py", self.folder / "errors.txt"
        program.write_text(PROGRAM.format(blocks=blocks))
        environment = {**os.environ, **self.environment, "AWS_ALLOW_HTTP": "true", "PYTHONPATH": str(CHECKOUT)}
        with (
            errors.open("w") as stderr,
            subprocess.Popen(
                [sys.executable, str(program)], cwd=CHECKOUT, env=environment, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr,
            ) as process,
        ):  # fmt: skip
            hung = threading.Timer(count(300, 1800), process.kill)
            hung.start()
            try:
                pasted = Pasted(process, errors)
                for reader in readers:
                    for block in ONCE.get(reader, []):
                        pasted.run(block)
                yield pasted
            finally:
                hung.cancel()
                process.kill()


@pytest.fixture(params=LAKES[: count(2, 3)])
def any_lake(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    s3: S3Server,
    postgres: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
) -> AnyLake:
    if request.param == "folder":
        environment = folder_and_sqlite(tmp_path)
    else:
        environment = s3_and_rest(s3) if request.param == "S3 and REST" else s3_and_postgres(s3, postgres)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    host = s3.endpoint.removeprefix("http://")
    placeholders = {
        INSTALL: "; ".join(f"LOAD '{extension(name)}'" for name in ("avro", "httpfs", "iceberg")),
        "'KEY'": f"'{s3.access_key}'",
        "'SECRET'": f"'{s3.secret_key}'",
        "'REGION'": f"'{REGION}'",
        "ENDPOINT 'ENDPOINT'": f"ENDPOINT '{host}'",
        "http://ENDPOINT": f"http://{host}",
        "'WAREHOUSE'": f"'{environment.get(f'{CATALOG}WAREHOUSE', '')}'",
        "'CATALOG": f"'{environment.get(f'{CATALOG}URI', '')}",
    }
    uri = None if request.param == "folder" else environment["LAKE_URI"]
    kept = History(tmp_path / "lake", uri=uri)
    return AnyLake(kept, READERS[request.param], environment, placeholders, tmp_path)


def extension(name: str) -> str:
    """A DuckDB extension from its wheel: here nothing is downloaded while a test runs."""
    spec = importlib.util.find_spec(f"duckdb_extension_{name}")
    assert spec is not None
    assert spec.origin is not None
    return str(next(Path(spec.origin).parent.rglob("*.duckdb_extension")))


def night(kept: History, number: int) -> None:
    """One vehicle more than the night before, one that goes, and another price for all: no two nights are alike,
    and no mixture of two is like a third."""
    kept.day(day_number(number), stock(day_number(number), range(number, 2 * number + 20), f"{100 + number}.50"))


def answer(table: Table, by: str, snapshot_id: int | None = None) -> Answer:
    """What a reader has to say, by pyiceberg's own reader and in plain Python."""
    told: dict[str, tuple[int, Decimal | None]] = {}
    for row in table.scan(snapshot_id=snapshot_id).to_arrow().to_pylist():
        rows, total = told.get(row[by], (0, None))
        price = row["price_amount"] if by == "status" else None
        told[row[by]] = (rows + 1, total if price is None else (total or Decimal(0)) + price)
    return frozenset((name, *numbers) for name, numbers in told.items())


def answers(kept: History) -> tuple[Answer, Answer]:
    inventory, events = (kept.catalog.load_table(f"consolidated.{name}") for name in ("inventory", "inventory_events"))
    return answer(inventory, "status"), answer(events, "kind")


def test_every_reader_agrees_before_and_after_maintenance(any_lake: AnyLake, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = any_lake.kept
    for number in range(4):
        night(kept, number)
    fragment(kept)
    right = answers(kept)
    assert {name for name, _, _ in right[0]} == {"listed", "absent", "delisted"}
    with any_lake.pasted(any_lake.readers) as pasted:
        for reader in any_lake.readers:
            assert pasted.ask(reader) == right, reader
        maintain(kept, monkeypatch)
        assert answers(kept) == right
        for reader in any_lake.readers:
            assert pasted.ask(reader) == right, f"{reader} after maintenance"


def fragment(kept: History) -> None:
    """The same rows of the inventory in small files, as another engine might leave them."""
    table = kept.catalog.load_table("consolidated.inventory")
    rows = kept.table("inventory")
    storage = {name: str(value) for name, value in table.io.properties.items() if name.startswith("s3.")}
    table.delete("oem == 'maker'")
    for part in range(3):
        rows.gather_every(3, part).lazy().sink_iceberg(table, mode="append", storage_options=storage)


def maintain(kept: History, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compaction, expiry and the removal of what then is an orphan, of which each has something to do."""
    settings = MaintenanceSettings(snapshot_days=0, snapshots_at_least=1, small_files_at_least=2)
    assert sum(one.counts["partitions"] for one in tasks.compact_tables(kept.catalog, settings)) > 0
    expired = tasks.expire_snapshots(kept.catalog, settings)
    assert sum(one.counts["snapshots_before"] - one.counts["snapshots_after"] for one in expired) > 0
    with monkeypatch.context() as clock:
        aged(clock)
        tasks.sweep_tables(kept.lake, kept.catalog, settings)
        swept = tasks.sweep_tables(kept.lake, kept.catalog, settings)
    assert sum(one.counts["removed_files"] for one in swept) > 0


@pytest.mark.parametrize("any_lake", LAKES[: count(1, 3)], indirect=True)
def test_readers_see_whole_snapshots_while_nights_are_written(any_lake: AnyLake) -> None:
    """Whatever a reader answers is what one of the committed snapshots holds."""
    kept = any_lake.kept
    readers = any_lake.readers if IS_SOAK else [one for one in any_lake.readers if one in ("polars", "duckdb")]
    night(kept, 0)
    asked: list[tuple[str, tuple[Answer, Answer]]] = []
    has_written = threading.Event()

    def ask_on() -> None:
        while not has_written.is_set():
            asked.extend([(reader, pasted.ask(reader)) for reader in readers])

    def states_seen() -> dict[str, int]:
        return {reader: len({states for who, (states, _) in list(asked) if who == reader}) for reader in readers}

    with any_lake.pasted(readers) as pasted:
        reading = threading.Thread(target=ask_on)
        reading.start()
        number = 1
        while reading.is_alive() and number < 60 and (number <= count(3, 30) or min(states_seen().values()) < 2):
            night(kept, number)
            number += 1
        has_written.set()
        reading.join()
        assert min(states_seen().values()) > 1, f"of {number} nights: {states_seen()}"
        asked.extend((reader, pasted.ask(reader)) for reader in readers)
    inventory, events = (kept.catalog.load_table(f"consolidated.{name}") for name in ("inventory", "inventory_events"))
    committed = {answer(inventory, "status", one.snapshot_id) for one in inventory.snapshots()}
    committed_events = {answer(events, "kind", one.snapshot_id) for one in events.snapshots()}
    assert len(committed) >= number
    for reader, (statuses, kinds) in asked:
        assert statuses in committed, f"{reader}: {statuses}"
        assert kinds in committed_events, f"{reader}: {kinds}"
    assert {one for _, one in asked[-len(readers) :]} == {answers(kept)}


def test_every_block_is_run() -> None:
    run = {
        "tables",
        *(name for names in READERS.values() for name in names),
        *(n for once in ONCE.values() for n in once),
    }
    assert set(BLOCKS) == run
