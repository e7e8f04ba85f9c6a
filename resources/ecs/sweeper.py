"""Step tasks whose run is over are stopped.

A coordinator that ends stops its tasks; one that is killed cannot. The sensor looks every five minutes, the job
`stop_orphan_tasks` whenever somebody asks. Belongs here: finding and stopping such tasks, by their ECS tags. Does not
belong here: tasks of a run that goes on, which are the executor's. Imports boto3 only when it runs.
Annotations are not postponed in this module: Dagster reads those of the op.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg

SWEEP_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Sweep:
    """What one look at the cluster found: ARNs, and problems in words."""

    stopped: list[str]
    running: list[str]  # step tasks of runs that go on
    unknown: list[str]  # step tasks of runs that this instance does not know: another deployment's
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

    Only tasks that carry our mark and whose run this instance knows to be finished: a cluster may hold the tasks of
    other deployments, whose runs are none of ours. Raises botocore's errors where the cluster cannot be listed.
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
        # asked after the tasks were listed: a run that is finished now launches nothing more
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
    """`sweep` in the cluster that this process's task runs in, or that `ECS_CLUSTER` names."""
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


# in the coordinator: a task of its own would be started, and billed, to stop tasks
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
