"""A size in the plain tags of an asset sizes its step (law 9 launches one), or the definitions do not load."""

from __future__ import annotations

import dagster as dg
import pytest

import definitions
from resources.failures import PlatformError
from resources.sizing.asset_tags import check_sizes, ecs_tags_of
from resources.sizing.sizes import Size

OWN = Size(2048, 8192)


def asset(tags: dict[str, str], op_tags: dict[str, str] | None = None) -> dg.AssetsDefinition:
    @dg.asset(name="mine", tags=tags, op_tags=op_tags)
    def mine() -> None:
        return

    return mine


def several(**tags: dict[str, str]) -> dg.AssetsDefinition:
    @dg.multi_asset(specs=[dg.AssetSpec(name, tags=its) for name, its in tags.items()])
    def computed():  # type: ignore[no-untyped-def]
        return

    return computed


@dg.op(tags={"ecs/cpu": "512", "ecs/memory": "1024"})
def small() -> int:
    return 1


def of_graph(tags: dict[str, str]) -> dg.AssetsDefinition:
    @dg.graph_asset(name="made_of_ops", tags=tags)
    def made_of_ops() -> int:
        made: int = small()
        return made

    return made_of_ops


def test_tags_of_an_asset_become_tags_of_its_step() -> None:
    assert ecs_tags_of(asset({"oem": "maker", **OWN.tags()}), {"sizing/tier": "raw"}) == OWN.tags()
    assert ecs_tags_of(asset({}), {}) == {}
    assert ecs_tags_of(asset({}), OWN.tags()) == OWN.tags()
    storage = {"ecs/ephemeral_storage": "40"}
    assert ecs_tags_of(asset(storage), OWN.tags()) == OWN.tags() | storage
    assert ecs_tags_of(several(first=OWN.tags(), second={}), {}) == OWN.tags(), "one step computes both"


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        (asset({"ecs/cpu": "4096"}), "mine.* declared as a pair"),
        (asset({"ecs/cpu": "512", "ecs/memory": "16384"}), "mine.* Fargate has no size"),
        (asset({"ecs/cpu": "four", "ecs/memory": "16384"}), "mine.* not whole numbers"),
        (asset({"ecs/run_task_kwargs": "x"}), "mine.* reaches no step.* op_tags"),
        (asset(OWN.tags(), Size(512, 1024).tags()), "mine.* say ecs/.*its op_tags say"),
        (several(first=OWN.tags(), second=Size(512, 1024).tags()), "second.* tags of first say"),
        (of_graph(OWN.tags()), "made_of_ops.* its op_tags say"),
        (asset({}, {"ecs/memory": "1024"}), "mine.* declared as a pair"),
    ],
)
def test_tags_that_could_size_no_step_are_refused(refused: dg.AssetsDefinition, said: str) -> None:
    with pytest.raises(PlatformError, match=said):
        check_sizes([refused])


def test_the_definitions_do_not_load_with_such_a_tag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(definitions, "maintenance_assets", lambda: [asset({"ecs/cpu": "4096"})])
    with pytest.raises(PlatformError, match="declared as a pair"):
        definitions.build_defs(oems=[])


def test_what_is_no_step_of_ours_is_left_alone() -> None:
    check_sizes([dg.AssetSpec("elsewhere", tags={"ecs/cpu": "1"}), "anything"])
