"""`DAGSTER_EXECUTOR`: unset, a dotted path, anything else."""

import dagster as dg
import pytest

from resources.executor import executor_from_env
from resources.failures import PlatformError


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
