"""Which executor runs the steps of a job.

Belongs here: the choice by `DAGSTER_EXECUTOR`. Does not belong here: what an executor does, and step sizes.
"""

from __future__ import annotations

import importlib
import os

import dagster as dg

from resources.failures import Cause, PlatformError

VARIABLE = "DAGSTER_EXECUTOR"


def executor_from_env() -> dg.ExecutorDefinition:
    """The executor that `DAGSTER_EXECUTOR` names by dotted path; in-process where the variable is unset.

    Unset, steps run one after another in the run's own process: nothing to install, nothing to configure.
    Raises PlatformError(CONFIGURATION) naming the variable and its value for anything that is no executor.
    """
    value = os.environ.get(VARIABLE, "")
    if not value:
        return dg.in_process_executor
    module_name, _, attribute = value.rpartition(".")
    if not module_name:
        raise _refusal(value, "it is not a dotted path")
    try:
        executor = getattr(importlib.import_module(module_name), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise _refusal(value, str(error)) from error
    if not isinstance(executor, dg.ExecutorDefinition):
        raise _refusal(value, f"it is a {type(executor).__name__}, not an executor")
    return executor


def _refusal(value: str, reason: str) -> PlatformError:
    return PlatformError(
        Cause.CONFIGURATION,
        f"{VARIABLE}={value!r} names no executor: {reason}",
        advice=f"Set {VARIABLE} to the dotted path of a Dagster executor, such as dagster_aws.ecs.ecs_executor, "
        "or unset it to run the steps in-process.",
    )
