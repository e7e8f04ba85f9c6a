"""A task of the stand-in: what it was asked for, where it is in its life, how it ended, and what it cost.

Belongs here: the state of one task and ECS's words for it. Does not belong here: making it move (`lives`).
"""

from __future__ import annotations

import base64
import json
import os
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from dagster_aws.ecs.utils import sanitize_tag

from tests.support.processes import Ended

REGION = "us-east-1"
ACCOUNT = "123456789012"
CLUSTER = "rig"
CLUSTER_ARN = f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/{CLUSTER}"
SUBNET = "subnet-0rig"
SECURITY_GROUP = "sg-0rig"

PROVISIONING, PENDING, RUNNING, STOPPING, STOPPED = "PROVISIONING", "PENDING", "RUNNING", "STOPPING", "STOPPED"


class TaskFault(Enum):
    PROVISIONING_FOR_EVER = "stays PROVISIONING"
    PENDING_FOR_EVER = "stays PENDING"
    FAILED_TO_START = "stops before its container runs: the image cannot be pulled"
    KILLED = "SIGKILL to its process"
    OUT_OF_MEMORY = "killed as if above its memory"
    SPOT_INTERRUPTION = "SIGTERM, then SIGKILL, as Fargate Spot takes its capacity back"
    SILENT_EXIT = "exits 0 without having run its command, so without any event"
    MISSING = "DescribeTasks does not know it; its process is gone"


@dataclass
class Task:
    """`cpu` (1024 = one vCPU) and `memory_mib` are what it was launched with; instants are time.time()."""

    id: str
    definition: Mapping[str, Any]
    request: Mapping[str, Any]
    cpu: int
    memory_mib: int
    storage_gib: int
    overrides_characters: int
    has_process: bool
    log: Path
    fault: TaskFault | None = None
    fault_after_seconds: float = 0.0
    status: str = PROVISIONING
    created_at: float = field(default_factory=time.time)
    started_at: float | None = None
    stopped_at: float | None = None
    kill_at: float | None = None
    pid: int | None = None
    stop_code: str | None = None
    stopped_reason: str | None = None
    container_reason: str | None = None
    exit_code: int | None = None
    watched_peak_bytes: int = 0
    ended: Ended | None = None

    @property
    def arn(self) -> str:
        return f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/{CLUSTER}/{self.id}"

    @property
    def container(self) -> Mapping[str, Any]:
        """The container that runs: the one that the overrides name, or the definition's first."""
        name = self.override.get("name")
        containers = self.definition["containerDefinitions"]
        found: Mapping[str, Any] = next((one for one in containers if one["name"] == name), containers[0])
        return found

    @property
    def override(self) -> Mapping[str, Any]:
        overrides = self.request.get("overrides", {}).get("containerOverrides", [])
        return overrides[0] if overrides else {}

    @property
    def command(self) -> list[str]:
        return list(self.override.get("command") or self.container.get("command") or [])

    @property
    def environment(self) -> dict[str, str]:
        """The definition's variables, then the overrides'."""
        both = [*self.container.get("environment", []), *self.override.get("environment", [])]
        return {one["name"]: one["value"] for one in both}

    @property
    def tags(self) -> dict[str, str]:
        return {tag["key"]: tag["value"] for tag in self.request.get("tags", [])}

    @property
    def step_key(self) -> str | None:
        """The step that it runs, None for any other task; the tag has only a mangled form of it."""
        packed = self.environment.get("DAGSTER_COMPRESSED_EXECUTE_STEP_ARGS")
        if packed is None or "execute_step" not in self.command:
            return None
        arguments = json.loads(zlib.decompress(base64.b64decode(packed)))
        return str(arguments["step_keys_to_execute"][0])

    def is_coordinator(self) -> bool:
        """Whether it is the run task of a Dagster run, the first or one that replaces it."""
        return "execute_run" in self.command or "resume_run" in self.command

    @property
    def capacity_provider(self) -> str | None:
        strategy = self.request.get("capacityProviderStrategy") or []
        return max(strategy, key=lambda item: item.get("weight", 1))["capacityProvider"] if strategy else None

    @property
    def peak_bytes(self) -> int:
        """The largest resident memory seen, of its processes together or of the largest one as the kernel counts."""
        return max(self.watched_peak_bytes, self.ended.peak_bytes if self.ended else 0)

    def output(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def described(self, with_tags: bool) -> dict[str, Any]:
        """As DescribeTasks and RunTask tell it."""
        container: dict[str, Any] = {
            "containerArn": f"{self.arn}/container",
            "taskArn": self.arn,
            "name": self.container["name"],
            "image": self.container.get("image", ""),
            "lastStatus": self.status if self.status in (RUNNING, STOPPED) else PENDING,
            "networkInterfaces": [],
        }
        if self.exit_code is not None:
            container["exitCode"] = self.exit_code
        if self.container_reason is not None:
            container["reason"] = self.container_reason
        task: dict[str, Any] = {
            "taskArn": self.arn,
            "clusterArn": CLUSTER_ARN,
            "taskDefinitionArn": self.definition["taskDefinitionArn"],
            "group": f"family:{self.definition['family']}",
            "lastStatus": self.status,
            "desiredStatus": STOPPED if self.status in (STOPPING, STOPPED) else RUNNING,
            "cpu": str(self.cpu),
            "memory": str(self.memory_mib),
            "ephemeralStorage": {"sizeInGiB": self.storage_gib},
            "createdAt": self.created_at,
            "launchType": "FARGATE",
            "platformFamily": "Linux",
            "platformVersion": "1.4.0",
            "overrides": self.request.get("overrides", {}),
            "attachments": [
                {
                    "id": f"attachment-{self.id}",
                    "type": "ElasticNetworkInterface",
                    "status": "ATTACHED",
                    "details": [
                        {"name": "subnetId", "value": SUBNET},
                        {"name": "networkInterfaceId", "value": f"eni-{self.id[:17]}"},
                    ],
                }
            ],
            "containers": [container],
            "tags": self.request.get("tags", []) if with_tags else [],
            "version": 1,
        }
        if self.capacity_provider is not None:
            task["capacityProviderName"] = self.capacity_provider
        if self.request.get("startedBy"):
            task["startedBy"] = self.request["startedBy"]
        ends = {
            "startedAt": self.started_at,
            "stoppedAt": self.stopped_at,
            "stopCode": self.stop_code,
            "stoppedReason": self.stopped_reason,
        }
        task.update({name: value for name, value in ends.items() if value is not None})
        return task

    def metadata(self) -> dict[str, Any]:
        """The task metadata endpoint's `/task`."""
        return {
            "Cluster": CLUSTER_ARN,
            "TaskARN": self.arn,
            "Family": self.definition["family"],
            "Revision": str(self.definition["revision"]),
            "DesiredStatus": RUNNING,
            "KnownStatus": self.status,
            "Limits": {"CPU": self.cpu / 1024, "Memory": self.memory_mib},
            "LaunchType": "FARGATE",
            "AvailabilityZone": f"{REGION}a",
            "Containers": [self.container_metadata()],
        }

    def container_metadata(self) -> dict[str, Any]:
        """The task metadata endpoint's root: the container that asks."""
        return {
            "DockerId": f"{self.id}-1",
            "Name": self.container["name"],
            "DockerName": self.container["name"],
            "Image": self.container.get("image", ""),
            "Labels": {
                "com.amazonaws.ecs.cluster": CLUSTER_ARN,
                "com.amazonaws.ecs.container-name": self.container["name"],
                "com.amazonaws.ecs.task-arn": self.arn,
                "com.amazonaws.ecs.task-definition-family": self.definition["family"],
                "com.amazonaws.ecs.task-definition-version": str(self.definition["revision"]),
            },
            "DesiredStatus": RUNNING,
            "KnownStatus": self.status,
            "Limits": {"CPU": self.container.get("cpu", 0), "Memory": self.memory_mib},
            "Type": "NORMAL",
        }

    def injected(self, endpoint: str) -> dict[str, str]:
        """What the Fargate agent puts into every container, credentials apart."""
        return {
            "ECS_CONTAINER_METADATA_URI_V4": f"{endpoint}/v4/{self.id}",
            "ECS_CONTAINER_METADATA_URI": f"{endpoint}/v3/{self.id}",
            "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "HOSTNAME": os.uname().nodename,
        }


def step_tag(step_key: str) -> str:
    """The value of the tag `dagster/step-key` by which dagster-aws marks a step's task."""
    return str(sanitize_tag(step_key))  # type: ignore[no-untyped-call]
