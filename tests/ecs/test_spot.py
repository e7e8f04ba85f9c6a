"""Which steps run on Fargate Spot: those that may be repeated, where the run or the environment asks for it."""

from __future__ import annotations

import dagster as dg
import pytest

from resources.sizing.usage import CAPACITY_VARIABLE, SPOT
from tests.support import executor_jobs
from tests.support.ecs.fixtures import rig, zygote
from tests.support.ecs.rig import Rig

__all__ = ["rig", "zygote"]

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("variable", "config", "is_spot"),
    [(None, {}, False), ("1", {}, True), ("0", {}, False), (None, {"fargate_spot": True}, True),
     ("1", {"fargate_spot": False}, False)],
)  # fmt: skip
def test_the_runs_config_wins_over_the_variable(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, variable: str | None, config: dict[str, bool], is_spot: bool
) -> None:
    if variable is not None:
        monkeypatch.setenv("STEP_TASKS_ON_SPOT", variable)
    result = rig.execute(dg.reconstructable(executor_jobs.one_repeatable_step), {"execution": {"config": config}})
    assert result.success
    (repeatable,) = rig.steps("repeatable")
    (once,) = rig.steps("once")
    assert ("capacityProviderStrategy" in repeatable.request) == is_spot
    # the step prices itself by it
    assert repeatable.environment.get(CAPACITY_VARIABLE) == (SPOT if is_spot else None)
    assert "capacityProviderStrategy" not in once.request
    assert CAPACITY_VARIABLE not in once.environment
