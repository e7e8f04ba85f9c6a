"""Why a task ended, read from the description that DescribeTasks gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

# AWS, "Task lifecycle": the states before the container runs
NOT_YET_STARTED = frozenset({"PROVISIONING", "PENDING", "ACTIVATING"})

EndCause = Literal["out_of_memory", "spot_interruption", "never_started", "silent_exit", "killed"]


@dataclass(frozen=True, slots=True)
class TaskEnd:
    """Why a task ended before its step had reported an end; `text` is a sentence for the reader of the run."""

    cause: EndCause
    text: str


def task_end(task: Mapping[str, Any]) -> TaskEnd:
    """The end of a STOPPED task whose step has not reported, from its description as DescribeTasks gives it.

    AWS describes an end in three places that need not agree: the task's stopCode, the task's stoppedReason, and the
    reason of each container. Fargate names an OOM kill in the container's reason alone.
    """
    containers = task.get("containers") or []
    exit_codes = [container["exitCode"] for container in containers if container.get("exitCode") is not None]
    stop_code = task.get("stopCode") or ""
    reasons = [task.get("stoppedReason"), *(container.get("reason") for container in containers)]
    words = "; ".join(dict.fromkeys(str(reason) for reason in reasons if reason))
    seen = ", ".join(
        part
        for part in (
            f"exit code {', '.join(map(str, exit_codes))}" if exit_codes else "no exit code",
            f"stop code {stop_code}" if stop_code else "",
            f'AWS says "{words}"' if words else "",
        )
        if part
    )
    arn = task.get("taskArn")
    if "OutOfMemory" in words:
        return TaskEnd("out_of_memory", f"ran out of memory in task {arn} ({seen})")
    if stop_code == "SpotInterruption" or "Spot Task was interrupted" in words:
        return TaskEnd("spot_interruption", f"was interrupted by Fargate Spot in task {arn} ({seen})")
    if stop_code == "TaskFailedToStart" or not exit_codes:
        return TaskEnd("never_started", f"never started in task {arn} ({seen})")
    if not any(exit_codes):
        return TaskEnd("silent_exit", f"exited without having reported success or failure in task {arn} ({seen})")
    return TaskEnd("killed", f"died in task {arn} ({seen})")
