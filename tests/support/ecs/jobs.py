"""Small jobs for the rig, each a question to the executor.

They are functions that make a job, for `dg.reconstructable`: the executor is the one that `DAGSTER_EXECUTOR` names
when a process asks for the job, not when it imports this module.
"""

from __future__ import annotations

import importlib
import os
import time

import dagster as dg

from resources.executor import executor_from_env
from resources.sizing.sizes import Size, step_tags


@dg.op(out=dg.Out(dg.Nothing))
def first() -> None:
    time.sleep(0.1)


@dg.op(ins={"start": dg.In(dg.Nothing)}, out=dg.Out(dg.Nothing), tags={"ecs/cpu": "512", "ecs/memory": "1024"})
def second() -> None:
    time.sleep(0.1)


def two_steps() -> dg.JobDefinition:
    """`first`, without a size of its own, then `second` at 512/1024."""

    @dg.job(executor_def=executor_from_env())
    def two_steps() -> None:
        second(first())

    return two_steps


@dg.op(out=dg.Out(dg.Nothing), tags={"ecs/cpu": "512", "ecs/memory": "1024"})
def eats_memory() -> None:
    held = [b"x" * 2**20 for _ in range(1536)]
    time.sleep(len(held))


def too_large() -> dg.JobDefinition:
    """A step that takes 1.5 GiB where it has 1."""

    @dg.job(executor_def=executor_from_env())
    def too_large() -> None:
        eats_memory()

    return too_large


def levels_of_sizes() -> dg.JobDefinition:
    """Assets that have a size from nowhere, from their tier, and of their own in the plain tags of an asset."""

    @dg.asset
    def nothing() -> None:
        return

    @dg.asset(op_tags=step_tags("raw", None))
    def tier() -> None:
        return

    @dg.asset(tags=Size(256, 2048).tags())
    def plain() -> None:
        return

    job = dg.define_asset_job("levels_of_sizes")
    defs = dg.Definitions(assets=[nothing, tier, plain], jobs=[job], executor=executor_from_env())
    return defs.resolve_job_def("levels_of_sizes")


def trivial() -> dg.JobDefinition:
    """One step that does nothing, in processes that load the real definitions, as every step's does."""
    importlib.import_module("definitions")

    @dg.op(tags=step_tags("raw", None))
    def nothing() -> None:
        return

    @dg.job(executor_def=executor_from_env())
    def trivial() -> None:
        nothing()

    return trivial


def many_sleepers() -> dg.JobDefinition:
    """As many steps as `RIG_SLEEPERS` says, beside each other, each asleep for `RIG_SLEEP_SECONDS`."""
    count, seconds = int(os.environ["RIG_SLEEPERS"]), float(os.environ["RIG_SLEEP_SECONDS"])

    @dg.op(tags=step_tags("raw", None))
    def sleeper() -> None:
        time.sleep(seconds)

    @dg.job(executor_def=executor_from_env())
    def many_sleepers() -> None:
        for number in range(count):
            sleeper.alias(f"sleeper_{number}")()

    return many_sleepers
