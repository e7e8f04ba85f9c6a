"""Which executor runs the steps of a job (`DAGSTER_EXECUTOR`), and what else follows from that choice.

The rest is: the run config that only the ECS executor accepts, and whether schedules run by default.
"""

from __future__ import annotations

import importlib
import os
from typing import Any

import dagster as dg

from resources.ecs.task_environment import in_ecs_task
from resources.failures import Cause, PlatformError
from resources.sizing.sizes import Size, size_of

VARIABLE = "DAGSTER_EXECUTOR"
ECS_EXECUTOR = "dagster_aws.ecs.ecs_executor"
IN_PROCESS_EXECUTOR = "dagster.in_process_executor"
NIGHTLY_SIZE_VARIABLE = "NIGHTLY_STEP_SIZE"
# production names dagster-aws's executor and gets the project's, which corrects its defects
_HARDENED = {ECS_EXECUTOR: "resources.ecs.ecs_executor.ecs_executor"}


def executor_from_env() -> dg.ExecutorDefinition:
    """The executor that `DAGSTER_EXECUTOR` names by dotted path; the in-process executor where it is unset.

    The in-process executor runs the steps one after another in the process of the run and needs no set-up.
    Raises PlatformError(CONFIGURATION) naming the variable and its value for anything that is no executor, and for
    an unset variable inside an ECS task.
    """
    value = os.environ.get(VARIABLE, "")
    if not value:
        if in_ecs_task():
            raise _unset_in_ecs()
        return dg.in_process_executor
    module_name, _, attribute = _HARDENED.get(value, value).rpartition(".")
    if not module_name:
        raise _refusal(value, "it is not a dotted path")
    try:
        executor = getattr(importlib.import_module(module_name), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise _refusal(value, str(error)) from error
    if not isinstance(executor, dg.ExecutorDefinition):
        raise _refusal(value, f"it is a {type(executor).__name__}, not an executor")
    return executor


def ecs_is_selected() -> bool:
    return os.environ.get(VARIABLE) == ECS_EXECUTOR


def default_schedule_status() -> dg.DefaultScheduleStatus:
    """Schedules run by themselves where an executor is configured (production), and not on a laptop."""
    return dg.DefaultScheduleStatus.RUNNING if os.environ.get(VARIABLE) else dg.DefaultScheduleStatus.STOPPED


def step_size_run_config(size: Size | None) -> dict[str, Any]:
    """Run config that gives `size` to every step without a size of its own.

    Empty where `size` is None, and for any executor but ECS's, because other executors refuse such config.
    """
    if size is None or not ecs_is_selected():
        return {}
    return {"execution": {"config": {"cpu": size.cpu, "memory": size.memory_mb}}}


def nightly_step_size() -> Size | None:
    """The size that `NIGHTLY_STEP_SIZE` names as `<cpu>/<memory in MB>`, such as `8192/32768`; None where it is unset.

    Raises PlatformError(CONFIGURATION), which names the variable, for a value that is no size of Fargate's.
    """
    value = os.environ.get(NIGHTLY_SIZE_VARIABLE, "")
    if not value:
        return None
    cpu, _, memory_mb = value.partition("/")
    return size_of(cpu, memory_mb, f"{NIGHTLY_SIZE_VARIABLE}={value!r} (<cpu>/<memory in MB>)")


def _unset_in_ecs() -> PlatformError:
    return PlatformError(
        Cause.CONFIGURATION,
        f"this process runs in an ECS task and {VARIABLE} is not set: every step would run here, one after another, "
        "in the memory of the coordinator, and the run would report success without one step task",
        advice=f"Set {VARIABLE}={ECS_EXECUTOR} where the task definition's environment comes from (env_vars of "
        "container_context.yaml; a task_definition_arn there makes dagster-aws drop them), or "
        f"{VARIABLE}={IN_PROCESS_EXECUTOR} if that is what you want.",
    )


def _refusal(value: str, reason: str) -> PlatformError:
    return PlatformError(
        Cause.CONFIGURATION,
        f"{VARIABLE}={value!r} names no executor: {reason}",
        advice=f"Set {VARIABLE} to the dotted path of a Dagster executor, such as {ECS_EXECUTOR}, "
        "or unset it to run the steps in-process.",
    )
