"""A loopback ECS with a Dagster instance on PostgreSQL, on which jobs run as they do in production.

Belongs here: putting the parts together, and starting runs. Does not belong here: what a test asserts.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest import mock

import boto3
import dagster as dg
import yaml
from dagster._core.definitions.reconstruct import ReconstructableJob
from dagster._core.launcher import LaunchRunContext
from dagster._core.origin import DEFAULT_DAGSTER_ENTRY_POINT
from dagster._core.remote_origin import (
    GrpcServerCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)

from tests.support.ecs.cluster import Cluster
from tests.support.ecs.faults import Faults
from tests.support.ecs.instances import InstanceSettings, plain
from tests.support.ecs.lives import Timing
from tests.support.ecs.server import ENDPOINT_VARIABLES, Server
from tests.support.ecs.tasks import REGION, Task
from tests.support.executor_jobs import RELEASED
from tests.support.processes import Zygote, sessions
from tests.support.servers import PostgresServer

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/oem-stock:rig"
FAMILY = "daemon"
_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "rig", "AWS_SECRET_ACCESS_KEY": "rig"}


@dataclass
class Rig:
    """What a test holds. `environment` is what the process that starts runs (daemon, code server) has."""

    cluster: Cluster
    server: Server
    faults: Faults
    home: Path
    environment: dict[str, str]
    container_context: dict[str, Any]
    opened: ExitStack
    timing: Timing
    forgotten_runs: set[str] = field(default_factory=set)

    @cached_property
    def instance(self) -> dg.DagsterInstance:
        """The Dagster instance; its tables are made when first asked for, which costs a second."""
        return self.opened.enter_context(dg.DagsterInstance.from_config(str(self.home)))

    def forget(self) -> None:
        """Begin again for the next test: without earlier tasks, calls, faults and runs, and with the first timing."""
        self.cluster.forget()
        self.server.forget()
        self.faults.clear()
        self.cluster.timing = replace(self.timing)
        (self.home / RELEASED).unlink(missing_ok=True)
        if "instance" in self.__dict__:
            self.forgotten_runs |= {run.run_id for run in self.instance.get_runs()}

    def release(self) -> None:
        """Let the steps end that wait for it (`executor_jobs.waiting_steps`)."""
        (self.home / RELEASED).touch()

    @property
    def tasks(self) -> list[Task]:
        """Tasks with a process, coordinators among them, in the order of their launch."""
        return [task for task in self.cluster.tasks.values() if task.has_process]

    def steps(self, step_key: str | None = None) -> list[Task]:
        """Step tasks, of one step or of all."""
        return [task for task in self.tasks if task.step_key and step_key in (None, task.step_key)]

    def coordinators(self) -> list[Task]:
        return [task for task in self.tasks if task.is_coordinator()]

    def execute(
        self, job: ReconstructableJob, run_config: Mapping[str, Any] | None = None, tags: dict[str, str] | None = None
    ) -> dg.JobExecutionResult:
        """Run a job with this very process as its coordinator: the fastest way, and a debugger can follow it."""
        return dg.execute_job(
            job, instance=self.instance, run_config=dict(run_config or {}), tags=tags, raise_on_error=False
        )

    def launch(
        self,
        job: ReconstructableJob,
        run_config: Mapping[str, Any] | None = None,
        tags: dict[str, str] | None = None,
        assets: AbstractSet[dg.AssetKey] | None = None,
    ) -> str:
        """Let EcsRunLauncher start a coordinator task for a job, and return the run's id; `wait` waits for its end.

        The run has the origins that a code server would have given it (image, container context); only the server
        itself is left out.
        """
        origin = job.get_python_origin()
        repository = origin.repository_origin._replace(
            container_image=IMAGE,
            container_context=self.container_context,
            entry_point=DEFAULT_DAGSTER_ENTRY_POINT,
        )
        location = GrpcServerCodeLocationOrigin(host="localhost", port=4000, location_name="oem_stock")
        definition = job.get_subset(asset_selection=assets).get_definition() if assets else job.get_definition()
        run = self.instance.create_run_for_job(
            definition,
            asset_selection=assets,
            run_config=dict(run_config or {}),
            tags={**definition.run_tags, **(tags or {})},  # as the daemon makes a schedule's and a sensor's runs
            job_code_origin=origin._replace(repository_origin=repository),
            remote_job_origin=RemoteJobOrigin(RemoteRepositoryOrigin(location, "__repository__"), job.job_name),
        )
        starting = dg.DagsterEvent(dg.DagsterEventType.PIPELINE_STARTING.value, run.job_name)
        self.instance.report_dagster_event(starting, run.run_id)
        self.instance.run_launcher.launch_run(LaunchRunContext(dagster_run=run, workspace=None))
        return run.run_id

    def terminate(self, run_id: str) -> bool:
        """End a run as a user does: EcsRunLauncher stops its coordinator."""
        return self.instance.run_launcher.terminate(run_id)

    def wait(self, run_id: str, seconds: float = 120.0) -> dg.DagsterRunStatus:
        """Wait until a run's coordinator is gone; the run's status then, whatever it is."""
        coordinators = [task for task in self.coordinators() if task.tags.get("dagster/run_id") == run_id]
        self.until(lambda: all(task not in self.cluster.running() for task in coordinators), seconds)
        run = self.instance.get_run_by_id(run_id)
        assert run is not None
        return run.status

    def until(self, is_so: Callable[[], bool], seconds: float = 60.0) -> None:
        """Wait for something; AssertionError with the tasks' states where it does not come."""
        end = time.monotonic() + seconds
        while not is_so():
            if time.monotonic() > end:
                states = [f"{task.step_key or 'coordinator'}: {task.status}" for task in self.tasks]
                raise AssertionError(f"not within {seconds} s; tasks: {states}")
            time.sleep(0.1)

    def left_over(self) -> list[str]:
        """What must not be there after a test: live tasks, processes of ended ones, steps that are still STARTED.

        A step reports its end some time before its process is gone: fifteen seconds are left to it, for a busy machine.
        """
        end = time.monotonic() + 15
        while self.cluster.running() and time.monotonic() < end:
            time.sleep(0.05)
        found = [f"task {task.step_key or 'coordinator'} is {task.status}" for task in self.cluster.running()]
        alive = sessions()
        found += [f"process {task.pid} of {task.step_key}" for task in self.tasks if task.pid in alive]
        runs = self.instance.get_runs() if "instance" in self.__dict__ else []
        for run in [run for run in runs if run.run_id not in self.forgotten_runs]:
            for step in self.instance.get_run_step_stats(run.run_id):
                if step.status is None or step.status.value in ("IN_PROGRESS",):
                    found.append(f"step {step.step_key} of run {run.run_id} ({run.status.value}) is still STARTED")
        return found


@contextmanager
def ecs_rig(
    folder: Path,
    postgres: PostgresServer | None,
    zygote: Zygote,
    environment: Mapping[str, str] | None = None,
    container_context: dict[str, Any] | None = None,
    timing: Timing | None = None,
    rate: float | None = None,
    is_fresh: Callable[[Task], bool] = lambda task: False,
    settings: InstanceSettings | None = None,
) -> Iterator[Rig]:
    """A rig of its own, until the block ends; the process's environment is its daemon's meanwhile.

    `environment`: variables of the task definition that the runs' definitions are made from (the lake, OEM_APIS).
    `rate`: calls a second that each action takes before it throttles. `is_fresh`: which tasks start an interpreter of
    their own. `settings` is the Dagster instance, by default a plain one; see `instances`.
    """
    home = folder / "home"
    home.mkdir(parents=True)
    if settings is None:
        assert postgres is not None, "an instance without settings of its own is on PostgreSQL"
        settings = plain(postgres)
    (home / "dagster.yaml").write_text(yaml.safe_dump(settings.document))
    faults = Faults()
    image = {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "DAGSTER_HOME": str(home),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
    }
    network = {**_CREDENTIALS, "AWS_EC2_METADATA_DISABLED": "true"}
    with ExitStack() as stack:
        timing = timing or Timing()
        cluster = Cluster(zygote, folder, faults, {**image, **network}, replace(timing), is_fresh)
        stack.callback(cluster.close)
        server = Server(cluster, rate)
        stack.callback(server.close)
        endpoints = {f"AWS_ENDPOINT_URL_{service}": server.endpoint for service in ENDPOINT_VARIABLES}
        cluster.environment = {**image, **network, **endpoints}
        variables = {**settings.variables, **(environment or {})}
        daemon = cluster.pose(
            cluster.register_task_definition(_daemon_definition(variables))["taskDefinition"]["taskDefinitionArn"]
        )
        posed = {**network, **endpoints, **variables, **daemon.injected(server.endpoint),
                 "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION, "DAGSTER_HOME": str(home)}  # fmt: skip
        stack.enter_context(mock.patch.dict(os.environ, posed))
        boto3.DEFAULT_SESSION = None  # it remembers the endpoints of the rig before
        yield Rig(cluster, server, faults, home, posed, container_context or {}, stack, timing)


def _daemon_definition(variables: Mapping[str, str]) -> dict[str, Any]:
    return {
        "family": FAMILY,
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "1024",
        "memory": "2048",
        "containerDefinitions": [
            {
                "name": "run",  # the launcher's own name, so that the fast way's coordinator may be this task
                "image": IMAGE,
                "environment": [{"name": name, "value": value} for name, value in variables.items()],
            }
        ],
    }
