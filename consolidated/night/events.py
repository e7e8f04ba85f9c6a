"""A run's events as lines for a person: which step runs, how far the fetch is, what failed and why."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dagster import AssetCheckSeverity, DagsterEventType

if TYPE_CHECKING:
    from dagster import DagsterEvent, DagsterInstance, EventLogEntry

_BATCH = 1000


@dataclass
class Follower:
    """Follows one run. `failures` holds one line a failed step or failed check, by step: `audi/raw/scs_search`."""

    instance: DagsterInstance
    run_id: str | None = None
    failures: dict[str, str] = field(default_factory=dict)
    _cursor: str | None = None
    _started: dict[str, float] = field(default_factory=dict)

    def new_lines(self) -> Iterator[str]:
        """What happened since the last call."""
        assert self.run_id is not None
        while True:
            page = self.instance.get_records_for_run(self.run_id, cursor=self._cursor, limit=_BATCH)
            self._cursor = page.cursor
            for record in page.records:
                yield from self._lines(record.event_log_entry)
            if not page.has_more:
                return

    def _lines(self, entry: EventLogEntry) -> Iterator[str]:
        event = entry.dagster_event
        if event is None:
            if entry.step_key and int(entry.level) >= logging.INFO:
                yield f"    {entry.user_message}"
            return
        step = (event.step_key or "").replace("__", "/")
        if event.event_type is DagsterEventType.STEP_START:
            self._started[step] = entry.timestamp
            yield f"  {step}"
        elif event.event_type is DagsterEventType.STEP_SUCCESS:
            seconds = entry.timestamp - self._started.get(step, time.time())
            yield f"  {step} done in {seconds:.1f} s"
        elif event.event_type is DagsterEventType.STEP_UP_FOR_RETRY:
            yield f"  {step} failed and is tried again: {_cause(event)}"
        elif event.event_type is DagsterEventType.STEP_FAILURE:
            self.failures[step] = _cause(event)
            yield f"  {step} FAILED: {self.failures[step]}"
        elif event.event_type is DagsterEventType.ASSET_CHECK_EVALUATION:
            yield from self._check(event)

    def _check(self, event: DagsterEvent) -> Iterator[str]:
        evaluation = event.asset_check_evaluation_data
        if evaluation.passed:
            return
        asset = evaluation.asset_key.to_user_string()
        line = f"{asset} {evaluation.check_name}: {evaluation.description or 'failed'}"
        if evaluation.severity is AssetCheckSeverity.ERROR:
            self.failures[f"{asset} {evaluation.check_name}"] = evaluation.description or "failed"
        for number, text in enumerate(line.splitlines()):
            yield f"    {'! ' if number == 0 else '  '}{text}"


def _cause(event: DagsterEvent) -> str:
    """One line: our own words where the step failed with them, the innermost exception otherwise."""
    data = event.event_specific_data
    user_failure = getattr(data, "user_failure_data", None)
    if user_failure is not None and user_failure.description:
        return str(user_failure.description)
    error = getattr(data, "error", None)
    while error is not None and error.cause is not None:
        error = error.cause
    return " ".join(error.message.split()) if error is not None else "no cause was recorded"
