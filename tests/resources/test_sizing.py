"""Law 9, the part that holds without an executor: what is declared is a size that Fargate has."""

from pathlib import Path

import pytest
import yaml

from resources.failures import PlatformError
from resources.sizing.sizes import (
    BASELINE_SIZE,
    COORDINATOR_SIZE,
    DECLARED_BY_TAG,
    FARGATE_MEMORY_MB,
    REPEATABLE_TAG,
    TIER_SIZES,
    Size,
    resolve_size,
    step_size,
    step_tags,
)


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
    context = yaml.safe_load((Path(__file__).parents[2] / "container_context.yaml").read_text())["ecs"]
    assert context["run_resources"] == {
        "cpu": str(COORDINATOR_SIZE.cpu),
        "memory": str(COORDINATOR_SIZE.memory_mb),
    }
    assert context["env_vars"] == ["DAGSTER_EXECUTOR=dagster_aws.ecs.ecs_executor"]


def test_whose_size_wins() -> None:
    configured = Size(8192, 32768)
    own = Size(1024, 2048)
    assert resolve_size({}, None) == BASELINE_SIZE == Size(4096, 16384)
    assert resolve_size({}, configured) == configured
    assert resolve_size(step_tags("raw", None), None) == TIER_SIZES["raw"]
    assert resolve_size(step_tags("raw", None), configured) == configured
    assert resolve_size(step_tags("raw", own), configured) == own
    assert resolve_size(own.tags(), configured) == own  # without a mark, as dagster-aws has it


@pytest.mark.parametrize(
    ("tags", "problem"),
    [
        ({"ecs/cpu": "512"}, "declared as a pair"),
        ({"ecs/memory": "1024"}, "declared as a pair"),
        ({"ecs/cpu": "512", "ecs/memory": "16384"}, "Fargate has no size"),
        ({"ecs/cpu": "half", "ecs/memory": "1024"}, "not whole numbers"),
    ],
)
def test_a_tag_that_is_no_size_is_named(tags: dict[str, str], problem: str) -> None:
    with pytest.raises(PlatformError, match=problem) as error:
        resolve_size({**tags, DECLARED_BY_TAG: "tier"}, Size(8192, 32768))
    assert "ecs/cpu and ecs/memory" in str(error.value)


def test_only_what_may_be_repeated_is_marked_so() -> None:
    marked = {tier for tier in TIER_SIZES if step_tags(tier, None).get(REPEATABLE_TAG) == "true"}
    assert marked == {"raw", "transformed"}


def test_the_next_size_up_has_half_as_much_memory_again() -> None:
    assert Size(512, 1024).next_up() == Size(512, 2048)
    assert Size(512, 4096).next_up() == Size(1024, 6144)
    assert Size(4096, 16384).next_up() == Size(4096, 24576)
    assert Size(4096, 30720).next_up() == Size(8192, 49152)
    assert Size(16384, 106496).next_up() == Size(16384, 122880)
    assert Size(16384, 122880).next_up() is None
    for cpu, memories in FARGATE_MEMORY_MB.items():
        for memory_mb in memories:
            larger = Size(cpu, memory_mb).next_up()
            assert larger is None or (larger.memory_mb > memory_mb and larger.cpu >= cpu)
