"""The morning's part of the asset graph: `lake/night/report`, the job `morning` and the sensor that starts it.

The report stands after all makers' consolidated assets in the graph and in a job of its own: within the night's run
Dagster would skip it as soon as one step before it failed, and a night with failures is the one that is looked at. The
sensor starts the job when a night's run has ended, however it ended; `make nightly` writes the report itself.

The definitions load this module, so everything heavy is imported by the step.
Annotations are not postponed in this module: Dagster reads them.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import dagster as dg

from raw.wiring.discovery import Oem
from resources.executor import default_schedule_status
from resources.graph import (
    DAILY,
    RETRY,
    asset_key,
    check_specs,
    owners,
    partition_day,
    retried_if_ecs_interrupts,
    told_to_dagster,
)
from resources.lake.resource import LakeResource
from resources.shown.code import code_metadata
from resources.sizing.evidence import measured_size
from resources.sizing.measured_step import measured
from resources.sizing.sizes import Size, step_size, step_tags

GROUP = "night"
JOB = "morning"
REPORT = dg.AssetKey(["lake", "night", "report"])
_PARTITION_TAG = "dagster/partition"
_SIZE = Size(1024, 4096)  # thirty nights' figures, and the events of one
_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_RUNS_A_TICK = 50


def night_assets(oems: Sequence[Oem]) -> list[dg.AssetsDefinition]:
    """What closes a night of these makers."""
    merged = sorted({asset_key(oem.name, "consolidated", one.yields.table) for oem in oems for one in oem.endpoints})
    return [_report_asset(merged)]


def morning_job() -> "dg.UnresolvedAssetJobDefinition":
    return dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.groups(GROUP),
        description="The morning report of a night. A sensor starts it when the night's run has ended.",
    )


def morning_sensor(job: "dg.UnresolvedAssetJobDefinition", nightly_jobs: Sequence[str]) -> dg.SensorDefinition:
    """Starts the job for each day of which a run of these jobs has ended since the last look, well or badly."""
    names = frozenset(nightly_jobs)
    running = default_schedule_status() is dg.DefaultScheduleStatus.RUNNING

    @dg.sensor(
        name="after_the_night",
        job=job,
        minimum_interval_seconds=60,
        description="Writes the morning report when a night's run has ended, whether it succeeded or not.",
        default_status=dg.DefaultSensorStatus.RUNNING if running else dg.DefaultSensorStatus.STOPPED,
    )
    def _after_the_night(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        now = datetime.now(UTC)
        since = datetime.fromisoformat(context.cursor) if context.cursor else now
        ended = context.instance.get_run_records(
            filters=dg.RunsFilter(statuses=_ENDED, updated_after=since),
            limit=_RUNS_A_TICK,
            order_by="update_timestamp",
            ascending=True,
        )
        last_run = {
            record.dagster_run.tags[_PARTITION_TAG]: record.dagster_run.run_id
            for record in ended
            if record.dagster_run.job_name in names and _PARTITION_TAG in record.dagster_run.tags
        }
        for day, run_id in last_run.items():
            yield dg.RunRequest(run_key=f"{JOB} {run_id}", partition_key=day)
        context.update_cursor((ended[-1].update_timestamp if ended else since).isoformat())
        if not last_run:
            yield dg.SkipReason("no night has ended since the last look")

    return _after_the_night


def _report_asset(merged: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    by_evidence = measured_size(REPORT.to_user_string())
    size = step_size("consolidated", _SIZE, by_evidence)

    def step(context: dg.AssetExecutionContext, lake: LakeResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
        with retried_if_ecs_interrupts(context):
            return measured(_report_step(lake), REPORT, size)(context)

    return dg.asset(
        key=REPORT,
        deps=merged,
        partitions_def=DAILY,
        group_name=GROUP,
        kinds={"html"},
        owners=owners("consolidated"),
        metadata=code_metadata("consolidated.night.report.write", "def write_report"),
        tags={"tier": "consolidated", **size.tags()},
        op_tags=step_tags("consolidated", _SIZE, by_evidence),
        retry_policy=RETRY,
        description="The morning report: what every market's night brought, what needs a person, what the steps cost,"
        " and thirty nights' trends, as one HTML file beside the lake.",
        check_specs=check_specs(REPORT, []),
    )(step)


def _report_step(lake: LakeResource) -> Callable[[dg.AssetExecutionContext], dg.MaterializeResult[None]]:
    def run(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        from consolidated.night.report.write import path_of, write_report

        day = partition_day(context)
        with told_to_dagster():
            the_lake = lake.lake()
            figures = write_report(the_lake, lake.catalog(), context.instance, day)
        tonight = figures.tonight
        return dg.MaterializeResult(
            metadata={
                "dagster/uri": the_lake.url(path_of(day)),
                "need_a_person": len(figures.matters),
                **{name: number for name, number in tonight.items() if name != "date"},
            }
        )

    return run
