"""The stand-in for ECS: that it refuses what AWS refuses, and that its tasks are what they are said to be."""

from __future__ import annotations

import dagster as dg
import pytest

from tests.ecs.fixtures import rig, zygote
from tests.ecs.jobs import two_steps
from tests.ecs.rig import Rig

__all__ = ["rig", "zygote"]

pytestmark = pytest.mark.slow


def test_this_process_coordinates(rig: Rig) -> None:
    result = rig.execute(dg.reconstructable(two_steps))
    assert result.success
    assert [task.step_key for task in rig.tasks] == ["first", "second"]


def test_a_coordinator_of_its_own(rig: Rig) -> None:
    run_id = rig.launch(dg.reconstructable(two_steps))
    assert rig.wait(run_id) is dg.DagsterRunStatus.SUCCESS
    assert [task.step_key for task in rig.tasks] == [None, "first", "second"]
    assert {task.exit_code for task in rig.tasks} == {0}
    assert (rig.steps("second")[0].cpu, rig.steps("second")[0].memory_mib) == (512, 1024)
