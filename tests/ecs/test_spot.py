"""Which steps run on Fargate Spot: those that may be repeated, where the run or the environment asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg
import pytest

from resources.sizing.usage import CAPACITY_VARIABLE, SPOT
from tests.support.ecs.handled import REPEATABLE, STEPS, Handled, handled, stand_in
from tests.support.ecs.rig import Rig

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ecs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Rig, dg.DagsterInstance]]:
    with stand_in(tmp_path_factory.mktemp("ecs")) as shared:
        yield shared


@pytest.fixture
def steps(ecs: tuple[Rig, dg.DagsterInstance]) -> Iterator[Handled]:
    with handled(*ecs) as made:  # a run of its own: in one run, the same attempt is the same task
        yield made


@pytest.mark.parametrize(
    ("variable", "config", "is_spot"),
    [(None, {}, False), ("1", {}, True), ("0", {}, False), (None, {"fargate_spot": True}, True),
     ("1", {"fargate_spot": False}, False)],
)  # fmt: skip
def test_the_runs_config_wins_over_the_variable(
    steps: Handled, monkeypatch: pytest.MonkeyPatch, variable: str | None, config: dict[str, bool], is_spot: bool
) -> None:
    if variable is not None:
        monkeypatch.setenv("STEP_TASKS_ON_SPOT", variable)
    steps.new_handler(**config)
    steps.launch(REPEATABLE, STEPS[0])
    repeatable, once = steps.rig.steps()[-2:]
    assert (repeatable.step_key, once.step_key) == (REPEATABLE, STEPS[0])
    assert ("capacityProviderStrategy" in repeatable.request) == is_spot
    # the step prices itself by it
    assert repeatable.environment.get(CAPACITY_VARIABLE) == (SPOT if is_spot else None)
    assert "capacityProviderStrategy" not in once.request
    assert CAPACITY_VARIABLE not in once.environment


def test_a_retry_runs_on_demand(steps: Handled) -> None:
    steps.new_handler(fargate_spot=True)
    steps.launch(REPEATABLE)
    steps.launch(REPEATABLE, retries=1)
    first, retry = steps.rig.steps()[-2:]
    assert "capacityProviderStrategy" in first.request
    assert "capacityProviderStrategy" not in retry.request
