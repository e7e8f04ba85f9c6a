"""The lives of tasks: the thread that moves them from state to state, and what ends them.

Belongs here: states, their timing, faults that strike a task, signals to its processes. Does not belong here: the ECS
actions (`cluster`), processes as such (`processes`).
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.ecs.faults import Faults
from tests.support.ecs.tasks import PENDING, PROVISIONING, RUNNING, STOPPED, STOPPING, Task, TaskFault
from tests.support.processes import Ended, Zygote, kill_session, sessions

_TICK_SECONDS = 0.05
_WATCH_SECONDS = 0.5  # it reads every process of the machine
_OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"


@dataclass
class Timing:
    """How long a task stays where, in seconds. AWS's own stop timeout is 30 s, Spot's warning 120 s."""

    provisioning: float = 0.0
    pending: float = 0.0
    stop_timeout: float = 30.0
    spot_warning: float = 120.0


@dataclass
class Lives:
    """The tasks of one cluster. `environment` is what the image and the network give every task."""

    zygote: Zygote
    folder: Path
    faults: Faults
    environment: Mapping[str, str]
    timing: Timing = field(default_factory=Timing)
    is_fresh: Callable[[Task], bool] = lambda task: False
    endpoint: str = ""
    tasks: dict[str, Task] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._closing = threading.Event()
        self._mover = threading.Thread(target=self._move_all, daemon=True, name="ecs cluster")
        self._mover.start()

    def stop(self, task: Task, stop_code: str, reason: str, seconds: float | None = None) -> None:
        """SIGTERM to the container's first process, SIGKILL to all after the stop timeout."""
        with self._lock:
            if task.status in (STOPPING, STOPPED):
                return
            task.stop_code, task.stopped_reason = stop_code, reason
            if task.pid is None:
                self._stopped(task)
                return
            task.status = STOPPING
            seconds = task.container.get("stopTimeout", self.timing.stop_timeout) if seconds is None else seconds
            task.kill_at = time.time() + seconds
            _signal(task.pid, signal.SIGTERM)

    def kill(self, task: Task, container_reason: str | None = None) -> None:
        """SIGKILL to everything in the task, as the kernel or Fargate does it."""
        with self._lock:
            if task.pid is not None and task.status != STOPPED:
                task.container_reason = container_reason or task.container_reason
                kill_session(task.pid)

    def running(self) -> list[Task]:
        """Tasks that have a process, or will have one."""
        with self._lock:
            return [task for task in self.tasks.values() if task.has_process and task.status != STOPPED]

    def close(self) -> None:
        self._closing.set()
        self._mover.join(10)
        for task in self.running():
            self.kill(task)

    def _move_all(self) -> None:
        watched_at = 0.0
        while not self._closing.wait(_TICK_SECONDS):
            moving = self.running()
            for task in moving:
                with self._lock:
                    self._move(task, time.time())
            if moving and time.monotonic() - watched_at >= _WATCH_SECONDS:
                self._watch_memory()
                watched_at = time.monotonic()

    def _move(self, task: Task, now: float) -> None:
        if task.status == PROVISIONING:
            waited = now - task.created_at >= self.timing.provisioning
            if waited and task.fault is not TaskFault.PROVISIONING_FOR_EVER:
                task.status = PENDING
        elif task.status == PENDING:
            waited = now - task.created_at >= self.timing.provisioning + self.timing.pending
            if task.fault is TaskFault.FAILED_TO_START:
                task.stop_code = "TaskFailedToStart"
                image = task.container.get("image", "")
                task.stopped_reason = (
                    "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve "
                    f"ref {image}: {image}: not found"
                )
                self._stopped(task)
            elif waited and task.fault is not TaskFault.PENDING_FOR_EVER:
                self._start(task)
        elif task.status == RUNNING:
            if task.fault is not None and now - (task.started_at or now) >= task.fault_after_seconds:
                self._strike(task, task.fault)
        elif task.status == STOPPING and task.kill_at is not None and now >= task.kill_at:
            self.kill(task)

    def _start(self, task: Task) -> None:
        command = task.command
        if task.fault is TaskFault.SILENT_EXIT:
            command = ["true"]
        environment = {**self.environment, **task.environment, **task.injected(self.endpoint)}
        task.status, task.started_at = RUNNING, time.time()
        task.pid = self.zygote.start(
            task.id, command, environment, task.log, lambda ended: self._ended(task, ended), self.is_fresh(task)
        )
        if task.fault in (TaskFault.KILLED, TaskFault.OUT_OF_MEMORY) and not task.fault_after_seconds:
            self._strike(task, task.fault)  # not a tick later, when a short step on a busy machine may have ended

    def _strike(self, task: Task, fault: TaskFault) -> None:
        if fault is TaskFault.KILLED:
            self.kill(task)
        elif fault is TaskFault.OUT_OF_MEMORY:
            self.kill(task, _OUT_OF_MEMORY)
        elif fault is TaskFault.MISSING:
            self.kill(task)
        elif fault is TaskFault.SPOT_INTERRUPTION:
            self.stop(task, "SpotInterruption", "Your Spot Task was interrupted.", self.timing.spot_warning)

    def _ended(self, task: Task, ended: Ended) -> None:
        with self._lock:
            task.ended, task.exit_code = ended, ended.code
            if task.stop_code is None:
                task.stop_code, task.stopped_reason = "EssentialContainerExited", "Essential container in task exited"
            self._stopped(task)

    def _stopped(self, task: Task) -> None:
        task.status, task.stopped_at = STOPPED, time.time()

    def _watch_memory(self) -> None:
        found = sessions()
        with self._lock:
            for task in self.tasks.values():
                if task.pid is None or task.status == STOPPED:
                    continue
                resident, _ = found.get(task.pid, (0, []))
                task.watched_peak_bytes = max(task.watched_peak_bytes, resident)
                if resident > task.memory_mib * 2**20:
                    self.kill(task, _OUT_OF_MEMORY)


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return  # its end is being reported
