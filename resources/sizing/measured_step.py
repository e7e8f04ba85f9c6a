"""A step that tells what it used: metadata on its event, and the check `size`.

Belongs here: the meeting of `resources.sizing.usage` and Dagster. Does not belong here: measuring, judging.
Annotations are not postponed in this module: Dagster reads those of a step.
"""

from collections.abc import Callable
from typing import Any

import dagster as dg

from resources.sizing.sizes import Size
from resources.sizing.usage import Measurement, Usage

CHECK = "size"


def measured(
    step: Callable[..., dg.MaterializeResult[None]], key: dg.AssetKey, declared: Size
) -> Callable[..., dg.MaterializeResult[None]]:
    """`step` (of a context and of resources by name), with its use in the metadata of its materialization and judged
    by the check `size`.

    A step that raises has no materialization: its use is recorded as an observation of its asset, before the
    error goes on as it was. A step that is killed records nothing.
    """

    def run(context: dg.AssetExecutionContext, **resources: Any) -> dg.MaterializeResult[None]:
        measurement = Measurement()
        try:
            result = step(context, **resources)
        except Exception:
            usage = measurement.usage(declared)
            context.log_event(
                dg.AssetObservation(
                    asset_key=key,
                    partition=context.partition_key if context.has_partition_key else None,
                    description="used by a step that failed",
                    metadata=usage.metadata(),
                )
            )
            raise
        usage = measurement.usage(declared)
        return dg.MaterializeResult(
            asset_key=result.asset_key,
            metadata={**(result.metadata or {}), **usage.metadata()},
            check_results=[*(result.check_results or []), _size_check(usage)],
            data_version=result.data_version,
            tags=result.tags,
        )

    return run


def _size_check(usage: Usage) -> dg.AssetCheckResult:
    problem = usage.misfit()
    note = (
        None if usage.task else "not in an ECS task of its own: judged is only whether the step alone would overfill it"
    )
    return dg.AssetCheckResult(
        check_name=CHECK,
        passed=problem is None,
        severity=dg.AssetCheckSeverity.WARN,
        description=problem or note,
        metadata={
            "cpu": usage.size.cpu,
            "memory_mb": usage.size.memory_mb,
            "busy_vcpus": round(usage.need.busy_vcpus, 2),
        },
    )
