"""The request of RunTask for one step: corrections to the request that dagster-aws builds.

They are: only the step's own share of the run's state, a size in the tags of the step's assets, Fargate Spot, the tags
by which the sweeper recognises step tasks of this executor, all subnets, and AWS's limits. Nothing here calls AWS.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from dagster._core.execution.plan.state import PastExecutionState
from dagster._core.execution.plan.step import ExecutionStep
from dagster._core.executor.step_delegating import StepHandlerContext
from dagster_shared.record import replace

from resources.failures import Cause, PlatformError
from resources.sizing.asset_tags import ecs_tags_of
from resources.sizing.prices import FREE_STORAGE_GIB
from resources.sizing.sizes import Size, size_of
from resources.sizing.usage import CAPACITY_VARIABLE, SPOT

MAX_OVERRIDES_CHARACTERS = 8192  # AWS, RunTask: "a total of 8192 characters are allowed for overrides"
EPHEMERAL_STORAGE_GIB = range(21, 201)  # AWS, EphemeralStorage; every task has 20 GiB without a request
SUBNETS_VARIABLE = "STEP_TASK_SUBNETS"  # ids of subnets, with commas between them

MARK_TAG, MARK = "dagster/step-executor", "resources.ecs"
ATTEMPT_TAG = "dagster/step-attempt"
RUN_TAG, STEP_TAG = "dagster/run_id", "dagster/step-key"  # set by dagster-aws


def with_own_state_only(context: StepHandlerContext) -> StepHandlerContext:
    """The same context with only that part of the run's state which its step reads.

    dagster passes every output that the run has completed to each step, so the request grows with the run and exceeds
    AWS's limit at about 600 steps. A step reads only the outputs that feed its own inputs, and its own number of
    attempts.
    """
    args = context.execute_step_args
    (step,) = context._steps_by_key.values()
    known = args.known_state
    if known is None:
        return context
    own = known._replace(
        previous_retry_attempts={k: n for k, n in known.previous_retry_attempts.items() if k == step.key},
        ready_outputs={output for output in known.ready_outputs if output in _inputs_of(step)},
        parent_state=_past_of(known.parent_state, step),
    )
    return StepHandlerContext(
        instance=context.instance,
        plan_context=context._plan_context,
        steps=[step],
        execute_step_args=replace(args, known_state=own),
        dagster_run=context.dagster_run,
    )


def _inputs_of(step: ExecutionStep) -> set[Any]:
    return {handle for step_input in step.step_inputs for handle in step_input.get_step_output_handle_dependencies()}


def _past_of(past: PastExecutionState | None, step: ExecutionStep) -> PastExecutionState | None:
    """The outputs of the parent runs, which a re-executed run carries beside its own, for this step alone."""
    if past is None:
        return None
    return past._replace(
        produced_outputs=past.produced_outputs & _inputs_of(step),
        parent_state=_past_of(past.get_parent_state(), step),
    )


def tags_with_assets(context: StepHandlerContext, step_key: str) -> dict[str, str]:
    """The step's tags, with the size in the tags of its assets, which Dagster does not hand to the executor.

    Raises PlatformError(CONFIGURATION) where they contradict each other.
    """
    tags = dict(context.step_tags[step_key])
    layer = context._plan_context.job.get_definition().asset_layer
    assets = layer.get_assets_def_for_node(context._steps_by_key[step_key].node_handle)
    return tags if assets is None else {**tags, **ecs_tags_of(assets, tags)}


def in_subnets(kwargs: dict[str, Any], configured: Mapping[str, Any]) -> dict[str, Any]:
    """The request with the subnets of `STEP_TASK_SUBNETS`, unless the executor's config names a network.

    dagster-aws starts every step in the one subnet in which the coordinator's task happens to run, so that zone's
    capacity and that subnet's addresses would limit the whole night.
    """
    subnets = [one.strip() for one in os.environ.get(SUBNETS_VARIABLE, "").split(",") if one.strip()]
    network = kwargs.get("networkConfiguration", {}).get("awsvpcConfiguration")
    if not subnets or not network or "networkConfiguration" in configured:
        return kwargs
    return {**kwargs, "networkConfiguration": {"awsvpcConfiguration": {**network, "subnets": subnets}}}


def is_spot_allowed(configured: bool | None) -> bool:
    """What the executor's config says, else whether `STEP_TASKS_ON_SPOT` is 1."""
    return os.environ.get("STEP_TASKS_ON_SPOT") == "1" if configured is None else configured


def placed_on_spot(kwargs: dict[str, Any], on_spot: bool) -> dict[str, Any]:
    """The request with Fargate Spot chosen or not, without `launchType` where it has a capacityProviderStrategy.

    AWS refuses both together. The run launcher of dagster-aws drops the launchType of the current task; its executor
    keeps it.
    """
    if on_spot:
        kwargs = {**kwargs, "capacityProviderStrategy": [{"capacityProvider": SPOT, "weight": 1}]}
        for container in kwargs.get("overrides", {}).get("containerOverrides", []):
            # the step computes its cost, and ECS does not tell a task that it runs on Spot
            kwargs = with_environment(kwargs, container["name"], {CAPACITY_VARIABLE: SPOT})
    if kwargs.get("capacityProviderStrategy"):
        kwargs = {key: value for key, value in kwargs.items() if key != "launchType"}
    return kwargs


def marked(kwargs: dict[str, Any], attempt: int) -> dict[str, Any]:
    """The request with the tags by which the sweeper and a new coordinator recognise a step task."""
    tags = {tag["key"]: tag["value"] for tag in kwargs.get("tags", [])}
    tags |= {MARK_TAG: MARK, ATTEMPT_TAG: str(attempt)}
    return {**kwargs, "tags": [{"key": key, "value": value} for key, value in tags.items()]}


def with_environment(kwargs: dict[str, Any], container_name: str, environment: dict[str, str]) -> dict[str, Any]:
    """The request with these variables in the container `container_name`; variables that it has already stay."""
    containers = []
    for container in kwargs["overrides"]["containerOverrides"]:
        if container["name"] == container_name:
            present = {variable["name"] for variable in container.get("environment", [])}
            added = [{"name": name, "value": value} for name, value in environment.items() if name not in present]
            container = {**container, "environment": [*container.get("environment", []), *added]}
        containers.append(container)
    return {**kwargs, "overrides": {**kwargs["overrides"], "containerOverrides": containers}}


def metadata_of(kwargs: dict[str, Any], size: Size, on_spot: bool) -> dict[str, Any]:
    """What a request asks for, as metadata of the step's event; `make sizing` reads it where the task dies."""
    storage_gib = kwargs["overrides"].get("ephemeralStorage", {}).get("sizeInGiB", FREE_STORAGE_GIB)
    return {"cpu": size.cpu, "memory_mb": size.memory_mb, "fargate_spot": on_spot, "storage_gib": storage_gib}


def checked(kwargs: dict[str, Any]) -> Size:
    """The size that the request asks for.

    Raises PlatformError(CONFIGURATION) for a request that AWS would refuse: a pair of cpu and memory that Fargate
    lacks, ephemeral storage out of range, overrides that are too long.
    """
    overrides = kwargs["overrides"]
    size = size_of(overrides.get("cpu"), overrides.get("memory"), "the task's overrides")
    if size is None:
        raise PlatformError(Cause.CONFIGURATION, "the task's overrides name no size")
    storage_gib = overrides.get("ephemeralStorage", {}).get("sizeInGiB")
    if storage_gib is not None and storage_gib not in EPHEMERAL_STORAGE_GIB:
        raise PlatformError(
            Cause.CONFIGURATION,
            f"ephemeral storage of {storage_gib} GiB: Fargate offers "
            f"{EPHEMERAL_STORAGE_GIB.start} to {EPHEMERAL_STORAGE_GIB.stop - 1}, and 20 without a request",
        )
    length = len(json.dumps(overrides))
    if length > MAX_OVERRIDES_CHARACTERS:
        raise PlatformError(
            Cause.CONFIGURATION,
            f"the overrides of its task are {length} characters long, AWS takes {MAX_OVERRIDES_CHARACTERS}",
            advice="Make the command shorter: fewer upstream outputs into one step (join them in between), fewer "
            "environment variables in task_overrides (set them in the task definition).",
        )
    return size
