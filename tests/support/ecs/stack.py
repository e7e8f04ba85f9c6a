"""The deployed CloudFormation template, as its consumers see it: resources, the task definition, the runs' context."""

from __future__ import annotations

import json
from typing import Any

import yaml
from dagster_aws.ecs.container_context import EcsContainerContext

from resources.lake.lake import CHECKOUT


class Stack:
    """The deployed template, as its consumers see it."""

    def __init__(self, clients: dict[str, Any], name: str) -> None:
        self.clients = clients
        pages = clients["cloudformation"].list_stack_resources(StackName=name)["StackResourceSummaries"]
        self.ids: dict[str, str] = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in pages}

    def task_definition(self) -> dict[str, Any]:
        answer = self.clients["ecs"].describe_task_definition(taskDefinition=self.ids["Dagster"])
        found: dict[str, Any] = answer["taskDefinition"]
        return found


def names_from_env(file: str) -> set[str]:
    found: set[str] = set()

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if set(node) == {"env"}:
                found.add(node["env"])
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(yaml.safe_load((CHECKOUT / "deploy" / file).read_text()))
    assert found
    return found


def variables(container: dict[str, Any]) -> set[str]:
    return {one["name"] for one in [*container["environment"], *container["secrets"]]}


def container_context(stack: Stack) -> EcsContainerContext:
    [code] = [one for one in stack.task_definition()["containerDefinitions"] if one["name"] == "code"]
    [text] = [one["value"] for one in code["environment"] if one["name"] == "DAGSTER_CONTAINER_CONTEXT"]
    return EcsContainerContext.create_from_config(json.loads(text))
