"""What the executor of dagster-aws does wrong and the project's does right.

`DAGSTER_EXECUTOR` says which executor coordinates a run. The usual tests run the project's; `make soak` runs both, and
shows each defect in the original.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator
from typing import Any

import boto3
import dagster as dg
import pytest
from dagster._core.definitions.reconstruct import ReconstructableJob
from dagster._core.executor.step_delegating import StepHandlerContext
from dagster._core.launcher import ResumeRunContext
from dagster._grpc.types import ExecuteStepArgs
from dagster._serdes import deserialize_value
from dagster_aws.ecs import EcsRunLauncher
from dagster_aws.ecs.executor import EcsStepHandler

from resources.ecs.attempts import describe_tasks
from resources.ecs.sweeper import sweep_own_cluster
from tests.support import executor_jobs
from tests.support.counts import IS_SOAK
from tests.support.ecs.faults import of_step
from tests.support.ecs.fixtures import HARDENED_AND_FAST
from tests.support.ecs.limits import ACCESS_DENIED, EC2_THROTTLING
from tests.support.ecs.lives import Timing
from tests.support.ecs.rig import Rig, ecs_rig
from tests.support.ecs.runs import events_of, foreign_task, started, stop_all
from tests.support.ecs.tasks import CLUSTER
from tests.support.processes import Zygote
from tests.support.servers import PostgresServer

pytestmark = pytest.mark.slow

# the executor as dagster-aws ships it: `executor_from_env` hardens its public name alone
PLAIN = "dagster_aws.ecs.executor.ecs_executor"
HARDENED = "dagster_aws.ecs.ecs_executor"
only_hardened = pytest.mark.parametrize("executor", [HARDENED], indirect=True, scope="module")


@pytest.fixture(scope="module", params=[HARDENED, PLAIN] if IS_SOAK else [HARDENED])
def executor(request: pytest.FixtureRequest) -> str:
    """`make soak` shows the defects of the plain executor too, which an upgrade of dagster-aws may have mended."""
    return str(request.param)


@pytest.fixture(scope="module")
def shared(
    executor: str, tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer, zygote: Zygote
) -> Iterator[Rig]:
    """A rig whose coordinators have the executor that the test names."""
    # dagster remembers the last job by its name; here the same job has another executor from test to test
    ReconstructableJob.get_definition.cache_clear()
    ReconstructableJob.get_repository_definition.cache_clear()
    environment = HARDENED_AND_FAST | {"DAGSTER_EXECUTOR": executor}
    folder = tmp_path_factory.mktemp("ecs")
    with ecs_rig(folder, postgres, zygote, environment, timing=Timing(stop_timeout=10)) as made:
        yield made


@pytest.fixture
def rig(shared: Rig) -> Iterator[Rig]:
    shared.forget()
    yield shared
    assert shared.left_over() == []


def executor_config(**config: object) -> dict[str, Any]:
    return {"execution": {"config": config}}


def sizes_of(rig: Rig) -> dict[str | None, tuple[int, int]]:
    return {task.step_key: (task.cpu, task.memory_mib) for task in rig.steps()}


def test_sizes_do_not_leak_from_step_to_step(executor: str, rig: Rig) -> None:
    # container overrides of the config are where dagster-aws's document grows from step to step
    overrides = {"containerOverrides": [{"name": "run", "environment": [{"name": "B", "value": "2"}]}]}
    result = rig.execute(dg.reconstructable(executor_jobs.sizes), executor_config(task_overrides=overrides))
    assert result.success
    sizes = sizes_of(rig)
    storage_gib = {task.step_key: task.storage_gib for task in rig.steps()}
    lengths = [rig.steps(step_key)[0].overrides_characters for step_key in ("nothing", "nothing_again")]
    assert (sizes["own"], storage_gib["own"]) == ((2048, 8192), 40)
    assert sizes["plain"] == (1024, 4096)
    assert sizes["tier"] == (512, 1024)
    if executor == PLAIN:
        assert sizes["nothing"] == sizes["own"]
        assert storage_gib["nothing"] == 40
        assert lengths[1] > 2 * lengths[0]
    else:
        assert sizes["nothing"] == sizes["nothing_again"] == (4096, 16384)
        assert {gib for step_key, gib in storage_gib.items() if step_key != "own"} == {20}
        assert abs(lengths[1] - lengths[0]) < 300
        assert rig.steps("nothing_again")[0].environment["B"] == "2"
    leaked = "memoryReservation" in rig.steps("nothing_again")[0].override
    assert leaked == (executor == PLAIN)


@pytest.mark.soak  # of the project's executor it is law 9
def test_the_runs_config_wins_over_a_tiers_size_and_loses_to_an_assets(executor: str, rig: Rig) -> None:
    result = rig.execute(dg.reconstructable(executor_jobs.sizes), executor_config(cpu=8192, memory=32768))
    assert result.success
    sizes = sizes_of(rig)
    assert sizes["nothing"] == sizes["nothing_again"] == (8192, 32768)
    assert sizes["own"] == (2048, 8192)
    assert sizes["plain"] == (1024, 4096)
    # dagster-aws cannot tell a tier's default from an asset's own
    assert sizes["tier"] == ((512, 1024) if executor == PLAIN else (8192, 32768))


def test_a_refused_launch_fails_its_step_alone(executor: str, rig: Rig) -> None:
    rig.faults.on_call("RunTask", ACCESS_DENIED, where=of_step("denied"))
    job = dg.reconstructable(executor_jobs.denied_beside_another)
    if executor == PLAIN:
        run_id = rig.launch(job)
        # the refusal ends the whole run: the sibling does not finish, and no step is said to have failed by it
        assert rig.wait(run_id) is dg.DagsterRunStatus.FAILURE
        events = events_of(rig, run_id)
        assert [event.step_key for event in events if event.is_step_success or event.is_step_failure] == []
        stop_all(rig)
        return
    result = rig.execute(job)
    assert not result.success
    assert [event.step_key for event in result.all_events if event.is_step_success] == ["sibling"]
    assert [event.step_key for event in result.all_events if event.is_step_failure] == ["denied"]


def test_a_throttled_launch_holds_up_no_other(executor: str, rig: Rig) -> None:
    rig.faults.on_call("RunTask", EC2_THROTTLING, times=2, where=of_step("denied"))
    result = rig.execute(dg.reconstructable(executor_jobs.denied_beside_another))
    assert result.success
    calls = rig.server.calls("RunTask")
    order = ["denied" if of_step("denied")(call.request) else "sibling" for call in calls]
    if executor == PLAIN:
        assert order == ["denied", "denied", "denied", "sibling"]
    else:
        assert order[:2] in (["denied", "sibling"], ["sibling", "denied"])


@only_hardened
def test_a_hundred_tasks_are_described_in_one_call(rig: Rig) -> None:
    arns = [f"arn:aws:ecs:us-east-1:123456789012:task/{CLUSTER}/{number:032x}" for number in range(250)]
    before = len(rig.server.calls("DescribeTasks"))
    tasks, missing = describe_tasks(boto3.client("ecs"), CLUSTER, arns)
    assert (tasks, missing) == ({}, set(arns))
    assert len(rig.server.calls("DescribeTasks")) - before == 3


def test_ending_a_run_stops_every_task(executor: str, rig: Rig) -> None:
    run_id = rig.launch(dg.reconstructable(executor_jobs.long_steps))
    rig.until(lambda: len(started(rig, run_id)) == 3)
    assert rig.terminate(run_id)
    rig.wait(run_id)
    asked_to_stop = {call.request["task"] for call in rig.server.calls("StopTask")}
    steps = {task.arn for task in rig.steps()}
    if executor == PLAIN:
        assert len(asked_to_stop & steps) == 1
        stop_all(rig)
        return
    assert steps <= asked_to_stop
    rig.until(lambda: not rig.cluster.running(), seconds=10)
    run = rig.instance.get_run_by_id(run_id)
    assert run is not None
    assert run.status is dg.DagsterRunStatus.CANCELED


def test_a_new_coordinator_takes_over_the_running_steps(executor: str, rig: Rig) -> None:
    run_id = rig.launch(dg.reconstructable(executor_jobs.waiting_steps))
    rig.until(lambda: len(started(rig, run_id)) == 2)
    rig.cluster.kill(rig.coordinators()[0])
    rig.until(lambda: rig.coordinators()[0] not in rig.cluster.running())
    run = rig.instance.get_run_by_id(run_id)
    assert run is not None
    rig.instance.run_launcher.resume_run(ResumeRunContext(run, None, 1))
    if executor == PLAIN:
        rig.until(lambda: len(rig.steps()) == 4)  # a second task beside each that is running
    else:
        rig.until(lambda: len(rig.server.calls("ListTasks")) == 2)  # it has looked for the task of each step
    rig.release()
    status = rig.wait(run_id)
    if executor == HARDENED:
        assert len(rig.steps()) == 2
        assert status is dg.DagsterRunStatus.SUCCESS


def test_a_capacity_provider_strategy_replaces_the_launch_type(executor: str, rig: Rig) -> None:
    spot = {"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]}
    run_id = rig.launch(dg.reconstructable(executor_jobs.one_step), executor_config(run_task_kwargs=spot))
    status = rig.wait(run_id)
    refusals = [call for call in rig.server.calls("RunTask") if call.error]
    if executor == PLAIN:
        assert (status, len(refusals), rig.steps()) == (dg.DagsterRunStatus.FAILURE, 1, [])
        return
    assert (status, refusals) == (dg.DagsterRunStatus.SUCCESS, [])
    assert "launchType" not in rig.steps("steady")[0].request


@only_hardened
def test_dagster_aws_takes_a_silent_exit_and_an_endless_wait_for_health(rig: Rig) -> None:
    """What the hardened one makes of both is in the night of faults."""
    launcher = rig.instance.run_launcher
    assert isinstance(launcher, EcsRunLauncher)
    handler = EcsStepHandler(launcher, None, None, None, None, None)
    (daemon,) = rig.cluster.tasks.values()
    silent = foreign_task(daemon.definition["taskDefinitionArn"], daemon.request, "silent", command=["true"])
    rig.until(lambda: silent not in {task.arn for task in rig.cluster.running()})
    rig.cluster.timing.pending = 3600
    waiting = foreign_task(daemon.definition["taskDefinitionArn"], daemon.request, "waiting")
    rig.until(lambda: [task.status for task in rig.cluster.running()] == ["PENDING"])
    for step_key, arn in (("waiting", waiting), ("silent", silent)):
        handler._launched_tasks[f"{step_key}-0"] = arn
        arguments = ExecuteStepArgs(
            dg.reconstructable(executor_jobs.one_step).get_python_origin(), "a run", step_keys_to_execute=[step_key]
        )
        context = StepHandlerContext(rig.instance, None, [], arguments)  # type: ignore[arg-type]
        assert handler.check_step_health(context).is_healthy
    stop_all(rig)


@only_hardened
def test_the_sweeper_stops_step_tasks_whose_run_is_over(rig: Rig) -> None:
    run_id = rig.launch(dg.reconstructable(executor_jobs.long_steps))
    rig.until(lambda: len(started(rig, run_id)) == 3)
    definition = rig.steps()[0].definition["taskDefinitionArn"]
    theirs = [foreign_task(definition, rig.steps()[0].request, run_id=run) for run in (None, "0" * 36)]

    during = sweep_own_cluster(rig.instance)
    assert (len(during.running), during.stopped, during.unknown) == (3, [], [theirs[1]])

    rig.cluster.kill(rig.coordinators()[0])
    rig.until(lambda: rig.coordinators()[0] not in rig.cluster.running())
    run = rig.instance.get_run_by_id(run_id)
    assert run is not None
    rig.instance.report_run_failed(run, "run monitoring: its coordinator is gone")

    after = sweep_own_cluster(rig.instance)
    assert sorted(after.stopped) == sorted(task.arn for task in rig.steps() if task.step_key)
    assert after.problems == []
    rig.until(lambda: {task.arn for task in rig.cluster.running()} == set(theirs), seconds=10)
    assert sweep_own_cluster(rig.instance).stopped == []
    stop_all(rig)


def test_a_step_is_handed_only_the_state_that_it_asks_for(executor: str, rig: Rig) -> None:
    result = rig.execute(dg.reconstructable(executor_jobs.wide), executor_config(max_concurrent=1))
    assert result.success
    (task,) = rig.steps("after_denied")
    packed = zlib.decompress(base64.b64decode(task.environment["DAGSTER_COMPRESSED_EXECUTE_STEP_ARGS"])).decode()
    arguments = deserialize_value(packed, ExecuteStepArgs)
    assert arguments.known_state is not None
    outputs = {output.step_key for output in arguments.known_state.ready_outputs}
    assert "upstream_0" in outputs
    assert (len(outputs) == 1) == (executor == HARDENED)


@only_hardened
def test_overrides_too_long_are_refused_before_the_launch(rig: Rig) -> None:
    result = rig.execute(dg.reconstructable(executor_jobs.too_many_variables))
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert failure.step_key == "wordy"
    error = failure.step_failure_data.error
    assert error is not None
    assert "characters long, AWS takes 8192" in error.message
    assert "Make the command shorter" in error.message
    assert rig.steps("wordy") == []
    # the variables of a step stand beside the step's arguments, in whose place dagster-aws puts them
    assert [event.step_key for event in result.all_events if event.is_step_success] == ["brief"]
    assert rig.steps("brief")[0].environment["VARIABLE_0"] == "x" * 100
