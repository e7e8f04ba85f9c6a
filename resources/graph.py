"""What the tiers' Dagster wiring shares: keys, partitions, tags, and how a failure is told to Dagster.

Belongs here: names and conventions of the asset graph. Does not belong here: any asset, any data.
Annotations are not postponed in this module: Dagster reads those of a step.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import wraps
from inspect import signature
from pathlib import Path
from typing import Any, Literal

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError

from resources.executor import in_ecs_task
from resources.failures import PlatformError
from resources.lake.lake import CHECKOUT
from resources.sizing.measured_step import CHECK as SIZE_CHECK
from resources.sizing.measured_step import measured
from resources.sizing.sizes import Size, Tier, step_size, step_tags

FIRST_DAY = "2023-01-01"
OWNERS = ["team:oem-stock"]

# a day's partition exists from its first minute, because the night fetches the day that has begun
DAILY = dg.DailyPartitionsDefinition(start_date=FIRST_DAY, timezone="UTC", end_offset=1)

# what retries cannot mend fails at once (`told_to_dagster`); this is for crashes and for hosts that come back. Two on
# ECS: out of memory, each comes at the next size up (2.25 times the memory with the second); one after a Spot
# interruption is on demand, and leaves one for what is wrong with the step itself
RETRY = dg.RetryPolicy(max_retries=2, delay=5, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.FULL)


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
    checks: Sequence[str],
    deps: Sequence[dg.AssetKey] = (),
    pool: str | None = None,
) -> Callable[[Step], dg.AssetsDefinition]:
    """`@dg.asset` with everything that follows from an asset's place in the graph.

    The size stands in `tags`, where it can be seen and selected, and in `op_tags`, where the executor reads it, with
    the mark that says whose it is: Dagster hands no asset tag on to the step. The checks run inside the asset's own
    step, because a check that stands alone is one more task; to those named here `size` is added, which judges what
    the step used.
    """
    key = asset_key(oem, tier, name)
    size = step_size(tier, own_size)

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
            owners=OWNERS,
            tags={"oem": oem, **size.tags()},
            op_tags=step_tags(tier, own_size),
            retry_policy=RETRY,
            pool=pool,
            description=description,
            check_specs=[dg.AssetCheckSpec(check, asset=key) for check in (*checks, SIZE_CHECK)],
        )(run_step)

    return decorate


def partition_day(context: dg.AssetExecutionContext) -> date:
    return date.fromisoformat(context.partition_key)


def today() -> date:
    return datetime.now(UTC).date()


@contextmanager
def retried_if_ecs_interrupts(context: dg.AssetExecutionContext | dg.OpExecutionContext) -> Iterator[None]:
    """Ask for a retry, by the step's policy, where ECS and not the run's end interrupts the step.

    Fargate Spot and Fargate's own maintenance send SIGTERM. Dagster's step process reports any SIGTERM as the step's
    failure, past its retry policy; a run that is being ended by its user is told apart by its status.
    """
    try:
        yield
    except DagsterExecutionInterruptedError as interruption:
        run = context.instance.get_run_by_id(context.run_id) if in_ecs_task() else None
        if run is None or run.is_finished or run.status == dg.DagsterRunStatus.CANCELING:
            raise
        context.log.warning("ECS ends this step's task while the run goes on (Fargate Spot, or maintenance): a retry.")
        raise dg.RetryRequested(RETRY.max_retries) from interruption


@contextmanager
def told_to_dagster() -> Iterator[None]:
    """Turn a PlatformError into the step's failure: its one line as the description, retried only if that can help."""
    try:
        yield
    except PlatformError as error:
        raise dg.Failure(
            description=str(error),
            metadata={"cause": error.cause.value, "runbook": error.policy.runbook},
            allow_retries=error.policy.retry,
        ) from error


def check_result(
    name: str,
    problems: Sequence[str],
    severity: Literal["warn", "error"],
    metadata: Mapping[str, Any] | None = None,
) -> dg.AssetCheckResult:
    """A check inside its asset's own step: passed where there are no problems, each problem a line otherwise."""
    return dg.AssetCheckResult(
        check_name=name,
        passed=not problems,
        severity=dg.AssetCheckSeverity.ERROR if severity == "error" else dg.AssetCheckSeverity.WARN,
        description="\n".join(problems) or None,
        metadata=dict(metadata or {}),
    )


def table_column_schema(columns: Sequence[tuple[str, str, str | None]]) -> dg.TableSchema:
    """Dagster's column schema from (name, type, description) triples."""
    return dg.TableSchema(
        columns=[dg.TableColumn(name=name, type=dtype, description=doc) for name, dtype, doc in columns]
    )


@contextmanager
def checkout_instance() -> Iterator[dg.DagsterInstance]:
    """The instance of the checkout: `make` names it by DAGSTER_HOME; without make it is the same folder."""
    home = Path(os.environ.setdefault("DAGSTER_HOME", str(CHECKOUT / ".dagster")))
    home.mkdir(parents=True, exist_ok=True)
    config = home / "dagster.yaml"
    if not config.exists():
        config.write_text("telemetry:\n  enabled: false\nnux:\n  enabled: false\n")
    with dg.DagsterInstance.get() as instance:
        yield instance
