"""What goes wrong on purpose: in the API's answers, and in the life of a task.

Belongs here: which fault, where and how often. Does not belong here: what a fault does (`lives`, `server`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.ecs.limits import AwsError
from tests.support.ecs.tasks import TaskFault, step_tag


@dataclass
class _Rule:
    times: int
    matches: Callable[[Any], bool]
    fault: Any
    after_seconds: float = 0.0
    used: int = field(default=0)


class Faults:
    """Faults that are still to happen; each rule is used `times` times, the rules in the order of their adding."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._api: list[_Rule] = []
        self._tasks: list[_Rule] = []

    def on_call(
        self,
        action: str,
        error: AwsError | str,
        times: int = 1,
        where: Callable[[Mapping[str, Any]], bool] = lambda request: True,
    ) -> None:
        """Answer calls of an action (`RunTask`) by an error; by a string: RunTask starts nothing and says so.

        `limits` has them ready: THROTTLING, EC2_THROTTLING, ACCESS_DENIED, SERVER_ERROR, and NO_CAPACITY (a string).
        `where` is given the request; `of_step` makes one for a step.
        """
        with self._lock:
            self._api.append(_Rule(times, lambda call: call[0] == action and where(call[1]), error))

    def on_step(self, step_key: str, fault: TaskFault, times: int = 1, after_seconds: float = 0.0) -> None:
        """Let the next `times` tasks of a step meet a fault, `after_seconds` of being RUNNING where it needs that."""
        tag = step_tag(step_key)
        rule = _Rule(times, lambda tags: tags.get("dagster/step-key") == tag, fault, after_seconds)
        with self._lock:
            self._tasks.append(rule)

    def clear(self) -> None:
        with self._lock:
            self._api.clear()
            self._tasks.clear()

    def for_call(self, action: str, request: Mapping[str, Any]) -> AwsError | str | None:
        rule = self._take(self._api, (action, request))
        return rule.fault if rule else None

    def for_task(self, tags: Mapping[str, str]) -> tuple[TaskFault | None, float]:
        rule = self._take(self._tasks, tags)
        return (rule.fault, rule.after_seconds) if rule else (None, 0.0)

    def _take(self, rules: list[_Rule], subject: Any) -> _Rule | None:
        with self._lock:
            for rule in rules:
                if rule.used < rule.times and rule.matches(subject):
                    rule.used += 1
                    return rule
        return None


def of_step(step_key: str) -> Callable[[Mapping[str, Any]], bool]:
    """Whether a RunTask request is for a step."""
    tag = {"key": "dagster/step-key", "value": step_tag(step_key)}
    return lambda request: tag in request.get("tags", [])
