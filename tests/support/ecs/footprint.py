"""What a coordinator and a light step cost beside plain dagster-aws: `make footprint`.

Each is measured in fresh interpreters, as the kernel counts it (wait4): peak resident memory of the process and its
CPU time; medians of the rounds. The coordinators and the steps are tasks of the rig: the real command lines on
production's instance (`deploy/dagster.yaml`), PostgreSQL and S3, the sandbox played by a process of its own, whose CPU
time counts to the step that starts it.

Plain dagster-aws is a process that imports dagster and dagster_aws.ecs and makes the clients that the run launcher and
the step handler of dagster-aws make in every coordinator. The coordinators and the step that does nothing keep within
1.1 times of it (tests/ecs/test_scale.py). A raw step cannot: it fetches with aiohttp, archives Parquet with pyarrow and
writes to S3 with s3fs, which are most of what it has on top.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
from dagster._core.definitions.reconstruct import ReconstructableJob, ReconstructableRepository

from tests.support.declared import LIGHTEST
from tests.support.ecs.instances import deployed
from tests.support.ecs.jobs import trivial
from tests.support.ecs.rig import Rig, ecs_rig
from tests.support.lakes import s3_and_postgres
from tests.support.processes import Ended, Zygote
from tests.support.servers import postgres_server, s3_server

BASELINE = """import boto3, dagster, dagster_aws.ecs
clients = [boto3.client(service) for service in ("ecs", "secretsmanager", "logs")], boto3.resource("ec2")"""
BASELINE_NAME = "dagster_aws.ecs and its clients"
RAW_ASSET = dg.AssetKey([LIGHTEST[0].name, "raw", LIGHTEST[1].name])
_MIB = 2**20


@dataclass(frozen=True)
class Footprint:
    """Medians of some processes of a kind."""

    name: str
    peak_bytes: float
    cpu_seconds: float
    rounds: int


def footprint(name: str, ends: Sequence[Ended]) -> Footprint:
    """Raises RuntimeError where one of them failed: what it used says nothing then."""
    if not ends or any(end.code != 0 for end in ends):
        raise RuntimeError(f"{name}: exit codes {[end.code for end in ends]}")
    return Footprint(
        name,
        statistics.median(end.peak_bytes for end in ends),
        statistics.median(end.cpu_seconds for end in ends),
        len(ends),
    )


def python_footprint(rig: Rig, code: str, rounds: int, name: str = "") -> Footprint:
    """Of interpreters that run `code` in a task's environment; `name` is the row's, `code` itself where it is empty."""
    ends: list[Ended] = []
    for number in range(rounds):
        rig.cluster.zygote.start(
            f"{code} {number}",
            [sys.executable, "-c", code],
            {**rig.cluster.environment, **rig.environment},
            rig.home / "footprint.log",
            ends.append,
            fresh=True,
        )
        rig.until(lambda wanted=number + 1: len(ends) == wanted)  # type: ignore[misc]
    return footprint(name or code, ends)


def run_footprints(
    rig: Rig, job: ReconstructableJob, step: str, rounds: int, asset: dg.AssetKey | None = None
) -> list[Footprint]:
    """Of the coordinator of a run of `job` (or of one asset of it), and of its one step, which the table calls `step`.

    Raises RuntimeError where a process failed.
    """
    tags = {"dagster/partition": datetime.now(UTC).date().isoformat()} if asset else {}
    before = len(rig.tasks)
    for _ in range(rounds):
        rig.wait(rig.launch(job, tags=tags, assets={asset} if asset else None))
    ended = [(task.is_coordinator(), task.ended) for task in rig.tasks[before:] if task.ended]
    return [
        footprint(f"coordinator of {step}", [end for is_coordinator, end in ended if is_coordinator]),
        footprint(step, [end for is_coordinator, end in ended if not is_coordinator]),
    ]


def trivial_footprints(rig: Rig, rounds: int) -> list[Footprint]:
    """Of a coordinator and of a step that does nothing: what each needs before there is anything to do."""
    return run_footprints(rig, dg.reconstructable(trivial), "a step that does nothing", rounds)


def raw_footprints(rig: Rig, rounds: int) -> list[Footprint]:
    repository = ReconstructableRepository.for_module("definitions", "defs", working_directory=str(Path.cwd()))
    job = ReconstructableJob(repository, f"{LIGHTEST[0].name}_nightly")
    return run_footprints(rig, job, "/".join(RAW_ASSET.path), rounds, RAW_ASSET)


@contextmanager
def fresh_rig(folder: Path) -> Iterator[Rig]:
    """A rig with production's instance, whose every task starts an interpreter of its own."""
    with s3_server() as s3, postgres_server() as postgres:
        zygote = Zygote([])
        environment = s3_and_postgres(s3, postgres) | {
            "DAGSTER_EXECUTOR": "dagster_aws.ecs.ecs_executor",
            "OEM_APIS": "sandbox",
            "SANDBOX_VEHICLES": "200",
        }
        settings = deployed(postgres, s3)
        variables = environment | settings.variables
        context = {"ecs": {"env_vars": [f"{name}={value}" for name, value in variables.items()]}}
        try:
            with ecs_rig(
                folder, postgres, zygote, environment, context, is_fresh=lambda task: True, settings=settings
            ) as rig:
                yield rig
        finally:
            zygote.close()


def table(footprints: Sequence[Footprint]) -> str:
    """The first is what the others are compared with."""
    base = footprints[0]
    lines = [f"{'':42}{'peak MiB':>10}{'ratio':>8}{'CPU s':>8}  rounds"]
    lines += [
        f"{one.name:42}{one.peak_bytes / _MIB:10.1f}{one.peak_bytes / base.peak_bytes:8.2f}{one.cpu_seconds:8.2f}"
        f"  {one.rounds}"
        for one in footprints
    ]
    return "\n".join(lines)


def main() -> None:
    """Arguments: the number of rounds, and `light` to leave the raw step out."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder, fresh_rig(Path(folder)) as rig:
        footprints = [
            python_footprint(rig, BASELINE, rounds, BASELINE_NAME),
            python_footprint(rig, "import definitions", rounds),
            *trivial_footprints(rig, rounds),
            *([] if "light" in sys.argv else raw_footprints(rig, rounds)),
        ]
    print(table(footprints))


if __name__ == "__main__":
    main()
