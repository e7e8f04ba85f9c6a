"""What failed on a night, by Dagster's own events: steps and checks, each with its cause and its run.

Belongs here: reading events. Does not belong here: what a person is told of them (`consolidated.night.attention`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dagster import AssetCheckSeverity, DagsterEventType, RunsFilter

from resources.failures import Cause
from resources.lake.days import PARTITION_TAG

if TYPE_CHECKING:
    from datetime import date

    from dagster import DagsterEvent, DagsterInstance


@dataclass(frozen=True, slots=True)
class Failure:
    """A step that failed, or a check of severity error.

    asset: `<oem>/raw/<endpoint>`. check: the check's name, None for the step. causes: from the event's metadata, the
    first the main one; empty where the event names none. words: what the event says. run_id: of the run.
    """

    asset: str
    check: str | None
    causes: tuple[Cause, ...]
    words: str
    run_id: str = ""

    @property
    def place(self) -> str:
        """`<oem>/raw/<endpoint>`, or `<oem>/raw/<endpoint> complete`."""
        return f"{self.asset} {self.check}" if self.check else self.asset


def failure_of(event: DagsterEvent, run_id: str) -> Failure | None:
    """The failure that an event tells, None where it tells none."""
    if event.event_type is DagsterEventType.STEP_FAILURE:
        data = event.step_failure_data.user_failure_data
        named = (data.metadata or {}).get("cause") if data else None
        causes = tuple(_causes([named.value])) if named else ()
        return Failure((event.step_key or "").replace("__", "/"), None, causes, words_of(event), run_id)
    if event.event_type is DagsterEventType.ASSET_CHECK_EVALUATION:
        check = event.asset_check_evaluation_data
        if check.passed or check.severity is not AssetCheckSeverity.ERROR:
            return None
        metadata = check.metadata.get("causes")
        causes = tuple(_causes(metadata.value if metadata else []))
        words = check.description or "failed"
        return Failure(check.asset_key.to_user_string(), check.check_name, causes, words, run_id)
    return None


def words_of(event: DagsterEvent) -> str:
    """One line: our own words where the step failed with them, the innermost exception otherwise."""
    data = event.event_specific_data
    user_failure = getattr(data, "user_failure_data", None)
    if user_failure is not None and user_failure.description:
        return str(user_failure.description)
    error = getattr(data, "error", None)
    while error is not None and error.cause is not None:
        error = error.cause
    return " ".join(error.message.split()) if error is not None else "no cause was recorded"


def failures_of_night(instance: DagsterInstance, day: date) -> dict[str, Failure]:
    """What failed on a partition and has not been run again since, by place, over all runs of the partition in order.

    A step that begins again takes back its own failure and those of its checks.
    """
    found: dict[str, Failure] = {}
    runs = instance.get_runs(filters=RunsFilter(tags={PARTITION_TAG: day.isoformat()}))
    for run in reversed(runs):  # given newest first
        for event in _events(instance, run.run_id):
            if event.event_type is DagsterEventType.STEP_START:
                asset = (event.step_key or "").replace("__", "/")
                found = {place: one for place, one in found.items() if one.asset != asset}
            elif failure := failure_of(event, run.run_id):
                found[failure.place] = failure
    return found


def _events(instance: DagsterInstance, run_id: str) -> Iterator[DagsterEvent]:
    kinds = {DagsterEventType.STEP_START, DagsterEventType.STEP_FAILURE, DagsterEventType.ASSET_CHECK_EVALUATION}
    cursor: str | None = None
    while True:
        page = instance.get_records_for_run(run_id, cursor=cursor, of_type=kinds)
        for record in page.records:
            if record.event_log_entry.dagster_event is not None:
                yield record.event_log_entry.dagster_event
        cursor = page.cursor
        if not page.has_more:
            return


def _causes(names: object) -> Iterator[Cause]:
    """The known ones: another version of the platform may have written the event."""
    known = {cause.value: cause for cause in Cause}
    for name in names if isinstance(names, (list, tuple)) else []:
        if name in known:
            yield known[name]
