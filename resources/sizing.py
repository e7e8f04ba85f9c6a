"""How large a step's ECS task is.

Belongs here: Fargate's table of sizes, the tiers' default sizes, the tags that carry a size to the executor.
Does not belong here: launching anything (`resources.executor`), and an asset's own size (its declaration).
"""

from __future__ import annotations

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


COORDINATOR_SIZE = Size(512, 2048)  # the run task; said again in container_context.yaml, which a test compares
TIER_SIZES: dict[Tier, Size] = {
    "raw": Size(512, 1024),
    "transformed": Size(1024, 4096),
    "consolidated": Size(4096, 16384),
}


def step_size(tier: Tier, own: Size | None) -> Size:
    """An asset's own size where it declares one, its tier's default otherwise."""
    return own or TIER_SIZES[tier]
