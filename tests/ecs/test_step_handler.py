"""The step handler's decisions, one call at a time: launches, refusals, lost tasks, adoption, the end of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import dagster as dg
import pytest
from botocore.exceptions import EndpointConnectionError

from resources.ecs.attempts import GONE_SECONDS, stop_task
from resources.ecs.event_log import step_failure
from resources.ecs.launches import CALLS_AT_ONCE, LAUNCHES_PER_SECOND
from resources.ecs.requests import SUBNETS_VARIABLE
from tests.support.ecs.handled import STEPS, Handled, PlayedThreads, handled, stand_in
from tests.support.ecs.limits import ACCESS_DENIED, SERVER_ERROR, THROTTLING
from tests.support.ecs.rig import Rig
from tests.support.ecs.tasks import CLUSTER, CLUSTER_ARN

pytestmark = pytest.mark.slow

ONE, TWO, *_ = STEPS


@pytest.fixture(scope="module")
def ecs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Rig, dg.DagsterInstance]]:
    with stand_in(tmp_path_factory.mktemp("ecs")) as shared:
        yield shared


@pytest.fixture
def steps(ecs: tuple[Rig, dg.DagsterInstance]) -> Iterator[Handled]:
    with handled(*ecs) as made:
        made.new_handler()
        yield made


def stopped(steps: Handled) -> list[str]:
    return [request["task"] for request in steps.requests("StopTask")]


def test_a_launch_in_flight_when_the_run_ends_is_waited_for_and_its_task_stopped(
    steps: Handled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PlayedThreads, "answers_late", True)
    steps.launch(ONE)
    assert steps.requests("RunTask") == []
    steps.end_run()
    assert len(steps.arns) == 1
    assert stopped(steps) == steps.arns


def test_the_first_launch_tells_the_coordinators_size(steps: Handled, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    monkeypatch.setattr("resources.ecs.step_handler.tell_coordinator", told.append)
    for _ in range(2):
        steps.launch(ONE, TWO)
        assert len(told) == 1


def test_each_task_is_told_by_its_arn(steps: Handled) -> None:
    steps.launch(ONE, TWO)
    steps.check(ONE)
    steps.check(TWO)
    events = steps.instance.all_logs(steps.run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)
    said = [event.dagster_event.engine_event_data.metadata for event in events if event.dagster_event]
    assert [one["Task ARN"].value for one in said if "Task ARN" in one] == steps.arns


def test_nothing_is_launched_once_the_run_is_ending(steps: Handled) -> None:
    steps.rig.faults.on_call("RunTask", THROTTLING)
    steps.launch(ONE)
    assert steps.check(ONE) is None
    steps.end_run()
    assert steps.check(ONE, seconds_later=120) is None
    steps.launch(TWO)
    assert steps.check(TWO, seconds_later=120) is None
    assert len(steps.requests("RunTask")) == 1  # the refused one
    assert steps.arns == []


def test_every_running_task_is_stopped_once_and_no_reported_one(steps: Handled) -> None:
    steps.launch(*STEPS[:3])
    for step_key in STEPS[:3]:
        steps.check(step_key)
    step_failure(steps.context(TWO).get_step_context(TWO), "its step has reported its failure")
    steps.end_run()
    steps.end_run()  # the executor calls it for each running step
    assert stopped(steps) == [steps.arns[0], steps.arns[2]]


def test_a_task_that_aws_does_not_know_right_after_its_launch_is_waited_for(steps: Handled) -> None:
    steps.launch(ONE)
    steps.check(ONE)
    launched_at = steps.now
    steps.forget_task()
    while steps.now - launched_at < GONE_SECONDS - 5:
        assert steps.check(ONE, seconds_later=5) is None
    assert len(steps.requests("DescribeTasks")) > 5
    assert "AWS no longer knows task" in (steps.check(ONE, seconds_later=10) or "")


def test_a_task_that_was_seen_and_is_missing_for_a_while_is_waited_for(steps: Handled) -> None:
    steps.launch(ONE)
    for _ in range(8):
        assert steps.check(ONE, seconds_later=2) is None
    task_id, task = steps.rig.cluster.tasks.popitem()
    for _ in range(6):  # two rounds find it missing
        assert steps.check(ONE, seconds_later=2) is None
    steps.rig.cluster.tasks[task_id] = task
    for _ in range(20):
        assert steps.check(ONE, seconds_later=2) is None
    assert len(steps.arns) == 1
    steps.forget_task()
    problems = [steps.check(ONE, seconds_later=2) for _ in range(15)]
    assert any("AWS no longer knows task" in (problem or "") for problem in problems)
    assert len(set(stopped(steps))) == 1, "should it run after all, it is stopped before its retry"


def test_an_api_that_is_down_for_five_minutes_costs_no_step(steps: Handled, monkeypatch: pytest.MonkeyPatch) -> None:
    """One step runs and one is being launched meanwhile: each has one task in the end, and the run ends cleanly."""
    steps.launch(ONE)
    steps.check(ONE)
    client, since = steps.handlers[-1].ecs, steps.now

    def down(call: Callable[..., object]) -> Callable[..., object]:
        def answered(**request: object) -> object:
            if steps.now - since < 300:
                raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")
            return call(**request)

        return answered

    for name in ("run_task", "describe_tasks", "list_tasks"):
        monkeypatch.setattr(client, name, down(getattr(client, name)))
    steps.launch(TWO)
    for _ in range(75):
        assert steps.check(ONE, seconds_later=3) is None
        assert steps.check(TWO, seconds_later=3) is None
    assert len(steps.arns) == 2
    assert len({request["clientToken"] for request in steps.requests("RunTask")}) == 2
    steps.end_run()
    assert sorted(stopped(steps)) == sorted(steps.arns)


def test_a_new_coordinator_adopts_the_task_of_the_same_attempt_only(steps: Handled) -> None:
    steps.launch(ONE)
    steps.check(ONE)
    steps.new_handler()
    # the run asks for the second attempt: the running task is the first one's, which the run has given up
    assert "no task of it was found" in (steps.check(ONE, retries=1) or "")
    assert steps.check(TWO) == "no task of it was found when the coordinator was replaced"
    steps.new_handler()
    assert steps.check(ONE) is None
    assert len(steps.arns) == 1
    steps.end_run()
    assert stopped(steps) == steps.arns


def test_a_step_that_has_reported_needs_no_task_to_be_adopted(steps: Handled) -> None:
    step_failure(steps.context(ONE).get_step_context(ONE), "reported to the coordinator before")
    assert steps.check(ONE) is None


@pytest.mark.parametrize("fault", [THROTTLING, SERVER_ERROR])
def test_botocore_sends_nothing_again_by_itself(steps: Handled, fault: object) -> None:
    steps.rig.faults.on_call("RunTask", fault, times=1)  # type: ignore[arg-type]
    steps.launch(ONE)
    assert len(steps.requests("RunTask")) == 1
    assert steps.arns == []
    assert steps.check(ONE) is None  # takes the refusal; the next try is due later
    assert len(steps.requests("RunTask")) == 1
    steps.check(ONE, seconds_later=5)
    assert len(steps.arns) == 1
    steps.rig.faults.on_call("DescribeTasks", fault, times=1)  # type: ignore[arg-type]
    before = len(steps.requests("DescribeTasks"))
    steps.check(ONE, seconds_later=6)
    assert len(steps.requests("DescribeTasks")) - before == 1
    # a call that hangs gives its thread back within about a round of DescribeTasks
    assert steps.handlers[-1].ecs.meta.config.read_timeout == 30


def test_a_launch_that_was_refused_is_made_again_after_a_pause(steps: Handled) -> None:
    steps.rig.faults.on_call("RunTask", THROTTLING, times=2)
    steps.launch(ONE)
    for number in (2, 3):
        assert steps.check(ONE, seconds_later=0) is None
        assert len(steps.requests("RunTask")) == number - 1, "not at once"
        assert steps.check(ONE, seconds_later=70) is None
        assert len(steps.requests("RunTask")) == number
    assert len(steps.arns) == 1


def test_a_launch_is_given_up_after_its_time_and_not_before(steps: Handled) -> None:
    steps.rig.faults.on_call("RunTask", THROTTLING, times=1000)
    steps.new_handler(launch_timeout_seconds=60)
    steps.launch(ONE)
    asked_at, problem = steps.now, None
    while problem is None:
        assert steps.now - asked_at < 60 + 70, "the longest pause between two tries is a minute"
        problem = steps.check(ONE)
        assert problem is None or steps.now - asked_at > 60
    assert 'RunTask was refused for step "step_0" at cpu 512 / memory 1024' in problem
    assert "Tried for" in problem
    assert len(steps.requests("RunTask")) > 3


@pytest.mark.parametrize("cluster", [CLUSTER, None])
def test_tasks_are_looked_for_and_stopped_where_they_were_started(steps: Handled, cluster: str | None) -> None:
    before = len(steps.calls)
    config = {"run_task_kwargs": {"cluster": cluster}} if cluster else {}
    steps.new_handler(**config)
    made = len(steps.calls)  # making a handler describes the coordinator's own task
    assert made > before
    steps.launch(ONE)
    for _ in range(4):
        assert steps.check(ONE, seconds_later=4) is None
    steps.end_run()
    steps.new_handler(**config)
    steps.check(TWO)
    calls = steps.calls[made:]
    sent = {(call.action, call.request["cluster"]) for call in calls if call.action in ("StopTask", "ListTasks")}
    assert sent == {("StopTask", cluster or CLUSTER_ARN), ("ListTasks", cluster or CLUSTER_ARN)}
    described = {call.request["cluster"] for call in calls if call.action == "DescribeTasks"}
    assert (cluster or CLUSTER_ARN) in described


def test_steps_are_started_in_all_subnets_that_the_variable_names(
    steps: Handled, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own,) = steps.handlers[-1]._run_task_kwargs["networkConfiguration"]["awsvpcConfiguration"]["subnets"]
    monkeypatch.setenv(SUBNETS_VARIABLE, f"{own}, subnet-1b")
    steps.new_handler()
    steps.launch(ONE)
    steps.check(ONE)
    theirs = {"awsvpcConfiguration": {"subnets": ["subnet-of-the-config"], "securityGroups": ["sg-0"]}}
    steps.new_handler(run_task_kwargs={"networkConfiguration": theirs})
    steps.launch(TWO)
    steps.check(TWO)
    networks = [one["networkConfiguration"]["awsvpcConfiguration"] for one in steps.requests("RunTask")]
    assert [network["subnets"] for network in networks] == [[own, "subnet-1b"], ["subnet-of-the-config"]]
    assert networks[0]["securityGroups"], "the rest stays the coordinator's"


def test_the_polls_leave_out_what_the_executor_no_longer_checks(steps: Handled) -> None:
    steps.launch(ONE, TWO)
    for _ in range(3):
        assert steps.check(ONE, seconds_later=3) is None
        assert steps.check(TWO, seconds_later=3) is None
    assert steps.requests("DescribeTasks")[-1]["tasks"] == steps.arns
    for _ in range(6):
        assert steps.check(ONE, seconds_later=6) is None
    assert steps.requests("DescribeTasks")[-1]["tasks"] == steps.arns[:1]


def test_launches_keep_the_pace(steps: Handled) -> None:
    steps.launch(*STEPS)
    assert len(steps.requests("RunTask")) == LAUNCHES_PER_SECOND
    steps.check(ONE, seconds_later=0.5)
    assert len(steps.requests("RunTask")) == len(STEPS)


def test_no_more_launches_are_in_flight_than_there_are_threads(steps: Handled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PlayedThreads, "answers_late", True)
    steps.launch(*STEPS)
    steps.check(ONE, seconds_later=10)
    steps.end_run()  # waits for the answers of those in flight, and launches no other
    assert len(steps.requests("RunTask")) == CALLS_AT_ONCE
    assert sorted(stopped(steps)) == sorted(steps.arns)


def test_a_task_that_does_not_start_in_time_is_stopped_once_and_then_reported(steps: Handled) -> None:
    steps.new_handler(pending_timeout_seconds=30)
    steps.launch(ONE)
    problem = None
    for _ in range(15):
        problem = problem or steps.check(ONE, seconds_later=4)
    assert "was still PROVISIONING after" in (problem or "")
    assert stopped(steps) == steps.arns


def test_stopping_a_task_is_tried_five_times(steps: Handled, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("tenacity.nap.time", SimpleNamespace(sleep=waits.append))
    steps.launch(ONE)
    steps.check(ONE)
    ecs, (arn,) = steps.handlers[-1].ecs, steps.arns
    steps.rig.faults.on_call("StopTask", ACCESS_DENIED, times=5)
    assert "AccessDeniedException" in (stop_task(ecs, CLUSTER, arn, "a test") or "")
    assert len(stopped(steps)) == 5
    assert len(waits) == 4
    # 1, 2, 4 and 8 s at most: half of the 30 s that ECS leaves to a coordinator
    assert all(0 <= wait <= 2**turn for turn, wait in enumerate(waits))
    steps.rig.faults.on_call("StopTask", THROTTLING, times=4)
    assert stop_task(ecs, CLUSTER, arn, "a test") is None
