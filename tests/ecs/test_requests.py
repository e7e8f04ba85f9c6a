"""The corrections to the request of RunTask, function by function: Spot, marks, variables, subnets, AWS's limits."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest
from dagster._core.execution.plan.outputs import StepOutputHandle
from dagster._core.execution.plan.state import KnownExecutionState, PastExecutionState

from resources.ecs import requests
from resources.ecs.ecs_executor import TICK_SECONDS, ecs_executor
from resources.ecs.requests import (
    MAX_OVERRIDES_CHARACTERS,
    SUBNETS_VARIABLE,
    checked,
    in_subnets,
    is_spot_allowed,
    marked,
    metadata_of,
    placed_on_spot,
    tags_with_assets,
    with_environment,
    with_own_state_only,
)
from resources.failures import Cause, PlatformError
from resources.sizing.sizes import Size


def request_of(*containers: dict[str, Any], **overrides: Any) -> dict[str, Any]:
    return {"launchType": "FARGATE", "overrides": {"containerOverrides": list(containers), **overrides}}


def network_of(**settings: Any) -> dict[str, Any]:
    return {"networkConfiguration": {"awsvpcConfiguration": settings}}


def test_on_spot_a_request_has_its_provider_and_no_launch_type() -> None:
    step, beside = {"name": "step", "environment": [{"name": "A", "value": "1"}]}, {"name": "beside"}
    placed = placed_on_spot(request_of(step, beside), on_spot=True)
    assert placed["capacityProviderStrategy"] == [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
    assert "launchType" not in placed
    capacity = {"name": "STEP_CAPACITY_PROVIDER", "value": "FARGATE_SPOT"}
    assert placed["overrides"]["containerOverrides"] == [
        {"name": "step", "environment": [{"name": "A", "value": "1"}, capacity]},
        {"name": "beside", "environment": [capacity]},
    ]


def test_on_demand_a_request_stays_unless_its_task_has_a_strategy_of_its_own() -> None:
    request = request_of({"name": "step"})
    assert placed_on_spot(request, on_spot=False) == request
    strategy = [{"capacityProvider": "FARGATE", "weight": 1}]
    placed = placed_on_spot({**request, "capacityProviderStrategy": strategy}, on_spot=False)
    assert (placed["capacityProviderStrategy"], "launchType" in placed) == (strategy, False)


@pytest.mark.parametrize(
    ("configured", "variable", "allowed"),
    [(None, "1", True), (None, "0", False), (None, None, False), (True, "0", True), (False, "1", False)],
)
def test_the_executors_config_goes_before_the_variable(
    configured: bool | None, variable: str | None, allowed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STEP_TASKS_ON_SPOT", raising=False)
    if variable is not None:
        monkeypatch.setenv("STEP_TASKS_ON_SPOT", variable)
    assert is_spot_allowed(configured) is allowed


def test_a_mark_replaces_the_tag_of_its_name_and_leaves_the_others() -> None:
    tags = [{"key": "team", "value": "data"}, {"key": "dagster/step-attempt", "value": "1"}]
    assert marked({"tags": tags, "count": 1}, attempt=2) == {
        "count": 1,
        "tags": [
            {"key": "team", "value": "data"},
            {"key": "dagster/step-attempt", "value": "2"},
            {"key": "dagster/step-executor", "value": "resources.ecs"},
        ],
    }
    assert len(marked({}, attempt=0)["tags"]) == 2


def test_a_variable_that_a_container_has_stays() -> None:
    step = {"name": "step", "environment": [{"name": "A", "value": "1"}]}
    changed = with_environment(request_of(step, {"name": "beside"}), "step", {"A": "2", "B": "3"})
    assert changed["overrides"]["containerOverrides"] == [
        {"name": "step", "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "3"}]},
        {"name": "beside"},
    ]


@pytest.mark.parametrize(
    ("variable", "request_", "configured", "subnets"),
    [
        (" a, b,,", network_of(subnets=["own"], securityGroups=["g"]), {}, ["a", "b"]),
        ("", network_of(subnets=["own"]), {}, ["own"]),
        (" , ", network_of(subnets=["own"]), {}, ["own"]),
        ("a", network_of(subnets=["own"]), network_of(subnets=["own"]), ["own"]),
        ("a", {}, {}, None),
    ],
)
def test_steps_start_in_all_subnets_of_the_variable(
    variable: str,
    request_: dict[str, Any],
    configured: dict[str, Any],
    subnets: list[str] | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(SUBNETS_VARIABLE, variable)
    network = in_subnets(request_, configured).get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    assert network.get("subnets") == subnets
    assert network.get("securityGroups") == (["g"] if subnets == ["a", "b"] else None)


def test_what_a_request_asks_for_is_told_with_the_storage_that_costs_nothing() -> None:
    size = Size(256, 512)
    told = {"cpu": 256, "memory_mb": 512, "fargate_spot": True}
    assert metadata_of(request_of(), size, on_spot=True) == {**told, "storage_gib": 20}
    assert metadata_of(request_of(ephemeralStorage={"sizeInGiB": 30}), size, on_spot=True)["storage_gib"] == 30


def test_a_request_that_aws_would_refuse_is_refused_before_it_is_sent() -> None:
    size = {"cpu": "256", "memory": "512"}
    assert checked(request_of(**size)) == Size(256, 512)
    for gib in (21, 200):
        assert checked(request_of(**size, ephemeralStorage={"sizeInGiB": gib})) == Size(256, 512)
    for gib in (20, 201):
        with pytest.raises(PlatformError, match=f"ephemeral storage of {gib} GiB: Fargate offers 21 to 200, and 20 "):
            checked(request_of(**size, ephemeralStorage={"sizeInGiB": gib}))
    with pytest.raises(PlatformError, match="overrides name no size") as refusal:
        checked(request_of())
    assert refusal.value.cause is Cause.CONFIGURATION


@pytest.mark.parametrize("excess", [0, 1])
def test_the_overrides_have_at_most_as_many_characters_as_aws_takes(excess: int) -> None:
    request = request_of({"name": ""}, cpu="256", memory="512")
    written = '{"containerOverrides": [{"name": ""}], "cpu": "256", "memory": "512"}'
    request["overrides"]["containerOverrides"][0]["name"] = "x" * (8192 - len(written) + excess)
    assert MAX_OVERRIDES_CHARACTERS == 8192
    if not excess:
        assert checked(request) == Size(256, 512)
        return
    with pytest.raises(PlatformError, match="8193 characters long, AWS takes 8192"):
        checked(request)


def output(step_key: str) -> StepOutputHandle:
    return StepOutputHandle(step_key)


def own_state(known: KnownExecutionState | None, monkeypatch: pytest.MonkeyPatch) -> KnownExecutionState | None:
    """What of the run's state goes out with a step that reads the outputs of `before` and of `beside`."""
    feeds = [SimpleNamespace(get_step_output_handle_dependencies=lambda one=one: [output(one)]) for one in FEEDS]
    step = SimpleNamespace(key="step", step_inputs=feeds)
    monkeypatch.setattr(requests, "StepHandlerContext", lambda **words: SimpleNamespace(**words))
    monkeypatch.setattr(requests, "replace", lambda args, known_state: SimpleNamespace(known_state=known_state))
    context: Any = SimpleNamespace(
        execute_step_args=SimpleNamespace(known_state=known),
        _steps_by_key={"step": step},
        _plan_context="plan",
        instance="instance",
        dagster_run="run",
    )
    own = with_own_state_only(context)
    if own is not context:
        left: Any = own
        assert (left.steps, left.plan_context, left.instance, left.dagster_run) == ([step], "plan", "instance", "run")
    found: KnownExecutionState | None = own.execute_step_args.known_state
    return found


FEEDS = ("before", "beside")


def test_a_step_is_sent_its_own_attempts_and_the_outputs_that_it_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = {output("before"), output("elsewhere"), output("step")}
    older = PastExecutionState("oldest", {output("beside"), output("elsewhere")}, None)
    known = KnownExecutionState(
        previous_retry_attempts={"step": 2, "elsewhere": 1},
        ready_outputs=outputs,
        parent_state=PastExecutionState("older", outputs, older),
    )
    own = own_state(known, monkeypatch)
    assert own is not None
    assert (own.previous_retry_attempts, own.ready_outputs) == ({"step": 2}, {output("before")})
    oldest = PastExecutionState("oldest", {output("beside")}, None)
    assert own.parent_state == PastExecutionState("older", {output("before")}, oldest)


def test_a_run_that_knows_nothing_yet_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert own_state(None, monkeypatch) is None
    own = own_state(KnownExecutionState(), monkeypatch)
    assert own is not None
    assert (own.ready_outputs, own.parent_state) == (set(), None)


def test_the_size_in_the_tags_of_a_steps_assets_is_added_to_its_own() -> None:
    @dg.asset(tags={"ecs/cpu": "512", "ecs/memory": "1024", "other": "x"})
    def cars() -> None: ...

    def tags_of(assets: dg.AssetsDefinition | None) -> dict[str, str]:
        layer = SimpleNamespace(get_assets_def_for_node={"node": assets}.get)
        job = SimpleNamespace(get_definition=lambda: SimpleNamespace(asset_layer=layer))
        context: Any = SimpleNamespace(
            step_tags={"step": {"team": "data"}},
            _plan_context=SimpleNamespace(job=job),
            _steps_by_key={"step": SimpleNamespace(node_handle="node")},
        )
        return tags_with_assets(context, "step")

    assert tags_of(None) == {"team": "data"}
    assert tags_of(cars) == {"team": "data", "ecs/cpu": "512", "ecs/memory": "1024"}


def test_the_times_of_the_executor_are_those_of_its_documentation() -> None:
    config: Any = ecs_executor.config_schema.config_type
    fields = config.fields
    seconds = {name: field.default_value for name, field in fields.items() if name.endswith("_seconds")}
    assert seconds["poll_seconds"] == 20
    assert seconds["pending_timeout_seconds"] == seconds["launch_timeout_seconds"] == 15 * 60
    assert not fields["fargate_spot"].is_required
    assert TICK_SECONDS == 1
