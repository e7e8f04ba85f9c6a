"""One attempt at a step: its client token, its next call, its late answer; and when its task counts as gone."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from resources.ecs.attempts import (
    GONE_ROUNDS,
    GONE_SECONDS,
    Attempt,
    TaskWatch,
    describe_tasks,
    running_tasks,
    stop_task,
)
from resources.ecs.launches import Refusal
from resources.ecs.step_handler import HardenedStepHandler
from resources.sizing.sizes import Size

EVERY_SECONDS = 10.0


class At:
    """Runs what it is given at once."""

    def submit(self, call: Any, *arguments: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(call(*arguments))
        except Exception as error:
            done.set_exception(error)
        return done


class Ecs:
    """Describes the tasks that it knows; of the others it says that they are missing, or another reason."""

    def __init__(self, *known: str, reason: str = "MISSING") -> None:
        self.known, self.reason = set(known), reason
        self.asked: list[dict[str, Any]] = []

    def describe_tasks(self, cluster: str, tasks: list[str], **more: Any) -> dict[str, Any]:
        self.asked.append({"cluster": cluster, "tasks": tasks, **more})
        return {
            "tasks": [{"taskArn": arn} for arn in tasks if arn in self.known],
            "failures": [{"arn": arn, "reason": self.reason} for arn in tasks if arn not in self.known],
        }

    def get_paginator(self, _: str) -> Any:
        def paginate(**wanted: Any) -> list[dict[str, list[str]]]:
            self.asked.append(wanted)
            return [{"taskArns": [arn]} for arn in sorted(self.known)]

        return SimpleNamespace(paginate=paginate)


def attempt_of(**more: Any) -> Attempt:
    return Attempt("step", Size(256, 512), {"count": 1}, True, 0.0, 0.0, identity=("run", "step", "0"), **more)


def watching(ecs: Ecs) -> TaskWatch:
    """A watch that begins at the second 0."""
    calls: Any = At()
    began = time.monotonic()
    watch = TaskWatch(ecs, "cluster", calls, EVERY_SECONDS)
    watch._next_at = float(round(watch._next_at - began))
    return watch


def rounds(watch: TaskWatch, one: Attempt, *times: float) -> None:
    """At each time a round is due and is answered at once."""
    for now in times:
        one.checked_at = now
        watch.poll([one], now)
        watch.poll([], now)


def test_a_task_that_no_round_has_seen_is_gone_after_its_time() -> None:
    watch = watching(Ecs())
    assert not watch.is_gone("task", 0.0, 1000.0), "no round has asked yet"
    rounds(watch, attempt_of(arn="task"), 10.0)
    assert not watch.is_gone("task", 5.0, 5.0 + GONE_SECONDS)
    assert watch.is_gone("task", 5.0, 5.1 + GONE_SECONDS)


def test_a_task_that_was_seen_is_gone_after_rounds_without_it() -> None:
    ecs = Ecs("task")
    watch, one = watching(ecs), attempt_of(arn="task")
    rounds(watch, one, 10.0)
    assert not watch.is_gone("task", 0.0, 1000.0)
    ecs.known.clear()
    rounds(watch, one, 20.0, 30.0)
    assert not watch.is_gone("task", 0.0, 19.9 + GONE_ROUNDS * EVERY_SECONDS), "since the first round that missed it"
    assert watch.is_gone("task", 0.0, 20.0 + GONE_ROUNDS * EVERY_SECONDS)
    ecs.known.add("task")
    rounds(watch, one, 40.0)
    assert not watch.is_gone("task", 0.0, 1000.0)


def test_only_a_task_that_aws_misses_can_be_gone() -> None:
    watch = watching(Ecs(reason="ANOTHER"))
    rounds(watch, attempt_of(arn="task"), 10.0)
    assert not watch.is_gone("task", 0.0, 1000.0)


def test_a_round_asks_for_what_was_checked_within_two_rounds() -> None:
    ecs = Ecs()
    watch = watching(ecs)
    checked = [attempt_of(arn=name, checked_at=at) for name, at in (("late", 69.9), ("just", 70.0), ("now", 100.0))]
    watch.poll([*checked, attempt_of(checked_at=100.0)], 9.9)
    assert ecs.asked == [], "the first round is due after the interval"
    watch.poll([*checked, attempt_of(checked_at=100.0)], 100.0)
    assert [one["tasks"] for one in ecs.asked] == [["just", "now"]]
    for now in (100.0, 109.9, 110.0):
        watch.poll(checked, now)
    assert len(ecs.asked) == 2


def test_a_hundred_tasks_are_described_a_call() -> None:
    arns = [f"task {number}" for number in range(201)]
    ecs = Ecs(*arns[:150])
    tasks, missing = describe_tasks(ecs, "cluster", arns)
    assert [len(one["tasks"]) for one in ecs.asked] == [100, 100, 1]
    assert (sorted(tasks), sorted(missing)) == (sorted(arns[:150]), sorted(arns[150:]))
    assert all("include" not in one for one in ecs.asked)


@pytest.mark.parametrize("started_by", ["run", None])
def test_tasks_are_listed_by_who_started_them_or_as_running(started_by: str | None) -> None:
    ecs = Ecs("first", "second")
    assert sorted(running_tasks(ecs, "cluster", started_by)) == ["first", "second"]
    wanted = {"startedBy": "run"} if started_by else {"desiredStatus": "RUNNING"}
    assert ecs.asked == [
        {"cluster": "cluster", **wanted},
        {"cluster": "cluster", "tasks": ["first", "second"], "include": ["TAGS"]},
    ]


def test_only_an_answer_that_no_task_was_started_changes_the_client_token() -> None:
    one = attempt_of()
    token = one.client_token
    assert len(token) == 64
    one.ask_again(Refusal("unknown", ""), due_at=7.0)
    one.ask_again(Refusal("throttled", ""), due_at=9.0)
    assert (one.client_token, one.refusals, one.due_at, one.on_spot) == (token, 2, 9.0, True)
    assert one.request()["clientToken"] == token
    assert "capacityProviderStrategy" in one.request() | {"overrides": {}}
    one.ask_again(Refusal("capacity", ""), due_at=9.0)
    assert one.client_token != token
    assert (one.refusals, one.on_spot) == (3, False)
    assert one.request() == {"count": 1, "clientToken": one.client_token}


def test_an_attempt_begins_with_nothing_asked_and_no_task() -> None:
    one = attempt_of()
    assert (one.call, one.refusals, one.times_without_capacity) == (None, 0, 0)
    assert (one.arn, one.launched_at, one.checked_at, one.overdue, one.stop) == (None, 0.0, 0.0, None, None)


def test_an_answer_is_waited_for_and_only_a_task_counts() -> None:
    assert attempt_of().outcome_within(0) is None
    with ThreadPoolExecutor(1) as calls:
        assert attempt_of(call=calls.submit(lambda: "arn")).outcome_within(60) == "arn"
        assert attempt_of(call=calls.submit(lambda: Refusal("final", ""))).outcome_within(60) is None
    assert attempt_of(call=Future()).outcome_within(0.01) is None


@pytest.mark.parametrize(("refused", "outcome"), [(0, None), (4, None), (5, "task: AWS says no")])
def test_a_task_is_stopped_in_five_attempts_with_fifteen_seconds_between_them_at_most(
    refused: int, outcome: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    stops: list[dict[str, str]] = []
    monkeypatch.setattr("time.sleep", waits.append)
    monkeypatch.setattr("random.uniform", lambda _, high: high)

    def stop(**request: str) -> None:
        stops.append(request)
        if len(stops) <= refused:
            raise ValueError("AWS says no")

    assert stop_task(SimpleNamespace(stop_task=stop), "cluster", "task", "over") == outcome
    assert stops == [{"cluster": "cluster", "task": "task", "reason": "over"}] * min(refused + 1, 5)
    assert waits == [1.0, 2.0, 4.0, 8.0][:refused]


def test_running_tasks_are_looked_for_as_long_as_a_launch_is_tried() -> None:
    handler = HardenedStepHandler.__new__(HardenedStepHandler)
    handler._listing_since, handler._listings_failed, handler._launch_timeout_seconds = None, 0, 60.0
    found = [handler._not_listed(ValueError("no answer"), now) for now in (1000.0, 1060.0, 1060.5)]
    assert [one.is_healthy for one in found] == [True, True, False]
    assert "the running tasks could not be listed: no answer" in (found[-1].unhealthy_reason or "")
    assert 1060 < handler._list_again_at <= 1120


def test_a_task_is_stopped_once_it_has_not_started_for_longer_than_its_time() -> None:
    stops: list[str] = []
    handler: Any = HardenedStepHandler.__new__(HardenedStepHandler)
    handler._watch = SimpleNamespace(last_seen=lambda _: {"lastStatus": "PENDING"})
    handler._calls, handler._cluster, handler._pending_timeout_seconds = At(), "cluster", 900.0
    handler.ecs = SimpleNamespace(stop_task=lambda **request: stops.append(request["task"]))
    one = attempt_of()
    for now, stopped in ((900.0, []), (900.5, ["arn"]), (901.0, ["arn"])):
        assert handler._end_of_task(one, "arn", None, now) is None
        assert stops == stopped
    assert "was still PENDING after 901 s and has been stopped" in (one.overdue or "")
