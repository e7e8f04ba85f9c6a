"""The whole way of a run: a code server task (`dagster api grpc`), a user's `dagster job launch`, then ECS.

Belongs here: these two processes. Does not belong here: the cluster and the instance (`rig`).
"""

from __future__ import annotations

import json
import socket
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support.ecs.rig import IMAGE, Rig
from tests.support.ecs.tasks import RUNNING, SECURITY_GROUP, SUBNET, Task
from tests.support.processes import Ended
from tests.support.servers import free_ports

LOCATION = "oem_stock"
_START_SECONDS = 120


@dataclass(frozen=True)
class CodeServer:
    rig: Rig
    task: Task
    workspace: Path

    def launch(
        self, job: str, run_config: Mapping[str, Any] | None = None, tags: Mapping[str, str] | None = None
    ) -> str:
        """`dagster job launch` in the daemon's environment; the run's id. Raises RuntimeError with what it said."""
        run_id = str(uuid.uuid4())
        command = ["dagster", "job", "launch", "-w", str(self.workspace), "-j", job, "--run-id", run_id]
        command += ["--tags", json.dumps(dict(tags or {})), "--config-json", json.dumps(dict(run_config or {}))]
        log = self.rig.home / f"launch-{run_id}.log"
        ends: list[Ended] = []
        environment = {**self.rig.cluster.environment, **self.rig.environment}
        self.rig.cluster.zygote.start(f"launch {run_id}", command, environment, log, ends.append)
        self.rig.until(lambda: bool(ends), _START_SECONDS)
        if ends[0].code != 0:
            raise RuntimeError(f"dagster job launch exited {ends[0].code}: {log.read_text()[-4000:]}")
        return run_id


@contextmanager
def code_server(rig: Rig, module: str = "definitions") -> Iterator[CodeServer]:
    """A code server of a module with the rig's container context, as a task of the cluster."""
    (port,) = free_ports(1)
    context = rig.container_context
    variables = {"DAGSTER_CONTAINER_CONTEXT": json.dumps(context), "DAGSTER_CURRENT_IMAGE": IMAGE}
    # the code server reads the executor from the environment too: run config for it is checked there
    variables |= dict(pair.split("=", 1) for pair in context.get("ecs", {}).get("env_vars", []) if "=" in pair)
    command = ["dagster", "api", "grpc", "-h", "127.0.0.1", "-p", str(port), "-m", module, "--location-name", LOCATION]
    environment = [{"name": name, "value": value} for name, value in variables.items()]
    override = {"name": "run", "command": command, "environment": environment}
    request = {
        "cluster": "rig",
        "taskDefinition": "daemon",
        "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": [SUBNET], "securityGroups": [SECURITY_GROUP]}},
        "overrides": {"containerOverrides": [override]},
    }
    arn = rig.cluster.run_task(request)["tasks"][0]["taskArn"]
    task = rig.cluster.tasks[arn.rpartition("/")[2]]
    workspace = rig.home / "workspace.yaml"
    server = {"host": "127.0.0.1", "port": port, "location_name": LOCATION}
    workspace.write_text(yaml.safe_dump({"load_from": [{"grpc_server": server}]}))
    try:
        end = time.monotonic() + _START_SECONDS
        while not _listens(port):
            if time.monotonic() > end or task not in rig.cluster.running():
                raise RuntimeError(f"the code server did not start: {task.output()[-4000:]}")
            time.sleep(0.05)
        assert task.status == RUNNING
        yield CodeServer(rig, task, workspace)
    finally:
        rig.cluster.stop_task({"cluster": "rig", "task": arn})
        rig.until(lambda: task not in rig.cluster.running())


def _listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0
