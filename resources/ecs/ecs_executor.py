"""The executor of production, which runs each step as an ECS task: its definition and its config.

It is the `ecs_executor` of dagster-aws with a corrected step handler (`resources.ecs.step_handler`).
This module is imported only where `DAGSTER_EXECUTOR` names it, because boto3 and dagster-aws cost a process 50 MB.
"""

from __future__ import annotations

from typing import Any

import dagster as dg
from dagster._core.execution.retries import RetryMode
from dagster._core.execution.step_dependency_config import StepDependencyConfig
from dagster._core.executor.step_delegating import StepDelegatingExecutor
from dagster_aws.ecs import EcsRunLauncher
from dagster_aws.ecs.executor import _ECS_EXECUTOR_CONFIG_SCHEMA

from resources.ecs.step_handler import HardenedStepHandler
from resources.failures import Cause, PlatformError

TICK_SECONDS = 1  # how often the executor checks each running step; the handler answers from memory

_OWN_CONFIG = {
    "fargate_spot": dg.Field(
        dg.BoolSource,
        is_required=False,
        description="Run steps that are marked as repeatable on Fargate Spot, every retry on demand. Default: whether "
        "STEP_TASKS_ON_SPOT is 1.",
    ),
    "poll_seconds": dg.Field(
        int, default_value=20, description="Time between two rounds of DescribeTasks (100 tasks a call)."
    ),
    "pending_timeout_seconds": dg.Field(
        int, default_value=15 * 60, description="How long a task may be PROVISIONING or PENDING before it is stopped."
    ),
    "launch_timeout_seconds": dg.Field(
        int,
        default_value=15 * 60,
        description="How long RunTask is repeated, by the same client token, until AWS starts the task or says that it "
        "never will; and how long a coordinator that replaces another asks for the list of running tasks.",
    ),
}


@dg.executor(
    name="ecs",
    config_schema={**_ECS_EXECUTOR_CONFIG_SCHEMA, **_OWN_CONFIG},
    requirements=dg.multiple_process_executor_requirements(),
)
def ecs_executor(init_context: dg.InitExecutorContext) -> StepDelegatingExecutor:
    """Run each step as an ECS task. The config is that of dagster-aws's executor with four more settings.

    A step's size is, from the lowest to the highest precedence: 4096/16384, the size of its tier, this config's `cpu`
    and `memory` (a pair), the asset's own size.
    Raises PlatformError(CONFIGURATION), before any task is launched, where `cpu` or `memory` is missing or Fargate has
    no such pair.
    """
    launcher = init_context.instance.run_launcher
    if not isinstance(launcher, EcsRunLauncher):
        raise PlatformError(
            Cause.CONFIGURATION,
            f"the ECS executor needs its run launched by the EcsRunLauncher, this instance has a "
            f"{type(launcher).__name__}",
            advice="Set run_launcher to dagster_aws.ecs.EcsRunLauncher in dagster.yaml.",
        )
    config: dict[str, Any] = dict(init_context.executor_config)
    return StepDelegatingExecutor(
        HardenedStepHandler(launcher, config),
        retries=RetryMode.from_config(config["retries"]) or RetryMode.ENABLED,
        check_step_health_interval_seconds=TICK_SECONDS,
        max_concurrent=config.get("max_concurrent"),
        tag_concurrency_limits=config.get("tag_concurrency_limits"),
        should_verify_step=True,
        step_dependency_config=StepDependencyConfig.from_config(config.get("step_dependency_config")),
    )
