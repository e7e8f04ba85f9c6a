"""`DAGSTER_EXECUTOR`: unset, a dotted path, anything else; and what follows from it in the definitions."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest
from dagster._core.execution.retries import RetryMode

import definitions
from resources.ecs.step_handler import HardenedStepHandler
from resources.executor import executor_from_env, nightly_step_size, step_size_run_config
from resources.failures import Cause, PlatformError
from resources.sizing.sizes import Size

ECS = "dagster_aws.ecs.ecs_executor"


def test_unset_is_in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAGSTER_EXECUTOR", raising=False)
    assert executor_from_env() is dg.in_process_executor


@pytest.mark.parametrize("path", ["dagster.multiprocess_executor", "dagster_aws.ecs.ecs_executor"])
def test_a_dotted_path_is_that_executor(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setenv("DAGSTER_EXECUTOR", path)
    executor = executor_from_env()
    assert isinstance(executor, dg.ExecutorDefinition)
    assert executor.name == {"dagster": "multiprocess", "dagster_aws": "ecs"}[path.split(".")[0]]


@pytest.mark.parametrize(
    "value",
    [
        "ecs",
        "dagster_aws.ecs.no_such_executor",
        "no_such_package.executor",
        "os.path.join",
        "dagster.",
        ".executor",
    ],
)
def test_anything_else_names_variable_and_value(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("DAGSTER_EXECUTOR", value)
    with pytest.raises(PlatformError) as error:
        executor_from_env()
    assert f"DAGSTER_EXECUTOR={value!r}" in str(error.value)
    assert "dagster_aws.ecs.ecs_executor" in str(error.value)


def test_unset_in_an_ecs_task_is_an_error_that_says_what_would_have_happened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECS_CONTAINER_METADATA_URI_V4", "http://169.254.170.2/v4/task")
    monkeypatch.delenv("DAGSTER_EXECUTOR", raising=False)
    with pytest.raises(PlatformError) as error:
        definitions.build_defs()
    for part in ("one after another", "report success without one step task", f"DAGSTER_EXECUTOR={ECS}"):
        assert part in str(error.value)


def test_in_process_is_to_be_had_in_an_ecs_task_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECS_CONTAINER_METADATA_URI_V4", "http://169.254.170.2/v4/task")
    monkeypatch.setenv("DAGSTER_EXECUTOR", "dagster.in_process_executor")
    assert executor_from_env() is dg.in_process_executor


def test_the_ecs_executor_is_the_hardened_one_with_dagster_awss_config(monkeypatch: pytest.MonkeyPatch) -> None:
    from dagster_aws.ecs import ecs_executor as plain

    monkeypatch.setenv("DAGSTER_EXECUTOR", ECS)
    hardened = executor_from_env()
    assert hardened is not plain
    own = {"fargate_spot", "poll_seconds", "pending_timeout_seconds", "launch_timeout_seconds"}
    assert fields_of(hardened) == fields_of(plain) | own


def fields_of(executor: dg.ExecutorDefinition) -> set[str]:
    return set(executor.config_schema.config_type.fields)  # type: ignore[union-attr]


@pytest.mark.parametrize("executor", [ECS, "dagster.multiprocess_executor", "dagster.in_process_executor", None])
@pytest.mark.slow
def test_the_schedules_config_is_one_that_the_selected_executor_takes(
    executor: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTLY_STEP_SIZE", "8192/32768")
    if executor is None:
        monkeypatch.delenv("DAGSTER_EXECUTOR", raising=False)
    else:
        monkeypatch.setenv("DAGSTER_EXECUTOR", executor)
    defs = definitions.build_defs()
    at = datetime(2026, 11, 23, 6, tzinfo=UTC)
    with (
        dg.DagsterInstance.local_temp(str(tmp_path)) as instance,
        dg.build_schedule_context(
            instance=instance, scheduled_execution_time=at, repository_def=defs.get_repository_def()
        ) as context,
    ):
        (request,) = defs.resolve_schedule_def("nightly").evaluate_tick(context).run_requests or []
    wanted = {"execution": {"config": {"cpu": 8192, "memory": 32768}}} if executor == ECS else {}
    assert request.run_config == wanted
    assert dg.validate_run_config(defs.resolve_job_def("nightly"), request.run_config)
    sensors = {sensor.name for sensor in defs.sensors or []}
    assert sensors == {"after_the_night", "freshness"} | ({"stop_orphan_tasks"} if executor == ECS else set())


def test_no_size_no_config(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_EXECUTOR", ECS)
    monkeypatch.delenv("NIGHTLY_STEP_SIZE", raising=False)
    assert nightly_step_size() is None
    assert step_size_run_config(None) == {}
    assert step_size_run_config(Size(512, 1024)) == {"execution": {"config": {"cpu": 512, "memory": 1024}}}


@pytest.mark.parametrize("value", ["8192", "8192/", "/16384", "a/b", "512/16384", "8192/32768/1"])
def test_a_nightly_size_that_is_none_names_the_variable(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("NIGHTLY_STEP_SIZE", value)
    with pytest.raises(PlatformError, match="NIGHTLY_STEP_SIZE"):
        nightly_step_size()


def test_the_ecs_executor_needs_the_launcher_whose_settings_its_tasks_take() -> None:
    from resources.ecs.ecs_executor import ecs_executor

    create: Any = ecs_executor.executor_creation_fn
    elsewhere = SimpleNamespace(instance=SimpleNamespace(run_launcher=dg.DefaultRunLauncher()))
    with pytest.raises(PlatformError, match="this instance has a DefaultRunLauncher") as error:
        create(elsewhere)
    assert error.value.cause is Cause.CONFIGURATION


@pytest.mark.parametrize("mode", [RetryMode.ENABLED, RetryMode.DISABLED, RetryMode.DEFERRED])
def test_steps_are_tried_again_as_the_run_says(mode: RetryMode, monkeypatch: pytest.MonkeyPatch) -> None:
    from dagster_aws.ecs import EcsRunLauncher

    from resources.ecs import ecs_executor

    def handler(*_: object) -> HardenedStepHandler:
        return HardenedStepHandler.__new__(HardenedStepHandler)

    monkeypatch.setattr(ecs_executor, "HardenedStepHandler", handler)
    create: Any = ecs_executor.ecs_executor.executor_creation_fn
    launcher = EcsRunLauncher.__new__(EcsRunLauncher)
    instance = SimpleNamespace(run_launcher=launcher)
    config: dict[str, Any] = {"retries": {mode.value: {}}}
    assert create(SimpleNamespace(instance=instance, executor_config=config)).retries is mode
