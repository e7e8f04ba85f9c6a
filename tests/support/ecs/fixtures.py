"""Fixtures of the rig; import them by name (`from tests.support.ecs.fixtures import rig, zygote`)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.ecs.cluster import Timing
from tests.support.ecs.rig import PRELOAD, Rig, ecs_rig
from tests.support.processes import Zygote
from tests.support.servers import PostgresServer


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    """The parent of the tasks, with dagster imported once for all of them."""
    process = Zygote(PRELOAD)
    yield process
    process.close()


@pytest.fixture
def rig(tmp_path: Path, postgres: PostgresServer, zygote: Zygote, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """A rig with a stop timeout of two seconds and the ECS executor; after the test nothing of it may be left."""
    monkeypatch.setenv("DAGSTER_STEP_DELEGATING_EXECUTOR_SLEEP_SECONDS", "0.1")
    environment = {
        "DAGSTER_EXECUTOR": "dagster_aws.ecs.ecs_executor",
        "DAGSTER_STEP_DELEGATING_EXECUTOR_SLEEP_SECONDS": "0.1",
    }
    with ecs_rig(tmp_path, postgres, zygote, environment, timing=Timing(stop_timeout=6, spot_warning=6)) as made:
        yield made
        left = made.left_over()
        assert not left, "\n".join(left)
