"""Jobs that put questions to the ECS executor; functions for `dg.reconstructable`, as in `tests.support.ecs.jobs`.

Each step is a copy of one of a few bodies; what happens to it is the rig's fault of the same name.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import dagster as dg

from resources.executor import executor_from_env
from resources.graph import retried_if_ecs_interrupts
from resources.sizing.sizes import DECLARED_BY_TAG, REPEATABLE_TAG

RELEASED = "released"  # a file in DAGSTER_HOME
RETRY_AT_ONCE = dg.RetryPolicy(max_retries=2)
SMALL = {"ecs/cpu": "512", "ecs/memory": "1024"}
SPOT = {**SMALL, REPEATABLE_TAG: "true"}


def step(
    name: str,
    tags: dict[str, str],
    *,
    seconds: float = 0.0,
    retry: dg.RetryPolicy | None = RETRY_AT_ONCE,
) -> dg.OpDefinition:
    """An op that lives for `seconds` at its first attempt, and not at all at a later one."""

    def body(context: dg.OpExecutionContext) -> None:
        with retried_if_ecs_interrupts(context):
            until = time.monotonic() + (seconds if context.retry_number == 0 else 0.0)
            while time.monotonic() < until:
                time.sleep(0.05)

    body.__annotations__ = {"context": dg.OpExecutionContext}
    return dg.op(name=name, out=dg.Out(dg.Nothing), tags=tags, retry_policy=retry)(body)


def job_of(name: str, *steps: dg.OpDefinition, then: dg.OpDefinition | None = None) -> dg.JobDefinition:
    """Independent steps, and `then` after the first of them."""

    @dg.job(name=name, executor_def=executor_from_env())
    def made() -> None:
        first, *_ = [one() for one in steps]
        if then is not None:
            then(first)

    return made


@dg.op(ins={"start": dg.In(dg.Nothing)}, tags=SMALL)
def after_denied() -> None:
    pass


def bad_night() -> dg.JobDefinition:
    """One step a fault."""
    return job_of(
        "bad_night",
        step("denied", SMALL),
        step("steady", SMALL),
        step("killed", SMALL),
        step("out_of_memory", SMALL),
        step("interrupted_early", SPOT),
        step("interrupted_late", SPOT, seconds=8),
        step("no_spot_capacity", SPOT),
        step("silent", SMALL),
        step("pending", SMALL),
        step("provisioning", SMALL),
        step("image_missing", SMALL),
        step("gone", SMALL, seconds=16),
        step("throttled", SMALL),
        step("throttled_by_ec2", SMALL),
        step("no_capacity", SMALL),
        step("answer_lost", SMALL, seconds=8),
        step("half_a_size", {"ecs/cpu": "512"}),
        step("no_such_size", {"ecs/cpu": "512", "ecs/memory": "16384"}),
        then=after_denied,
    )


def sizes() -> dg.JobDefinition:
    """Every level of precedence, one step after the other, so that a leak would show."""
    names: list[tuple[str, dict[str, str]]] = [
        ("own", {"ecs/cpu": "2048", "ecs/memory": "8192", DECLARED_BY_TAG: "asset", "ecs/ephemeral_storage": "40"}),
        ("nothing", {}),
        ("tier", {**SMALL, DECLARED_BY_TAG: "tier"}),
        ("plain", {"ecs/cpu": "1024", "ecs/memory": "4096"}),
        ("container_keys", {**SMALL, "ecs/container_overrides": '{"memoryReservation": 256}'}),
        ("nothing_again", {}),
    ]

    @dg.job(name="sizes", executor_def=executor_from_env())
    def made() -> None:
        previous = None
        for name, tags in names:
            previous = chained(name, tags)(previous) if previous is not None else step(name, tags)()

    return made


def chained(name: str, tags: dict[str, str]) -> dg.OpDefinition:
    def body() -> None:
        pass

    return dg.op(name=name, ins={"start": dg.In(dg.Nothing)}, out=dg.Out(dg.Nothing), tags=tags)(body)


def long_steps() -> dg.JobDefinition:
    """Three steps of a minute, to be ended before."""
    return job_of("long_steps", *(step(f"long_{number}", SMALL, seconds=60, retry=None) for number in (1, 2, 3)))


def waiting_steps() -> dg.JobDefinition:
    """Two steps that end when the rig releases them, whose coordinator may change meanwhile."""
    return job_of("waiting_steps", *(waiting(f"waiting_{number}") for number in (1, 2)))


def waiting(name: str) -> dg.OpDefinition:
    def body() -> None:
        released, until = Path(os.environ["DAGSTER_HOME"]) / RELEASED, time.monotonic() + 120
        while not released.exists():
            if time.monotonic() > until:
                raise TimeoutError("nobody released this step")
            time.sleep(0.05)

    return dg.op(name=name, out=dg.Out(dg.Nothing), tags=SMALL)(body)


def denied_beside_another() -> dg.JobDefinition:
    """`denied`, and after its launch `sibling`."""
    return job_of("denied_beside_another", step("denied", SMALL), step("sibling", SMALL, seconds=2))


def wide() -> dg.JobDefinition:
    """Steps whose outputs only the first step after them asks for."""
    return job_of("wide", *(step(f"upstream_{number}", SMALL) for number in range(3)), then=after_denied)


def too_many_variables() -> dg.JobDefinition:
    """A step whose container is to have more environment than AWS takes in overrides, beside one with little."""
    variables = [{"name": f"VARIABLE_{number}", "value": "x" * 100} for number in range(80)]
    brief = {**SMALL, "ecs/container_overrides": json.dumps({"environment": variables[:1]})}
    tags = {**SMALL, "ecs/container_overrides": json.dumps({"environment": variables})}
    return job_of("too_many_variables", step("wordy", tags), step("brief", brief))


def one_step() -> dg.JobDefinition:
    return job_of("one_step", step("steady", SMALL))
