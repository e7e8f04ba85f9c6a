"""What each attempt of each step used, read back from the Dagster instance.

Belongs here: the runs' events, turned into `StepUse`. Does not belong here: measuring (`resources.sizing.usage`), what
fits (`resources.sizing.fitting`), printing (`resources.sizing.report`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from resources.failures import Cause, PlatformError
from resources.lake.days import PARTITION_TAG
from resources.sizing.fitting import COMFORTABLE_SHARE, Need
from resources.sizing.prices import DEFAULT_REGION, FREE_STORAGE_GIB, Architecture, task_cost_usd
from resources.sizing.sizes import COORDINATOR_SIZE, Size

if TYPE_CHECKING:
    from datetime import date

    from dagster import DagsterEvent, DagsterInstance, EventLogEntry, RunRecord

COORDINATOR = "coordinator"
_RUNS_A_PAGE = 50
_OUT_OF_MEMORY = "ran out of memory in task"  # words of `resources.ecs.tasks`

End = Literal["success", "failed", "died", "out_of_memory"]


@dataclass(frozen=True, slots=True)
class StepUse:
    """One attempt of one step. `night` is the partition's date; `is_task`: an ECS task's word.

    `end`: whether the step succeeded, raised, or its task died, in which case only its size and time are known.
    `apis`: who answered, live or sandbox or a replay.
    """

    night: str
    step: str
    size: Size
    need: Need
    billed_seconds: float
    region: str
    spot: bool = False
    is_task: bool = True
    end: End = "success"
    architecture: Architecture = "x86_64"
    storage_gib: float = FREE_STORAGE_GIB
    apis: str = "live"

    def cost_usd(self, size: Size | None = None) -> float:
        """Dollars at its own size, or of the same time at another."""
        return task_cost_usd(
            size or self.size,
            self.billed_seconds,
            self.region,
            spot=self.spot,
            architecture=self.architecture,
            storage_gib=self.storage_gib,
        )


def read_uses(instance: DagsterInstance, nights: int) -> list[StepUse]:
    """Every attempt of every step of the last `nights`, newest run first, coordinators among them.

    A night is its partition; a run without one, such as maintenance's, belongs to the night of its day.

    Raises PlatformError(CONFIGURATION) where the instance knows of none.
    """
    found: list[StepUse] = []
    seen: set[str] = set()
    cursor: str | None = None
    while True:
        page = instance.get_run_records(limit=_RUNS_A_PAGE, cursor=cursor)
        for record in page:
            night = record.dagster_run.tags.get(PARTITION_TAG) or record.create_timestamp.date().isoformat()
            if night not in seen and len(seen) == nights:
                continue  # an older night; a rerun of a wanted one may still follow
            uses = _uses_of_run(instance, record, night)
            if uses:
                seen.add(night)
                found += uses
        if len(page) < _RUNS_A_PAGE or len(seen) == nights:
            break
        cursor = page[-1].dagster_run.run_id
    if not found:
        raise PlatformError(
            Cause.CONFIGURATION,
            "no run of this Dagster instance has told what its steps used",
            advice="Run a night first (`make nightly`), or set DAGSTER_HOME to the instance that ran one.",
        )
    return found


def uses_of_night(instance: DagsterInstance, day: date) -> list[StepUse]:
    """Every attempt of every step of the runs of a day's partition, newest run first."""
    from dagster import RunsFilter

    night = day.isoformat()
    records = instance.get_run_records(filters=RunsFilter(tags={PARTITION_TAG: night}))
    return [use for record in records for use in _uses_of_run(instance, record, night)]


@dataclass
class _Launched:
    """A task of a step that has not told its use yet."""

    at: float
    size: Size
    spot: bool
    storage_gib: float


def _uses_of_run(instance: DagsterInstance, record: RunRecord, night: str) -> list[StepUse]:
    uses: list[StepUse] = []
    starting: dict[str, _Launched] = {}
    running: dict[str, _Launched] = {}
    coordinator: Mapping[str, Any] = {}
    died: list[tuple[str, _Launched, float, End]] = []
    for entry in _entries(instance, record.dagster_run.run_id):
        event = entry.dagster_event
        step_key = (event.step_key if event else None) or ""
        told = entry.asset_materialization or entry.asset_observation
        if told is not None and "peak_memory_mb" in told.metadata:
            metadata = {key: value.value for key, value in told.metadata.items()}
            end: End = "success" if entry.asset_materialization else "failed"
            uses.append(_step_use(night, told.asset_key.to_user_string(), metadata, end))
            running.pop(step_key, None)
        elif event is None:
            continue
        elif event.event_type_value == "STEP_WORKER_STARTING":
            starting[step_key] = _launched(entry.timestamp, _metadata(event))
        elif event.event_type_value == "ENGINE_EVENT":
            metadata = _metadata(event)
            if "Task ARN" in metadata and step_key in starting:
                running[step_key] = starting.pop(step_key)
                running[step_key].at = entry.timestamp
            elif "coordinator_cpu" in metadata:
                coordinator = metadata
        elif step_key in running:  # it failed or is tried again, and it never told: its task died
            is_full = _OUT_OF_MEMORY in str(event.event_specific_data)
            died.append((step_key, running.pop(step_key), entry.timestamp, "out_of_memory" if is_full else "died"))
    like = uses[0] if uses else None
    uses += [_died(night, *one, like) for one in died]
    if uses and record.start_time and record.end_time:
        uses.append(_coordinator(night, coordinator, record.start_time, record.end_time, uses[0]))
    return uses


def _entries(instance: DagsterInstance, run_id: str) -> Iterator[EventLogEntry]:
    from dagster import DagsterEventType as Kind

    kinds = {
        Kind.ASSET_MATERIALIZATION, Kind.ASSET_OBSERVATION, Kind.STEP_WORKER_STARTING, Kind.ENGINE_EVENT,
        Kind.STEP_UP_FOR_RETRY, Kind.STEP_FAILURE,
    }  # fmt: skip
    cursor: str | None = None
    while True:
        page = instance.get_records_for_run(run_id, cursor=cursor, of_type=kinds)
        for one in page.records:
            yield one.event_log_entry
        cursor = page.cursor
        if not page.has_more:
            return


def _metadata(event: DagsterEvent) -> dict[str, Any]:
    metadata = getattr(event.event_specific_data, "metadata", None) or {}
    return {key: value.value for key, value in metadata.items()}


def _launched(at: float, metadata: Mapping[str, Any]) -> _Launched:
    size = Size(metadata["cpu"], metadata["memory_mb"]) if "memory_mb" in metadata else COORDINATOR_SIZE
    return _Launched(at, size, bool(metadata.get("fargate_spot")), metadata.get("storage_gib", FREE_STORAGE_GIB))


def _died(night: str, step_key: str, task: _Launched, at: float, end: End, like: StepUse | None) -> StepUse:
    """An attempt whose task died: billed from its launch until its death was noticed.

    After an out-of-memory kill the step needs at least the next size up.
    """
    larger = task.size.next_up() or task.size
    peak_memory_mb = COMFORTABLE_SHARE * larger.memory_mb if end == "out_of_memory" else 0.0
    return StepUse(
        night, step_key.replace("__", "/"), task.size, Need(peak_memory_mb, 0.0), at - task.at,
        like.region if like else DEFAULT_REGION, task.spot, True, end,
        like.architecture if like else "x86_64", task.storage_gib, like.apis if like else "live",
    )  # fmt: skip


def _coordinator(night: str, told: Mapping[str, Any], start: float, end: float, like: StepUse) -> StepUse:
    """The run task by its own word (size, since when it is billed); off ECS the size that it would have."""
    size = Size(told["coordinator_cpu"], told["coordinator_memory_mb"]) if told else COORDINATOR_SIZE
    since = told.get("coordinator_billed_since") or start
    return StepUse(
        night, COORDINATOR, size, Need(0, 0), end - since, like.region,
        is_task=bool(told) or like.is_task, architecture=like.architecture, apis=like.apis,
    )  # fmt: skip


def _step_use(night: str, step: str, metadata: dict[str, Any], end: End) -> StepUse:
    return StepUse(
        night=night,
        step=step,
        size=Size(metadata["task_cpu"], metadata["task_memory_mb"]),
        need=Need(metadata["peak_memory_mb"], metadata["cpu_seconds"] / max(metadata["wall_seconds"], 0.001)),
        billed_seconds=metadata["billed_seconds"],
        region=metadata["price_region"],
        spot=metadata["capacity"] == "spot",
        is_task=metadata["task_size_from"] == "ecs",
        end=end,
        # what nights before these were told did not say
        architecture=metadata.get("architecture", "x86_64"),
        storage_gib=metadata.get("task_storage_gib", FREE_STORAGE_GIB),
        apis=metadata.get("apis", "sandbox"),
    )
