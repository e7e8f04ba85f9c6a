"""The state of one attempt at a step, and the calls that describe and stop tasks. Nothing here knows Dagster."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from resources.ecs.launches import Refusal
from resources.ecs.requests import placed_on_spot
from resources.retries import retrying
from resources.sizing.sizes import Size

DESCRIBE_BATCH = 100  # AWS, DescribeTasks: "up to 100 task IDs or full ARN entries"
# DescribeTasks is eventually consistent: for a while after RunTask it may not know the new task (reason MISSING)
GONE_SECONDS = 120.0
# and now and then later. A task that runs on is worse than a death that is noticed late, so a task that was seen counts
# as gone only once it was MISSING for this many rounds; AWS remembers a task that has stopped for an hour
GONE_ROUNDS = 3
_STOP_ATTEMPTS = 5


@dataclass
class Attempt:
    """One attempt at one step, from its request to the end of its task. Times: seconds of the monotonic clock."""

    step_key: str
    size: Size
    kwargs: dict[str, Any]
    on_spot: bool
    asked_at: float
    due_at: float
    call: Future[str | Refusal] | None = None
    refusals: int = 0
    arn: str | None = None
    launched_at: float = 0.0
    checked_at: float = 0.0  # when the executor last checked the step; it no longer checks a step that has ended
    overdue: str | None = None  # why the task is being stopped before it has started
    stop: Future[str | None] | None = None
    identity: tuple[str, ...] = ()  # run, step and number of the attempt
    times_without_capacity: int = 0

    def request(self) -> dict[str, Any]:
        return {**placed_on_spot(self.kwargs, self.on_spot), "clientToken": self.client_token}

    @property
    def client_token(self) -> str:
        """The same in every coordinator of the run, so that AWS itself refuses to start a second task.

        AWS takes up to 64 characters ("Ensuring idempotency").
        """
        parts = json.dumps([*self.identity, self.times_without_capacity])
        return hashlib.sha256(parts.encode()).hexdigest()

    def ask_again(self, refusal: Refusal, due_at: float) -> None:
        """Plan the next call of RunTask for `due_at`.

        The client token stays until an answer says that no task was started: for a known token AWS returns the task
        of the lost answer, for a new token it would start a second task. Where Spot has no capacity, the next call
        asks for on-demand capacity.
        """
        self.refusals += 1
        self.due_at = due_at
        if refusal.kind == "capacity":
            self.times_without_capacity += 1
            self.on_spot = False

    def outcome_within(self, seconds: float) -> str | None:
        """The ARN that a call of RunTask under way returns within `seconds`; None where it returns none."""
        if self.call is None:
            return None
        try:
            outcome = self.call.result(timeout=seconds)
        except TimeoutError:
            return None
        return None if isinstance(outcome, Refusal) else outcome


class TaskWatch:
    """The latest descriptions of the running tasks. A thread renews them, a hundred tasks a call.

    dagster-aws makes one call for each running task, in the executor's loop.
    """

    def __init__(self, ecs: Any, cluster: str, calls: ThreadPoolExecutor, every_seconds: float) -> None:
        self._ecs, self._cluster, self._calls, self._every_seconds = ecs, cluster, calls, every_seconds
        self._round: Future[tuple[dict[str, Mapping[str, Any]], set[str]]] | None = None
        self._next_at = time.monotonic() + every_seconds
        self._tasks: dict[str, Mapping[str, Any]] = {}
        self._missing_since: dict[str, float] = {}
        self._ever_seen: set[str] = set()

    def poll(self, attempts: Collection[Attempt], now: float) -> None:
        """Take the answers of a finished round, and start the next round where it is due.

        A round that fails is skipped. Attempts that the executor has not checked for two rounds have ended, so the
        next round leaves them out.
        """
        if self._round is not None and self._round.done():
            round_, self._round = self._round, None
            try:
                self._tasks, missing = round_.result()
                self._ever_seen |= self._tasks.keys()
                self._missing_since = {arn: self._missing_since.get(arn, now) for arn in missing}
            except Exception as error:  # steps report their ends by themselves, and the next round comes soon
                logging.getLogger(__name__).warning("DescribeTasks failed, asked again in time: %s", error)
        if self._round is None and now >= self._next_at:
            self._next_at = now + self._every_seconds
            recent = now - 2 * self._every_seconds - 10
            arns = [attempt.arn for attempt in attempts if attempt.arn and attempt.checked_at >= recent]
            self._round = self._calls.submit(describe_tasks, self._ecs, self._cluster, arns)

    def last_seen(self, arn: str) -> Mapping[str, Any] | None:
        return self._tasks.get(arn)

    def is_gone(self, arn: str, launched_at: float, now: float) -> bool:
        """Whether AWS no longer knows the task: see GONE_ROUNDS, and GONE_SECONDS for a task that no round has seen."""
        since = self._missing_since.get(arn)
        if since is None:
            return False
        if arn in self._ever_seen:
            return now - since >= GONE_ROUNDS * self._every_seconds
        return now - launched_at > GONE_SECONDS


def describe_tasks(
    ecs: Any, cluster: str, arns: Sequence[str], include: Sequence[str] = ()
) -> tuple[dict[str, Mapping[str, Any]], set[str]]:
    """The descriptions of the tasks by ARN, and the ARNs that AWS does not know. Raises botocore's errors."""
    tasks: dict[str, Mapping[str, Any]] = {}
    missing: set[str] = set()
    for start in range(0, len(arns), DESCRIBE_BATCH):
        answer = ecs.describe_tasks(
            cluster=cluster, tasks=arns[start : start + DESCRIBE_BATCH], **({"include": include} if include else {})
        )
        tasks |= {task["taskArn"]: task for task in answer.get("tasks", [])}
        missing |= {failure["arn"] for failure in answer.get("failures", []) if failure.get("reason") == "MISSING"}
    return tasks, missing


def running_tasks(ecs: Any, cluster: str, started_by: str | None = None) -> dict[str, Mapping[str, Any]]:
    """The tasks of the cluster that are not stopping or stopped, by ARN, with their tags. Raises botocore's errors.

    started_by: only those that RunTask started with this value. AWS takes no other filter beside it, and lists running
    tasks where none is asked for.
    """
    wanted = {"startedBy": started_by} if started_by else {"desiredStatus": "RUNNING"}
    pages = ecs.get_paginator("list_tasks").paginate(cluster=cluster, **wanted)
    arns = [arn for page in pages for arn in page["taskArns"]]
    return describe_tasks(ecs, cluster, arns, include=["TAGS"])[0]


def tags_of(task: Mapping[str, Any]) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in task.get("tags", [])}


def stop_task(ecs: Any, cluster: str, arn: str, reason: str) -> str | None:
    """Stop a task, in up to five attempts. Returns None, or why the task may still be running. Raises nothing."""
    try:
        retrying(Exception, attempts=_STOP_ATTEMPTS, first_wait_seconds=1.0)(
            ecs.stop_task, cluster=cluster, task=arn, reason=reason
        )
    except Exception as error:  # a problem with one task must not keep the others running
        return f"{arn}: {error}"
    return None
