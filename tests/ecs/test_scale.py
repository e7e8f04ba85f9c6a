"""Many steps at once: how often AWS is called, what the coordinator needs, and that nothing is throttled."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from tests.support.counts import IS_SOAK, count
from tests.support.ecs.jobs import many_sleepers
from tests.support.ecs.limits import THROTTLING
from tests.support.ecs.lives import Timing
from tests.support.ecs.rig import Rig, ecs_rig
from tests.support.ecs.tasks import Task
from tests.support.processes import CHECKOUT, Zygote
from tests.support.servers import PostgresServer

pytestmark = pytest.mark.slow

STEPS = count(6, 300)
SLEEP_SECONDS = count(2, 60)
CALLS_PER_SECOND = 20  # AWS, Amazon ECS service quotas: RunTask on Fargate; each action has to keep to it here


@pytest.fixture
def rig(tmp_path: Path, postgres: PostgresServer, zygote: Zygote) -> Iterator[Rig]:
    """A rig that throttles, as AWS does."""
    variables = {
        "DAGSTER_EXECUTOR": "dagster_aws.ecs.ecs_executor",
        "RIG_SLEEPERS": str(STEPS),
        "RIG_SLEEP_SECONDS": str(SLEEP_SECONDS),
    }
    # an interpreter of its own, as in production, costs 5 CPU seconds: in `make test` it is the one of the night's test
    is_fresh = Task.is_coordinator if IS_SOAK else lambda task: False
    context = {"ecs": {"run_resources": {"cpu": "512", "memory": "2048"}}}
    with ecs_rig(
        tmp_path, postgres, zygote, variables, context, Timing(stop_timeout=2), CALLS_PER_SECOND, is_fresh
    ) as made:
        yield made
        assert made.left_over() == []


def test_many_steps_in_one_run(rig: Rig) -> None:
    run_id = rig.launch(dg.reconstructable(many_sleepers))
    assert rig.wait(run_id, 60 + 5 * STEPS) is dg.DagsterRunStatus.SUCCESS
    assert len(rig.steps()) == STEPS

    (coordinator,) = rig.coordinators()
    started = [task.started_at or 0.0 for task in rig.steps()]
    wall_seconds = (coordinator.stopped_at or 0.0) - (coordinator.started_at or 0.0)
    calls = Counter(call.iam_action for call in rig.server.calls())
    report = {
        "steps": STEPS,
        "calls": dict(calls),
        "launched within seconds": round(max(started) - min(started), 1),
        "run seconds": round(wall_seconds, 1),
        "coordinator peak MiB": round(coordinator.peak_bytes / 2**20),
        "coordinator CPU seconds": round(coordinator.ended.cpu_seconds, 1) if coordinator.ended else None,
        "overrides' characters, longest": max(task.overrides_characters for task in rig.steps()),
    }
    print(report)
    assert [call for call in rig.server.calls() if call.error == THROTTLING.code] == []
    assert calls["ecs:RunTask"] == STEPS + 1
    # a round of polls takes 100 tasks a call, every 20 seconds; the few others are the run's own start
    assert calls["ecs:DescribeTasks"] <= 10 + (wall_seconds / 20 + 1) * (STEPS // 100 + 1)
    assert coordinator.peak_bytes < 512 * 2**20


@pytest.mark.soak  # law 8 and the peaks of the coordinators of `test_many_steps_in_one_run` are what `make test` holds
def test_a_coordinator_and_a_step_need_little_more_than_dagster_aws() -> None:
    """At most a tenth more than plain dagster-aws; it was 1.05. Measured in a process of its own (`make footprint`)."""
    command = [sys.executable, "-m", "tests.support.ecs.footprint", "1", "light"]
    printed = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=240, check=True).stdout
    ratios = {line[:42].strip(): float(line[42:].split()[1]) for line in printed.splitlines()[1:]}
    light = [ratio for name, ratio in ratios.items() if name.startswith(("import", "coordinator", "a step"))]
    assert len(light) == 3, printed
    assert max(light) <= 1.1, printed
