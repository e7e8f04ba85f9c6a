"""The cluster behind the API: task definitions, tasks, and the ECS actions that make and change them.

Belongs here: the ECS actions and what they change. Does not belong here: what becomes of a task by itself (`lives`),
HTTP (`server`), the wording of limits (`limits`).
"""

from __future__ import annotations

import copy
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
from tests.support.ecs.lives import Lives
from tests.support.ecs.tasks import ACCOUNT, CLUSTER, CLUSTER_ARN, REGION, RUNNING, STOPPED, STOPPING, Task, TaskFault

_DEFAULT_STORAGE_GIB = 20


@dataclass
class Cluster(Lives):
    """One cluster named `rig`."""

    def __post_init__(self) -> None:
        self._definitions: dict[str, list[dict[str, Any]]] = {}
        self._by_token: dict[str, list[Task]] = {}
        super().__post_init__()

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

    def forget(self) -> None:
        """Drop the tasks that have or had a process, which have to be over."""
        with self._lock:
            self.tasks = {name: task for name, task in self.tasks.items() if not task.has_process}
            self._by_token.clear()

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
