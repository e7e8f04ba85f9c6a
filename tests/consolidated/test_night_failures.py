"""What failed on a night is read from Dagster's events with its causes, and a rerun takes it back."""

from datetime import date

import dagster as dg
import pytest

from consolidated.night.failures import failures_of_night
from resources.failures import Cause, PlatformError
from resources.graph import DAILY, check_result, told_to_dagster

pytestmark = pytest.mark.slow
DAY = date(2026, 11, 24)
FETCHED, TYPED, OTHER = (dg.AssetKey(["maker", tier, "stock"]) for tier in ("raw", "transformed", "consolidated"))


@dg.asset(key=FETCHED, partitions_def=DAILY, config_schema={"blocked": bool})
def fetched(context: dg.AssetExecutionContext) -> None:
    with told_to_dagster():
        if context.op_execution_context.op_config["blocked"]:
            raise PlatformError(Cause.BLOCKED, "the host refuses", oem="maker")


@dg.asset(key=TYPED, partitions_def=DAILY, check_specs=[dg.AssetCheckSpec("contract", asset=TYPED)])
def typed() -> dg.MaterializeResult:  # type: ignore[type-arg]
    causes = [Cause.CONTRACT_BROKEN, Cause.NOT_JSON, Cause.CONTRACT_BROKEN]
    return dg.MaterializeResult(check_results=[check_result("contract", ["one", "two"], "error", causes=causes)])


@dg.asset(key=OTHER, partitions_def=DAILY)
def other() -> None:
    raise ValueError("nobody foresaw it")


def night(instance: dg.DagsterInstance, day: date = DAY, *, blocked: bool) -> str:
    config = {"ops": {"maker__raw__stock": {"config": {"blocked": blocked}}}}
    return dg.materialize(
        [fetched, typed, other] if blocked else [fetched],
        instance=instance,
        partition_key=day.isoformat(),
        run_config=config,
        raise_on_error=False,
    ).run_id


def test_failures_have_their_causes_until_the_step_runs_again() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        night(instance, date(2026, 11, 23), blocked=True)
        run_id = night(instance, blocked=True)
        found = failures_of_night(instance, DAY)
        told = {place: (one.causes, one.words, one.run_id) for place, one in found.items()}
        blocked = str(PlatformError(Cause.BLOCKED, "the host refuses", oem="maker"))
        assert told == {
            "maker/raw/stock": ((Cause.BLOCKED,), blocked, run_id),
            "maker/transformed/stock contract": ((Cause.CONTRACT_BROKEN, Cause.NOT_JSON), "one\ntwo", run_id),
            "maker/consolidated/stock": ((), "ValueError: nobody foresaw it", run_id),
        }
        night(instance, blocked=False)
        assert set(failures_of_night(instance, DAY)) == set(told) - {"maker/raw/stock"}
