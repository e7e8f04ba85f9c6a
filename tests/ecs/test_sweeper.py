"""Which step tasks the sweeper stops: those of a run that this instance knows to be over, and no others."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import dagster as dg
import pytest

from resources.ecs import sweeper
from resources.ecs.requests import MARK, MARK_TAG, RUN_TAG
from resources.ecs.sweeper import (
    SWEEP_SECONDS,
    Sweep,
    stop_orphan_tasks,
    stop_orphan_tasks_sensor,
    sweep,
    sweep_own_cluster,
)

RUNS = {
    "over": SimpleNamespace(is_finished=True, status=dg.DagsterRunStatus.FAILURE),
    "under way": SimpleNamespace(is_finished=False, status=dg.DagsterRunStatus.STARTED),
}
INSTANCE = cast("dg.DagsterInstance", SimpleNamespace(get_run_by_id=RUNS.get))


class Ecs:
    """Lists the tasks that a test names, and remembers which it was told to stop. refuses: tasks that do not stop."""

    def __init__(self, *tasks: tuple[str, dict[str, str]], refuses: tuple[str, ...] = ()) -> None:
        self.tasks, self.refuses = dict(tasks), refuses
        self.stopped: list[tuple[str, str, str]] = []

    def get_paginator(self, _: str) -> Any:
        return SimpleNamespace(paginate=lambda **_: [{"taskArns": list(self.tasks)}])

    def describe_tasks(self, cluster: str, tasks: list[str], **_: Any) -> dict[str, Any]:
        tags = {arn: [{"key": key, "value": value} for key, value in self.tasks[arn].items()] for arn in tasks}
        return {"tasks": [{"taskArn": arn, "tags": tags[arn]} for arn in tasks]}

    def stop_task(self, cluster: str, task: str, reason: str) -> None:
        if task in self.refuses:
            raise ConnectionError("no answer")
        self.stopped.append((cluster, task, reason))


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)


def test_only_marked_tasks_of_runs_that_are_over_are_stopped() -> None:
    ecs = Ecs(
        ("first", {MARK_TAG: MARK, RUN_TAG: "over"}),
        ("second", {MARK_TAG: MARK, RUN_TAG: "over"}),
        ("runs", {MARK_TAG: MARK, RUN_TAG: "under way"}),
        ("of others", {MARK_TAG: MARK, RUN_TAG: "of another deployment"}),
        ("without mark", {RUN_TAG: "over"}),
        ("with another mark", {MARK_TAG: "dagster-aws", RUN_TAG: "over"}),
        ("without run", {MARK_TAG: MARK}),
    )
    found = sweep(ecs, "cluster", INSTANCE)
    said = "The Dagster run over is over (FAILURE)"
    assert ecs.stopped == [("cluster", "first", said), ("cluster", "second", said)]
    assert (found.stopped, found.running, found.unknown) == (["first", "second"], ["runs"], ["of others"])
    assert str(found) == (
        "2 orphan step tasks stopped, 1 belong to runs that go on, 1 to runs that this instance does not know.\n"
        "stopped first\nstopped second"
    )


def test_a_task_that_does_not_stop_is_told_and_fails_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    over = {MARK_TAG: MARK, RUN_TAG: "over"}
    found = sweep(Ecs(("first", over), ("second", over), refuses=("first",)), "cluster", INSTANCE)
    assert (found.stopped, found.problems) == (["second"], ["first: no answer"])
    assert "not stopped: first: no answer" in str(found)
    monkeypatch.setattr(sweeper, "sweep_own_cluster", lambda _: found)
    with dg.build_op_context() as context:
        with pytest.raises(dg.Failure, match="not stopped: first"):
            sweeper.stop_orphan_tasks_op(context)
        found.problems.clear()
        sweeper.stop_orphan_tasks_op(context)


@pytest.mark.slow
def test_the_job_looks_once(monkeypatch: pytest.MonkeyPatch) -> None:
    swept: list[object] = []

    def found(instance: dg.DagsterInstance) -> Sweep:
        swept.append(instance)
        return Sweep([], [], [], [])

    monkeypatch.setattr(sweeper, "sweep_own_cluster", found)
    assert stop_orphan_tasks.execute_in_process().success
    assert len(swept) == 1


def test_the_cluster_is_that_of_the_setting_or_of_the_own_task(monkeypatch: pytest.MonkeyPatch) -> None:
    clusters: list[str] = []

    def swept(_: Any, cluster: str, __: Any) -> str:
        clusters.append(cluster)
        return "found"

    monkeypatch.setattr(sweeper, "sweep", swept)
    monkeypatch.setattr("boto3.client", lambda _: None)
    monkeypatch.setattr(
        "dagster_aws.ecs.tasks.get_current_ecs_task_metadata", lambda: SimpleNamespace(cluster="of the task")
    )
    for environment in ({"ECS_CLUSTER": "named"}, {}):
        assert cast("str", sweep_own_cluster(INSTANCE, environment)) == "found"
    assert clusters == ["named", "of the task"]


def test_the_sensor_looks_every_five_minutes_from_the_start() -> None:
    assert SWEEP_SECONDS == stop_orphan_tasks_sensor.minimum_interval_seconds == 300
    assert stop_orphan_tasks_sensor.default_status is dg.DefaultSensorStatus.RUNNING
