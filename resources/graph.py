"""What the Dagster wiring of all tiers shares: asset keys, partitions, tags, checks, and how failures are reported.

Annotations are not postponed in this module, because Dagster reads the annotations of a step.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import wraps
from inspect import signature
from pathlib import Path
from typing import Any, Literal

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError

from resources.ecs.task_environment import in_ecs_task
from resources.failures import Cause, PlatformError
from resources.lake.first_day import first_partition_day
from resources.lake.lake import CHECKOUT
from resources.shown.checks import SIZE, Check
from resources.sizing.evidence import measured_size
from resources.sizing.measured_step import measured
from resources.sizing.sizes import Size, Tier, step_size, step_tags


def owners(tier: Tier) -> list[str]:
    """Who answers for a tier's assets: the work is cut by tier."""
    return [f"team:{tier}"]


# a day's partition exists from its first minute, because the night fetches the day that has begun
_FIRST_DAY = first_partition_day(in_ecs=in_ecs_task())
DAILY = dg.DailyPartitionsDefinition(start_date=_FIRST_DAY.isoformat(), timezone="UTC", end_offset=1)

# Retries are for crashes and for hosts that recover; a failure that a retry cannot mend fails at once
# (`told_to_dagster`). Two retries on ECS: after an out-of-memory kill each retry gets the next larger size (2.25 times
# the memory with the second); after a Spot interruption the retry runs on demand, and a second retry is left for
# problems of the step itself
RETRY = dg.RetryPolicy(max_retries=2, delay=5, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.FULL)


_OF_THE_LAKE = (
    Cause.LAKE_UNWRITABLE,
    Cause.LAKE_DAMAGED,
    Cause.LAKE_MOVED,
    Cause.CATALOG_LOST,
    Cause.SOURCE_MIXED,
    Cause.FUTURE_DATE,
)
"""Causes for which every step of the day fails."""

Step = Callable[..., dg.MaterializeResult[None]]
"""A step's function: its parameters are the context and the resources that it declares by their types."""


def asset_key(oem: str, tier: Tier, name: str) -> dg.AssetKey:
    return dg.AssetKey([oem, tier, name])


def day_asset(
    oem: str,
    tier: Tier,
    name: str,
    *,
    own_size: Size | None,
    kinds: set[str],
    description: str,
    checks: Sequence[Check],
    code: Mapping[str, Any] | None = None,
    deps: Sequence[dg.AssetKey] = (),
    pool: str | None = None,
) -> Callable[[Step], dg.AssetsDefinition]:
    """`@dg.asset` with everything that follows from an asset's place in the graph.

    The size stands in `tags`, where people see and select it, and in `op_tags`, where the executor reads it: Dagster
    passes no asset tag on to the step. The op tags also say whether the tier, measured nights or the asset declare it.
    code: the metadata that links to the asset's code (`resources.shown.code`).
    The checks run inside the asset's own step, because a check on its own would be one more ECS task. The check `size`
    is added to `checks`; it judges what the step used.
    """
    key = asset_key(oem, tier, name)
    by_evidence = measured_size(key.to_user_string())
    size = step_size(tier, own_size, by_evidence)

    def decorate(step: Step) -> dg.AssetsDefinition:
        measured_step = measured(step, key, size)

        # wrapped, so that Dagster sees which resources the step asks for
        @wraps(step)
        def run_step(context: dg.AssetExecutionContext, **resources: Any) -> dg.MaterializeResult[None]:
            with retried_if_ecs_interrupts(context):
                return measured_step(context, **resources)

        # an annotation with an argument is taken for several outputs
        run_step.__signature__ = signature(step, eval_str=True).replace(return_annotation=dg.MaterializeResult)  # type: ignore[attr-defined]

        return dg.asset(
            key=key,
            deps=deps,
            partitions_def=DAILY,
            group_name=tier,
            kinds=kinds,
            owners=owners(tier),
            metadata=code,
            tags={"oem": oem, "tier": tier, **size.tags()},
            op_tags=step_tags(tier, own_size, by_evidence),
            retry_policy=RETRY,
            pool=pool,
            description=description,
            check_specs=check_specs(key, checks),
        )(run_step)

    return decorate


def check_specs(key: dg.AssetKey, checks: Sequence[Check]) -> list[dg.AssetCheckSpec]:
    """The checks of an asset and the check of its step's size, each with its description."""
    return [dg.AssetCheckSpec(check.name, asset=key, description=check.description) for check in (*checks, SIZE)]


def partition_day(context: dg.AssetExecutionContext) -> date:
    return date.fromisoformat(context.partition_key)


@contextmanager
def retried_if_ecs_interrupts(context: dg.AssetExecutionContext | dg.OpExecutionContext) -> Iterator[None]:
    """Ask for a retry where ECS interrupts the step, and not where a user ends the run.

    Fargate Spot and Fargate's own maintenance send SIGTERM. Dagster reports any SIGTERM as the failure of the step,
    without asking its retry policy. The status of the run says whether a user is ending it.
    """
    try:
        yield
    except DagsterExecutionInterruptedError as interruption:
        run = context.instance.get_run_by_id(context.run_id) if in_ecs_task() else None
        if run is None or run.is_finished or run.status == dg.DagsterRunStatus.CANCELING:
            raise
        context.log.warning("ECS ends this step's task while the run goes on (Fargate Spot, or maintenance): retrying.")
        raise dg.RetryRequested(RETRY.max_retries) from interruption


@contextmanager
def told_to_dagster() -> Iterator[None]:
    """Turn a PlatformError into the failure of the step, with its message as the description.

    Retries are allowed only where the error's cause says that a retry can help.
    """
    try:
        yield
    except PlatformError as error:
        raise dg.Failure(
            description=str(error),
            metadata={"cause": error.cause.value, "runbook": error.policy.runbook},
            allow_retries=error.policy.retry,
        ) from error


def ends_only_its_own(context: dg.AssetExecutionContext, failure: PlatformError, *, shares_table: bool) -> bool:
    """Whether a step that failed so says it by a failed check, and not by failing.

    Dagster skips what depends on a failed step. Where several endpoints of a maker yield rows of one table
    (`shares_table`), the failure of one would cost the others their night (law 7). So its step fails only while Dagster
    has a retry left that can help, or where the lake is at fault, which the others need too.
    """
    can_help = failure.policy.retry and context.retry_number < RETRY.max_retries
    return shares_table and not can_help and failure.cause not in _OF_THE_LAKE


def check_result(
    name: str,
    problems: Sequence[str],
    severity: Literal["warn", "error"],
    metadata: Mapping[str, Any] | None = None,
    *,
    causes: Iterable[Cause] = (),
) -> dg.AssetCheckResult:
    """The result of a check inside its asset's own step. It passes without problems; each problem is a line.

    Their number is metadata, which the UI plots over time, and so are their causes, each once, by which the report and
    the alerts of a night find the runbook's lines.
    """
    named = list(dict.fromkeys(cause.value for cause in causes)) if problems else []
    return dg.AssetCheckResult(
        check_name=name,
        passed=not problems,
        severity=dg.AssetCheckSeverity.ERROR if severity == "error" else dg.AssetCheckSeverity.WARN,
        description="\n".join(problems) or None,
        metadata={"problems": len(problems), **({"causes": named} if named else {}), **(metadata or {})},
    )


@contextmanager
def checkout_instance() -> Iterator[dg.DagsterInstance]:
    """The Dagster instance at DAGSTER_HOME, by default the folder `.dagster` of the checkout."""
    home = Path(os.environ.setdefault("DAGSTER_HOME", str(CHECKOUT / ".dagster")))
    home.mkdir(parents=True, exist_ok=True)
    config = home / "dagster.yaml"
    if not config.exists():
        config.write_text("telemetry:\n  enabled: false\nnux:\n  enabled: false\n")
    with dg.DagsterInstance.get() as instance:
        yield instance
