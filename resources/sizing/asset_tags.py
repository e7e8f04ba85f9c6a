"""Sizes in the tags of an asset: `@dg.asset(tags={"ecs/cpu": "4096", "ecs/memory": "16384"})`.

Dagster hands only op_tags to the executor (dagster issue 20899). So the project's executor reads the tags of the
step's assets too, and the definitions refuse a tag that could size no step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import dagster as dg

from resources.failures import Cause, PlatformError
from resources.sizing.sizes import size_of

PREFIX = "ecs/"
# what fits into an asset's tag, whose values Dagster limits to 63 characters; the other tags of dagster-aws hold JSON
SIZE_TAGS = frozenset({"ecs/cpu", "ecs/memory", "ecs/ephemeral_storage"})


def ecs_tags_of(assets: dg.AssetsDefinition, op_tags: Mapping[str, str]) -> dict[str, str]:
    """The tags `ecs/...` of a step that computes these assets: those of its op and those of its assets.

    Raises PlatformError(CONFIGURATION), which names the asset, where they contradict each other, where they name a
    size that Fargate does not offer, and for a tag `ecs/...` that only works in op_tags.
    """
    found = {name: value for name, value in op_tags.items() if name.startswith(PREFIX)}
    said_by = dict.fromkeys(found, "its op_tags")
    # one step computes all of them, so a size that one of several assets names is the size of all
    for spec in sorted(assets.specs, key=lambda one: one.key):
        name_of_asset = spec.key.to_user_string()
        for name, value in spec.tags.items():
            if not name.startswith(PREFIX):
                continue
            if name not in SIZE_TAGS:
                raise _refusal(name_of_asset, f"the tag {name} reaches no step", f"Write {name} into op_tags.")
            if found.setdefault(name, value) != value:
                problem = f"tags say {name}={value}, and {said_by[name]} say {found[name]} for the same step"
                raise _refusal(name_of_asset, problem, "One step has one size: say it once.")
            said_by.setdefault(name, f"the tags of {name_of_asset}")
    size_of(
        found.get("ecs/cpu"), found.get("ecs/memory"), f"{_names(assets)}: the tags ecs/cpu and ecs/memory of the step"
    )
    return found


def check_sizes(assets: Iterable[object]) -> None:
    """Refuse assets whose steps could not be launched as their tags say. Raises as `ecs_tags_of`."""
    for one in assets:
        if isinstance(one, dg.AssetsDefinition) and one.is_executable:
            for op in _ops_of(one.node_def):
                ecs_tags_of(one, op.tags)


def _ops_of(node: object) -> Iterator[dg.OpDefinition]:
    if isinstance(node, dg.GraphDefinition):
        yield from node.iterate_op_defs()
    elif isinstance(node, dg.OpDefinition):
        yield node


def _names(assets: dg.AssetsDefinition) -> str:
    return ", ".join(sorted(key.to_user_string() for key in assets.keys))


def _refusal(asset: str, problem: str, advice: str) -> PlatformError:
    return PlatformError(Cause.CONFIGURATION, f"asset {asset}: {problem}", advice=advice)
