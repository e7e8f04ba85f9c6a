"""Whether a step's size fits what the step used, and which size would.

Belongs here: the judgement, as pure functions. Does not belong here: measuring (`resources.sizing.usage`), and the
sizes that are declared (`resources.sizing.sizes`).

Memory is a wall: a task that reaches it is killed. So above 80 % of it a size no longer fits. The size that is
named instead leaves 40 % free, which keeps the two rules apart: what was just enlarged does not warn, and what was
just made smaller does not either, unless the step itself changes.

CPU is a matter of time: too little only makes a step slower. It is judged by the mean number of busy vCPUs, CPU
seconds over wall seconds, and fewer vCPUs are only named where they would be busy for at most half of the step's
time: then the step takes at most half as long again, even if all its work came in bursts on every vCPU. More vCPUs
than declared are never asked for, except where Fargate sells the memory with no fewer.
"""

from __future__ import annotations

from dataclasses import dataclass

from resources.sizing.prices import DEFAULT_REGION, task_cost_usd
from resources.sizing.sizes import FARGATE_MEMORY_MB, Size

FULL_SHARE = 0.80
COMFORTABLE_SHARE = 0.60
BUSY_SHARE = 0.50
WORTHWHILE_SAVING = 0.10  # a gigabyte less of sixteen is no reason to touch a declaration


@dataclass(frozen=True, slots=True)
class Need:
    """What a step used: its highest memory (MB of 2**20 bytes, as ECS counts them) and its mean busy vCPUs."""

    peak_memory_mb: float
    busy_vcpus: float


def fitting_size(need: Need, current: Size) -> Size | None:
    """The cheapest size with room for `need`, by the rules above; None where Fargate sells none so large."""
    memory_mb = need.peak_memory_mb / COMFORTABLE_SHARE
    cpu = min(current.cpu, need.busy_vcpus / BUSY_SHARE * 1024)
    sizes = [
        Size(offered_cpu, offered_mb)
        for offered_cpu, memories in FARGATE_MEMORY_MB.items()
        for offered_mb in memories
        if offered_cpu >= cpu and offered_mb >= memory_mb
    ]
    return min(sizes, key=_hourly, default=None)


def better_size(need: Need, current: Size) -> Size | None:
    """The size that `current` should become, or None where it fits: one with more memory above
    80 % of it, else one that costs at least a tenth less.

    Where even Fargate's largest task is too full, `current` itself is returned if it is that largest one.
    """
    fitting = fitting_size(need, current)
    if need.peak_memory_mb > FULL_SHARE * current.memory_mb:
        return fitting or _largest()
    if fitting is not None and _hourly(fitting) < (1 - WORTHWHILE_SAVING) * _hourly(current):
        return fitting
    return None


def misfit(need: Need, current: Size) -> str | None:
    """One line that says why `current` does not fit and which size would; None where it fits."""
    better = better_size(need, current)
    if better is None:
        return None
    used = (
        f"peak memory {need.peak_memory_mb:,.0f} MB of {current.memory_mb:,} MB "
        f"({need.peak_memory_mb / current.memory_mb:.0%}), {need.busy_vcpus:.2f} of {current.cpu / 1024:g} vCPUs busy"
    )
    if better == current:
        return f"{used}: too full, and Fargate has no larger task; the step has to work in smaller parts"
    verdict = "too full" if need.peak_memory_mb > FULL_SHARE * current.memory_mb else "larger than needed"
    change = _hourly(better) / _hourly(current) - 1
    return f"{used}: {verdict}; cpu {better.cpu} / memory {better.memory_mb} would do ({change:+.0%} dollars an hour)"


def _largest() -> Size:
    cpu = max(FARGATE_MEMORY_MB)
    return Size(cpu, max(FARGATE_MEMORY_MB[cpu]))


def _hourly(size: Size) -> float:
    return task_cost_usd(size, 3600, DEFAULT_REGION)
