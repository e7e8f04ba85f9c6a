"""`deploy/` is what the real dagster loads: storage in PostgreSQL, compute logs in S3, run monitoring on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import dagster as dg
import pytest
import yaml
from dagster._core.run_coordinator import QueuedRunCoordinator
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster_aws.ecs import EcsRunLauncher
from dagster_aws.ecs.container_context import EcsContainerContext
from dagster_aws.s3.compute_log_manager import S3ComputeLogManager
from dagster_dg_core.context import DgContext

from resources.lake.lake import CHECKOUT
from resources.sizing.sizes import COORDINATOR_SIZE
from tests.support.ecs.instances import production_environment
from tests.support.servers import PostgresServer, S3Server

DEPLOY = CHECKOUT / "deploy"
SAID = "a line of a step's own"
POOL = "consolidated_inventory"


@pytest.fixture
def instance(
    s3: S3Server, postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dg.DagsterInstance]:
    """The production instance on an empty database, with the variables that its task definitions have."""
    for name, value in production_environment(s3, postgres, postgres.new_database()).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with dg.DagsterInstance.from_config(str(DEPLOY)) as made:
        yield made


@dg.op(pool=POOL)
def speak() -> None:
    print(SAID)


@dg.job
def speaking() -> None:
    speak()


@dg.job(executor_def=dg.in_process_executor)
def speaking_here() -> None:
    """Without a process of the step's own, which imports dagster for four CPU seconds."""
    speak()


@pytest.mark.slow
def test_the_instance_loads_runs_and_leaves_its_compute_logs_in_s3(instance: dg.DagsterInstance, s3: S3Server) -> None:
    assert isinstance(instance.run_launcher, EcsRunLauncher)
    assert instance.run_launcher.task_role_arn == "arn:aws:iam::123456789012:role/run"
    assert instance.run_launcher.secrets_tags == []
    assert isinstance(instance.run_coordinator, QueuedRunCoordinator)
    assert isinstance(instance.compute_log_manager, S3ComputeLogManager)
    assert instance.run_monitoring_enabled
    assert instance.run_monitoring_start_timeout_seconds >= 600, "an image pull and a wait for capacity"
    assert instance.run_monitoring_max_runtime_seconds
    assert instance.run_retries_enabled
    assert instance.run_retries_max_retries == 1
    assert not instance.run_retries_retry_on_asset_or_op_failure, "a step has its own RetryPolicy"
    assert not instance.telemetry_enabled

    result = dg.execute_job(dg.reconstructable(speaking), instance=instance)
    assert result.success
    stored = instance.get_run_by_id(result.run_id)
    assert stored is not None
    assert stored.status is dg.DagsterRunStatus.SUCCESS
    pool = instance.event_log_storage.get_concurrency_info(POOL)
    assert 1 < pool.slot_count < 12, "conflicts are kept rare, and OEMs do not wait for each other in a row"
    assert not pool.claimed_slots, "the step gave its turn back"

    client = boto3.client("s3")
    listed = client.list_objects_v2(Bucket=s3.bucket, Prefix=f"compute-logs/storage/{result.run_id}")
    keys = [found["Key"] for found in listed["Contents"]]
    [standard_output] = [key for key in keys if key.endswith(".out")]
    assert SAID in client.get_object(Bucket=s3.bucket, Key=standard_output)["Body"].read().decode()


@pytest.mark.slow
def test_a_step_does_not_fail_because_its_compute_logs_cannot_be_kept(
    s3: S3Server, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in production_environment(s3, postgres).items():
        monkeypatch.setenv(name, value)
    # a bucket that is missing would be made by SeaweedFS
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with dg.DagsterInstance.from_config(str(DEPLOY)) as instance:
        result = dg.execute_job(dg.reconstructable(speaking_here), instance=instance)
    assert result.success


def test_the_workspace_names_the_code_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODE_SERVER_HOST", "code.oem-stock.internal")
    [origin] = WorkspaceFileTarget([str(DEPLOY / "workspace.yaml")]).create_origins()
    assert origin.location_name == "oem_stock"
    assert (origin.host, origin.port) == ("code.oem-stock.internal", 4000)  # type: ignore[attr-defined]


def test_the_container_context_is_what_dagster_aws_takes() -> None:
    document = yaml.safe_load((CHECKOUT / "container_context.yaml").read_text())
    context = EcsContainerContext.create_from_config(document)
    assert context.get_environment_dict()["DAGSTER_EXECUTOR"] == "dagster_aws.ecs.ecs_executor"
    assert context.run_resources == {"cpu": str(COORDINATOR_SIZE.cpu), "memory": str(COORDINATOR_SIZE.memory_mb)}
    assert context.task_definition_arn is None, "with one, dagster-aws drops env_vars and secrets without a word"


def test_dagster_plus_finds_the_build_settings() -> None:
    context = DgContext.for_project_environment(CHECKOUT, {})
    assert context.build_config is not None
    assert set(context.build_config) == {"directory", "registry"}
    assert (CHECKOUT / str(context.build_config["directory"]) / "Dockerfile").is_file()
    assert context.container_context_config_path == CHECKOUT / "container_context.yaml"
