"""What the step handler makes of AWS's answers: launches, adoptions, ends and stops, without AWS and without a run."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest
from botocore.exceptions import EndpointConnectionError

from resources.ecs.launches import CALLS_AT_ONCE, Refusal
from resources.ecs.requests import ATTEMPT_TAG, RUN_TAG, STEP_TAG
from resources.sizing.sizes import Size
from tests.support.ecs.in_memory import SIZE, Steps, done

NO_ANSWER = EndpointConnectionError(endpoint_url="http://127.0.0.1:1")


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    return Steps(monkeypatch)


def test_a_launch_that_is_due_goes_out_once(steps: Steps) -> None:
    attempt = steps.attempt()
    attempt.due_at = steps.now + 5
    assert (steps.check(seconds_later=4.5), steps.sent) == (None, [])
    assert (steps.check(seconds_later=1), len(steps.sent)) == (None, 1)
    assert (steps.check(), len(steps.sent)) == (None, 1)
    steps.attempt("runs", arn="arn", launched_at=steps.now)
    assert (steps.check(), len(steps.sent)) == (None, 1)


def test_as_many_launches_are_in_flight_as_there_are_threads(steps: Steps) -> None:
    for number in range(CALLS_AT_ONCE + 2):
        steps.attempt(str(number))
    steps.check("0")
    steps.check("0", seconds_later=60)
    assert len(steps.sent) == CALLS_AT_ONCE
    answered = steps.handler._attempts["0"].call
    assert answered is not None
    answered.set_result("arn")
    steps.check("0")
    assert len(steps.sent) == CALLS_AT_ONCE + 1


def test_a_launch_that_aws_takes_is_a_task_from_then_on(steps: Steps) -> None:
    attempt = steps.attempt(call=done("arn"))
    assert steps.check() is None
    assert (attempt.arn, attempt.launched_at, attempt.call) == ("arn", steps.now, None)
    assert steps.events == ['Step "one" has an ECS task.']


def test_a_final_refusal_fails_the_step_and_is_not_asked_again(steps: Steps) -> None:
    steps.attempt(call=done(Refusal("final", "no such cluster")))
    steps.check()
    said = 'RunTask was refused for step "one" at cpu 256 / memory 512 MB: no such cluster. Asking again cannot help'
    assert [one[: len(said)] for one in steps.failures] == [said]
    assert steps.check() is None, "the failure is in the log"
    assert steps.sent == []


def test_a_refusal_that_passes_is_asked_again_until_the_launch_timeout(steps: Steps) -> None:
    attempt = steps.attempt(call=done(Refusal("throttled", "slow down")))
    assert steps.check() is None
    assert (attempt.refusals, attempt.due_at) == (1, steps.now + 5.0)
    attempt.call = done(Refusal("throttled", "slow down"))
    assert steps.check(seconds_later=59) is None
    attempt.call = done(Refusal("throttled", "slow down"))
    problem = steps.check(seconds_later=1)
    assert problem == 'RunTask was refused for step "one" at cpu 256 / memory 512 MB: slow down. Tried for 61 s'
    assert "one" not in steps.handler._attempts


def adoptable(**tags: str) -> dict[str, Any]:
    found = {RUN_TAG: "run", STEP_TAG: "one", ATTEMPT_TAG: "1", **tags}
    return {"cpu": "256", "memory": "512", "tags": [{"key": key, "value": value} for key, value in found.items()]}


def test_a_new_coordinator_takes_over_the_task_of_the_same_attempt(steps: Steps) -> None:
    steps.tasks = {"other": adoptable(**{ATTEMPT_TAG: "0"}), "its": adoptable(), "second": adoptable(more="x")}
    assert steps.check() is None
    adopted = steps.handler._attempts["one"]
    assert (adopted.arn, adopted.size, adopted.launched_at, adopted.on_spot) == ("its", SIZE, steps.now, False)
    steps.tasks = {}
    assert steps.check() is None, "it is known from then on"


def test_a_step_without_a_task_is_launched_again_unless_it_has_reported(steps: Steps) -> None:
    steps.tasks = {"other": adoptable(**{STEP_TAG: "two"})}
    lost = "no task of it was found when the coordinator was replaced"
    assert steps.check() == lost
    steps.reported = {"one"}
    assert steps.check() is None
    steps.reported = set()
    assert steps.check() is None, "its end has been read"


def test_tasks_that_aws_does_not_list_are_waited_for_until_the_launch_timeout(steps: Steps) -> None:
    steps.tasks = NO_ANSWER
    assert steps.check() is None
    steps.tasks = {}
    assert steps.check(seconds_later=9.5) is None, "asked again in ten seconds"
    assert str(steps.check(seconds_later=1)).startswith("no task of it was found")
    steps.tasks = NO_ANSWER
    assert steps.check(seconds_later=49.5) is None
    problem = steps.check(seconds_later=60)
    assert str(problem).startswith("the coordinator was replaced, and the running tasks could not be listed: ")


@pytest.fixture
def running(steps: Steps) -> Steps:
    steps.attempt(arn="arn", launched_at=steps.now)
    return steps


def test_a_task_that_aws_does_not_know_any_more_is_stopped_before_its_retry(running: Steps) -> None:
    assert running.check() is None, "not yet described"
    assert running.polled == [(["one"], running.now)]
    running.gone.add("arn")
    running.reported.add("one")
    assert (running.check(), running.stopped) == (None, [])
    running.reported.clear()
    assert running.check() == "AWS no longer knows task arn, and the step has not reported"
    assert running.stopped == [("arn", "AWS did not know it")]


def test_a_task_that_does_not_start_is_stopped_and_told_once_it_has(running: Steps) -> None:
    running.seen["arn"] = {"lastStatus": "PENDING"}
    assert running.check(seconds_later=99) is None
    assert running.stopped == []
    running.problems["arn"] = "arn: no answer"
    for times in (1, 2):
        assert running.check(seconds_later=2) is None
        assert running.stopped == [("arn", "The step's task did not start in time")] * times, "until AWS takes it"
        running.problems.clear()
    assert (running.check(), len(running.stopped)) == (None, 2)
    running.seen["arn"] = {"lastStatus": "STOPPED"}
    assert running.check() == "its task arn was still PENDING after 104 s and has been stopped"


def test_a_task_that_runs_may_take_its_time(running: Steps) -> None:
    running.seen["arn"] = {"lastStatus": "RUNNING"}
    assert (running.check(seconds_later=9999), running.stopped) == (None, [])


def test_a_task_that_ends_without_a_report_is_told_with_its_reason(running: Steps) -> None:
    running.seen["arn"] = {"lastStatus": "STOPPED", "taskArn": "arn", "containers": [{"exitCode": 0}]}
    running.reported.add("one")
    assert running.check() is None
    running.reported.clear()
    assert str(running.check()).startswith("exited without having reported success or failure in task arn")
    assert running.handler._size_after_oom == {}


@pytest.mark.parametrize(
    ("size", "told"),
    [(SIZE, f"at {SIZE}; a retry gets {SIZE.next_up()}"), (Size(16384, 122880), "and Fargate has none larger")],
)
def test_a_step_that_ran_out_of_memory_gets_the_next_size(running: Steps, size: Size, told: str) -> None:
    running.handler._attempts["one"].size = size
    running.seen["arn"] = {"lastStatus": "STOPPED", "stoppedReason": "OutOfMemoryError", "containers": []}
    assert str(running.check()).endswith(told)
    larger = size.next_up()
    assert running.handler._size_after_oom == ({"one": larger} if larger else {})


def end_run(steps: Steps, step_key: str = "one") -> list[dg.DagsterEvent]:
    return list(steps.handler.terminate_step(steps.context(step_key)))


def test_the_end_of_a_run_stops_each_task_once_and_tells_what_would_not_stop(steps: Steps) -> None:
    steps.attempt("one", arn="first")
    steps.attempt("two", call=done("second"))
    steps.attempt("three", call=done(Refusal("unknown", "no answer")))
    steps.attempt("four")
    steps.attempt("five", arn="fifth")
    steps.reported = {"five"}
    steps.problems["second"] = "second: refused"
    assert end_run(steps) == end_run(steps, "two") == []
    assert sorted(steps.stopped) == [("first", "The Dagster run has ended"), ("second", "The Dagster run has ended")]
    assert steps.events == ["These step tasks could not be stopped; the sweeper will stop them:\nsecond: refused"]
    steps.check("four")
    assert steps.sent == [], "nothing is launched any more"


def test_the_end_of_a_run_that_stops_everything_is_silent(steps: Steps) -> None:
    steps.attempt("one", arn="first")
    end_run(steps)
    assert (len(steps.stopped), steps.events) == (1, [])
