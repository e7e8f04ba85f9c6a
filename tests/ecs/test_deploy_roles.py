"""The roles of the template, held against AWS's reference as data, and asked about each call that is made.

That runs make these calls and no others is shown in test_deploy_stack.py.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.local import LocalFileSystem

from resources.lake.lake import CHECKOUT, Lake
from resources.lake.stored_files import list_files
from resources.lake.sweep import sweep
from tests.support.ecs.policies import (
    LAKE,
    LOGS,
    SECRET,
    TOPIC,
    Call,
    against_reference,
    allows,
    as_list,
    conditions,
    role_arn,
    statements_of,
)
from tests.support.ecs.tasks import ACCOUNT, CLUSTER_ARN, REGION

Statements = dict[str, list[dict[str, Any]]]

TEMPLATE = (CHECKOUT / "deploy" / "cloudformation.yaml").read_text()
OURS, THEIRS = {"ecs:cluster": CLUSTER_ARN}, {"ecs:cluster": f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/of-others"}
AT_LAUNCH, LATER = {"ecs:CreateAction": "RunTask"}, {"ecs:CreateAction": "CreateService"}
TO_TASKS, TO_LAMBDA = (
    {"iam:PassedToService": "ecs-tasks.amazonaws.com"},
    {"iam:PassedToService": "lambda.amazonaws.com"},
)
TASK = CLUSTER_ARN.replace(":cluster/", ":task/") + "/0123"
DEFINITION = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/run:1"
GLUE = f"arn:aws:glue:{REGION}:{ACCOUNT}"
STREAM = LOGS.removesuffix("*") + "log-stream:run/run/0123"
REPOSITORY = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/oem-stock"


def of_each(actions: str, *resources: str, service: str) -> list[Call]:
    return [Call(f"{service}:{action}", resource) for action in actions.split() for resource in resources]


LAUNCHES = [
    Call("ecs:RunTask", DEFINITION, OURS),
    Call("ecs:TagResource", TASK, AT_LAUNCH),
    Call("ecs:StopTask", TASK, OURS),
    Call("ecs:DescribeTasks", TASK, OURS),
    Call("ecs:ListTasks", "*", OURS),
    Call("ec2:DescribeNetworkInterfaces"),
    *(Call("iam:PassRole", role_arn(role), TO_TASKS) for role in ("RunRole", "ExecutionRole")),
]
NEEDED = {
    "ExecutionRole": [
        Call("ecr:GetAuthorizationToken"),
        *of_each("BatchCheckLayerAvailability BatchGetImage GetDownloadUrlForLayer", REPOSITORY, service="ecr"),
        *of_each("CreateLogStream PutLogEvents", STREAM, service="logs"),
        *of_each("GetSecretValue", SECRET, SECRET.replace("rds!db-1", "oem-stock/token-1"), service="secretsmanager"),
    ],
    "DagsterRole": [
        *LAUNCHES,
        *(Call(f"ecs:{action}") for action in ("DescribeTaskDefinition", "RegisterTaskDefinition")),
        *of_each("GetLogEvents", STREAM, service="logs"),
        *of_each("GetObject", f"{LAKE}/compute-logs/run/step.err", service="s3"),
        *of_each("ListBucket", LAKE, service="s3"),
    ],
    "RunRole": [
        *LAUNCHES,
        Call("sns:Publish", TOPIC),  # consolidated/night/alerts/channels.py
        Call("ec2:DescribeRouteTables"),  # of Dagster+'s launcher alone, dagster_cloud/workspace/ecs/client.py
        *of_each("GetObject PutObject AbortMultipartUpload", f"{LAKE}/lake/raw/a/b/part-00000.parquet",
                 f"{LAKE}/lake/lake.json", f"{LAKE}/compute-logs/run/step.err", service="s3"),
        *of_each("DeleteObject", f"{LAKE}/lake/iceberg/inventory/data/a.parquet", f"{LAKE}/lake/transformed/a/b/c",
                 f"{LAKE}/lake/maintenance/storage-clock-1", f"{LAKE}/lake/rebuild.json", service="s3"),
        *of_each("ListBucket ListBucketMultipartUploads", LAKE, service="s3"),
        *of_each("CreateTable GetDatabase GetTable GetTables UpdateTable", f"{GLUE}:catalog",
                 f"{GLUE}:database/consolidated", f"{GLUE}:table/consolidated/inventory", service="glue"),
    ],
}  # fmt: skip
# what a statement that is widened lets through, for every role
FORBIDDEN = [
    *(Call(f"ecs:{action}", resource, THEIRS) for action, resource in (
        ("RunTask", DEFINITION), ("StopTask", TASK), ("DescribeTasks", TASK), ("ListTasks", "*"))),
    Call("ecs:TagResource", TASK, LATER),
    Call("ecs:TagResource", TASK),
    *(Call("iam:PassRole", role_arn(role), TO_LAMBDA) for role in ("RunRole", "ExecutionRole")),
    *(Call("iam:PassRole", role_arn(role), TO_TASKS) for role in ("DagsterRole", "Administrator")),
    *of_each("DeleteObject", f"{LAKE}/lake/raw/a/b/2026-11-25/manifest.json", f"{LAKE}/lake/lake.json", service="s3"),
    *of_each("GetObject PutObject DeleteObject AbortMultipartUpload", f"{LAKE}-of-others/a", service="s3"),
    *of_each("GetObject PutObject", f"{LAKE}/of-others/a", service="s3"),
    *of_each("DeleteObjectVersion", f"{LAKE}/lake/raw/a", service="s3"),
    *of_each("ListBucket ListBucketMultipartUploads", f"{LAKE}-of-others", service="s3"),
    *of_each("CreateTable GetDatabase GetTable GetTables UpdateTable", f"{GLUE}:database/of-others", service="glue"),
    *of_each("GetTable", f"{GLUE}:table/of-others/inventory", service="glue"),
    *of_each("CreateLogStream PutLogEvents GetLogEvents", STREAM.replace(":logs:", ":of-others:"), service="logs"),
    *of_each("GetSecretValue", SECRET.replace("rds!db-1", "of-others"), service="secretsmanager"),
    Call("sns:Publish", TOPIC.replace(":nights", ":of-others")),
    *of_each("BatchGetImage BatchCheckLayerAvailability GetDownloadUrlForLayer",
             REPOSITORY.replace(ACCOUNT, "999999999999"), service="ecr"),
]  # fmt: skip


def problems(roles: Statements) -> list[str]:
    """What is wrong with the roles: against AWS's reference, calls that are refused, calls that must be."""
    found = []
    for role, statements in roles.items():
        found += [f"{role}: {problem}" for one in statements for problem in against_reference(one)]
        found += [f"{role} may not {call}" for call in NEEDED[role] if not allows(statements, call)]
        found += [f"{role} may {call}" for call in FORBIDDEN if allows(statements, call)]
        named = {action for one in statements for action in as_list(one["Action"])}
        found += [
            f"{role} may {action}, which nothing calls" for action in named - {call.action for call in NEEDED[role]}
        ]
        if role != "RunRole":  # the tables and the archive are the steps' alone
            found += [f"{role} writes" for action in named if action in ("s3:PutObject", "s3:DeleteObject")]
    return found


def test_the_roles_allow_each_call_that_is_made_and_none_of_the_others() -> None:
    roles = statements_of(TEMPLATE)
    assert roles.keys() == NEEDED.keys()
    assert problems(roles) == []


def changed() -> Iterator[tuple[str, Statements]]:
    """The roles with one statement removed, or widened in one of the ways in which a statement can be widened."""
    roles = statements_of(TEMPLATE)
    for role, statements in roles.items():
        for index, statement in enumerate(statements):
            name = f"{role}-{statement.get('Sid', index)}"
            service = as_list(statement["Action"])[0].split(":")[0]
            wider: dict[str, dict[str, Any]] = {"action": {"Action": f"{service}:*"}}
            if statement["Resource"] != "*":
                wider["resource"] = {"Resource": "*"}
            if conditions(statement):
                wider["unconditioned"] = {"Condition": {}}
            for how, change in wider.items():
                made = copy.deepcopy(roles)
                made[role][index] |= change
                yield f"{name}-{how}", made
            made = copy.deepcopy(roles)
            del made[role][index]
            yield f"{name}-removed", made


@pytest.mark.parametrize("roles", [pytest.param(roles, id=name) for name, roles in changed()])
def test_a_statement_removed_or_widened_is_found(roles: Statements) -> None:
    assert problems(roles)


def test_a_condition_key_that_aws_does_not_have_for_the_action_is_found() -> None:
    roles = statements_of(TEMPLATE)
    (tags,) = [one for one in roles["RunRole"] if one["Action"] == "ecs:TagResource"]
    tags["Condition"] = {"ArnEquals": OURS}  # no launch would ever be allowed to carry its tags
    assert "RunRole: ecs:TagResource: AWS has no condition key ecs:cluster for it" in problems(roles)


class _NoRemovals(LocalFileSystem):  # type: ignore[misc]
    """A folder as the role of the runs sees the archive."""

    cachable = False

    def rm_file(self, path: str) -> None:
        raise PermissionError("Access Denied")


def test_what_the_role_may_not_remove_stays_announced_and_ends_no_maintenance(tmp_path: Path) -> None:
    lake = Lake(f"file://{tmp_path}")
    lake.write_atomic("raw/part-00000.parquet", b"left by a killed step")
    now = datetime.now(UTC) + timedelta(days=3)

    def swept(filesystem: LocalFileSystem) -> tuple[int, int]:
        files = list(list_files(filesystem, str(tmp_path / "raw")).values())
        done = sweep(lake, "raw", filesystem, listed=files, leftovers=files, now=now, grace=timedelta(), dry_run=False)
        return done.announced_files, done.removed_files

    assert swept(LocalFileSystem()) == (1, 0)
    assert swept(_NoRemovals()) == (1, 0)
    assert swept(LocalFileSystem()) == (0, 1)
