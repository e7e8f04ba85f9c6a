"""A launch is asked for until AWS answers it, by the token of the attempt, so that a step has one task."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg
import pytest
from botocore.exceptions import EndpointConnectionError

from tests.support.ecs.handled import REPEATABLE, STEPS, Handled, handled, stand_in
from tests.support.ecs.limits import ACCESS_DENIED, LOST_ANSWER, SERVER_ERROR, THROTTLING, AwsError
from tests.support.ecs.rig import Rig

pytestmark = pytest.mark.slow

ONE, TWO, *_ = STEPS
EXPIRED = AwsError("ExpiredTokenException", "The security token included in the request is expired")
SKEWED = AwsError(
    "InvalidSignatureException", "Signature expired: 20261126T030000Z is now earlier than 20261126T031500Z"
)


@pytest.fixture(scope="module")
def ecs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Rig, dg.DagsterInstance]]:
    with stand_in(tmp_path_factory.mktemp("ecs")) as shared:
        yield shared


@pytest.fixture
def steps(ecs: tuple[Rig, dg.DagsterInstance]) -> Iterator[Handled]:
    with handled(*ecs) as made:
        made.new_handler()
        yield made


def asked_until_started(steps: Handled, step_key: str = ONE, seconds: float = 120) -> None:
    until = steps.now + seconds
    while steps.now < until:
        assert steps.check(step_key) is None
    assert len(steps.arns) == 1


@pytest.mark.parametrize("fault", [EXPIRED, SKEWED, LOST_ANSWER, SERVER_ERROR, AwsError("ACodeOfNextYear", "")])
def test_an_error_that_is_not_final_is_asked_again_by_the_same_token(steps: Handled, fault: AwsError) -> None:
    steps.rig.faults.on_call("RunTask", fault, times=3)
    steps.launch(ONE)
    asked_until_started(steps)
    requests = steps.requests("RunTask")
    assert len(requests) == 4
    assert len({request["clientToken"] for request in requests}) == 1


def test_a_refused_connection_of_25_seconds_fails_no_step(steps: Handled, monkeypatch: pytest.MonkeyPatch) -> None:
    client = steps.handlers[-1].ecs
    run_task, since = client.run_task, steps.now

    def refused_for_25_s(**request: object) -> object:
        if steps.now - since < 25:
            raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")
        return run_task(**request)

    monkeypatch.setattr(client, "run_task", refused_for_25_s)
    steps.launch(ONE)
    asked_until_started(steps)


def test_an_answer_with_neither_task_nor_failure_is_asked_again(
    steps: Handled, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = steps.handlers[-1].ecs
    answers: list[dict[str, object]] = [{"tasks": [], "failures": []}, {}]
    run_task = client.run_task
    monkeypatch.setattr(client, "run_task", lambda **request: answers.pop() if answers else run_task(**request))
    steps.launch(ONE)
    asked_until_started(steps)


@pytest.mark.parametrize("step_key", [ONE, REPEATABLE])
def test_two_coordinators_start_one_task_also_where_their_requests_differ(steps: Handled, step_key: str) -> None:
    steps.new_handler(fargate_spot=True)
    steps.launch(step_key)
    steps.check(step_key)
    steps.new_handler(fargate_spot=False)
    steps.launch(step_key)
    assert steps.check(step_key) is None
    assert len(steps.arns) == 1
    steps.end_run()
    assert [request["task"] for request in steps.requests("StopTask")] == steps.arns


def test_a_retry_and_another_step_have_tokens_of_their_own(steps: Handled) -> None:
    steps.launch(ONE, TWO)
    steps.check(ONE)
    steps.new_handler()
    steps.launch(ONE, retries=1)
    assert len({request["clientToken"] for request in steps.requests("RunTask")}) == 3
    assert len(steps.arns) == 3


@pytest.mark.parametrize("fault", [THROTTLING, ACCESS_DENIED, SERVER_ERROR])
def test_a_new_coordinator_waits_for_the_list_of_tasks(steps: Handled, fault: AwsError) -> None:
    steps.launch(ONE)
    steps.check(ONE)
    steps.new_handler()
    steps.rig.faults.on_call("ListTasks", fault, times=3)
    asked_until_started(steps)
    assert len(steps.requests("ListTasks")) == 4
    assert {request["startedBy"] for request in steps.requests("ListTasks")} == {steps.run.run_id}
    steps.end_run()
    assert [request["task"] for request in steps.requests("StopTask")] == steps.arns


def test_a_list_of_tasks_that_is_refused_is_asked_for_ever_less_often(steps: Handled) -> None:
    steps.launch(ONE)
    steps.check(ONE)
    steps.new_handler()
    steps.rig.faults.on_call("ListTasks", THROTTLING, times=1000)
    for _ in range(30):
        assert steps.check(ONE) is None
    assert 2 <= len(steps.requests("ListTasks")) <= 12


def test_a_list_of_tasks_that_is_denied_for_ever_ends_the_step_after_the_launch_timeout(steps: Handled) -> None:
    steps.new_handler(launch_timeout_seconds=60)
    steps.rig.faults.on_call("ListTasks", ACCESS_DENIED, times=1000)
    since, problem = steps.now, None
    while problem is None:
        assert steps.now - since < 60 + 70
        problem = steps.check(ONE)
    assert "could not be listed" in problem
    assert "AccessDeniedException" in problem
