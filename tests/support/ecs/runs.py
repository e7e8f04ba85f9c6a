"""What a test sees and does of a run on the rig: its events, an end to its tasks, and tasks of others beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import boto3
import dagster as dg

from tests.support.ecs.rig import Rig
from tests.support.ecs.tasks import CLUSTER


def started(rig: Rig, run_id: str) -> set[str | None]:
    return {event.step_key for event in events_of(rig, run_id) if event.event_type == dg.DagsterEventType.STEP_START}


def events_of(rig: Rig, run_id: str) -> list[dg.DagsterEvent]:
    entries = rig.instance.all_logs(run_id)
    return [entry.dagster_event for entry in entries if entry.dagster_event is not None]


def stop_all(rig: Rig) -> None:
    """End what the plain executor leaves behind, as its user has to."""
    for task in rig.cluster.running():
        rig.cluster.stop(task, "UserInitiated", "the test is over")
    rig.until(lambda: not rig.cluster.running(), seconds=10)


def foreign_task(
    definition: str, request: Mapping[str, Any], run_id: str | None, command: Sequence[str] = ("sleep", "60")
) -> str:
    """A task in the same cluster: of another deployment's run, or without our mark."""
    tags = [tag for tag in request.get("tags", []) if tag["key"] not in ("dagster/run_id", "dagster/step-key")]
    if run_id is None:
        tags = [{"key": "dagster/run_id", "value": "another"}]
    else:
        tags = [*tags, {"key": "dagster/run_id", "value": run_id}]
    answer = boto3.client("ecs").run_task(
        cluster=CLUSTER,
        taskDefinition=definition,
        networkConfiguration=request["networkConfiguration"],
        overrides={"containerOverrides": [{"name": "run", "command": list(command)}]},
        tags=tags,
    )
    return str(answer["tasks"][0]["taskArn"])
