"""One night of the real job in a fresh process, measured, with what each of its steps told of itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from resources.apis.sandbox_process import ORIGIN_VARIABLE
from resources.executor import VARIABLE as EXECUTOR_VARIABLE
from resources.lake.lake import CHECKOUT
from tests.bench.measure import Cost

_MEASURE = Path(__file__).with_name("measure.py")
_QUIET = "telemetry:\n  enabled: false\nnux:\n  enabled: false\n"
_SIDE_BY_SIDE = "consolidated.night.side_by_side.side_by_side_executor"
_OURS = ("LAKE_URI", "OEM_APIS", "DAGSTER_", "PYICEBERG_", "SANDBOX_")


@dataclass(frozen=True)
class Step:
    """CPU seconds of a step, as it told them: with what it imports, without what the process of the night does."""

    key: str
    cpu_seconds: float


@dataclass(frozen=True)
class Night:
    cost: Cost
    steps: list[Step]

    def cpu_of(self, tier: str, tables: Sequence[str]) -> float:
        return sum(step.cpu_seconds for step in self.steps for table in tables if step.key.endswith(f"/{tier}/{table}"))


def measured(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Cost:
    """What a command costs in an environment without settings of the caller's own; its output goes to `log`.

    Raises RuntimeError with the end of the output where the command fails.
    """
    clean = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "cost.json"
        with log.open("wb") as output:
            done = subprocess.run(
                [sys.executable, str(_MEASURE), str(result), *command],
                cwd=CHECKOUT,
                env=clean | dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{log.read_text()[-4000:]}")
        return Cost(**json.loads(result.read_text()))


def night(folder: Path, oem: str, day: date, origin: str, *, is_side_by_side: bool = False) -> Night:
    """Run a day into the lake at `folder`: fetched from `origin`, typed, merged, with every check.

    The steps run one after another in the process of the night, `dagster job execute`; or side by side, each in a
    process of its own, as `make nightly` runs them. The nights of a lake share a Dagster instance, as anybody's do: the
    first one makes its databases.
    """
    home = folder / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    (home / "dagster.yaml").write_text(_QUIET)
    environment = {
        "LAKE_URI": str(folder / "lake"),
        "OEM_APIS": "sandbox",
        ORIGIN_VARIABLE: origin,
        "DAGSTER_HOME": str(home),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
    }
    if is_side_by_side:
        environment[EXECUTOR_VARIABLE] = _SIDE_BY_SIDE
    tags = json.dumps({"dagster/partition": day.isoformat()})
    command = ["-m", "dagster", "job", "execute", "-m", "tests.bench.code_location", "-a", "defs"]
    log = folder / f"night-{day}.log"
    cost = measured([sys.executable, *command, "-j", f"{oem}_nightly", "--tags", tags], environment, log)
    return Night(cost, _steps(home))


def _steps(home: Path) -> list[Step]:
    import dagster as dg

    with dg.DagsterInstance.from_config(str(home)) as instance:
        (run,) = instance.get_runs(limit=1)
        events = instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION).records
        told = [event.event_log_entry.asset_materialization for event in events]
        return [
            Step(one.asset_key.to_user_string(), float(str(one.metadata["cpu_seconds"].value)))
            for one in told
            if one is not None
        ]
