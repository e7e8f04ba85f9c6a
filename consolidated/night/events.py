"""A run's events as a person follows them: lines of what happened, and how far each maker is."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dagster import AssetCheckSeverity, DagsterEventType

from consolidated.night.failures import Failure, failure_of, words_of

if TYPE_CHECKING:
    from dagster import DagsterEvent, DagsterInstance, EventLogEntry

    from raw.wiring.discovery import Oem

_BATCH = 1000
_STAGES = {"raw": "fetching", "transformed": "typing", "consolidated": "merging"}
# the words of `raw.fetch.market.Progress`
_FETCHED = re.compile(r"^(?P<market>\S+ \S+ \S+): (?P<records>\d+)(?: of (?P<total>\d+))? records, ")
# Dagster's words of a step whose dependencies failed
_NOT_RUN = re.compile(r"^Dependencies for step .* Not executing\.$")


@dataclass(frozen=True, slots=True)
class Line:
    """Something that happened. is_news: worth a line also where bars show how far the makers are."""

    text: str
    is_news: bool = False


@dataclass
class MakerProgress:
    """How far a maker is. records: by market, those that came and those that the market reports, where it does."""

    name: str
    steps: int
    running: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    records: dict[str, tuple[int, int | None]] = field(default_factory=dict)
    started_at: float | None = None
    ended_at: float | None = None
    failures: int = 0

    @property
    def is_at_work(self) -> bool:
        return self.started_at is not None and self.ended_at is None

    @property
    def stage(self) -> str:
        """What its least advanced running step does."""
        tiers = {step.split("/")[1] for step in self.running}
        return next((word for tier, word in _STAGES.items() if tier in tiers), "waiting")

    @property
    def fetched(self) -> tuple[int, int]:
        """Records that came, and those that there are as far as the markets have said."""
        came = sum(records for records, _ in self.records.values())
        return came, sum(max(records, total or 0) for records, total in self.records.values())


def makers_of(oems: Iterable[Oem]) -> dict[str, MakerProgress]:
    """The makers of a night before it begins. A step an endpoint in raw and in transformed, one a table after that."""
    found = {}
    for oem in oems:
        tables = {endpoint.yields.table for endpoint in oem.endpoints}
        found[oem.name] = MakerProgress(oem.name, 2 * len(oem.endpoints) + len(tables))
    return found


@dataclass
class Follower:
    """Follows one run. failures: by place."""

    instance: DagsterInstance
    makers: dict[str, MakerProgress]
    run_id: str | None = None
    failures: dict[str, Failure] = field(default_factory=dict)
    _cursor: str | None = None
    _started: dict[str, float] = field(default_factory=dict)

    def new_lines(self) -> Iterator[Line]:
        """What happened since the last call."""
        assert self.run_id is not None
        while True:
            page = self.instance.get_records_for_run(self.run_id, cursor=self._cursor, limit=_BATCH)
            self._cursor = page.cursor
            for record in page.records:
                yield from self._lines(record.event_log_entry)
            if not page.has_more:
                return

    def _lines(self, entry: EventLogEntry) -> Iterator[Line]:
        event = entry.dagster_event
        step = (entry.step_key or "").replace("__", "/")
        maker = self.makers.get(step.split("/")[0])
        if event is None:
            if entry.step_key and int(entry.level) >= logging.INFO:
                if maker and (told := _FETCHED.match(entry.user_message)):
                    total = told["total"]
                    maker.records[told["market"]] = int(told["records"]), None if total is None else int(total)
                if _NOT_RUN.match(entry.user_message):  # Dagster has no event for it
                    yield Line(f"  {step} is not run, since a step before it failed")
                    yield from self._ended(maker, step, entry.timestamp)
                else:
                    yield Line(f"    {entry.user_message}")
            return
        if failure := failure_of(event, entry.run_id):
            self.failures[failure.place] = failure
        if event.event_type is DagsterEventType.STEP_START:
            self._started[step] = entry.timestamp
            if maker:
                maker.started_at = maker.started_at or entry.timestamp
                maker.running.add(step)
            yield Line(f"  {step}")
        elif event.event_type is DagsterEventType.STEP_SUCCESS:
            seconds = entry.timestamp - self._started.get(step, time.time())
            yield Line(f"  {step} done in {seconds:.1f} s")
            yield from self._ended(maker, step, entry.timestamp)
        elif event.event_type is DagsterEventType.STEP_UP_FOR_RETRY:
            yield Line(f"  {step} failed and is tried again: {words_of(event)}", is_news=True)
        elif event.event_type is DagsterEventType.STEP_FAILURE:
            yield Line(f"  {step} FAILED: {words_of(event)}", is_news=True)
            if maker:
                maker.failures += 1
            yield from self._ended(maker, step, entry.timestamp)
        elif event.event_type is DagsterEventType.STEP_SKIPPED:
            yield from self._ended(maker, step, entry.timestamp)
        elif event.event_type is DagsterEventType.ASSET_CHECK_EVALUATION:
            yield from self._check(event)

    def _ended(self, maker: MakerProgress | None, step: str, timestamp: float) -> Iterator[Line]:
        """The maker's own line when its last step has ended."""
        if maker is None:
            return
        maker.running.discard(step)
        maker.ended.add(step)
        if len(maker.ended) == maker.steps:
            maker.ended_at = timestamp
            seconds = timestamp - (maker.started_at or timestamp)
            steps = "step" if maker.failures == 1 else "steps"
            failed = f", {maker.failures} {steps} FAILED" if maker.failures else ""
            records = f"{maker.fetched[0]:,} records, " if maker.records else ""
            yield Line(f"{maker.name} done: {records}{seconds:.1f} s{failed}", is_news=True)

    def _check(self, event: DagsterEvent) -> Iterator[Line]:
        evaluation = event.asset_check_evaluation_data
        if evaluation.passed:
            return
        asset = evaluation.asset_key.to_user_string()
        line = f"{asset} {evaluation.check_name}: {evaluation.description or 'failed'}"
        is_error = evaluation.severity is AssetCheckSeverity.ERROR
        for number, text in enumerate(line.splitlines()):
            yield Line(f"    {'! ' if number == 0 else '  '}{text}", is_news=is_error)
