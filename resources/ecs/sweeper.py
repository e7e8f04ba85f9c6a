"""Stop the step tasks whose run is over: a sensor that looks every five minutes, and the job `stop_orphan_tasks`.

A coordinator that ends stops its tasks itself, but a coordinator that is killed cannot.
boto3 is imported when the sensor or the job runs. Annotations are not postponed in this module, because Dagster reads
the annotations of the op.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg

SWEEP_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Sweep:
    """The step tasks that one sweep found, by ARN, and the problems that it met."""

    stopped: list[str]
    running: list[str]  # of runs that go on
    unknown: list[str]  # of runs that this instance does not know: another deployment has started them
    problems: list[str]

    def __str__(self) -> str:
        lines = [
            f"{len(self.stopped)} orphan step tasks stopped, {len(self.running)} belong to runs that go on, "
            f"{len(self.unknown)} to runs that this instance does not know.",
            *(f"stopped {arn}" for arn in self.stopped),
            *(f"not stopped: {problem}" for problem in self.problems),
        ]
        return "\n".join(lines)


def sweep(ecs: Any, cluster: str, instance: dg.DagsterInstance) -> Sweep:
    """Stop the step tasks of the cluster whose run is over.

    A task is stopped only if it carries the tag of this executor and this instance knows that its run has finished,
    because the cluster may hold tasks of other deployments. Raises botocore's errors where the cluster cannot be
    listed.
    """
    from resources.ecs.attempts import running_tasks, stop_task, tags_of
    from resources.ecs.requests import MARK, MARK_TAG, RUN_TAG

    result = Sweep([], [], [], [])
    by_run: dict[str, list[str]] = {}
    for arn, task in running_tasks(ecs, cluster).items():
        tags = tags_of(task)
        if tags.get(MARK_TAG) == MARK and tags.get(RUN_TAG):
            by_run.setdefault(tags[RUN_TAG], []).append(arn)
    for run_id, arns in by_run.items():
        # read after the tasks were listed: a run that has finished by now launches no more tasks
        run = instance.get_run_by_id(run_id)
        if run is None:
            result.unknown.extend(arns)
        elif not run.is_finished:
            result.running.extend(arns)
        else:
            for arn in arns:
                problem = stop_task(ecs, cluster, arn, f"The Dagster run {run_id} is over ({run.status.value})")
                if problem:
                    result.problems.append(problem)
                else:
                    result.stopped.append(arn)
    return result


def sweep_own_cluster(instance: dg.DagsterInstance, environment: Mapping[str, str] = os.environ) -> Sweep:
    """`sweep` in the cluster that `ECS_CLUSTER` names, or else in the cluster of this process's task."""
    import boto3
    from dagster_aws.ecs.tasks import get_current_ecs_task_metadata

    cluster = environment.get("ECS_CLUSTER") or get_current_ecs_task_metadata().cluster
    return sweep(boto3.client("ecs"), cluster, instance)


@dg.op
def stop_orphan_tasks_op(context: dg.OpExecutionContext) -> None:
    found = sweep_own_cluster(context.instance)
    context.log.info(str(found))
    if found.problems:
        raise dg.Failure(str(found))


# it runs in the coordinator, so that no further task is started and billed
@dg.job(executor_def=dg.in_process_executor, description="Stop every step task whose run is over. Safe at any time.")
def stop_orphan_tasks() -> None:
    stop_orphan_tasks_op()


@dg.sensor(
    name="stop_orphan_tasks",
    minimum_interval_seconds=SWEEP_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Every five minutes: stop the step tasks whose run is over.",
)
def stop_orphan_tasks_sensor(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    return dg.SkipReason(str(sweep_own_cluster(context.instance)))
