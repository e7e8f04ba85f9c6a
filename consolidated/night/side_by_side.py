"""The executor of `make nightly`: each step is a process of its own on this machine.

The processes are forked from one that has done beforehand what every step does alike (`step_start`): on Linux from the
job's own process, elsewhere from a server that the job begins for it.
"""

from __future__ import annotations

import importlib
import sys

import dagster as dg
from dagster._core.execution.retries import RetryMode
from dagster._core.executor.multiprocess import MultiprocessExecutor

from resources.sizing.sizes import TIER_TAG

_STEP_START = "consolidated.night.step_start"
# Steps of raw mostly wait for their hosts, and steps that share a host wait for its pool.
STEPS_AT_ONCE = 24
# A step of another tier computes: as many of a tier at once as a laptop has the memory for.
STEPS_AT_ONCE_OF_TIER = {"transformed": 2, "consolidated": 2, "maintenance": 2}


@dg.executor(name="side_by_side", requirements=dg.multiple_process_executor_requirements())
def side_by_side_executor(_: dg.InitExecutorContext) -> MultiprocessExecutor:
    """Dagster's own multiprocess executor; its config knows no `fork`, which its class takes."""
    if sys.platform == "linux":
        importlib.import_module(_STEP_START)
    return MultiprocessExecutor(
        retries=RetryMode.ENABLED,
        max_concurrent=STEPS_AT_ONCE,
        tag_concurrency_limits=[
            {"key": TIER_TAG, "value": tier, "limit": limit} for tier, limit in STEPS_AT_ONCE_OF_TIER.items()
        ],
        start_method="fork" if sys.platform == "linux" else "forkserver",
        explicit_forkserver_preload=[_STEP_START],
    )
