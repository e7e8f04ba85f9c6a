"""What the step handler reads from a run's event log and writes to it: which steps have ended, and why one failed."""

from __future__ import annotations

from typing import Any

import dagster as dg
from dagster._core.events import EngineEventData
from dagster._core.execution.plan.objects import StepFailureData
from dagster._core.executor.step_delegating import StepHandlerContext
from dagster_shared.error import SerializableErrorInfo

from resources.sizing.usage import this_task

_ENDS = {
    dg.DagsterEventType.STEP_SUCCESS,
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.STEP_UP_FOR_RETRY,
    dg.DagsterEventType.RESOURCE_INIT_FAILURE,  # the executor turns this event into the failure of the step
}


def reported_steps(context: StepHandlerContext) -> set[str]:
    """The keys of the steps whose latest attempt has ended, according to the event log.

    The handler writes STEP_WORKER_STARTING before it calls RunTask, so everything that an attempt reports comes after
    that event. An end that comes before the last STEP_WORKER_STARTING belongs to an earlier attempt.
    """
    entries = context.instance.all_logs(
        context.execute_step_args.run_id, of_type={dg.DagsterEventType.STEP_WORKER_STARTING, *_ENDS}
    )
    latest = {entry.step_key: entry.dagster_event for entry in entries}  # in the order of the log: the last one stays
    return {step_key for step_key, event in latest.items() if step_key and event and event.event_type in _ENDS}


def step_failure(step_context: Any, message: str) -> dg.DagsterEvent:
    """Write the failure of a step; the executor then does not ask the step's retry policy."""
    error = SerializableErrorInfo(message=message, stack=[], cls_name=None)
    data = StepFailureData(error=error, user_failure_data=None)  # type: ignore[no-untyped-call]
    return dg.DagsterEvent.step_failure_event(step_context, data)


def tell_coordinator(step_context: Any) -> None:
    """Write the size of the coordinator's own task and since when it is billed, which `make sizing` reads back."""
    task = this_task()
    if task is None:
        return
    told: dict[str, dg.MetadataValue[Any]] = {
        "coordinator_cpu": dg.MetadataValue.int(task.size.cpu),
        "coordinator_memory_mb": dg.MetadataValue.int(task.size.memory_mb),
    }
    if task.billed_since:
        told["coordinator_billed_since"] = dg.MetadataValue.float(task.billed_since.timestamp())
    dg.DagsterEvent.engine_event(step_context, f"The coordinator's task has {task.size}.", EngineEventData(told))


def earlier_attempts(context: StepHandlerContext, step_key: str) -> int:
    """How many attempts at the step the run has made before this one."""
    known = context.execute_step_args.known_state
    return known.get_retry_state().get_attempt_count(step_key) if known else 0
