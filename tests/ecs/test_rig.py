"""The stand-in for ECS: that it refuses what AWS refuses, and that its tasks are what they are said to be."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import boto3
import dagster as dg
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.support.ecs.faults import of_step
from tests.support.ecs.fixtures import rig, shared_rig
from tests.support.ecs.jobs import too_large, two_steps
from tests.support.ecs.limits import ACCESS_DENIED, EC2_THROTTLING, NO_CAPACITY, SERVER_ERROR, THROTTLING
from tests.support.ecs.rig import Rig
from tests.support.ecs.tasks import Task, TaskFault
from tests.support.processes import Ended, Zygote, sessions

__all__ = ["rig", "shared_rig"]

pytestmark = pytest.mark.slow

NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-0rig"], "securityGroups": ["sg-0rig"]}}
REQUEST = {"cluster": "rig", "taskDefinition": "daemon", "launchType": "FARGATE", "networkConfiguration": NETWORK}


def client() -> Any:
    return boto3.client("ecs", config=Config(retries={"total_max_attempts": 1}))


def start(rig: Rig, *command: str, **request: Any) -> Task:
    """A task that runs a command, at 512/1024."""
    overrides = {"cpu": "512", "memory": "1024", "containerOverrides": [{"name": "run", "command": list(command)}]}
    answer = client().run_task(**{**REQUEST, "overrides": overrides, **request})
    return rig.cluster.tasks[answer["tasks"][0]["taskArn"].rpartition("/")[2]]


def ended(rig: Rig, task: Task) -> dict[str, Any]:
    rig.until(lambda: task not in rig.cluster.running())
    described: dict[str, Any] = client().describe_tasks(cluster="rig", tasks=[task.arn])["tasks"][0]
    return described


def test_this_process_coordinates(rig: Rig) -> None:
    assert rig.execute(dg.reconstructable(two_steps)).success
    assert [task.step_key for task in rig.tasks] == ["first", "second"]


def test_a_coordinator_of_its_own(rig: Rig) -> None:
    run_id = rig.launch(dg.reconstructable(two_steps))
    assert rig.wait(run_id) is dg.DagsterRunStatus.SUCCESS
    assert [task.step_key for task in rig.tasks] == [None, "first", "second"]
    assert {task.exit_code for task in rig.tasks} == {0}
    assert (rig.steps("second")[0].cpu, rig.steps("second")[0].memory_mib) == (512, 1024)
    assert {"ecs:RunTask", "ec2:DescribeNetworkInterfaces"} <= rig.server.iam_actions()


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({"overrides": {"cpu": "512", "memory": "8192"}}, "ClientException", "No Fargate configuration exists"),
        ({"overrides": {"cpu": "512"}}, None, None),  # with the definition's 2048 a pair that Fargate has
        ({"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT"}]}, "InvalidParameterException", "both"),
        ({"tags": [{"key": "k" * 129, "value": "v"}]}, "InvalidParameterException", "tag key"),
        ({"tags": [{"key": "k", "value": "v" * 257}]}, "InvalidParameterException", "256"),
        ({"tags": [{"key": "k", "value": "a*b"}]}, "InvalidParameterException", "characters"),
        ({"tags": [{"key": f"k{n}", "value": ""} for n in range(51)]}, "InvalidParameterException", "50"),
        ({"networkConfiguration": {}}, "InvalidParameterException", "Network Configuration"),
        ({"cluster": "other"}, "ClusterNotFoundException", "Cluster not found"),
        ({"taskDefinition": "other"}, "ClientException", "task definition"),
    ],
)
def test_what_aws_refuses(rig: Rig, changes: dict[str, Any], code: str | None, said: str | None) -> None:
    request = {**REQUEST, "overrides": {"containerOverrides": [{"name": "run", "command": ["true"]}]}}
    request["overrides"] |= changes.get("overrides", {})
    request |= {name: value for name, value in changes.items() if name != "overrides"}
    if code is None:
        ended(rig, rig.cluster.tasks[client().run_task(**request)["tasks"][0]["taskArn"].rpartition("/")[2]])
        return
    with pytest.raises(ClientError, match=said) as error:
        client().run_task(**request)
    assert isinstance(error.value, getattr(client().exceptions, code, ClientError))
    assert error.value.response["Error"]["Code"] == code
    assert rig.tasks == []


def test_overrides_have_8192_characters(rig: Rig) -> None:
    def with_value(length: int) -> dict[str, Any]:
        value = {"name": "VALUE", "value": "v" * length}
        return {"containerOverrides": [{"name": "run", "command": ["true"], "environment": [value]}]}

    empty = len(json.dumps(with_value(0), separators=(",", ":")))
    with pytest.raises(ClientError, match="Container Overrides length must be at most 8192"):
        client().run_task(**REQUEST, overrides=with_value(8193 - empty))
    client().run_task(**REQUEST, overrides=with_value(8192 - empty))
    assert rig.tasks[-1].overrides_characters == 8192
    ended(rig, rig.tasks[-1])


def test_a_client_token_starts_one_task(rig: Rig) -> None:
    first, second = (start(rig, "true", clientToken="same") for _ in range(2))
    assert first is second
    with pytest.raises(client().exceptions.ConflictException):
        start(rig, "false", clientToken="same")
    ended(rig, first)


def test_describe_tasks_takes_100_and_tells_who_is_missing(rig: Rig) -> None:
    answer = client().describe_tasks(cluster="rig", tasks=["nobody"] * 100)
    assert answer["failures"][0]["reason"] == "MISSING"
    with pytest.raises(client().exceptions.InvalidParameterException, match="at most 100"):
        client().describe_tasks(cluster="rig", tasks=["nobody"] * 101)


def test_a_task_has_only_its_own_environment(rig: Rig) -> None:
    task = start(rig, sys.executable, "-c", "import json, os; print(json.dumps(dict(os.environ)))")
    described = ended(rig, task)
    assert (described["lastStatus"], described["stopCode"]) == ("STOPPED", "EssentialContainerExited")
    assert described["containers"][0]["exitCode"] == 0
    seen = json.loads(task.output())
    assert set(seen) <= set(rig.cluster.environment) | set(task.environment) | set(task.injected("")) | {"LC_CTYPE"}
    assert "PYTEST_CURRENT_TEST" in os.environ


def test_memory_is_a_limit(rig: Rig) -> None:
    """The task's processes together: 0.7 GiB in it and 0.7 GiB in its child are more than 1."""
    child = "b = bytearray(7 * 2**27); b[::4096] = b'x' * len(b[::4096]); import time; time.sleep(600)"
    code = f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {child!r}]); {child}"
    described = ended(rig, start(rig, sys.executable, "-c", code))
    assert described["containers"][0]["exitCode"] == 137
    assert described["containers"][0]["reason"] == "OutOfMemoryError: Container killed due to memory usage"


def test_of_a_process_that_is_told_to_have_ended_no_child_is_left(zygote: Zygote, tmp_path: Path) -> None:
    """Neither one with much memory, which the kernel takes back for a while after SIGKILL."""
    child = "b = b'x' * 2**29; print(flush=True); import time; time.sleep(600)"
    code = (
        f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {child!r}], stdout=subprocess.PIPE);"
        "p.stdout.readline()"
    )
    left: SimpleQueue[list[int]] = SimpleQueue()
    started: SimpleQueue[int] = SimpleQueue()

    def ended(_: Ended) -> None:
        left.put(sessions().get(started.get(), (0, []))[1])

    started.put(zygote.start("parent", [sys.executable, "-c", code], dict(os.environ), tmp_path / "log", ended))
    assert left.get() == []


def test_out_of_memory_of_a_step(rig: Rig) -> None:
    run_id = rig.launch(dg.reconstructable(too_large), {"execution": {"config": {"poll_seconds": 1}}})
    rig.wait(run_id)
    assert rig.steps()[0].container_reason == "OutOfMemoryError: Container killed due to memory usage"


@pytest.mark.parametrize(("trap", "code"), [("exit 7", 7), ("", 137)])
def test_stop_is_sigterm_then_sigkill(rig: Rig, trap: str, code: int) -> None:
    task = start(rig, "bash", "-c", f"trap '{trap}' TERM; echo ready; while true; do sleep 0.1; done")
    rig.until(lambda: "ready" in task.output())
    client().stop_task(cluster="rig", task=task.arn, reason="enough")
    described = ended(rig, task)
    assert (described["stopCode"], described["stoppedReason"]) == ("UserInitiated", "enough")
    assert described["containers"][0]["exitCode"] == code


@pytest.mark.parametrize(
    ("fault", "code", "stop_code", "said"),
    [
        (TaskFault.KILLED, 137, "EssentialContainerExited", "Essential container in task exited"),
        (TaskFault.OUT_OF_MEMORY, 137, "EssentialContainerExited", "Essential container in task exited"),
        (TaskFault.SPOT_INTERRUPTION, 143, "SpotInterruption", "Your Spot Task was interrupted."),
        (TaskFault.SILENT_EXIT, 0, "EssentialContainerExited", "Essential container in task exited"),
        (TaskFault.FAILED_TO_START, None, "TaskFailedToStart", "CannotPullContainerError"),
    ],
)
def test_faults_of_a_task(rig: Rig, fault: TaskFault, code: int | None, stop_code: str, said: str) -> None:
    rig.faults.on_step("some step", fault)
    tags = [{"key": "dagster/step-key", "value": "some-step"}]
    described = ended(rig, start(rig, "sleep", "60", tags=tags))
    assert described["containers"][0].get("exitCode") == code
    assert described["stopCode"] == stop_code
    assert said in described["stoppedReason"]
    assert ended(rig, start(rig, "true", tags=tags))["containers"][0]["exitCode"] == 0, "a fault strikes once"


def test_a_missing_task(rig: Rig) -> None:
    rig.faults.on_step("some step", TaskFault.MISSING)
    task = start(rig, "sleep", "60", tags=[{"key": "dagster/step-key", "value": "some-step"}])
    rig.until(lambda: task not in rig.cluster.running())
    answer = client().describe_tasks(cluster="rig", tasks=[task.arn])
    assert answer["tasks"] == []
    assert answer["failures"] == [{"arn": task.arn, "reason": "MISSING"}]


@pytest.mark.parametrize("fault", [TaskFault.PENDING_FOR_EVER, TaskFault.PROVISIONING_FOR_EVER])
def test_a_task_that_never_starts(rig: Rig, fault: TaskFault) -> None:
    rig.faults.on_step("some step", fault)
    task = start(rig, "true", tags=[{"key": "dagster/step-key", "value": "some-step"}])
    ended(rig, start(rig, "true"))  # which moved through its states meanwhile
    status = client().describe_tasks(cluster="rig", tasks=[task.arn])["tasks"][0]["lastStatus"]
    assert f"stays {status}" == fault.value
    client().stop_task(cluster="rig", task=task.arn)
    assert "exitCode" not in ended(rig, task)["containers"][0]


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (THROTTLING, lambda ecs: ClientError),
        (EC2_THROTTLING, lambda ecs: ecs.exceptions.InvalidParameterException),
        (ACCESS_DENIED, lambda ecs: ecs.exceptions.AccessDeniedException),
        (SERVER_ERROR, lambda ecs: ecs.exceptions.ServerException),
    ],
)
def test_errors_on_purpose(rig: Rig, error: Any, raised: Callable[[Any], type[Exception]]) -> None:
    ecs = client()
    rig.faults.on_call("RunTask", error, where=of_step("some step"))
    tags = [{"key": "dagster/step-key", "value": "some-step"}]
    ended(rig, start(rig, "true"))
    with pytest.raises(raised(ecs), match=error.message.split("[")[0].split("(")[0]):
        ecs.run_task(**REQUEST, tags=tags, overrides={"containerOverrides": [{"name": "run", "command": ["true"]}]})
    ended(rig, start(rig, "true", tags=tags))
    assert [call.error for call in rig.server.calls("RunTask")] == [None, error.code, None]


def test_no_capacity(rig: Rig) -> None:
    rig.faults.on_call("RunTask", NO_CAPACITY)
    answer = client().run_task(**REQUEST)
    assert answer["tasks"] == []
    assert answer["failures"] == [{"reason": NO_CAPACITY}]
