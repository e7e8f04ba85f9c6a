"""The corrections to the request of RunTask, function by function: Spot, marks, variables, subnets, AWS's limits."""

from __future__ import annotations

from typing import Any

import pytest

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
    with_environment,
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


def test_the_times_of_the_executor_are_those_of_its_documentation() -> None:
    config: Any = ecs_executor.config_schema.config_type
    fields = config.fields
    seconds = {name: field.default_value for name, field in fields.items() if name.endswith("_seconds")}
    assert seconds["poll_seconds"] == 20
    assert seconds["pending_timeout_seconds"] == seconds["launch_timeout_seconds"] == 15 * 60
    assert not fields["fargate_spot"].is_required
    assert TICK_SECONDS == 1
