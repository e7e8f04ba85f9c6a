"""What a person who follows a run is told: each step's beginning and end, failed checks, and when a maker is done."""

import re

import dagster as dg
import pytest

from consolidated.night.events import Follower, Line, MakerProgress
from resources.failures import Cause, PlatformError
from resources.graph import check_result, told_to_dagster

pytestmark = pytest.mark.slow
FETCHED, BLOCKED, TYPED, MERGED = (
    dg.AssetKey(["maker", *path.split("/")]) for path in ("raw/stock", "raw/network", "transformed/stock", "merged/all")
)


@dg.asset(key=FETCHED)
def fetched(context: dg.AssetExecutionContext) -> None:
    context.log.info("maker search es: 96 of 190 records, page 1")
    context.log.info("maker search es: 190 of 190 records, page 2")
    context.log.debug("nobody's")


@dg.asset(key=BLOCKED)
def blocked() -> None:
    with told_to_dagster():
        raise PlatformError(Cause.BLOCKED, "the host refuses", oem="maker")


_SPECS = [dg.AssetCheckSpec(name, asset=TYPED) for name in ("contract", "drift", "size")]


@dg.asset(key=TYPED, deps=[FETCHED], check_specs=_SPECS, retry_policy=dg.RetryPolicy(max_retries=1))
def typed(context: dg.AssetExecutionContext) -> dg.MaterializeResult:  # type: ignore[type-arg]
    if context.retry_number == 0:
        raise ValueError("a hiccup")
    results = [
        check_result("contract", ["one", "two"], "error"),
        check_result("drift", ["new"], "warn"),
        check_result("size", [], "warn"),
    ]
    return dg.MaterializeResult(check_results=results)


@dg.asset(key=MERGED, deps=[TYPED, BLOCKED])
def merged() -> None:
    raise AssertionError("skipped")


def test_each_step_has_its_lines_and_the_maker_its_own_when_the_last_one_ended() -> None:
    maker = MakerProgress("maker", 4)
    assert (maker.is_at_work, maker.stage) == (False, "waiting")
    with dg.DagsterInstance.ephemeral() as instance:
        done = dg.materialize([fetched, blocked, typed, merged], instance=instance, raise_on_error=False)
        follower = Follower(instance, {"maker": maker}, done.run_id)
        lines = [Line(re.sub(r"\d+\.\d s", "0.0 s", one.text), one.is_news) for one in follower.new_lines()]
        assert list(follower.new_lines()) == [], "each is told once"
    refused = str(PlatformError(Cause.BLOCKED, "the host refuses", oem="maker"))
    told = [
        Line("  maker/raw/network"),
        Line(f"  maker/raw/network FAILED: {refused}", is_news=True),
        Line("  maker/raw/stock"),
        Line("    maker search es: 96 of 190 records, page 1"),
        Line("    maker search es: 190 of 190 records, page 2"),
        Line("  maker/raw/stock done in 0.0 s"),
        Line("  maker/transformed/stock"),
        Line("  maker/transformed/stock failed and is tried again: ValueError: a hiccup", is_news=True),
        Line("    ! maker/transformed/stock contract: one", is_news=True),
        Line("      two", is_news=True),
        Line("    ! maker/transformed/stock drift: new"),
        Line("  maker/transformed/stock done in 0.0 s"),
        Line("  maker/merged/all is not run, since a step before it failed"),
        Line("maker done: 190 records, 0.0 s, 1 step FAILED", is_news=True),
    ]
    assert lines == told
    assert set(follower.failures) == {"maker/raw/network", "maker/transformed/stock contract"}
    assert (maker.fetched, maker.is_at_work, maker.running) == ((190, 190), False, set())
