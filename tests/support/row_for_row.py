"""Whether two versions of the project make the same tables: the tables of a fixed set of nights, written as Parquet.

    python -m tests.support.row_for_row <folder>                      # this checkout's tables of those nights
    python -m tests.support.row_for_row <folder> --like <folder>      # and compared with another version's

The nights are two of the sandbox (every OEM, 2,000 vehicles each) and the captured days of Mercedes-Benz USA, each
through the real job. To record an older version, copy this file into its checkout. It imports nothing of the project
but `definitions`, so that it runs in both.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

TABLES = ("inventory_daily", "inventory", "inventory_events", "dealers_daily", "dealers", "runs")
OF_THE_ATTEMPT = ("attempt", "fetch_seconds")
SANDBOX_DAYS = (date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 9))


def record(folder: Path, apis: str, job: str, days: Sequence[date]) -> None:
    """Run the days and write each table to `<folder>/<table>.parquet`, in a fixed order of rows and columns."""
    import dagster as dg
    import polars as pl
    from pyiceberg.catalog import load_catalog

    lake = folder / "lake"
    os.environ |= {"LAKE_URI": str(lake), "OEM_APIS": apis, "SANDBOX_VEHICLES": "2000", "SANDBOX_SEED": "7"}
    import definitions

    resolved = definitions.build_defs().resolve_job_def(job)
    with dg.DagsterInstance.ephemeral() as instance:
        for day in days:
            done = resolved.execute_in_process(instance=instance, partition_key=day.isoformat(), raise_on_error=False)
            print(f"{job} {day}: {'done' if done.success else 'failed'}", flush=True)
    catalog = load_catalog("lake", type="sql", uri=f"sqlite:///{lake}/catalog.db", warehouse=str(lake / "iceberg"))
    for name in TABLES:
        if not catalog.table_exists(f"consolidated.{name}"):
            continue
        frame = pl.scan_iceberg(catalog.load_table(f"consolidated.{name}")).collect()
        frame = frame.drop(OF_THE_ATTEMPT, strict=False).select(sorted(set(frame.columns) - set(OF_THE_ATTEMPT)))
        keys = [column for column, dtype in frame.schema.items() if not dtype.is_nested()]
        frame.sort(keys).write_parquet(folder / f"{name}.parquet")


def compare(folder: Path, other: Path) -> bool:
    """Print a line a table; whether all are equal row for row."""
    import polars as pl

    equal = True
    for name in TABLES:
        left, right = (one / f"{name}.parquet" for one in (folder, other))
        if left.exists() or right.exists():
            mine, theirs = pl.read_parquet(left), pl.read_parquet(right)
            same = mine.equals(theirs)
            equal &= same
            print(f"{folder.name} {name}: {mine.height} and {theirs.height} rows, {'equal' if same else 'DIFFERENT'}")
    return equal


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--like", type=Path)
    options = parser.parse_args()
    captures = Path(os.environ.get("OEM_CAPTURES") or Path.cwd().parent / "shared" / "captures")
    captured = sorted((captures / "mercedes" / "mbusa_used_search").glob("*.json.gz"))
    captured_days = [date.fromisoformat(file.name.removesuffix(".json.gz")) for file in captured]
    nights = {
        "sandbox": ("sandbox", "nightly", SANDBOX_DAYS),
        "captures": (f"replay:{captures}", "mercedes_nightly", captured_days),
    }
    equal = True
    for name, (apis, job, days) in nights.items():
        part = options.folder.resolve() / name
        if not list(part.glob("*.parquet")):
            part.mkdir(parents=True, exist_ok=True)
            record(part, apis, job, days)
        if options.like:
            equal &= compare(part, options.like.resolve() / name)
    return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main())
