"""`make bench`: what a night costs, beside dlt on the same stock and beside the least that the work can cost; what a
commit costs where many writers commit at once; and what a night costs in a lake of many nights.

    python -m tests.bench --vehicles 20000 --rounds 3 --nights 1000

A day's answers are recorded from the sandbox and served from memory by a process that is not counted. Every figure is
of fresh processes, CPU of the whole tree of them; each line is the median of the rounds. Prints a table and, as the
last line, one JSON object. The machine may be busy with other work: CPU seconds and their ratios stand, wall less so.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import Any

from raw.endpoint.declaration import Dealers
from raw.wiring.discovery import Oem
from tests.bench import peer
from tests.bench.measure import Cost
from tests.bench.night import Night, measured, night
from tests.bench.recording import record, recorded_vehicles, served
from tests.bench.subject import DAYS, stock_of, subject

_SMALLEST = 200  # vehicles: the sandbox plays no smaller stock
_VERSIONS = ("dagster", "polars", "pyarrow", "pyiceberg", "msgspec", "aiohttp", "dlt", "pysimdjson")


@dataclass
class Samples:
    """What was measured, by name: one value a round."""

    values: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, value: float) -> None:
        self.values.setdefault(name, []).append(value)

    def add_cost(self, name: str, cost: Cost) -> None:
        self.add(f"{name}.cpu_seconds", cost.cpu_seconds)
        self.add(f"{name}.wall_seconds", cost.wall_seconds)
        self.add(f"{name}.peak_mb", cost.peak_mb)

    def medians(self) -> dict[str, float]:
        return {name: round(statistics.median(values), 3) for name, values in self.values.items()}


@dataclass(frozen=True)
class Bench:
    """One run: recordings of DAYS in `folder`, and a lake of the smallest stock. alone: without dlt."""

    folder: Path
    oem: Oem
    vehicles: int
    samples: Samples
    alone: bool = False
    _small_nights: Iterator[int] = field(default_factory=count)

    def record(self) -> int:
        """Record the days and run a first night of the smallest stock; the vehicles of the full stock's first day."""
        for day in DAYS:
            record(self._recording(day), self.oem, day, self.vehicles)
        hints = json.dumps(peer.hints_of(str(self._recording(DAYS[0])), stock_of(self.oem)))
        (self.folder / "hints.json").write_text(hints)
        self._small_night()
        return recorded_vehicles(self._recording(DAYS[0]), self.oem, stock_of(self.oem).name, DAYS[0])

    def also(self, module: str, *arguments: str) -> tuple[list[str], Any]:
        """What another part of the benchmark prints in a process of its own: its lines, and its JSON object."""
        log = self.folder / f"{module}.log"
        measured([sys.executable, "-m", f"tests.bench.{module}", *arguments], {}, log)
        *lines, found = log.read_text().splitlines()
        return lines, json.loads(found)

    def round(self) -> None:
        """Measure everything once."""
        with self._fresh() as folder:
            for day, name in zip(DAYS, ("day 1", "day 2"), strict=True):
                with served(self._recording(day), day) as origin:
                    self._add_night(name, night(folder, self.oem.name, day, origin))
            self._floor("floor of consolidated", "write", str(folder / "lake"), str(folder / "rows.parquet"))
        with self._fresh() as folder, served(self._recording(DAYS[0]), DAYS[0]) as origin:
            forked = night(folder, self.oem.name, DAYS[0], origin, is_side_by_side=True)
            self.samples.add_cost("day 1, forked steps", forked.cost)
        self._add_night("small day", self._small_night())
        with self._fresh() as folder, served(self._recording(DAYS[0]), DAYS[0]) as origin:
            pages = str(folder / "pages")
            self._floor("floor of raw", "land", str(self._recording(DAYS[0])), origin, pages)
            self._floor("floor of transformed", "parse", pages)
            for name, settings in () if self.alone else (("dlt", {}), ("dlt tuned", dict(peer.TUNED))):
                self._peer(name, folder / name.replace(" ", "-"), origin, settings)

    def _peer(self, name: str, folder: Path, origin: str, settings: dict[str, str]) -> None:
        folder.mkdir()
        environment = {**settings, "RUNTIME__DLTHUB_TELEMETRY": "false", "DLT_DATA_DIR": str(folder / "dlt")}
        command = [sys.executable, "-m", "tests.bench.peer", origin, str(self.folder / "hints.json"), str(folder)]
        log = folder / "log"
        self.samples.add_cost(name, measured(command, environment, log))
        loaded = json.loads(log.read_text().splitlines()[-1])
        recorded = recorded_vehicles(self._recording(DAYS[0]), self.oem, stock_of(self.oem).name, DAYS[0])
        if loaded["rows"] != recorded:
            raise RuntimeError(f"{name} loaded {loaded['rows']} of {recorded} vehicles")

    def _floor(self, name: str, *arguments: str) -> None:
        log = self.folder / "floor.log"
        measured([sys.executable, "-m", "tests.bench.floors", *arguments], {}, log)
        self.samples.add(f"{name}.cpu_seconds", json.loads(log.read_text().splitlines()[-1])["cpu_seconds"])

    def _add_night(self, name: str, one: Night) -> None:
        self.samples.add_cost(name, one.cost)
        stock, dealers = stock_of(self.oem), self.oem.yielding(Dealers)[0]
        of_tier = {
            "raw": stock.name,
            "transformed": stock.yields.name,
            "consolidated": stock.yields.table,
        }
        for tier, table in of_tier.items():
            self.samples.add(f"{name}, {tier}.cpu_seconds", one.cpu_of(tier, [table]))
        of_dealers = {"raw": dealers.name, "transformed": dealers.yields.name, "consolidated": dealers.yields.table}
        spent = sum(one.cpu_of(tier, [table]) for tier, table in of_dealers.items())
        self.samples.add(f"{name}, dealers.cpu_seconds", spent)
        self.samples.add(
            f"{name}, outside steps.cpu_seconds", one.cost.cpu_seconds - sum(step.cpu_seconds for step in one.steps)
        )

    def _small_night(self) -> Night:
        """The next night of a lake of the smallest stock: all but nothing to do."""
        day = DAYS[0] + timedelta(days=next(self._small_nights))
        recording = self.folder / f"small-{day}"
        record(recording, self.oem, day, _SMALLEST)
        with served(recording, day) as origin:
            return night(self.folder / "small", self.oem.name, day, origin)

    def _recording(self, day: date) -> Path:
        return self.folder / f"recording-{day}"

    @contextmanager
    def _fresh(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            yield Path(folder)


def table(found: dict[str, float]) -> list[str]:
    """The lines of the table, at most 80 columns wide. found: medians by `<what>.<figure>`."""

    def figure(what: str, name: str) -> str:
        value = found.get(f"{what}.{name}")
        return "" if value is None else f"{value:,.0f}" if name == "peak_mb" else f"{value:,.2f}"

    def ratio(what: str, base: str) -> str:
        return f"{found[f'{what}.cpu_seconds'] / found[f'{base}.cpu_seconds']:.1f} x {base.partition(' of ')[0]}"

    steps = ("raw", "transformed", "consolidated", "dealers", "outside steps")
    lines = [f"{'':22}{'CPU s':>11}{'wall s':>11}{'peak MB':>11}"]

    def add(what: str, indent: str, base: str = "") -> None:
        figures = (figure(what, name) for name in ("cpu_seconds", "wall_seconds", "peak_mb"))
        label = indent + (what.rpartition(", ")[2] if indent else what)
        against = ratio(what, base) if f"{base}.cpu_seconds" in found else ""
        lines.append((f"{label:22}" + "".join(f"{one:>11}" for one in figures) + f"  {against}").rstrip())

    for day in ("day 1", "day 2"):
        add(day, "", "dlt tuned")
        for step in steps:
            add(f"{day}, {step}", "  ", f"floor of {step}")
    add("day 1, forked steps", "", "dlt tuned")
    add("small day", "")
    for step in steps:
        add(f"small day, {step}", "  ")
    for what in ("dlt", "dlt tuned", "floor of raw", "floor of transformed", "floor of consolidated"):
        if f"{what}.cpu_seconds" in found:
            add(what, "")
    return lines


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--vehicles", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--alone", action="store_true", help="the nights and the floors, without dlt and the writers")
    parser.add_argument("--nights", type=int, default=0, help="of the long lake, 15 makers x 3 markets; 0: without it")
    options = parser.parse_args(arguments)
    oem, samples = subject(), Samples()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        bench = Bench(Path(folder), oem, options.vehicles, samples, options.alone)
        vehicles = bench.record()
        for number in range(1, options.rounds + 1):
            print(f"round {number} of {options.rounds}", file=sys.stderr, flush=True)
            bench.round()
        lines: list[str] = []
        parts: dict[str, Any] = {}
        if not options.alone:
            lines, parts["writers"] = bench.also("writers")
        if options.nights:
            of_lake, parts["long_lake"] = bench.also("long_lake", "--nights", str(options.nights), "--fast-forward")
            lines += of_lake
    found = samples.medians()
    versions = {name: version(name) for name in _VERSIONS}
    about = {
        "date": datetime.now(UTC).date().isoformat(),
        "vehicles": vehicles,
        "markets": len(stock_of(oem).markets),
        "rounds": options.rounds,
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "python": platform.python_version(),
        "versions": versions,
    }
    print(f"{vehicles:,} vehicles, {about['markets']} markets, median of {options.rounds}, {about['date']};")
    print(f"{about['cores']} cores, {about['memory_gb']} GB, Python {about['python']}")
    print("\n".join([*table(found), *lines]))
    print(json.dumps({**about, "figures": found, **parts}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
