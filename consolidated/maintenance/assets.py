"""Maintenance's part of the asset graph: `lake/maintenance/...`, a group of its own, no partitions.

The definitions load this module, so everything heavy is imported by the step.
Annotations are not postponed in this module: Dagster reads them.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import dagster as dg

from consolidated.maintenance.settings import MaintenanceSettings
from resources.executor import default_schedule_status
from resources.graph import RETRY, check_specs, owners, retried_if_ecs_interrupts, told_to_dagster
from resources.lake.days import today
from resources.lake.resource import LakeResource
from resources.shown.code import code_metadata
from resources.shown.columns import table_column_schema
from resources.sizing.evidence import measured_size
from resources.sizing.measured_step import measured
from resources.sizing.sizes import Size, step_size, step_tags

if TYPE_CHECKING:
    from consolidated.maintenance.tasks import Done

GROUP = "maintenance"
Task = Callable[[LakeResource, MaintenanceSettings], "list[Done]"]
_LIGHT = Size(512, 2048)  # metadata and listings


def _tags(lake: LakeResource, settings: MaintenanceSettings) -> "list[Done]":
    from consolidated.maintenance.tasks import tag_tables

    return tag_tables(lake.catalog(), today(), settings)


def _compaction(lake: LakeResource, settings: MaintenanceSettings) -> "list[Done]":
    from consolidated.maintenance.tasks import compact_tables

    return compact_tables(lake.catalog(), settings)


def _snapshots(lake: LakeResource, settings: MaintenanceSettings) -> "list[Done]":
    from consolidated.maintenance.tasks import expire_snapshots

    return expire_snapshots(lake.catalog(), settings)


def _orphans(lake: LakeResource, settings: MaintenanceSettings) -> "list[Done]":
    from consolidated.maintenance.tasks import sweep_tables

    return sweep_tables(lake.lake(), lake.catalog(), settings)


def _archive(lake: LakeResource, settings: MaintenanceSettings) -> "list[Done]":
    from consolidated.maintenance.tasks import sweep_archive

    return sweep_archive(lake.lake(), settings)


def maintenance_assets() -> list[dg.AssetsDefinition]:
    """Tags, compaction, expiry and removal of the tables' leftovers one after another; the archive's beside them."""
    return [
        _asset("tags", _tags, _LIGHT, "The night's tag on every table; tags whose days are over go."),
        _asset(
            "compaction",
            _compaction,
            None,
            "Partitions of many small files, rewritten into few.",
            after="tags",
        ),
        _asset("snapshots", _snapshots, _LIGHT, "Snapshots that are old and not needed, expired.", after="compaction"),
        _asset("orphans", _orphans, _LIGHT, "Files that no snapshot reaches, removed.", after="snapshots"),
        _asset("archive", _archive, _LIGHT, "What killed steps left in raw and transformed, removed; retention."),
    ]


def maintenance_job() -> "dg.UnresolvedAssetJobDefinition":
    return dg.define_asset_job(
        "maintenance",
        selection=dg.AssetSelection.groups(GROUP),
        description="Keeps the lake small and quick without changing a row of it.",
    )


def maintenance_schedule(job: "dg.UnresolvedAssetJobDefinition") -> dg.ScheduleDefinition:
    """After the night, which it may overlap."""
    return dg.ScheduleDefinition(
        name="maintenance",
        job=job,
        cron_schedule="0 12 * * *",
        execution_timezone="UTC",
        description="Tags, compaction, expiry, and removal of what nothing needs.",
        default_status=default_schedule_status(),
    )


def _asset(
    name: str,
    task: Task,
    own_size: Size | None,
    description: str,
    after: str | None = None,
) -> dg.AssetsDefinition:
    """own_size: None for consolidated's."""
    key = dg.AssetKey(["lake", "maintenance", name])
    by_evidence = measured_size(key.to_user_string())
    size = step_size("consolidated", own_size, by_evidence)

    def step(
        context: dg.AssetExecutionContext, lake: LakeResource, maintenance: MaintenanceSettings
    ) -> dg.MaterializeResult:  # type: ignore[type-arg]
        with retried_if_ecs_interrupts(context):
            return measured(lambda _: _materialize(context, name, task, lake, maintenance), key, size)(context)

    return dg.asset(
        key=key,
        deps=[dg.AssetKey(["lake", "maintenance", after])] if after else None,
        group_name=GROUP,
        kinds={"iceberg"} if name != "archive" else {"parquet"},
        owners=owners("consolidated"),
        metadata=code_metadata("consolidated.maintenance.assets", f'"{name}"'),
        tags={"tier": "consolidated", **size.tags()},
        op_tags=step_tags("consolidated", own_size, by_evidence),
        retry_policy=RETRY,
        description=description,
        check_specs=check_specs(key, []),
    )(step)


def _materialize(
    context: dg.AssetExecutionContext,
    name: str,
    task: Task,
    lake: LakeResource,
    settings: MaintenanceSettings,
) -> dg.MaterializeResult[None]:
    with told_to_dagster():
        done = task(lake, settings)
    for one in done:
        what = ", ".join(f"{count} {what.replace('_', ' ')}" for what, count in one.counts.items() if count)
        context.log.info(f"{name} of {one.place}: {what or 'nothing to do'}")
    names = list(done[0].counts) if done else []  # a task counts the same at every place
    return dg.MaterializeResult(
        metadata={
            "dry_run": settings.dry_run,
            **{each: sum(one.counts[each] for one in done) for each in names},
            "places": dg.MetadataValue.table(
                [dg.TableRecord({"place": one.place, **one.counts}) for one in done],
                schema=table_column_schema([("place", "string", None), *((each, "int", None) for each in names)]),
            ),
        }
    )
