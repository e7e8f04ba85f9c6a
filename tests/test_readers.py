"""Every reader of `docs/query.md` counts and sums the same, from a folder and from S3; its lines are run as printed."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from resources.lake import CHECKOUT
from tests.consolidated_support import History, day_number
from tests.lakes import CATALOG, folder_and_sqlite, s3_and_postgres, s3_and_rest
from tests.servers import REGION, PostgresServer, S3Server
from tests.test_consolidated import stock

pytestmark = pytest.mark.slow

BLOCKS = dict(re.findall(r"```python ([\w-]+)\n(.*?)```", (CHECKOUT / "docs" / "query.md").read_text(), re.DOTALL))
READERS = {
    "folder": ["duckdb"],
    "S3 and PostgreSQL": ["duckdb", "clickhouse-s3"],
    "S3 and REST": ["duckdb", "duckdb-rest", "clickhouse-s3"],
}
INSTALL = "INSTALL iceberg; LOAD iceberg; INSTALL avro; LOAD avro; INSTALL httpfs; LOAD httpfs"
VEHICLES, PRICE = 40, Decimal("100.00")


def environment_of(kind: str, folder: Path, s3: S3Server, postgres: PostgresServer) -> dict[str, str]:
    if kind == "folder":
        return folder_and_sqlite(folder)
    return s3_and_rest(s3) if kind == "S3 and REST" else s3_and_postgres(s3, postgres)


def extension(name: str) -> str:
    """A DuckDB extension from its wheel: here nothing is downloaded while a test runs."""
    spec = importlib.util.find_spec(f"duckdb_extension_{name}")
    assert spec is not None
    assert spec.origin is not None
    return str(next(Path(spec.origin).parent.rglob("*.duckdb_extension")))


def placeholders(environment: dict[str, str], s3: S3Server) -> dict[str, str]:
    return {
        INSTALL: "; ".join(f"LOAD '{extension(name)}'" for name in ("avro", "httpfs", "iceberg")),
        "'KEY'": f"'{s3.access_key}'",
        "'SECRET'": f"'{s3.secret_key}'",
        "'REGION'": f"'{REGION}'",
        "ENDPOINT 'ENDPOINT'": f"ENDPOINT '{s3.endpoint.removeprefix('http://')}'",
        "http://ENDPOINT": s3.endpoint,
        "'WAREHOUSE'": f"'{environment.get(f'{CATALOG}WAREHOUSE', '')}'",
        "CATALOG": environment.get(f"{CATALOG}URI", ""),
    }


def run_blocks(names: list[str], replaced: dict[str, str], environment: dict[str, str]) -> str:
    """Run blocks in a process of their own, as an engineer pastes them; what they print."""
    program = "\n".join(BLOCKS[name] for name in names)
    assert "duckdb" not in names or INSTALL in program
    for placeholder, value in replaced.items():
        program = program.replace(placeholder, value)
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=CHECKOUT, env={**os.environ, **environment}, capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    assert done.returncode == 0, f"{names}: {done.stderr[-1500:]}"
    return done.stdout


def count_and_sum(printed: str) -> tuple[int, Decimal]:
    """The two numbers of the last line."""
    numbers = re.findall(r"\d+(?:\.\d+)?", printed.strip().splitlines()[-1])
    return int(numbers[0]), Decimal(numbers[1])


@pytest.mark.parametrize("kind", list(READERS))
def test_every_reader_counts_and_sums_the_same(
    kind: str, tmp_path: Path, s3: S3Server, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = environment_of(kind, tmp_path, s3, postgres)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    kept = History(tmp_path / "lake")
    for number in range(2):
        kept.day(day_number(number), stock(day_number(number), range(VEHICLES), str(PRICE)))
    replaced = placeholders(environment, s3)
    for reader in READERS[kind]:
        before = ["metadata", "duckdb"] if reader == "duckdb-rest" else ["metadata"]
        printed = run_blocks([*before, reader], replaced, environment)
        assert count_and_sum(printed) == (VEHICLES, VEHICLES * PRICE), f"{reader} on {kind}: {printed}"


def test_every_block_is_run() -> None:
    run = {"metadata", "polars", *(name for names in READERS.values() for name in names)}
    assert set(BLOCKS) == run, json.dumps(sorted(set(BLOCKS) ^ run))
