"""How large a step's ECS task is.

Belongs here: Fargate's table of sizes, the tiers' default sizes, the tags that carry a size to the executor, and
which of several declared sizes wins. Does not belong here: launching anything (`resources.ecs`), and an
asset's own size (its declaration).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from resources.failures import Cause, PlatformError

Tier = Literal["raw", "transformed", "consolidated"]

_GB = 1024

# AWS, "Task CPU and memory" of Fargate's task definitions: cpu units -> MB that may go with them
FARGATE_MEMORY_MB: dict[int, tuple[int, ...]] = {
    256: (512, 1 * _GB, 2 * _GB),
    512: tuple(range(1 * _GB, 4 * _GB + 1, _GB)),
    1024: tuple(range(2 * _GB, 8 * _GB + 1, _GB)),
    2048: tuple(range(4 * _GB, 16 * _GB + 1, _GB)),
    4096: tuple(range(8 * _GB, 30 * _GB + 1, _GB)),
    8192: tuple(range(16 * _GB, 60 * _GB + 1, 4 * _GB)),
    16384: tuple(range(32 * _GB, 120 * _GB + 1, 8 * _GB)),
}


@dataclass(frozen=True, slots=True, order=True)
class Size:
    """A task's size: `cpu` in ECS units (1024 = one vCPU), `memory_mb` in MB.

    Raises PlatformError(CONFIGURATION) for a pair that Fargate does not offer.
    """

    cpu: int
    memory_mb: int

    def __post_init__(self) -> None:
        if self.memory_mb in FARGATE_MEMORY_MB.get(self.cpu, ()):
            return
        if self.cpu not in FARGATE_MEMORY_MB:
            offered = f"cpu is one of {', '.join(str(cpu) for cpu in FARGATE_MEMORY_MB)}"
        else:
            offered = f"with cpu {self.cpu} memory is one of {', '.join(str(mb) for mb in FARGATE_MEMORY_MB[self.cpu])}"
        raise PlatformError(
            Cause.CONFIGURATION, f"Fargate has no size cpu {self.cpu} / memory {self.memory_mb} MB: {offered}"
        )

    def tags(self) -> dict[str, str]:
        """The tags by which dagster-aws's executor sizes a step."""
        return {"ecs/cpu": str(self.cpu), "ecs/memory": str(self.memory_mb)}

    def next_up(self) -> Size | None:
        """The size after this one has run out of memory; None at the top of Fargate's table.

        The smallest valid pair with at least half as much memory again and no less cpu: the very next row of the
        table would often be 1 GB more, and what dies at 16 GB dies at 17.
        """
        return min(
            (
                Size(cpu, memory_mb)
                for cpu, memories in FARGATE_MEMORY_MB.items()
                for memory_mb in memories
                if cpu >= self.cpu and 2 * memory_mb >= 3 * self.memory_mb
            ),
            default=Size(16384, 120 * _GB) if self.memory_mb < 120 * _GB else None,
        )

    def __str__(self) -> str:
        return f"cpu {self.cpu} / memory {self.memory_mb} MB"


BASELINE_SIZE = Size(4096, 16384)  # of a step that declares nothing, in a run that declares nothing
COORDINATOR_SIZE = Size(512, 2048)  # the run task; said again in container_context.yaml, which a test compares
TIER_SIZES: dict[Tier, Size] = {
    "raw": Size(512, 1024),
    "transformed": Size(1024, 4096),
    "consolidated": Size(4096, 16384),
}

# Marks beside the size, for dagster-aws's executor takes any size tag for the asset's own. Not under `ecs/`, which is
# dagster-aws's.
DECLARED_BY_TAG = "sizing/declared_by"  # "tier", "evidence" (measured nights) or "asset"
TIER_TAG = "sizing/tier"
REPEATABLE_TAG = "sizing/repeatable"  # "true": may run on Fargate Spot, where AWS may end it half-way
REPEATABLE_TIERS: frozenset[Tier] = frozenset({"raw", "transformed"})  # they seal, or replace, files of their own


def step_size(tier: Tier, own: Size | None, measured: Size | None = None) -> Size:
    """An asset's own size where it declares one, else the one measured nights ask for, else its tier's default."""
    return own or measured or TIER_SIZES[tier]


def step_tags(tier: Tier, own: Size | None, measured: Size | None = None) -> dict[str, str]:
    """The op tags of a step: its tier, its size, whose the size is, and whether an interruption costs only a
    repetition."""
    repeatable = {REPEATABLE_TAG: "true"} if tier in REPEATABLE_TIERS else {}
    return {
        TIER_TAG: tier,
        **step_size(tier, own, measured).tags(),
        DECLARED_BY_TAG: "asset" if own else "evidence" if measured else "tier",
        **repeatable,
    }


def resolve_size(tags: Mapping[str, str], configured: Size | None) -> Size:
    """A step's size: baseline < its tier's default < measured nights < the run's executor config < the asset's own.

    `tags` are the step's, `configured` the pair of the executor's config. A size without a mark is the asset's own,
    as it is to dagster-aws. Raises PlatformError(CONFIGURATION) for half a pair or a pair that Fargate lacks.
    """
    declared = size_of(tags.get("ecs/cpu"), tags.get("ecs/memory"), "the step's tags ecs/cpu and ecs/memory")
    if declared is None:
        return configured or BASELINE_SIZE
    if configured is not None and tags.get(DECLARED_BY_TAG) in ("tier", "evidence"):
        return configured
    return declared


def size_of(cpu: str | int | None, memory_mb: str | int | None, declared_in: str) -> Size | None:
    """The pair as a size, None where neither is given; `declared_in` names the place in an error.

    Raises PlatformError(CONFIGURATION): cpu and memory are one declaration, for half of it joined to half of another
    makes pairs that nobody asked for and Fargate does not have.
    """
    if cpu is None and memory_mb is None:
        return None
    try:
        return Size(int(cpu or 0), int(memory_mb or 0))
    except ValueError as error:
        problem = f"cpu {cpu!r} / memory {memory_mb!r} are not whole numbers"
        raise PlatformError(Cause.CONFIGURATION, f"{declared_in}: {problem}") from error
    except PlatformError as error:
        problem = error.detail
        if cpu is None or memory_mb is None:
            problem = f"cpu {cpu} and memory {memory_mb}: the two are declared as a pair"
        raise PlatformError(Cause.CONFIGURATION, f"{declared_in}: {problem}") from error
