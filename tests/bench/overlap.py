"""How much of the waiting of a night overlaps: `python -m tests.bench.overlap`.

Runs `make nightly` of every maker against the sandbox, with 300 ms an answer and the declared limits of each host, then
the maker of which the fetching took longest by itself. Prints the wall seconds of both, the sum of all steps of raw,
and the ratio that the night has over its slowest maker.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from tests.bench.night import measured

LATENCY_MS = 300


def nightly(folder: Path, vehicles: int, *arguments: str) -> float:
    """Run a night into a new lake in `folder`; its wall seconds. Raises RuntimeError where it fails."""
    folder.mkdir(parents=True)
    environment = {
        "LAKE_URI": str(folder / "lake"),
        "DAGSTER_HOME": str(folder / "dagster"),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        "SANDBOX_VEHICLES": str(vehicles),
        "SANDBOX_LATENCY_MS": str(LATENCY_MS),
        "SANDBOX_PACED": "1",
    }
    command = [sys.executable, "-m", "consolidated.night", *arguments]
    return measured(command, environment, folder / "log").wall_seconds


def fetching(home: Path) -> dict[str, float]:
    """Seconds of the longest step of raw of each maker in the last night of an instance, and of all under `""`."""
    import dagster as dg

    with dg.DagsterInstance.from_config(str(home)) as instance:
        run = next(one for one in instance.get_runs() if one.job_name == "nightly")
        spans = [
            (one.step_key, (one.end_time or 0) - (one.start_time or 0))
            for one in instance.get_run_step_stats(run.run_id)
        ]
    return longest(spans)


def longest(spans: Iterable[tuple[str, float]]) -> dict[str, float]:
    """spans: step and seconds. Maker -> seconds of its longest step of raw; the sum of all of them under `""`."""
    found: dict[str, float] = defaultdict(float)
    for step, seconds in spans:
        maker, tier, _ = step.split("__", 2) if step.count("__") > 1 else ("", "", "")
        if tier == "raw":
            found[maker] = max(found[maker], seconds)
            found[""] += seconds
    return dict(found)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.overlap", description=__doc__)
    parser.add_argument("--vehicles", type=int, default=2000, help="of each maker")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="overlap-") as folder:
        whole = nightly(Path(folder) / "all", options.vehicles)
        found = fetching(Path(folder) / "all" / "dagster")
        fetched = found.pop("")
        slowest = max(found, key=lambda maker: found[maker])
        alone = nightly(Path(folder) / "one", options.vehicles, "--oem", slowest)
    print(f"{len(found)} makers: {whole:.0f} s; the steps of raw one after another: {fetched:.0f} s")
    print(f"{slowest}, the slowest, alone: {alone:.0f} s; the night over it: {whole / alone:.2f} x")
    return 0


if __name__ == "__main__":
    sys.exit(main())
