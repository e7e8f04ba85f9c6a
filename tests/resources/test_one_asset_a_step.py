"""Why no two assets share a step, though a task would then be billed for one pull of the image less: with Dagster the
failure of one would be the other's."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg


def test_a_shared_steps_failure_would_take_what_comes_after_the_asset_that_succeeded() -> None:
    """Where this fails, Dagster keeps them apart, and docs/ecs.md ("A fifth of the cost") has to be thought over."""

    @dg.multi_asset(
        specs=[dg.AssetSpec("stock", skippable=True), dg.AssetSpec("dealers", skippable=True)], can_subset=True
    )
    def fetched() -> Iterator[dg.MaterializeResult[None]]:
        yield dg.MaterializeResult("stock")
        raise RuntimeError("the dealers did not answer")

    @dg.asset(deps=["stock"])
    def typed_stock() -> None: ...

    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    done = dg.materialize([fetched, typed_stock], run_config=quiet, raise_on_error=False)
    assert [event.asset_key for event in done.get_asset_materialization_events()] == [dg.AssetKey("stock")]
    assert not done.success
    started = {event.step_key for event in done.all_events if event.event_type is dg.DagsterEventType.STEP_START}
    assert started == {"fetched"}, "typed_stock is not run, although the stock is there"
