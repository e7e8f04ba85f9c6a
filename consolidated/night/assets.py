"""The morning's part of the asset graph: `lake/night/report` and `lake/night/alerts`, and what starts their job.

They stand after all makers' consolidated assets in the graph and in a job of their own, `morning`: within the night's
run Dagster would skip them as soon as one step before them failed, and a night with failures is the one that is looked
at. A sensor starts the job when a night's run has ended, however it ended; a schedule starts it for a day of which no
run has begun; `make nightly` materialises both itself.

The definitions load this module, so everything heavy is imported by the step.
Annotations are not postponed in this module: Dagster reads them.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import dagster as dg

from consolidated.night.freshness import DUE_HOUR, consolidated_markets
from consolidated.night.runs import runs_of_night
from raw.wiring.discovery import Oem
from resources.executor import default_schedule_status
from resources.graph import (
    DAILY,
    RETRY,
    check_specs,
    owners,
    partition_day,
    retried_if_ecs_interrupts,
    told_to_dagster,
)
from resources.lake.days import PARTITION_TAG
from resources.lake.resource import LakeResource
from resources.shown.code import code_metadata
from resources.sizing.evidence import measured_size
from resources.sizing.measured_step import measured
from resources.sizing.sizes import Size, step_size, step_tags

GROUP = "night"
JOB = "morning"
REPORT = dg.AssetKey(["lake", "night", "report"])
ALERTS = dg.AssetKey(["lake", "night", "alerts"])
_SIZE = Size(1024, 4096)  # thirty nights' figures, and the events of one
_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_RUNS_AT_MOST = 50

Work = Callable[[dg.AssetExecutionContext, LakeResource], dg.MaterializeResult[None]]


def night_assets(oems: Sequence[Oem]) -> list[dg.AssetsDefinition]:
    """What closes a night of these makers."""
    merged = list(consolidated_markets(oems))
    makers = sorted(oem.name for oem in oems)
    report = _night_asset(
        REPORT,
        merged,
        lambda context, lake: _write_report(context, lake),
        kinds={"html"},
        code=("consolidated.night.report.write", "def write_report"),
        description="The morning report: what every market's night brought, what needs a person, what the steps cost,"
        " and thirty nights' trends, as one HTML file beside the lake.",
    )
    alerts = _night_asset(
        ALERTS,
        merged,
        lambda context, lake: _send_alerts(context, lake, makers),
        kinds={"email", "slack", "sns"},
        code=("consolidated.night.alerts.sending", "def alert("),
        description="One message a maker when something of its night needs a person, and one when it no longer does, by"
        " the channels that the environment configures; none by default.",
    )
    return [report, alerts]


def morning_job() -> "dg.UnresolvedAssetJobDefinition":
    return dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.groups(GROUP),
        description="The morning report of a night, and its alerts.",
        # one small task for both: a task for each, and one to launch them, would cost three pulls of the image
        executor_def=dg.in_process_executor,
        tags=_SIZE.tags(),
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
            limit=_RUNS_AT_MOST,
            order_by="update_timestamp",
            ascending=True,
        )
        last_run = {
            record.dagster_run.tags[PARTITION_TAG]: record.dagster_run.run_id
            for record in ended
            if record.dagster_run.job_name in names and PARTITION_TAG in record.dagster_run.tags
        }
        for day, run_id in last_run.items():
            yield dg.RunRequest(run_key=f"{JOB} {run_id}", partition_key=day)
        context.update_cursor((ended[-1].update_timestamp if ended else since).isoformat())
        if not last_run:
            yield dg.SkipReason("no night has ended since the last look")

    return _after_the_night


def silence_schedule(job: "dg.UnresolvedAssetJobDefinition", oems: Sequence[Oem]) -> dg.ScheduleDefinition:
    """Starts the job for a day of which no night has begun by ten: its alert is the dead man's message."""
    names = [oem.name for oem in oems]

    @dg.schedule(
        name="no_night",
        job=job,
        cron_schedule=f"0 {DUE_HOUR} * * *",
        execution_timezone="UTC",
        description="Four hours after the night was due: tells a person where no run of it has begun.",
        default_status=default_schedule_status(),
    )
    def _no_night(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        day = context.scheduled_execution_time.date()
        found = runs_of_night(context.instance, day, names)
        if found.ran or found.is_running:
            return dg.SkipReason(f"the night of {day} has begun")
        return dg.RunRequest(run_key=f"{JOB} without a night {day}", partition_key=day.isoformat())

    return _no_night


def _night_asset(
    key: dg.AssetKey,
    merged: Sequence[dg.AssetKey],
    work: Work,
    *,
    kinds: set[str],
    code: tuple[str, str],
    description: str,
) -> dg.AssetsDefinition:
    by_evidence = measured_size(key.to_user_string())
    size = step_size("consolidated", _SIZE, by_evidence)

    def step(context: dg.AssetExecutionContext, lake: LakeResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
        with retried_if_ecs_interrupts(context), told_to_dagster():
            return measured(lambda _: work(context, lake), key, size)(context)

    return dg.asset(
        key=key,
        deps=merged,
        partitions_def=DAILY,
        group_name=GROUP,
        kinds=kinds,
        owners=owners("consolidated"),
        metadata=code_metadata(*code),
        tags={"tier": "consolidated", **size.tags()},
        op_tags=step_tags("consolidated", _SIZE, by_evidence),
        retry_policy=RETRY,
        description=description,
        check_specs=check_specs(key, []),
    )(step)


def _write_report(context: dg.AssetExecutionContext, lake: LakeResource) -> dg.MaterializeResult[None]:
    from consolidated.night.report.write import path_of, write_report

    day = partition_day(context)
    the_lake = lake.lake()
    figures = write_report(the_lake, lake.catalog(), context.instance, day)
    tonight = {name: number for name, number in figures.tonight.items() if name != "date"}
    page = the_lake.url(path_of(day))  # also under a name of its own: the overview leaves `dagster/uri` out
    return dg.MaterializeResult(
        metadata={
            "page": dg.MetadataValue.path(page),
            "dagster/uri": page,
            "need_a_person": len(figures.matters),
            **tonight,
        }
    )


def _send_alerts(
    context: dg.AssetExecutionContext, lake: LakeResource, makers: Sequence[str]
) -> dg.MaterializeResult[None]:
    from consolidated.night.alerts.sending import alert

    sent = alert(lake.lake(), lake.catalog(), context.instance, partition_day(context), makers)
    told = "\n\n".join(f"{one.subject}\n\n{one.text}" for one in sent)
    return dg.MaterializeResult(metadata={"messages": len(sent), **({"told": told} if told else {})})
