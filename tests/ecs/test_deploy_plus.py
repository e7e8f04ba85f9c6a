"""Dagster+ Hybrid: the project's files through the real classes of dagster-cloud and of its command line.

A night with the launcher that these classes make is in test_night.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster_aws.ecs import EcsRunLauncher
from dagster_aws.ecs.container_context import EcsContainerContext
from dagster_cloud.instance import DagsterCloudAgentInstance
from dagster_cloud_cli.config.loader import DagsterCloudLocationsConfigLoader
from dagster_cloud_cli.config.models import Location
from dagster_dg_cli.cli.utils import create_temp_dagster_cloud_yaml_file
from dagster_dg_core.context import DgContext

from resources.lake.lake import CHECKOUT
from resources.sizing.sizes import COORDINATOR_SIZE
from tests.support.ecs.plus import agent_document, agent_instance, launcher_config
from tests.support.ecs.tasks import REGION

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DagsterCloudAgentInstance]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("AWS_DEFAULT_REGION", REGION)
        patched.setenv("AWS_ACCESS_KEY_ID", "nobody")
        patched.setenv("AWS_SECRET_ACCESS_KEY", "nothing")
        with agent_instance(tmp_path_factory.mktemp("agent")) as instance:
            yield instance


@pytest.fixture(scope="module")
def location(tmp_path_factory: pytest.TempPathFactory) -> Location:
    """The code location that `dg plus deploy` hands to Dagster+, made of build.yaml and container_context.yaml."""
    context = DgContext.for_project_environment(CHECKOUT, {})
    file = Path(create_temp_dagster_cloud_yaml_file(context, str(tmp_path_factory.mktemp("state"))))
    [made] = DagsterCloudLocationsConfigLoader.load_from_template(str(file), {}).locations
    return made


def test_dagster_plus_takes_the_location(location: Location) -> None:
    assert location.location_name == "oem_stock"
    assert location.code_source is not None
    assert location.code_source.module_name == "definitions"
    assert location.build is not None
    assert (Path(location.build.directory or "") / "Dockerfile").samefile(CHECKOUT / "Dockerfile")
    assert location.build.registry
    assert "/" in location.build.registry


def test_the_agent_merges_the_container_context_into_every_run(
    agent: DagsterCloudAgentInstance, location: Location
) -> None:
    arguments = launcher_config(agent)
    of_the_agent = EcsContainerContext(
        task_role_arn=arguments["task_definition"]["task_role_arn"],
        execution_role_arn=arguments["task_definition"]["execution_role_arn"],
        env_vars=arguments["env_vars"],
        run_resources=arguments["run_resources"],
    )
    merged = of_the_agent.merge(EcsContainerContext.create_from_config(location.container_context))
    assert merged.get_environment_dict()["DAGSTER_EXECUTOR"] == "dagster_aws.ecs.ecs_executor"
    assert merged.run_resources == {"cpu": str(COORDINATOR_SIZE.cpu), "memory": str(COORDINATOR_SIZE.memory_mb)}
    assert merged.task_definition_arn is None


def test_our_executor_runs_on_the_agents_launcher(agent: DagsterCloudAgentInstance) -> None:
    """The executor asks for an EcsRunLauncher; the agent's takes cluster and network from its own settings."""
    launcher = agent.run_launcher
    assert isinstance(launcher, EcsRunLauncher)
    config = agent_document()["user_code_launcher"]["config"]
    assert launcher.run_task_kwargs["cluster"] == config["cluster"]
    assert launcher.run_task_kwargs["networkConfiguration"]["awsvpcConfiguration"]["subnets"] == config["subnets"]
    assert not launcher.use_current_ecs_task_config
