"""Law 9: a step's size goes out as declared: tier's default < measured nights < the run's executor config < the asset's
own tags.

Whole nights on ECS check each task's size in `tests/ecs/test_night.py`.
"""

from __future__ import annotations

from typing import cast

import dagster as dg
import pytest

import definitions
from resources.sizing.evidence import measured_size
from resources.sizing.sizes import Tier, step_size
from tests.support.declared import OEMS, assets
from tests.support.ecs.fixtures import rig, shared_rig
from tests.support.ecs.jobs import levels_of_sizes
from tests.support.ecs.rig import Rig

__all__ = ["rig", "shared_rig"]


def test_the_size_is_in_the_op_tags_that_the_executor_reads() -> None:
    job = definitions.build_defs().resolve_job_def("nightly")
    assert len(job.nodes) == len(set().union(*map(assets, OEMS)))
    for node in job.nodes:
        tier = cast(Tier, node.name.split("__")[1])
        declared = step_size(tier, None, measured_size(node.name.replace("__", "/")))
        assert {key: value for key, value in node.tags.items() if key.startswith("ecs/")} == declared.tags()


@pytest.mark.slow
def test_four_levels_of_sizes(rig: Rig) -> None:
    """Baseline, tier, the run's executor config, the asset's own: each step is launched at exactly its pair.

    The own size stands in the plain tags of an asset, which Dagster does not hand to the executor.
    """
    job = dg.reconstructable(levels_of_sizes)
    assert rig.wait(rig.launch(job)) is dg.DagsterRunStatus.SUCCESS
    sizes = {task.step_key: (task.cpu, task.memory_mib) for task in rig.steps()}
    assert sizes == {"nothing": (4096, 16384), "tier": (512, 1024), "plain": (256, 2048)}
    config = {"execution": {"config": {"cpu": 1024, "memory": 3072}}}
    assert rig.wait(rig.launch(job, config)) is dg.DagsterRunStatus.SUCCESS
    sizes = {task.step_key: (task.cpu, task.memory_mib) for task in rig.steps()[3:]}
    assert sizes == {"nothing": (1024, 3072), "tier": (1024, 3072), "plain": (256, 2048)}
