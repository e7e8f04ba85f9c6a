"""A whole night on ECS: each step its own task of its own size, tables as an in-process night makes them."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
import yaml
from dagster._core.definitions.reconstruct import ReconstructableJob, ReconstructableRepository

import definitions
from consolidated.night.assets import JOB as MORNING
from consolidated.night.report.write import path_of
from consolidated.tables.iceberg import IcebergStore
from raw.endpoint.declaration import Inventory
from resources.apis.sandbox_process import ORIGIN_VARIABLE
from resources.graph import RETRY
from resources.lake.catalog import load_lake_catalog
from resources.lake.lake import lake_from_env
from resources.sandbox.serving.routes import World
from resources.sandbox.serving.server import Sandbox
from resources.sizing.sizes import COORDINATOR_SIZE
from tests.support.counts import IS_SOAK
from tests.support.declared import OEMS, SMALL, WITH_CREDENTIAL, few, steps
from tests.support.ecs.code_server import code_server
from tests.support.ecs.instances import deployed
from tests.support.ecs.lives import Timing
from tests.support.ecs.plus import CONTAINER, agent_document, agent_instance, launcher_config
from tests.support.ecs.rig import Rig, ecs_rig
from tests.support.ecs.tasks import ACCOUNT, REGION
from tests.support.lakes import s3_and_postgres
from tests.support.nights import Night, assert_same_content, night_in
from tests.support.played import served
from tests.support.processes import CHECKOUT, Zygote
from tests.support.row_locks import postgres_connection, waits_for_a_row
from tests.support.servers import PostgresServer, S3Server

pytestmark = pytest.mark.slow

VEHICLES = 200
DEFINITIONS = "tests.support.small_definitions"
DAY = date(2026, 11, 24)
TAGS = {"dagster/partition": DAY.isoformat()}
(FAILING,) = WITH_CREDENTIAL.yielding(Inventory)[:1]
SEARCH = f"{WITH_CREDENTIAL.name}__raw__{FAILING.name}"
# docs/ecs.md: container_context.yaml names the stack's roles in place of the agent's
PLUS_ROLES = {
    "task_role_arn": f"arn:aws:iam::{ACCOUNT}:role/run",
    "execution_role_arn": f"arn:aws:iam::{ACCOUNT}:role/execution",
}
AGAIN = next(oem for oem in few(OEMS) if oem is not WITH_CREDENTIAL)
COMPARED = SMALL if IS_SOAK else [oem for oem in SMALL if oem.name == AGAIN.name]
"""The makers whose tables are held against those of a night in one process."""


@pytest.fixture(scope="module")
def in_process(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pl.DataFrame]:
    """The tables of the same night in one process, on a folder and SQLite."""
    with (
        pytest.MonkeyPatch.context() as patched,
        night_in(tmp_path_factory.mktemp("laptop"), patched, vehicles=VEHICLES, oems=COMPARED) as night,
    ):
        assert night.run("nightly", DAY).success
        return night.content()


@pytest.fixture
def lake(request: pytest.FixtureRequest, s3: S3Server, postgres: PostgresServer) -> Iterator[dict[str, str]]:
    """Variables of the task definition: tasks share no disk, so the lake is on S3 and its catalog in PostgreSQL.

    One sandbox plays for all tasks, with the faults that the test's parameter names.
    """
    with served(Sandbox(World(DAY, VEHICLES), None, getattr(request, "param", "")).handler()) as port:
        yield s3_and_postgres(s3, postgres) | {
            "OEM_APIS": "sandbox",
            ORIGIN_VARIABLE: f"http://127.0.0.1:{port}",
        }


@pytest.fixture
def rig(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    s3: S3Server,
    postgres: PostgresServer,
    zygote: Zygote,
    lake: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Rig]:
    """After the test nothing of it may be left. Coordinators start an interpreter of their own, as in production.

    With the parameter `plus` the launcher has the arguments that the agent of Dagster+ gives it; its coordinators are
    forked.
    """
    is_plus = getattr(request, "param", "") == "plus"
    # this process loads the definitions too, and poses as a task meanwhile
    monkeypatch.setenv("DAGSTER_EXECUTOR", "dagster_aws.ecs.ecs_executor")
    settings = deployed(postgres, s3)
    context = yaml.safe_load((CHECKOUT / "container_context.yaml").read_text())
    # by name alone: the launcher reads the value where the daemon runs, as docs/ecs.md has it for open-source Dagster
    context["ecs"]["env_vars"] += [*settings.variables, *lake]
    if is_plus:
        monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
        with agent_instance(tmp_path / "agent") as agent:
            launcher = {"module": "dagster_aws.ecs", "class": "EcsRunLauncher", "config": launcher_config(agent)}
        settings.document["run_launcher"] = launcher
        context["ecs"] |= PLUS_ROLES
    with ecs_rig(
        tmp_path / "rig",
        postgres,
        zygote,
        lake,
        context,
        Timing(stop_timeout=2),
        is_fresh=lambda task: task.is_coordinator() and not is_plus,
        settings=settings,
    ) as made:
        yield made
        assert made.left_over() == []


def declared_sizes() -> dict[str, tuple[int, int]]:
    """Step -> (cpu, MB) as the graph declares them."""
    job = definitions.build_defs(oems=SMALL).resolve_job_def("nightly")
    return {node.name: (int(node.tags["ecs/cpu"]), int(node.tags["ecs/memory"])) for node in job.graph.nodes}


def steps_at_once(rig: Rig) -> int:
    """The most step tasks that were running at the same moment."""
    instants = [(task.started_at or 0.0, 1) for task in rig.steps()]
    instants += [(task.stopped_at or 0.0, -1) for task in rig.steps()]
    running = most = 0
    for _, change in sorted(instants):
        running += change
        most = max(most, running)
    return most


def retries(rig: Rig, run_id: str) -> list[str]:
    """Why steps of the run were tried again."""
    records = rig.instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.STEP_UP_FOR_RETRY).records
    events = [record.event_log_entry.dagster_event for record in records]
    return [str(event.step_retry_data.error) for event in events if event is not None]


def assert_as_declared(rig: Rig, steps_of: set[str], run_id: str) -> None:
    """Coordinator and steps of a night have their declared sizes, and steps run side by side."""
    (coordinator,) = rig.coordinators()
    assert (coordinator.cpu, coordinator.memory_mib) == (COORDINATOR_SIZE.cpu, COORDINATOR_SIZE.memory_mb)
    assert coordinator.peak_bytes < 512 * 2**20
    sizes = {step: size for step, size in declared_sizes().items() if step in steps_of}
    assert {task.step_key: (task.cpu, task.memory_mib) for task in rig.steps()} == sizes, retries(rig, run_id)
    fetched_at_once = sum("__raw__" in step for step in steps_of)
    assert steps_at_once(rig) >= min(3, fetched_at_once)


@pytest.mark.soak
def test_a_night_is_the_in_process_night(rig: Rig, in_process: dict[str, pl.DataFrame], tmp_path: Path) -> None:
    """Of all makers, and of one again; in `make test` one maker's night has a step killed beside (below)."""
    with code_server(rig, DEFINITIONS) as server:
        run_id = server.launch("nightly", tags=TAGS)
        status = rig.wait(run_id, 300)
    assert status is dg.DagsterRunStatus.SUCCESS, [task.output()[-2000:] for task in rig.tasks if task.exit_code]
    declared = set().union(*map(steps, SMALL))
    assert_as_declared(rig, declared, run_id)
    assert Counter(task.step_key for task in rig.steps()) == Counter(declared), retries(rig, run_id)
    assert_same_content(Night(tmp_path, rig.instance).content(), in_process)

    first_night = len(rig.steps())
    with code_server(rig, DEFINITIONS) as server:
        run_id = server.launch(f"{AGAIN.name}_nightly", {"execution": {"config": {"cpu": 2048, "memory": 8192}}}, TAGS)
        assert rig.wait(run_id, 300) is dg.DagsterRunStatus.SUCCESS
    again = rig.steps()[first_night:]
    # no asset of the graph declares a size of its own: the run's config wins over the tiers' defaults
    assert {task.step_key: (task.cpu, task.memory_mib) for task in again} == dict.fromkeys(steps(AGAIN), (2048, 8192))
    assert_same_content(Night(tmp_path, rig.instance).content(), in_process)


@pytest.mark.parametrize("rig", ["plus"], indirect=True)
@pytest.mark.parametrize("lake", [f"{WITH_CREDENTIAL.name}/{FAILING.name}:status-503"], indirect=True, ids=["503"])
def test_one_oems_failure_is_its_own(rig: Rig, in_process: dict[str, pl.DataFrame], tmp_path: Path) -> None:
    """A search that never answers: each try is a task, then it surfaces with its cause; the others' night is whole.

    The night is one of Dagster+ Hybrid, as far as its agent's launcher makes it: see `tests.support.ecs.plus`. It is of
    every endpoint under `make soak`, otherwise of what needs the search and of another maker's first fetch.
    """
    fetched = f"{AGAIN.name}__raw__{AGAIN.endpoints[0].name}"
    selected = set(declared_sizes()) if IS_SOAK else steps(WITH_CREDENTIAL, FAILING) | {fetched}
    run_id = launch(rig, "nightly", {dg.AssetKey(step.split("__")) for step in selected})
    assert rig.wait(run_id, 300) is dg.DagsterRunStatus.FAILURE
    assert {task.container["name"] for task in (*rig.coordinators(), *rig.steps())} == {CONTAINER}
    asked = [call.request for call in rig.server.calls("RunTask")]
    networks = [request["networkConfiguration"]["awsvpcConfiguration"] for request in asked]
    subnets = agent_document()["user_code_launcher"]["config"]["subnets"]
    assert {tuple(network["subnets"]) for network in networks} == {tuple(subnets)}, "coordinator and steps, all subnets"
    assert "ec2:DescribeNetworkInterfaces" not in rig.server.iam_actions(), "nothing is taken from a task's own network"
    definition = rig.coordinators()[0].definition
    assert {definition["taskRoleArn"], definition["executionRoleArn"]} == set(PLUS_ROLES.values())

    launched = Counter(task.step_key for task in rig.steps())
    tries = rig.steps(SEARCH)
    assert launched.pop(SEARCH) == len(tries) == len({task.pid for task in tries}) == 1 + RETRY.max_retries
    assert {(task.cpu, task.memory_mib) for task in tries} == {declared_sizes()[SEARCH]}
    assert set(launched.values()) == {1}
    assert set(launched) == selected - steps(WITH_CREDENTIAL, FAILING)
    done = {
        step.step_key
        for step in rig.instance.get_run_step_stats(run_id)
        if step.status and step.status.value == "SUCCESS"
    }
    assert done == set(launched)

    (failure,) = [
        record.event_log_entry.dagster_event
        for record in rig.instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.STEP_FAILURE).records
    ]
    assert failure is not None
    assert failure.step_key == SEARCH
    data = failure.step_failure_data
    assert data.user_failure_data is not None
    assert data.user_failure_data.metadata["cause"].value == "server_error"
    for said in (WITH_CREDENTIAL.name, FAILING.name, "503"):
        assert said in (data.user_failure_data.description or "")
    assert_the_morning_is_one_task(rig)

    if not IS_SOAK:
        return
    tables = Night(tmp_path, rig.instance).content()
    for name in ("inventory", "inventory_daily", "dealers"):
        ours = tables[name].filter(pl.col("oem") == AGAIN.name)
        assert ours.height > 0
        assert ours.equals(in_process[name].filter(pl.col("oem") == AGAIN.name)), name


def assert_the_morning_is_one_task(rig: Rig) -> None:
    """Of its own size, without a task for a step: it writes the report, which knows what failed."""
    before = len(rig.tasks)
    run_id = launch(rig, MORNING)
    assert rig.wait(run_id, 300) is dg.DagsterRunStatus.SUCCESS
    (task,) = rig.tasks[before:]
    assert task.is_coordinator()
    nodes = definitions.build_defs(oems=SMALL).resolve_job_def(MORNING).nodes
    assert {(str(task.cpu), str(task.memory_mib))} == {(one.tags["ecs/cpu"], one.tags["ecs/memory"]) for one in nodes}
    page = lake_from_env().read_bytes(path_of(DAY)).decode()
    assert f"{WITH_CREDENTIAL.name}/raw/{FAILING.name}" in page


def test_a_step_that_is_killed_in_the_middle_of_its_commits_ends_them_when_it_is_tried_again(
    rig: Rig, in_process: dict[str, pl.DataFrame], lake: dict[str, str], tmp_path: Path
) -> None:
    """The night is otherwise the one of one process: the same steps, each a task of its declared size, the same tables.

    The present is committed last. The catalog's row of it is locked, so that the step waits there to be killed.
    """
    IcebergStore(load_lake_catalog(), lake_from_env()).prepare("sandbox")
    step = f"{AGAIN.name}__consolidated__inventory"
    (of_few_markets,) = (oem for oem in SMALL if oem.name == AGAIN.name)
    night = Night(tmp_path, rig.instance)
    with postgres_connection(lake) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM iceberg_tables WHERE table_name = 'inventory' FOR UPDATE")
        with code_server(rig, DEFINITIONS) as server:
            run_id = server.launch(f"{AGAIN.name}_nightly", tags=TAGS)
        with postgres_connection(lake) as onlooker:
            rig.until(lambda: waits_for_a_row(onlooker), 300)
        (killed,) = rig.steps(step)
        assert killed.pid is not None
        os.kill(killed.pid, signal.SIGKILL)
        rig.until(lambda: killed not in rig.cluster.running(), 60)
        connection.rollback()
    between = night.snapshots()
    assert (between["inventory_daily"] is None, between["inventory"]) == (False, None)
    assert rig.wait(run_id, 300) is dg.DagsterRunStatus.SUCCESS
    assert killed.exit_code == 128 + signal.SIGKILL
    launched = Counter(task.step_key for task in rig.steps())
    assert launched == Counter(steps(of_few_markets)) + Counter([step]), "one more task of the killed step"
    assert_as_declared(rig, steps(of_few_markets), run_id)
    for name, table in night.content().items():
        of_maker = in_process[name].filter(pl.col("oem") == AGAIN.name)
        assert table.equals(of_maker), name


def launch(rig: Rig, job: str, assets: set[dg.AssetKey] | None = None) -> str:
    repository = ReconstructableRepository.for_module(DEFINITIONS, "defs", working_directory=str(CHECKOUT))
    return rig.launch(ReconstructableJob(repository, job), tags=TAGS, assets=assets)
