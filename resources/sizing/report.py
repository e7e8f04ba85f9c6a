"""`make sizing`: what the steps of the last nights used and cost, and which sizes would do.

Belongs here: reading the steps' own words (`resources.sizing.usage`) back from the Dagster instance, and the table.
Does not belong here: measuring, and the rule of what fits (`resources.sizing.fitting`).

The instance is that of DAGSTER_HOME, so on a machine that reaches production's PostgreSQL it is production's.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from resources.failures import Cause, PlatformError
from resources.graph import checkout_instance
from resources.sizing.fitting import Need, better_size
from resources.sizing.prices import PRICES_AS_OF, task_cost_usd
from resources.sizing.sizes import COORDINATOR_SIZE, Size

if TYPE_CHECKING:
    from dagster import DagsterInstance, RunRecord

_RUNS_A_PAGE = 50
_PARTITION_TAG = "dagster/partition"
COORDINATOR = "coordinator"


@dataclass(frozen=True, slots=True)
class StepUse:
    """One attempt of one step, as it told it. `night` is the partition's date; `is_task`: an ECS task's word."""

    night: str
    step: str
    size: Size
    need: Need
    billed_seconds: float
    region: str
    spot: bool
    is_task: bool
    failed: bool

    def cost_usd(self, size: Size | None = None) -> float:
        """Dollars at its own size, or of the same time at another."""
        return task_cost_usd(size or self.size, self.billed_seconds, self.region, spot=self.spot)


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step over the nights: its latest size, its highest need, dollars a night now and at `better`."""

    step: str
    size: Size
    need: Need
    better: Size | None
    cost_now_usd: float
    cost_then_usd: float
    is_task: bool


def main(arguments: list[str] | None = None) -> int:
    """Print the table. Returns the exit code: 0, or 2 where there is nothing to print."""
    parser = argparse.ArgumentParser(prog="make sizing", description=__doc__)
    parser.add_argument("--nights", type=int, default=7, help="how many of the last nights; 7 by default")
    options = parser.parse_args(arguments)
    try:
        with checkout_instance() as instance:
            uses = read_uses(instance, options.nights)
    except PlatformError as error:
        print(error, file=sys.stderr)
        return 2
    print_report(uses)
    return 0


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
            night = record.dagster_run.tags.get(_PARTITION_TAG) or record.create_timestamp.date().isoformat()
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


def _uses_of_run(instance: DagsterInstance, record: RunRecord, night: str) -> list[StepUse]:
    from dagster import DagsterEventType

    kinds = {DagsterEventType.ASSET_MATERIALIZATION, DagsterEventType.ASSET_OBSERVATION}
    uses: list[StepUse] = []
    cursor: str | None = None
    while True:
        page = instance.get_records_for_run(record.dagster_run.run_id, cursor=cursor, of_type=kinds)
        for one in page.records:
            event = one.event_log_entry
            told = event.asset_materialization or event.asset_observation
            if told is not None and "peak_memory_mb" in told.metadata:
                metadata = {key: value.value for key, value in told.metadata.items()}
                step = told.asset_key.to_user_string()
                uses.append(_step_use(night, step, metadata, failed=event.asset_materialization is None))
        cursor = page.cursor
        if not page.has_more:
            break
    if uses and record.start_time and record.end_time:
        # on ECS: the run task, by the time that Dagster knows; its image pull and start come before that
        uses.append(
            StepUse(
                night, COORDINATOR, COORDINATOR_SIZE, Need(0, 0), record.end_time - record.start_time,
                uses[0].region, spot=False, is_task=uses[0].is_task, failed=False,
            )
        )  # fmt: skip
    return uses


def _step_use(night: str, step: str, metadata: dict[str, Any], *, failed: bool) -> StepUse:
    return StepUse(
        night=night,
        step=step,
        size=Size(metadata["task_cpu"], metadata["task_memory_mb"]),
        need=Need(metadata["peak_memory_mb"], metadata["cpu_seconds"] / max(metadata["wall_seconds"], 0.001)),
        billed_seconds=metadata["billed_seconds"],
        region=metadata["price_region"],
        spot=metadata["capacity"] == "spot",
        is_task=metadata["task_size_from"] == "ecs",
        failed=failed,
    )


def rows(uses: Iterable[StepUse]) -> list[StepRow]:
    """A row a step, by name, the coordinator first; the advice is from the highest need of all its attempts."""
    by_step: dict[str, list[StepUse]] = {}
    for use in uses:
        by_step.setdefault(use.step, []).append(use)
    found = []
    for step, its in sorted(by_step.items(), key=lambda item: (item[0] != COORDINATOR, item[0])):
        need = Need(max(use.need.peak_memory_mb for use in its), max(use.need.busy_vcpus for use in its))
        size = its[0].size  # newest run first
        better = None if step == COORDINATOR else better_size(need, size)
        nights = len({use.night for use in its})
        found.append(
            StepRow(
                step=step,
                size=size,
                need=need,
                better=better,
                cost_now_usd=sum(use.cost_usd() for use in its) / nights,
                cost_then_usd=sum(use.cost_usd(better) for use in its) / nights,
                is_task=all(use.is_task for use in its),
            )
        )
    return found


def print_report(uses: list[StepUse]) -> None:
    """The table of the steps, then a line a night with its total."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console = Console(highlight=False, soft_wrap=True, width=140)
    nights = sorted({use.night for use in uses})
    found = rows(uses)
    better = {row.step: row.better for row in found}
    table = Table(title=f"steps of {len(nights)} nights, {nights[0]} to {nights[-1]}", title_justify="left")
    for name in ("step", "cpu / memory MB", "peak MB", "of memory", "vCPUs busy", "would do", "$ now", "$ then"):
        table.add_column(name, justify="left" if name in ("step", "would do") else "right")
    for row in found:
        measured = row.step != COORDINATOR
        table.add_row(
            row.step,
            _pair(row.size),
            f"{row.need.peak_memory_mb:,.0f}" if measured else "-",
            f"{row.need.peak_memory_mb / row.size.memory_mb:.0%}" if measured else "-",
            f"{row.need.busy_vcpus:.2f}" if measured else "-",
            _pair(row.better) if row.better else "fits" if measured else "-",
            f"{row.cost_now_usd:.5f}",
            f"{row.cost_then_usd:.5f}",
        )
    console.print(table)
    for night in nights:
        its = [use for use in uses if use.night == night]
        now = sum(use.cost_usd() for use in its)
        then = sum(use.cost_usd(better[use.step]) for use in its)
        failed = sum(use.failed for use in its)
        steps = sum(use.step != COORDINATOR for use in its)
        note = f", {failed} of them failed" if failed else ""
        console.print(f"night of {night}: {steps} step attempts{note}, ${now:.4f} now, ${then:.4f} then")
    regions = ", ".join(sorted({use.region for use in uses}))
    console.print(
        f"\n$ a night, Fargate's vCPU and memory on x86 in {regions}, prices of {PRICES_AS_OF}, a minute the least"
    )
    if not all(row.is_task for row in found):
        console.print(
            "Not all of it ran as ECS tasks: sizes are the declared ones, dollars what such tasks would have cost,\n"
            "and peaks may include what earlier steps left in a shared process. Take sizes from nights on ECS."
        )


def _pair(size: Size) -> str:
    return f"{size.cpu} / {size.memory_mb}"


if __name__ == "__main__":
    sys.exit(main())
