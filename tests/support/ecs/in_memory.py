"""A step handler whose neighbours a test plays: no AWS, no run, no threads, and a clock that stands still."""

from __future__ import annotations

from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest

from resources.ecs import step_handler
from resources.ecs.attempts import Attempt
from resources.ecs.launches import Pace, run_task
from resources.ecs.step_handler import HardenedStepHandler
from resources.sizing.sizes import Size

SIZE = Size(256, 512)


def done(value: Any) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_result(value)
    return future


class Steps:
    """A handler whose neighbours a test plays. reported: the steps whose end is in the log. tasks: of the cluster, or
    the error with which AWS lists none. seen: by ARN, what DescribeTasks said last. gone: ARNs that AWS knows no more.
    problems: of stops, by ARN."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reported: set[str] = set()
        self.tasks: dict[str, Any] | Exception = {}
        self.seen: dict[str, Any] = {}
        self.gone: set[str] = set()
        self.problems: dict[str, str | None] = {}
        self.failures: list[str] = []
        self.events: list[str] = []
        self.sent: list[str] = []
        self.stopped: list[tuple[str, str]] = []
        self.polled: list[tuple[list[str], float]] = []
        self.now = 1000.0
        made = HardenedStepHandler.__new__(HardenedStepHandler)
        made.ecs, made._cluster = None, "cluster"
        made._attempts, made._known_steps, made._size_after_oom = {}, set(), {}
        made._pace, made._is_stopping = Pace(self.now), False
        made._pending_timeout_seconds, made._launch_timeout_seconds = 100.0, 60.0
        made._list_again_at, made._listing_since, made._listings_failed = 0.0, None, 0
        threads: Any = SimpleNamespace(submit=self._submit)
        watch: Any = SimpleNamespace(
            poll=lambda attempts, now: self.polled.append((sorted(one.step_key for one in attempts), now)),
            last_seen=self.seen.get,
            is_gone=lambda arn, *_: arn in self.gone,
        )
        made._calls, made._watch = threads, watch
        self.handler = made
        clock = SimpleNamespace(monotonic=lambda: self.now)
        told = SimpleNamespace(DagsterEvent=SimpleNamespace(engine_event=lambda _, text, *__: self.events.append(text)))
        monkeypatch.setattr(step_handler, "time", clock)
        monkeypatch.setattr(dg, "DagsterEvent", told.DagsterEvent)
        monkeypatch.setattr(step_handler, "reported_steps", lambda _: self.reported)
        monkeypatch.setattr(step_handler, "earlier_attempts", lambda *_: 1)
        monkeypatch.setattr(step_handler, "step_failure", lambda _, text: self.failures.append(text))
        monkeypatch.setattr(step_handler, "running_tasks", self._running)
        monkeypatch.setattr(step_handler, "seconds_until_next_try", lambda failed: 5.0 + 5.0 * failed)
        monkeypatch.setattr(step_handler, "stop_task", self._stop)

    def _running(self, ecs: Any, cluster: str, run_id: str) -> dict[str, Any]:
        assert (cluster, run_id) == ("cluster", "run")
        if isinstance(self.tasks, Exception):
            raise self.tasks
        return self.tasks

    def _stop(self, ecs: Any, cluster: str, arn: str, reason: str) -> str | None:
        self.stopped.append((arn, reason))
        return self.problems.get(arn)

    def _submit(self, function: Any, *arguments: Any) -> Future[Any]:
        if function is run_task:
            self.sent.append(arguments[1]["clientToken"])
            return Future()
        return done(function(*arguments))

    def attempt(self, step_key: str = "one", **words: Any) -> Attempt:
        """A step that is being launched or runs."""
        attempt = Attempt(step_key, SIZE, {}, False, self.now, self.now, identity=("run", step_key), **words)
        self.handler._attempts[step_key] = attempt
        self.handler._known_steps.add(step_key)
        return attempt

    def context(self, step_key: str = "one") -> Any:
        args = SimpleNamespace(run_id="run", step_keys_to_execute=[step_key])
        return SimpleNamespace(execute_step_args=args, get_step_context=lambda key: key)

    def check(self, step_key: str = "one", *, seconds_later: float = 1.0) -> str | None:
        """Why the executor takes the step for unhealthy, None where it does not."""
        self.now += seconds_later
        found = self.handler.check_step_health(self.context(step_key))
        return None if found.is_healthy else str(found.unhealthy_reason)
