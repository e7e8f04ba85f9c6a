"""Whether this process runs in an ECS task. Light, because programs ask before they load anything heavy."""

from __future__ import annotations

import os

# AWS, "Amazon ECS task metadata endpoint": version 4 on every platform of today, version 3 on older agents
_METADATA_VARIABLES = ("ECS_CONTAINER_METADATA_URI_V4", "ECS_CONTAINER_METADATA_URI")


def in_ecs_task() -> bool:
    """Whether this process runs in an ECS task: ECS sets at least one of the variables in every container."""
    return any(os.environ.get(name) for name in _METADATA_VARIABLES)
