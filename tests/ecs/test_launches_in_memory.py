"""How a step's launch is queued: its size, on Spot or not, its variables, and what a bad declaration costs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest

from resources.ecs import requests, step_handler
from resources.failures import Cause, PlatformError
from resources.sizing.sizes import REPEATABLE_TAG, Size
from tests.support.ecs.in_memory import SIZE, Steps


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    made = Steps(monkeypatch)
    handler: Any = made.handler
    handler._spot_allowed, handler._configured_size = True, SIZE
    handler._run_task_kwargs, handler._task_overrides = {"tags": []}, {"memory": "1"}
    handler._run_launcher = SimpleNamespace(get_container_name=lambda _: "step")
    handler._get_container_context = lambda _: None
    handler._get_run_task_kwargs = _kwargs
    monkeypatch.setattr(requests, "with_own_state_only", lambda context: context)
    monkeypatch.setattr(requests, "tags_with_assets", lambda context, step_key: dict(context.step_tags[step_key]))
    return made


def _kwargs(run: str, command: list[str], step_key: str, tags: dict[str, str], **_: Any) -> dict[str, Any]:
    size = {"cpu": tags["ecs/cpu"], "memory": tags["ecs/memory"]}
    environment = [{"name": "DAGSTER_EXECUTOR", "value": "of the container"}] if step_key == "own" else []
    container = {"name": "step", "command": command, "environment": environment}
    return {"launchType": "FARGATE", "overrides": {**size, "containerOverrides": [container]}}


def launch(
    steps: Steps,
    monkeypatch: pytest.MonkeyPatch,
    step_key: str = "one",
    *,
    attempt: int = 0,
    tags: dict[str, str] | None = None,
) -> tuple[list[Any], list[str]]:
    """The events of a launch, and whom it told the coordinator's size."""
    told: list[str] = []
    context = steps.context(step_key)
    context.step_tags = {step_key: tags or {}}
    context.dagster_run = "run"
    context.execute_step_args.get_command_args = lambda **_: ["dagster"]
    context.execute_step_args.get_command_env = lambda: [{"name": "ARGUMENTS", "value": "x"}]
    monkeypatch.setattr(step_handler, "earlier_attempts", lambda *_: attempt)
    monkeypatch.setattr(step_handler, "tell_coordinator", told.append)
    monkeypatch.setattr(
        dg.DagsterEvent, "step_worker_starting",
        lambda _, message, metadata: (message, metadata), raising=False,
    )  # fmt: skip
    return list(steps.handler.launch_step(context)), told


def test_a_launch_is_written_before_it_goes_out_with_what_it_asks_for(
    steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_EXECUTOR", "ecs")
    ((message, metadata),), told = launch(steps, monkeypatch)
    assert message == f'Launching step "one" in an ECS task of {SIZE}.'
    assert (metadata["cpu"], metadata["fargate_spot"], told) == (256, False, ["one"])
    attempt = steps.handler._attempts["one"]
    assert (attempt.size, attempt.on_spot, attempt.identity) == (SIZE, False, ("run", "one", "0"))
    assert len(steps.sent) == 1
    assert attempt.kwargs["startedBy"] == "run"
    assert {"key": "dagster/step-attempt", "value": "0"} in attempt.kwargs["tags"]
    (container,) = attempt.kwargs["overrides"]["containerOverrides"]
    assert container["environment"] == [
        {"name": "ARGUMENTS", "value": "x"},
        {"name": "DAGSTER_EXECUTOR", "value": "ecs"},
    ]
    _, told_again = launch(steps, monkeypatch, "two")
    assert told_again == [], "the first launch tells the coordinator's size"


def test_a_variable_of_the_coordinator_replaces_none_of_the_containers(
    steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_EXECUTOR", "ecs")
    launch(steps, monkeypatch, "own")
    (container,) = steps.handler._attempts["own"].kwargs["overrides"]["containerOverrides"]
    assert {"name": "DAGSTER_EXECUTOR", "value": "of the container"} in container["environment"]
    monkeypatch.delenv("DAGSTER_EXECUTOR")
    launch(steps, monkeypatch, "two")
    (container,) = steps.handler._attempts["two"].kwargs["overrides"]["containerOverrides"]
    assert container["environment"] == [{"name": "ARGUMENTS", "value": "x"}]


@pytest.mark.parametrize(
    ("allowed", "repeatable", "attempt", "on_spot"),
    [
        (True, "true", 0, True),
        (True, "true", 1, False),
        (True, "false", 0, False),
        (True, None, 0, False),
        (False, "true", 0, False),
    ],
)
def test_the_first_attempt_at_what_may_be_repeated_goes_on_spot(
    allowed: bool, repeatable: str | None, attempt: int, on_spot: bool, steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps.handler._spot_allowed = allowed
    tags = {} if repeatable is None else {REPEATABLE_TAG: repeatable}
    ((message, metadata),), _ = launch(steps, monkeypatch, attempt=attempt, tags=tags)
    assert message.endswith(", Fargate Spot.") is on_spot
    assert (metadata["fargate_spot"], steps.handler._attempts["one"].on_spot) == (on_spot, on_spot)


def test_the_size_is_the_steps_own_or_the_one_after_it_ran_out_of_memory(
    steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    tags = {"ecs/cpu": "512", "ecs/memory": "1024"}
    launch(steps, monkeypatch, tags=tags)
    assert steps.handler._attempts["one"].size == Size(512, 1024)
    steps.handler._size_after_oom["one"] = Size(1024, 4096)
    launch(steps, monkeypatch, tags=tags)
    assert steps.handler._attempts["one"].size == Size(1024, 4096)


def test_a_step_whose_declaration_is_wrong_fails_alone(steps: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> None:
        raise PlatformError(Cause.CONFIGURATION, "two sizes")

    kept = steps.handler._run_task_kwargs, steps.handler._task_overrides
    monkeypatch.setattr(step_handler, "resolve_size", refused)
    events, _ = launch(steps, monkeypatch)
    assert events == [None], "the event of its failure, as the log's neighbour is played"
    assert [one.partition(". ")[0] for one in steps.failures] == [
        'Step "one" was not launched: configuration: two sizes'
    ]
    assert (steps.handler._attempts, steps.sent) == ({}, [])
    assert (steps.handler._run_task_kwargs, steps.handler._task_overrides) == kept
    assert steps.check() is None, "its failure is in the log"


def test_what_dagster_writes_into_one_steps_request_reaches_no_other(
    steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler: Any = steps.handler

    def writing(*arguments: Any, **words: Any) -> dict[str, Any]:
        handler._run_task_kwargs["tags"].append("of a step")
        handler._task_overrides["memory"] = "2"
        return _kwargs(*arguments, **words)

    handler._get_run_task_kwargs = writing
    launch(steps, monkeypatch)
    assert (handler._run_task_kwargs, handler._task_overrides) == ({"tags": []}, {"memory": "1"})

    def failing(*arguments: Any, **words: Any) -> dict[str, Any]:
        writing(*arguments, **words)
        raise ValueError("no such container")

    handler._get_run_task_kwargs = failing
    launch(steps, monkeypatch, "two")
    assert (handler._run_task_kwargs, handler._task_overrides) == ({"tags": []}, {"memory": "1"})
