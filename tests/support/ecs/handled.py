"""The step handler alone, without a run: steps are launched, checked and ended one call at a time, on a played clock.

ECS is the stand-in, whose tasks stay PROVISIONING, so no process starts. Calls that the handler makes in threads are
made at once instead, or at the moment that a test chooses, so that no test depends on how busy the machine is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest import mock

import dagster as dg
from dagster._core.definitions.reconstruct import ReconstructableJob
from dagster._core.execution.api import create_execution_plan
from dagster._core.execution.context_creation_job import (
    PlanOrchestrationContextManager,
    orchestration_context_event_generator,
)
from dagster._core.execution.plan.state import KnownExecutionState
from dagster._core.executor.step_delegating import StepHandlerContext
from dagster._grpc.types import ExecuteStepArgs
from dagster_aws.ecs import EcsRunLauncher

from resources.ecs import attempts, step_handler
from resources.ecs.launches import run_task
from resources.ecs.step_handler import HardenedStepHandler
from tests.support.ecs.instances import InstanceSettings
from tests.support.ecs.lives import Timing
from tests.support.ecs.rig import Rig, ecs_rig
from tests.support.ecs.server import Call
from tests.support.executor_jobs import SMALL, SPOT, job_of, step
from tests.support.processes import zygote

STEPS = [f"step_{number}" for number in range(12)]
REPEATABLE = "repeatable"  # the one step that may run on Fargate Spot
# the steps' job needs some executor; the handler under test is made apart from it
EXECUTOR = {"DAGSTER_EXECUTOR": "dagster.in_process_executor"}
CONFIG = {"poll_seconds": 5, "pending_timeout_seconds": 900, "launch_timeout_seconds": 900}


def twelve_steps() -> dg.JobDefinition:
    return job_of("twelve_steps", *(step(name, SMALL) for name in STEPS), step(REPEATABLE, SPOT))


@cache
def the_job() -> ReconstructableJob:
    """Made once: `dg.reconstructable` makes the job anew, which costs far more than the check that it is for."""
    return dg.reconstructable(twelve_steps)


class PlayedCall(Future[Any]):
    """A call that is made when its result is asked for, as an answer that arrives while somebody waits for it."""

    def __init__(self, call: Callable[[], Any]) -> None:
        super().__init__()
        self._call = call

    def make(self) -> None:
        if self.done():
            return
        try:
            self.set_result(self._call())
        except Exception as error:
            self.set_exception(error)

    def result(self, timeout: float | None = None) -> Any:
        if timeout is None or timeout > 0:
            self.make()
        return super().result(timeout=0)


class PlayedThreads:
    """In place of ThreadPoolExecutor. With `answers_late`, a call of RunTask stays in flight until it is waited for."""

    answers_late = False

    def __init__(self, **_: object) -> None:
        return

    def __enter__(self) -> PlayedThreads:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def submit(self, call: Callable[..., Any], *arguments: Any) -> PlayedCall:
        made = PlayedCall(lambda: call(*arguments))
        if not (self.answers_late and call is run_task):
            made.make()
        return made

    def map(self, call: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        return [call(item) for item in items]


@dataclass
class Handled:
    """A handler and the steps of one run. `now` is the handler's monotonic clock in seconds."""

    rig: Rig
    instance: dg.DagsterInstance
    now: float = 1000.0
    handlers: list[HardenedStepHandler] = field(default_factory=list)
    calls_before: int = 0
    tasks_before: int = 0

    def __post_init__(self) -> None:
        self.calls_before, self.tasks_before = len(self.rig.server.calls()), len(self.rig.steps())

    def monotonic(self) -> float:
        return self.now

    def new_handler(self, **config: Any) -> HardenedStepHandler:
        """The handler of a new coordinator."""
        launcher = self.instance.run_launcher
        assert isinstance(launcher, EcsRunLauncher)
        self.handlers.append(HardenedStepHandler(launcher, CONFIG | config))
        return self.handlers[-1]

    @cached_property
    def run(self) -> dg.DagsterRun:
        job = the_job()
        return self.instance.create_run_for_job(job.get_definition(), job_code_origin=job.get_python_origin())

    @cached_property
    def plan_context(self) -> Any:
        job = the_job()
        plan = create_execution_plan(job)
        manager = PlanOrchestrationContextManager(
            orchestration_context_event_generator, job, plan, {}, self.run, self.instance
        )
        list(manager.prepare_context())
        return manager.get_context()

    def context(self, step_key: str, retries: int = 0) -> StepHandlerContext:
        state = KnownExecutionState(previous_retry_attempts={step_key: retries} if retries else {})
        arguments = ExecuteStepArgs(
            the_job().get_python_origin(),
            self.run.run_id,
            step_keys_to_execute=[step_key],
            known_state=state,
        )
        found = self.plan_context.execution_plan.get_step_by_key(step_key)
        return StepHandlerContext(self.instance, self.plan_context, [found], arguments, self.run)

    def launch(self, *step_keys: str, retries: int = 0) -> None:
        for step_key in step_keys:
            for event in self.handlers[-1].launch_step(self.context(step_key, retries)):
                assert not event.is_step_failure, event.step_failure_data.error

    def check(self, step_key: str, seconds_later: float = 1.0, retries: int = 0) -> str | None:
        """What the executor hears of a step after `seconds_later`: None where it is healthy, else the problem."""
        self.now += seconds_later
        health = self.handlers[-1].check_step_health(self.context(step_key, retries))
        return None if health.is_healthy else health.unhealthy_reason

    def end_run(self) -> None:
        list(self.handlers[-1].terminate_step(self.context(STEPS[0])))

    def requests(self, action: str) -> list[Any]:
        """The requests of that action which the handlers have sent, in their order."""
        return [call.request for call in self.calls if call.action == action]

    @property
    def calls(self) -> list[Call]:
        return self.rig.server.calls()[self.calls_before :]

    @property
    def arns(self) -> list[str]:
        """The step tasks, in the order of their launch."""
        return [task.arn for task in self.rig.steps()[self.tasks_before :]]

    def forget_task(self) -> None:
        """Let ECS no longer know the task that was launched last."""
        self.rig.cluster.tasks.popitem()


@contextmanager
def stand_in(folder: Path) -> Iterator[tuple[Rig, dg.DagsterInstance]]:
    """What the handlers of several tests may share: an ECS whose tasks never start, and an instance in memory."""
    settings = InstanceSettings({"telemetry": {"enabled": False}}, {})
    timing = Timing(provisioning=10**6)
    with (
        zygote() as forks,
        ecs_rig(folder, None, forks, EXECUTOR, timing=timing, settings=settings) as rig,
        dg.DagsterInstance.ephemeral() as instance,
    ):
        launcher: Any = EcsRunLauncher()
        launcher.register_instance(instance)
        with mock.patch.object(dg.DagsterInstance, "run_launcher", launcher):
            yield rig, instance


@contextmanager
def handled(rig: Rig, instance: dg.DagsterInstance) -> Iterator[Handled]:
    made = Handled(rig, instance)
    clock = cast("Any", SimpleNamespace(monotonic=made.monotonic))
    with (
        mock.patch.object(step_handler, "time", clock),
        mock.patch.object(attempts, "time", clock),
        mock.patch.object(step_handler, "ThreadPoolExecutor", PlayedThreads),
    ):
        yield made
    rig.faults.clear()
