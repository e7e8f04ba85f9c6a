"""Fixtures of the rig; import them by name: `rig` and `shared_rig`, or `own_rig`. `zygote` is in tests/conftest.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.ecs.lives import Timing
from tests.support.ecs.rig import Rig, ecs_rig
from tests.support.processes import Zygote
from tests.support.servers import PostgresServer

HARDENED_AND_FAST = {
    "DAGSTER_EXECUTOR": "dagster_aws.ecs.ecs_executor",
    "DAGSTER_STEP_DELEGATING_EXECUTOR_SLEEP_SECONDS": "0.3",  # each round asks PostgreSQL for the run's events
}


@pytest.fixture(scope="module")
def shared_rig(tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer, zygote: Zygote) -> Iterator[Rig]:
    """The rig of a module's tests, with the ECS executor and a stop timeout of six seconds."""
    timing = Timing(stop_timeout=6, spot_warning=6)
    with ecs_rig(tmp_path_factory.mktemp("ecs"), postgres, zygote, HARDENED_AND_FAST, timing=timing) as made:
        yield made


@pytest.fixture
def own_rig(tmp_path: Path, postgres: PostgresServer, zygote: Zygote) -> Iterator[Rig]:
    """A rig of one test, for modules whose other tests must not run in the environment of a task."""
    timing = Timing(stop_timeout=6, spot_warning=6)
    with ecs_rig(tmp_path, postgres, zygote, HARDENED_AND_FAST, timing=timing) as made:
        yield made
        assert made.left_over() == []


@pytest.fixture
def rig(shared_rig: Rig) -> Iterator[Rig]:
    """The module's rig, in which nothing has happened yet; after the test no task or step of it may be left."""
    shared_rig.forget()
    yield shared_rig
    assert shared_rig.left_over() == []
