"""The one file that knows every tier: assets, jobs, the schedule, the executor.

Belongs here: putting the tiers together. Does not belong here: anything that works on data. Loading it imports
none of polars, pyarrow, pyiceberg, s3fs, aiohttp, msgspec: every coordinator and every light step loads it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from consolidated.day.assets import consolidated_assets
from consolidated.maintenance.assets import maintenance_assets, maintenance_job, maintenance_schedule
from consolidated.maintenance.settings import MaintenanceSettings
from consolidated.night.assets import morning_job, morning_sensor, night_assets, silence_schedule
from consolidated.night.freshness import freshness_checks, freshness_sensor
from consolidated.night.runs import NIGHTLY, maker_job
from raw.wiring.assets import raw_asset
from raw.wiring.discovery import Oem, discover
from raw.wiring.host_pools import limit_pools, pool_of
from resources.apis.resource import ApisResource
from resources.ecs.sweeper import stop_orphan_tasks, stop_orphan_tasks_sensor
from resources.executor import (
    default_schedule_status,
    ecs_is_selected,
    executor_from_env,
    nightly_step_size,
    step_size_run_config,
)
from resources.lake.resource import LakeResource
from resources.sizing.asset_tags import check_sizes
from transformed.day.assets import transformed_asset


def assets_of(oem: Oem) -> list[dg.AssetsDefinition]:
    """An OEM's part of the graph, which follows from what its endpoints yield."""
    return [
        *(raw_asset(oem.name, endpoint, shares_table=oem.shares_table(endpoint)) for endpoint in oem.endpoints),
        *(transformed_asset(oem.name, endpoint, shares_table=oem.shares_table(endpoint)) for endpoint in oem.endpoints),
        *consolidated_assets(oem),
    ]


def build_defs(*, oems: Sequence[Oem] | None = None, resources: Mapping[str, Any] | None = None) -> dg.Definitions:
    """Everything, from the modules found in `raw/`.

    oems: only these in their place, for tests that run whole nights.
    resources: Dagster resources by name that take the place of the usual ones: `lake` (a LakeResource), `apis` (an
    ApisResource), `maintenance` (MaintenanceSettings).
    Raises PlatformError(CONFIGURATION) for a wrong setting.
    """
    oems = discover() if oems is None else oems
    freshness = freshness_checks(oems)
    of_no_night = dg.AssetSelection.checks(freshness)
    nightly = dg.define_asset_job(
        NIGHTLY,
        selection=dg.AssetSelection.groups("raw", "transformed", "consolidated") - of_no_night,
        description="A night: the day of every maker fetched (raw), typed (transformed) and merged into the tables with"
        " its history (consolidated). The schedule starts it at 06:00 UTC; `make nightly` runs it on a machine.",
    )
    maintenance, morning = maintenance_job(), morning_job()
    makers_jobs = [maker_job(oem.name) for oem in oems]
    assets = [*(asset for oem in oems for asset in assets_of(oem)), *night_assets(oems), *maintenance_assets()]
    check_sizes(assets)
    return dg.Definitions(
        assets=assets,
        asset_checks=[freshness],
        jobs=[
            nightly,
            maintenance,
            morning,
            *([stop_orphan_tasks] if ecs_is_selected() else []),
            *(
                dg.define_asset_job(
                    name,
                    selection=dg.AssetSelection.key_prefixes([oem.name]) - of_no_night,
                    description=f"The day of {oem.name} alone: fetched (raw), typed (transformed) and merged into the"
                    f" tables with its history (consolidated). `make nightly OEM={oem.name}` runs it on a machine.",
                )
                for oem, name in zip(oems, makers_jobs, strict=True)
            ),
        ],
        schedules=[
            _nightly_schedule(nightly, oems),
            silence_schedule(morning, oems),
            maintenance_schedule(maintenance),
        ],
        resources={
            "lake": LakeResource(),
            "apis": ApisResource(),
            "maintenance": MaintenanceSettings(),
            **(resources or {}),
        },
        sensors=[
            morning_sensor(morning, [nightly.name, *makers_jobs]),
            freshness_sensor(oems),
            *([stop_orphan_tasks_sensor] if ecs_is_selected() else []),
        ],
        executor=executor_from_env(),
    )


def _nightly_schedule(job: dg.UnresolvedAssetJobDefinition, oems: Sequence[Oem]) -> dg.ScheduleDefinition:
    run_config = step_size_run_config(nightly_step_size())

    @dg.schedule(
        name="nightly",
        job=job,
        cron_schedule="0 6 * * *",
        execution_timezone="UTC",
        description="The night of the day that has begun, for every OEM.",
        default_status=default_schedule_status(),
    )
    def _nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        if ecs_is_selected():
            # steps run side by side: before the night begins, each host is given its one slot
            limit_pools(context.instance, {pool_of(endpoint) for oem in oems for endpoint in oem.endpoints})
        day = context.scheduled_execution_time.date().isoformat()
        return dg.RunRequest(run_key=day, partition_key=day, run_config=run_config)

    return _nightly


defs = build_defs()
