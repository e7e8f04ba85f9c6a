"""The cluster behind the API: task definitions, tasks, and the thread that moves them through their life.

Belongs here: the ECS actions and what they change. Does not belong here: HTTP (`server`), the wording of limits
(`limits`), processes as such (`processes`).
"""

from __future__ import annotations

import copy
import os
import signal
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.ecs.faults import Faults
from tests.support.ecs.limits import (
    DESCRIBE_TASKS,
    FARGATE_STORAGE_GIB,
    AwsError,
    check_fargate_size,
    check_launch,
    check_overrides,
    check_tags,
    invalid,
)
from tests.support.ecs.tasks import (
    ACCOUNT,
    CLUSTER,
    CLUSTER_ARN,
    PENDING,
    PROVISIONING,
    REGION,
    RUNNING,
    STOPPED,
    STOPPING,
    Task,
    TaskFault,
)
from tests.support.processes import Ended, Zygote, kill_session, sessions

_TICK_SECONDS = 0.05
_WATCH_SECONDS = 0.5  # it reads every process of the machine
_DEFAULT_STORAGE_GIB = 20
_OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"


@dataclass
class Timing:
    """How long a task stays where, in seconds. AWS's own stop timeout is 30 s, Spot's warning 120 s."""

    provisioning: float = 0.0
    pending: float = 0.0
    stop_timeout: float = 30.0
    spot_warning: float = 120.0


@dataclass
class Cluster:
    """One cluster named `rig`. `environment` is what the image and the network give every task."""

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
        self._definitions: dict[str, list[dict[str, Any]]] = {}
        self._by_token: dict[str, list[Task]] = {}
        self._closing = threading.Event()
        self._mover = threading.Thread(target=self._move_all, daemon=True, name="ecs cluster")
        self._mover.start()

    # --- actions, each a request in and a response out -------------------------------------------------------------

    def register_task_definition(self, request: Mapping[str, Any]) -> dict[str, Any]:
        containers = request.get("containerDefinitions") or []
        if not containers:
            raise AwsError("ClientException", "Container list cannot be empty.")
        if not all(one.get("image") for one in containers):
            raise AwsError("ClientException", "Container.image should not be null or empty.")
        if "FARGATE" in request.get("requiresCompatibilities", []):
            check_fargate_size(request.get("cpu"), request.get("memory"))
        check_tags(request.get("tags", []))
        with self._lock:
            revisions = self._definitions.setdefault(request["family"], [])
            definition = copy.deepcopy(dict(request))
            tags = definition.pop("tags", [])
            for container in definition["containerDefinitions"]:
                container.setdefault("environment", [])
                container.setdefault("mountPoints", [])
                container.setdefault("cpu", 0)
                container.setdefault("essential", True)
            definition["revision"] = len(revisions) + 1
            name = f"{request['family']}:{definition['revision']}"
            definition["taskDefinitionArn"] = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/{name}"
            definition["status"] = "ACTIVE"
            definition.setdefault("volumes", [])
            definition.setdefault("compatibilities", ["EC2", "FARGATE"])
            revisions.append(definition)
        return {"taskDefinition": definition, "tags": tags}

    def describe_task_definition(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return {"taskDefinition": self._definition(request["taskDefinition"]), "tags": []}

    def run_task(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self._check_cluster(request)
        check_launch(request)
        token = request.get("clientToken")
        with self._lock:
            if token in self._by_token:
                first = self._by_token[token]
                if first[0].request != request:
                    said = "The client token was used before, with other parameters."
                    raise AwsError("ConflictException", said, resourceIds=[task.arn for task in first])
                return {"tasks": [task.described(with_tags=True) for task in first], "failures": []}
            tasks = [self._new_task(request) for _ in range(int(request.get("count", 1)))]
            if token:
                self._by_token[token] = tasks
            return {"tasks": [task.described(with_tags=True) for task in tasks], "failures": []}

    def describe_tasks(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self._check_cluster(request)
        names = request.get("tasks", [])
        if len(names) > DESCRIBE_TASKS:
            raise invalid(f"taskIds can have at most {DESCRIBE_TASKS} items.")
        if not names:
            raise invalid("Tasks cannot be empty.")
        with_tags = "TAGS" in request.get("include", [])
        found, failures = [], []
        with self._lock:
            for name in names:
                task = self.tasks.get(name.rpartition("/")[2])
                if task is None or (task.fault is TaskFault.MISSING and task.status == STOPPED):
                    arn = name if name.startswith("arn:") else f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/{CLUSTER}/{name}"
                    failures.append({"arn": arn, "reason": "MISSING"})
                else:
                    found.append(task.described(with_tags))
        return {"tasks": found, "failures": failures}

    def list_tasks(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self._check_cluster(request)
        if "startedBy" in request and request.keys() & {"desiredStatus", "family", "serviceName", "launchType"}:
            raise invalid("startedBy must be the only filter.")
        wanted = request.get("desiredStatus", RUNNING)
        with self._lock:
            tasks = [
                task
                for task in self.tasks.values()
                if (STOPPED if task.status in (STOPPING, STOPPED) else RUNNING) == wanted
                and request.get("family", task.definition["family"]) == task.definition["family"]
                and request.get("startedBy") in (None, task.request.get("startedBy"))
                and not (task.fault is TaskFault.MISSING and task.status == STOPPED)
            ]
        start = int(request.get("nextToken") or 0)
        end = start + min(int(request.get("maxResults", 100)), 100)
        answer: dict[str, Any] = {"taskArns": [task.arn for task in tasks[start:end]]}
        if end < len(tasks):
            answer["nextToken"] = str(end)
        return answer

    def stop_task(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self._check_cluster(request)
        with self._lock:
            task = self._task(request["task"])
            self.stop(task, "UserInitiated", request.get("reason") or "Task stopped by user")
            return {"task": task.described(with_tags=True)}

    def tag_resource(self, request: Mapping[str, Any]) -> dict[str, Any]:
        with self._lock:
            task = self._task(request["resourceArn"])
            tags = {**task.tags, **{tag["key"]: tag["value"] for tag in request["tags"]}}
            listed = [{"key": key, "value": value} for key, value in tags.items()]
            check_tags(listed)
            task.request = {**task.request, "tags": listed}
        return {}

    def untag_resource(self, request: Mapping[str, Any]) -> dict[str, Any]:
        with self._lock:
            task = self._task(request["resourceArn"])
            kept = [tag for tag in task.request.get("tags", []) if tag["key"] not in request["tagKeys"]]
            task.request = {**task.request, "tags": kept}
        return {}

    def list_tags_for_resource(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return {"tags": self._task(request["resourceArn"]).request.get("tags", [])}

    # --- what a test may do to tasks --------------------------------------------------------------------------------

    def pose(self, definition: str) -> Task:
        """A RUNNING task without a process, which a process of the test's takes for itself."""
        with self._lock:
            network = {"awsvpcConfiguration": {"subnets": ["subnet-0rig"], "securityGroups": ["sg-0rig"]}}
            request = {"taskDefinition": definition, "launchType": "FARGATE", "networkConfiguration": network}
            task = self._new_task(request, has_process=False)
            task.status, task.started_at = RUNNING, time.time()
            return task

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

    def forget(self) -> None:
        """Drop the tasks that have or had a process, which have to be over."""
        with self._lock:
            self.tasks = {name: task for name, task in self.tasks.items() if not task.has_process}
            self._by_token.clear()

    def close(self) -> None:
        self._closing.set()
        self._mover.join(10)
        for task in self.running():
            self.kill(task)

    # --- inside -------------------------------------------------------------------------------------------------------

    def _new_task(self, request: Mapping[str, Any], has_process: bool = True) -> Task:
        definition = self._definition(request["taskDefinition"])
        overrides = request.get("overrides", {})
        characters = check_overrides(overrides)
        cpu, memory = check_fargate_size(
            overrides.get("cpu") or definition.get("cpu"), overrides.get("memory") or definition.get("memory")
        )
        names = {one["name"] for one in definition["containerDefinitions"]}
        for override in overrides.get("containerOverrides", []):
            if override.get("name") not in names:
                raise invalid(f"Override for container named {override.get('name')} is not a container in the "
                              "TaskDefinition.")  # fmt: skip
            if override.get("memory", 0) > memory or override.get("cpu", 0) > cpu:
                raise invalid("The container's overrides exceed the task's memory or CPU.")
        storage = overrides.get("ephemeralStorage") or definition.get("ephemeralStorage")
        if storage and storage["sizeInGiB"] not in FARGATE_STORAGE_GIB:
            raise invalid("Ephemeral storage size must be between 21 and 200 GiB.")
        name = uuid.uuid4().hex
        task = Task(
            id=name,
            definition=definition,
            request=copy.deepcopy(dict(request)),
            cpu=cpu,
            memory_mib=memory,
            storage_gib=storage["sizeInGiB"] if storage else _DEFAULT_STORAGE_GIB,
            overrides_characters=characters,
            has_process=has_process,
            log=self.folder / f"{name}.log",
        )
        task.fault, task.fault_after_seconds = self.faults.for_task(task.tags)
        self.tasks[name] = task
        return task

    def _definition(self, name: str) -> dict[str, Any]:
        family, _, revision = name.rpartition("/")[2].partition(":")
        with self._lock:
            revisions = self._definitions.get(family, [])
            if not revisions or (revision and not 1 <= int(revision) <= len(revisions)):
                raise AwsError("ClientException", "Unable to describe task definition.")
            return revisions[int(revision) - 1 if revision else -1]

    def _task(self, name: str) -> Task:
        task = self.tasks.get(name.rpartition("/")[2])
        if task is None:
            raise invalid("The referenced task was not found.")
        return task

    def _check_cluster(self, request: Mapping[str, Any]) -> None:
        if request.get("cluster", "default") not in (CLUSTER, CLUSTER_ARN):
            raise AwsError("ClusterNotFoundException", "Cluster not found.")

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
