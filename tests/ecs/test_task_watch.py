"""The thread that asks ECS how the tasks are never holds up the executor, and a round that fails is asked again."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from resources.ecs.attempts import Attempt, TaskWatch
from resources.sizing.sizes import Size

EVERY_SECONDS = 10.0
TASK: Mapping[str, Any] = {"taskArn": "task", "lastStatus": "RUNNING"}


class SlowEcs:
    """Answers a call only when it is let go; the first calls fail."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.let_go = threading.Event()
        self.asked: list[list[str]] = []

    def describe_tasks(self, cluster: str, tasks: Sequence[str]) -> dict[str, Any]:
        self.asked.append([cluster, *tasks])
        assert self.let_go.wait(60)
        if len(self.asked) <= self.failures:
            raise ConnectionError("nobody answers")
        return {"tasks": [TASK]}


def attempt(arn: str | None, checked_at: float) -> Attempt:
    return Attempt("step", Size(256, 512), {}, False, 0.0, 0.0, arn=arn, checked_at=checked_at)


def answered(watch: TaskWatch, attempts: list[Attempt], now: float) -> None:
    """Poll until the round that is under way has been taken."""
    until = time.monotonic() + 60
    while watch._round is not None and time.monotonic() < until:
        watch.poll(attempts, now)
        time.sleep(0.01)


def test_a_round_under_way_is_not_waited_for_and_not_asked_twice() -> None:
    ecs = SlowEcs()
    with ThreadPoolExecutor(1) as calls:
        watch = TaskWatch(ecs, "cluster", calls, EVERY_SECONDS)
        now = time.monotonic()
        attempts = [attempt("task", now), attempt(None, now), attempt("ended long ago", now - 100)]
        watch.poll(attempts, now)
        assert ecs.asked == [], "the first round is due after the interval"
        later = now + 2 * EVERY_SECONDS
        attempts[0].checked_at = attempts[1].checked_at = later
        for _ in range(3):
            watch.poll(attempts, later + EVERY_SECONDS)
        assert watch.last_seen("task") is None
        ecs.let_go.set()
        answered(watch, attempts, later)
        assert ecs.asked == [["cluster", "task"]]
        assert watch.last_seen("task") == TASK


def test_a_round_that_fails_is_told_and_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    ecs = SlowEcs(failures=1)
    ecs.let_go.set()
    with ThreadPoolExecutor(1) as calls, caplog.at_level(logging.WARNING):
        watch = TaskWatch(ecs, "cluster", calls, EVERY_SECONDS)
        now = time.monotonic() + EVERY_SECONDS
        watch.poll([attempt("task", now)], now)
        answered(watch, [attempt("task", now)], now)
        assert [one.getMessage() for one in caplog.records] == [
            "DescribeTasks failed, asked again in time: nobody answers"
        ]
        assert watch.last_seen("task") is None
        now += EVERY_SECONDS
        watch.poll([attempt("task", now)], now)
        answered(watch, [attempt("task", now)], now)
        assert watch.last_seen("task") == TASK
