"""How long a task is billed at a size, and which size is then the cheapest that fits.

A task is billed from the pull of its image: the pull, the start of Python with its imports, then the step, which takes
the wall time that was measured or, on fewer vCPUs, its CPU seconds divided by them. A minute is the least. So a step of
seconds is cheapest on few vCPUs however busy they are, because it is billed for its pull.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from resources.sizing.fitting import COMFORTABLE_SHARE, FULL_SHARE, WORTHWHILE_SAVING, Need, better_size
from resources.sizing.prices import DEFAULT_REGION, Architecture, task_cost_usd
from resources.sizing.sizes import FARGATE_MEMORY_MB, Size
from resources.sizing.uses import StepUse

PULL_SECONDS = 55.0  # a public measurement of a 400 MB image on Fargate, which caches none: 50 to 60 s
START_CPU_SECONDS = 4.0  # of a step's process until its function begins: Python and the imports
SLOWER_AT_MOST = 1.5  # a task may take half as long again on fewer vCPUs, and no longer


@dataclass(frozen=True, slots=True)
class Work:
    """What a step did, without pull and start: seconds on the clock and of a whole vCPU."""

    wall_seconds: float
    cpu_seconds: float

    def billed_seconds(self, size: Size) -> float:
        """At a size, before the minute that is the least."""
        vcpus = size.cpu / 1024
        return start_seconds(size) + max(self.wall_seconds, self.cpu_seconds / vcpus)

    def cost_usd(self, size: Size, *, spot: bool = False, architecture: Architecture = "x86_64") -> float:
        seconds = self.billed_seconds(size)
        return task_cost_usd(size, seconds, DEFAULT_REGION, spot=spot, architecture=architecture)


def start_seconds(size: Size) -> float:
    return PULL_SECONDS + START_CPU_SECONDS / min(1.0, size.cpu / 1024)


def highest_need(uses: Iterable[StepUse]) -> Need:
    its = list(uses)
    return Need(max(use.need.peak_memory_mb for use in its), max(use.need.busy_vcpus for use in its))


def longest_work(uses: Iterable[StepUse]) -> Work:
    """Of all attempts. What a task was billed for before its step began is not the step's."""
    seconds = [(use, max(0.0, use.billed_seconds - (start_seconds(use.size) if use.is_task else 0.0))) for use in uses]
    return Work(max(wall for _, wall in seconds), max(wall * use.need.busy_vcpus for use, wall in seconds))


def cheapest_size(need: Need, work: Work, current: Size) -> Size | None:
    """The size that `current` should become; None where it fits.

    It leaves 40 % of memory free, has no more vCPUs than `current` unless its memory demands them, and makes the task
    at most half as long again. `current` fits while 80 % of its memory suffice and nothing is a tenth cheaper.
    """
    limit = SLOWER_AT_MOST * max(60.0, work.billed_seconds(current))
    sizes = [
        Size(cpu, memory_mb)
        for cpu, memories in FARGATE_MEMORY_MB.items()
        for memory_mb in memories
        if cpu <= current.cpu
        and memory_mb >= need.peak_memory_mb / COMFORTABLE_SHARE
        and work.billed_seconds(Size(cpu, memory_mb)) <= limit
    ]
    if not sizes:  # only with more vCPUs
        return better_size(need, current)
    cheapest = min(sizes, key=work.cost_usd)
    is_full = need.peak_memory_mb > FULL_SHARE * current.memory_mb
    if is_full or work.cost_usd(cheapest) < (1 - WORTHWHILE_SAVING) * work.cost_usd(current):
        return cheapest
    return None
