"""Law 9, the part that holds without an executor: what is declared is a size that Fargate has."""

from pathlib import Path

import pytest
import yaml

from resources.failures import PlatformError
from resources.sizing import COORDINATOR_SIZE, FARGATE_MEMORY_MB, TIER_SIZES, Size, step_size


def test_every_pair_of_fargates_table_is_a_size() -> None:
    for cpu, memories in FARGATE_MEMORY_MB.items():
        for memory_mb in memories:
            assert Size(cpu, memory_mb).tags() == {"ecs/cpu": str(cpu), "ecs/memory": str(memory_mb)}


@pytest.mark.parametrize(
    ("cpu", "memory_mb", "offered"),
    [
        (512, 16384, "with cpu 512 memory is one of 1024, 2048, 3072, 4096"),
        (256, 3072, "with cpu 256 memory is one of 512, 1024, 2048"),
        (8192, 17408, "16384, 20480"),
        (300, 1024, "cpu is one of 256, 512"),
        (4096, 30721, "30720"),
    ],
)
def test_a_pair_that_fargate_lacks_is_refused_with_what_it_has(cpu: int, memory_mb: int, offered: str) -> None:
    with pytest.raises(PlatformError) as error:
        Size(cpu, memory_mb)
    assert f"cpu {cpu} / memory {memory_mb} MB" in str(error.value)
    assert offered in str(error.value)


def test_an_assets_own_size_wins_over_its_tiers() -> None:
    assert step_size("raw", None) == TIER_SIZES["raw"]
    assert step_size("raw", Size(1024, 2048)) == Size(1024, 2048)


def test_the_coordinators_size_is_the_one_in_container_context() -> None:
    context = yaml.safe_load((Path(__file__).parent.parent / "container_context.yaml").read_text())["ecs"]
    assert context["run_resources"] == {
        "cpu": str(COORDINATOR_SIZE.cpu),
        "memory": str(COORDINATOR_SIZE.memory_mb),
    }
    assert context["env_vars"] == ["DAGSTER_EXECUTOR=dagster_aws.ecs.ecs_executor"]
