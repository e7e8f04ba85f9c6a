"""What a step used: peak memory, CPU seconds, wall seconds, its task's size and dollars.

Belongs here: measuring this process, and asking ECS about this task. Does not belong here: judging what was
measured (`resources.sizing.fitting`), Dagster (`resources.sizing.measured_step`).

Counted is the step's own process, with all its threads. A sandbox that the step started is not: it plays
the OEMs, and in production there is none. On ECS the process is the step's alone, and its peak counts from the
process's start, imports included, because that is what the task has to have room for. Elsewhere several steps may
share a process: the kernel's high-water mark is set back when a step begins, and what earlier steps left behind is
told apart as `memory_before_mb`. Where the mark cannot be set back (no Linux), the peak is the process's whole life's.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import sys
import time
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from resources.ecs.task_environment import in_ecs_task
from resources.executor import ecs_is_selected
from resources.failures import PlatformError
from resources.sizing.fitting import FULL_SHARE, Need, misfit
from resources.sizing.prices import FREE_STORAGE_GIB, PRICES_AS_OF, Architecture, price_region, task_cost_usd
from resources.sizing.sizes import Size

METADATA_VARIABLE = "ECS_CONTAINER_METADATA_URI_V4"
# set by the executor for a task on Spot: ECS does not tell a task which capacity provider it runs on
CAPACITY_VARIABLE = "STEP_CAPACITY_PROVIDER"
SPOT = "FARGATE_SPOT"
_METADATA_TIMEOUT_SECONDS = 2.0
_MB = 2**20

PeakOf = Literal["task", "step", "process"]


@dataclass(frozen=True, slots=True)
class Task:
    """This process's ECS task: its size and when its billing began."""

    size: Size
    billed_since: datetime | None
    spot: bool
    storage_gib: float = FREE_STORAGE_GIB


@dataclass(frozen=True, slots=True)
class Usage:
    """A step's use. Memory in MB of 2**20 bytes, as ECS counts them; `billed_seconds` before Fargate's minimum.

    `task` is None off ECS, where `size` is the declared one and the dollars are what the step would have cost.
    """

    peak_memory_mb: float
    memory_before_mb: float
    peak_of: PeakOf
    cpu_seconds: float
    wall_seconds: float
    billed_seconds: float
    size: Size
    task: Task | None
    region: str | None

    @property
    def need(self) -> Need:
        return Need(self.peak_memory_mb, self.cpu_seconds / max(self.wall_seconds, 0.001))

    @property
    def cost_usd(self) -> float:
        return task_cost_usd(
            self.size,
            self.billed_seconds,
            self.region,
            spot=self.task is not None and self.task.spot,
            architecture=this_architecture(),
            storage_gib=self.task.storage_gib if self.task else FREE_STORAGE_GIB,
        )

    def metadata(self) -> dict[str, Any]:
        """As metadata of the step's event; `resources.sizing.report` reads it back."""
        return {
            "peak_memory_mb": round(self.peak_memory_mb, 1),
            "memory_before_mb": round(self.memory_before_mb, 1),
            "peak_memory_of": self.peak_of,
            "cpu_seconds": round(self.cpu_seconds, 3),
            "wall_seconds": round(self.wall_seconds, 3),
            "billed_seconds": round(self.billed_seconds, 3),
            "task_cpu": self.size.cpu,
            "task_memory_mb": self.size.memory_mb,
            "task_size_from": "ecs" if self.task else "declared",
            "task_storage_gib": round(self.task.storage_gib, 1) if self.task else FREE_STORAGE_GIB,
            "architecture": this_architecture(),
            "apis": os.environ.get("OEM_APIS") or "sandbox",
            "capacity": ("spot" if self.task.spot else "on demand") if self.task else "none",
            "cost_usd": round(self.cost_usd, 6),
            "price_region": price_region(self.region),
            "prices_as_of": PRICES_AS_OF,
        }

    def misfit(self) -> str | None:
        """Why the size does not fit; None where it does, or where that cannot be told.

        Off ECS nothing is said of a size that is larger than needed: a laptop's sample is no night. What is said
        there is the one thing that holds anywhere: that the step alone, without what was in the process before it,
        filled more than its task would bear.
        """
        if self.task:
            return misfit(self.need, self.size)
        if self.peak_of != "step":
            return None
        own = Need(self.peak_memory_mb - self.memory_before_mb, self.size.cpu / 1024)
        return misfit(own, self.size) if own.peak_memory_mb > FULL_SHARE * self.size.memory_mb else None


class Measurement:
    """Begun when a step begins; `usage` may be asked once it ended, however it ended."""

    def __init__(self) -> None:
        self._own_process = is_own_task()
        self._reset = not self._own_process and _reset_peak()
        self._memory_before_mb = _resident_mb()
        self._cpu_before = time.process_time()
        self._wall_before = time.monotonic()

    def usage(self, declared: Size) -> Usage:
        """What was used since; never raises for an ECS endpoint that does not answer."""
        wall_seconds = time.monotonic() - self._wall_before
        task = this_task() if self._own_process else None
        billed_seconds = wall_seconds
        if task and task.billed_since:
            billed_seconds = max(wall_seconds, (datetime.now(UTC) - task.billed_since).total_seconds())
        return Usage(
            peak_memory_mb=_peak_mb(),
            memory_before_mb=self._memory_before_mb,
            peak_of="task" if self._own_process else "step" if self._reset else "process",
            cpu_seconds=time.process_time() - self._cpu_before,
            wall_seconds=wall_seconds,
            billed_seconds=billed_seconds,
            size=task.size if task else declared,
            task=task,
            region=os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"),
        )


def is_own_task() -> bool:
    """Whether this process is an ECS task of the step's own: inside ECS, with the executor that makes step tasks."""
    return in_ecs_task() and ecs_is_selected()


def this_task() -> Task | None:
    """This task by the ECS task metadata endpoint, version 4; None where it does not answer or is not Fargate's."""
    try:
        with urllib.request.urlopen(  # noqa: S310, the address is ECS's own word
            f"{os.environ[METADATA_VARIABLE]}/task", timeout=_METADATA_TIMEOUT_SECONDS
        ) as response:
            document = json.load(response)
        limits = document["Limits"]  # CPU in vCPUs, memory in MB
        size = Size(round(limits["CPU"] * 1024), int(limits["Memory"]))
        started = document.get("PullStartedAt") or document.get("CreatedAt")
        since = datetime.fromisoformat(started) if started else None
        # MiB, of which a task without a request has 20 GiB and a little
        reserved_mb = document.get("EphemeralStorageMetrics", {}).get("Reserved", 0)
    except (OSError, ValueError, KeyError, TypeError, PlatformError):
        return None
    storage_gib = max(FREE_STORAGE_GIB, reserved_mb // 1024)
    return Task(size, since, os.environ.get(CAPACITY_VARIABLE) == SPOT, storage_gib)


def this_architecture() -> Architecture:
    return "arm64" if platform.machine().lower() in ("aarch64", "arm64") else "x86_64"


def _reset_peak() -> bool:
    """Set the kernel's high-water mark of this process back to what is resident now."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def _status_mb(field: str) -> float | None:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{field}:")), None)


def _resident_mb() -> float:
    return _status_mb("VmRSS") or 0.0


def _peak_mb() -> float:
    peak = _status_mb("VmHWM")
    if peak is not None:
        return peak
    unit = 1 if sys.platform == "darwin" else 1024  # getrusage counts bytes on macOS, kB elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / _MB
