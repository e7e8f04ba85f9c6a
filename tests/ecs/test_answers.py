"""What AWS's answers mean to the executor: ends of tasks, refusals of RunTask, the pace of launches."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)

from resources.ecs.launches import LAUNCHES_PER_SECOND, Pace, Refusal, run_task, seconds_until_next_try
from resources.ecs.tasks import task_end
from tests.support.ecs.limits import ACCESS_DENIED, EC2_THROTTLING, NO_CAPACITY, SERVER_ERROR, THROTTLING, AwsError


@pytest.mark.parametrize(
    ("task", "cause"),
    [
        ({"containers": [{"exitCode": 137, "reason": "OutOfMemoryError: Container killed due to memory usage"}],
          "stopCode": "EssentialContainerExited", "stoppedReason": "Essential container exited"}, "out_of_memory"),
        ({"containers": [{"exitCode": 137}], "stopCode": "EssentialContainerExited",
          "stoppedReason": "OutOfMemoryError: Container killed due to memory usage"}, "out_of_memory"),
        ({"containers": [{"exitCode": 137}], "stopCode": "EssentialContainerExited",
          "stoppedReason": "Essential container in task exited"}, "killed"),
        ({"containers": [{"exitCode": 143}], "stopCode": "SpotInterruption",
          "stoppedReason": "Your Spot Task was interrupted."}, "spot_interruption"),
        ({"containers": [{"exitCode": 143}], "stopCode": "SpotInterruption"}, "spot_interruption"),
        ({"containers": [{"exitCode": 1}], "stopCode": "TaskFailedToStart"}, "never_started"),
        ({"containers": [{"exitCode": 0}], "stopCode": "EssentialContainerExited"}, "silent_exit"),
        ({"containers": [{}], "stopCode": "TaskFailedToStart",
          "stoppedReason": "ResourceInitializationError: unable to pull secrets"}, "never_started"),
        ({"containers": [], "stopCode": "UserInitiated"}, "never_started"),
        ({"containers": [{"exitCode": 1}, {"exitCode": 0}], "stopCode": "EssentialContainerExited"}, "killed"),
    ],
)  # fmt: skip
def test_ends_are_told_apart(task: dict[str, Any], cause: str) -> None:
    end = task_end({"taskArn": "arn:of:the:task", **task})
    assert end.cause == cause
    assert "arn:of:the:task" in end.text
    assert f"stop code {task['stopCode']}" in end.text
    if "stoppedReason" in task:
        assert task["stoppedReason"] in end.text


class AnsweringEcs:
    """The client's face that dagster-aws's `run_ecs_task` sees, with one answer to RunTask."""

    def __init__(self, answer: dict[str, Any] | Exception) -> None:
        self._answer = answer

    class exceptions:  # noqa: N801 the client's own name
        class InvalidParameterException(ClientError):  # type: ignore[misc]  # noqa: N818
            pass

    def run_task(self, **kwargs: object) -> dict[str, Any]:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def _raised(error: AwsError) -> ClientError:
    document = {
        "Error": {"Code": error.code, "Message": error.message},
        "ResponseMetadata": {"HTTPStatusCode": error.status},
    }
    kind = AnsweringEcs.exceptions.InvalidParameterException if error.code.startswith("InvalidParam") else ClientError
    return kind(document, "RunTask")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (_raised(THROTTLING), "throttled"),
        (_raised(EC2_THROTTLING), "throttled"),
        (_raised(SERVER_ERROR), "unknown"),
        (_raised(AwsError("ClientException", NO_CAPACITY)), "capacity"),
        (_raised(AwsError("ClientException", "You've reached the limit on the number of vCPUs.")), "capacity"),
        (_raised(ACCESS_DENIED), "final"),
        (_raised(AwsError("AccessDeniedException", "no", 499)), "final"),
        (
            _raised(AwsError("AccessDeniedException", "no", 500)),
            "unknown",
        ),
        (_raised(AwsError("InvalidParameterException", "TaskDefinition is inactive")), "final"),
        ({"tasks": [], "failures": [{"reason": NO_CAPACITY}]}, "capacity"),
        ({"tasks": [], "failures": [{"reason": "RESOURCE:MEMORY"}]}, "capacity"),
        ({"tasks": [], "failures": [{"reason": "AGENT"}]}, "capacity"),
        ({"tasks": [], "failures": [{"reason": "INACTIVE", "arn": "arn:of:the:cluster"}]}, "final"),
        ({"tasks": [], "failures": []}, "unknown"),
        ({"tasks": [], "failures": [{"reason": "A_NEW_REASON"}]}, "unknown"),
        ({}, "unknown"),
        (
            _raised(AwsError("ExpiredTokenException", "The security token included in the request is expired")),
            "unknown",
        ),
        (_raised(AwsError("InvalidSignatureException", "Signature expired: 20261126T0300 is now earlier")), "unknown"),
        (_raised(AwsError("ACodeOfNextYear", "")), "unknown"),
        (_raised(AwsError("ClusterNotFoundException", "Cluster not found.")), "final"),
        (EndpointConnectionError(endpoint_url="https://ecs"), "unknown"),
        (ReadTimeoutError(endpoint_url="https://ecs"), "unknown"),
        (ParamValidationError(report="count"), "final"),
        (NoCredentialsError(), "unknown"),
    ],
)
def test_refusals_are_told_apart(answer: dict[str, Any] | Exception, kind: str) -> None:
    outcome = run_task(AnsweringEcs(answer), {})
    assert isinstance(outcome, Refusal)
    assert outcome.kind == kind
    assert outcome.reason


def test_a_task_is_its_arn() -> None:
    assert run_task(AnsweringEcs({"tasks": [{"taskArn": "arn:of:the:task"}], "failures": []}), {}) == "arn:of:the:task"


def test_waits_grow_to_a_minute_and_are_never_the_same() -> None:
    waits = [seconds_until_next_try(refusals) for refusals in range(12)]
    assert all(1.0 <= wait <= 60.0 for wait in waits)
    assert len(set(waits)) == len(waits)
    assert min(waits[6:]) >= 30.0


@pytest.mark.parametrize("tick_seconds", [0.05, 1.0, 7.0])
def test_no_second_has_twenty_launches(tick_seconds: float) -> None:
    pace = Pace(0.0)
    sent = []
    for tick in range(int(30 / tick_seconds)):
        now = tick * tick_seconds
        while pace.take(now):
            sent.append(now)
    per_second = [sum(1 for at in sent if start <= at < start + 1) for start in sent]
    assert max(per_second) < 20
    if tick_seconds <= 1:
        assert len(sent) >= 29 * LAUNCHES_PER_SECOND
