"""What some work on a lake costs: CPU seconds of this process, bytes read, files opened and written, commits.

Bytes read are those of system calls; polars is told not to map files into memory, so that its reads count. Opened files
are those below a folder that are opened to be read, each as often as it is; in S3 that is one request or more. Bytes
and files written are those that lie below the folder afterwards and did not before.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

# polars maps local files into memory otherwise, which no system call counts; it reads this when it is imported
os.environ.setdefault("POLARS_FORCE_ASYNC", "1")

from pyiceberg.catalog.sql import SqlCatalog

from tests.bench.opened import opened_below

_UNITS = ("CPU s", "MB read", "opened", "MB data", "MB metadata", "files", "commits")
_SCALES = (1, 1e6, 1, 1e6, 1e6, 1, 1)


@dataclass(frozen=True)
class Cost:
    cpu_seconds: float
    bytes_read: float
    files_opened: float
    data_bytes_written: float
    metadata_bytes_written: float
    files_written: float
    commits: float


def measured(folder: Path, action: Callable[[], object]) -> Cost:
    """The cost of an action that writes below a folder and commits to a SQL catalog."""
    standing = set(_files(folder))
    commits = 0
    commit_table = SqlCatalog.commit_table

    def counted(self: SqlCatalog, *arguments: object, **options: object) -> object:
        nonlocal commits
        commits += 1
        return commit_table(self, *arguments, **options)  # type: ignore[arg-type]

    SqlCatalog.commit_table = counted  # type: ignore[method-assign, assignment]
    try:
        with opened_below(folder) as opened:
            read, cpu = _bytes_read(), time.process_time()
            action()
            cpu, read = time.process_time() - cpu, _bytes_read() - read
    finally:
        SqlCatalog.commit_table = commit_table  # type: ignore[method-assign]
    sizes = {True: 0, False: 0}
    written = [path for path in _files(folder) if path not in standing]
    for path in written:
        sizes[path.suffix == ".parquet"] += path.stat().st_size
    return Cost(cpu, read, opened.to_read, sizes[True], sizes[False], len(written), commits)


def median_of(costs: Sequence[Cost]) -> Cost:
    return Cost(*(statistics.median(values) for values in zip(*map(astuple, costs), strict=True)))


def line(what: str, cost: Cost, base: Cost) -> str:
    """A line for a person: each figure, and how many times that of `base` it is."""
    values = zip(astuple(cost), astuple(base), _SCALES, _UNITS, strict=True)
    told = (f"{value / by:8.2f} {unit} (x{value / (of_base or 1):5.2f})" for value, of_base, by, unit in values)
    return f"{what:22}" + "  ".join(told)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _bytes_read() -> int:
    fields = dict(text.split(": ") for text in Path("/proc/self/io").read_text().splitlines())
    return int(fields["rchar"])
