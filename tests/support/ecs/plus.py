"""Dagster+ Hybrid as far as it can be had: its agent's own instance, and the launcher that its classes make.

Its control plane cannot be had, so runs keep their events on PostgreSQL; launcher arguments are the agent's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import yaml
from dagster_cloud.instance import DagsterCloudAgentInstance
from dagster_cloud.workspace.ecs import EcsUserCodeLauncher

from tests.support.ecs.tasks import ACCOUNT, CLUSTER, REGION, SECURITY_GROUP, SUBNET

CONTAINER = "dagster"  # the agent's name for the container of a run


def agent_document() -> dict[str, Any]:
    """The agent's dagster.yaml, as Dagster's template of its ECS agent writes it."""
    return {
        "instance_class": {"module": "dagster_cloud.instance", "class": "DagsterCloudAgentInstance"},
        "dagster_cloud_api": {"agent_token": "agent:stock:token", "deployment": "prod"},
        "user_code_launcher": {
            "module": "dagster_cloud.workspace.ecs",
            "class": "EcsUserCodeLauncher",
            "config": {
                "cluster": CLUSTER,
                "subnets": [SUBNET, "subnet-0agent"],
                "security_group_ids": [SECURITY_GROUP],
                "service_discovery_namespace_id": "ns-0",
                "execution_role_arn": f"arn:aws:iam::{ACCOUNT}:role/of-the-agent",
                "task_role_arn": f"arn:aws:iam::{ACCOUNT}:role/of-the-agents-runs",
                "log_group": f"/ecs/{REGION}",
                "launch_type": "FARGATE",
                "assign_public_ip": False,
            },
        },
    }


def agent_instance(folder: Path) -> DagsterCloudAgentInstance:
    """The instance that agent, coordinators and steps load; nothing of it calls Dagster+ until it is asked for runs."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dagster.yaml").write_text(yaml.safe_dump(agent_document()))
    instance = dg.DagsterInstance.from_config(str(folder))
    assert isinstance(instance, DagsterCloudAgentInstance)
    return instance


def launcher_config(instance: DagsterCloudAgentInstance) -> dict[str, Any]:
    """What the agent gives to the launcher of runs: its container, cluster and network, nothing of the current task."""
    launcher = instance.user_code_launcher
    assert isinstance(launcher, EcsUserCodeLauncher)
    arguments: dict[str, Any] = launcher._run_launcher_kwargs()
    return arguments
