"""How a step's task is launched, watched and stopped, and what Dagster is told of it.

What dagster-aws 0.29 gets wrong is corrected where it goes wrong, by subclassing its step handler; every correction
says why, and has a test that shows the defect in the original.
Does not belong here: what AWS's answers mean (`ecs_launches`, `ecs_tasks`), the request's document (`ecs_request`),
which size wins (`sizing`).
"""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dagster as dg
from botocore.config import Config
from dagster._core.events import DagsterEvent, DagsterEventType, EngineEventData
from dagster._core.execution.plan.objects import StepFailureData
from dagster._core.executor.step_delegating import CheckStepHealthResult, StepHandlerContext
from dagster_aws.ecs.executor import EcsStepHandler
from dagster_aws.ecs.launcher import EcsRunLauncher
from dagster_aws.ecs.utils import sanitize_tag
from dagster_shared.error import SerializableErrorInfo

from resources.ecs import requests as ecs_request
from resources.ecs.attempts import Attempt, TaskWatch, running_tasks, stop_task, tags_of
from resources.ecs.clients import client
from resources.ecs.launches import CALLS_AT_ONCE, Pace, Refusal, run_task, seconds_until_next_try
from resources.ecs.tasks import NOT_YET_STARTED, task_end
from resources.sizing.sizes import REPEATABLE_TAG, Size, resolve_size, size_of


class HardenedStepHandler(EcsStepHandler):
    """dagster-aws's step handler that never blocks the executor's loop and loses no task.

    The executor asks after every running step each second (`check_step_health`). That tick does all the work: it
    sends due launches to a few threads, takes their outcomes, and reads the last answers of DescribeTasks. The state
    is touched by the executor's own thread alone; the threads only call AWS.
    """

    def __init__(self, run_launcher: EcsRunLauncher, config: Mapping[str, Any]) -> None:
        self._configured_size = size_of(config.get("cpu"), config.get("memory"), "the executor's config")
        self._run_launcher = run_launcher
        super().__init__(
            run_launcher=run_launcher,
            run_task_kwargs=config.get("run_task_kwargs"),
            cpu=config.get("cpu"),
            memory=config.get("memory"),
            ephemeral_storage=config.get("ephemeral_storage"),
            task_overrides=config.get("task_overrides"),
        )
        # one try a call: what to do after a refusal is decided here, in the open, not inside botocore's sleep
        self.ecs = client("ecs", config=Config(retries={"total_max_attempts": 1}, read_timeout=30))
        # a cluster named in run_task_kwargs is where the tasks are; dagster-aws would look for them in its own
        self._cluster = self._run_task_kwargs.get("cluster", self._cluster_arn)
        spot = config.get("fargate_spot")
        self._spot_allowed = os.environ.get("STEP_TASKS_ON_SPOT") == "1" if spot is None else bool(spot)
        self._pending_timeout_seconds = float(config["pending_timeout_seconds"])
        self._launch_timeout_seconds = float(config["launch_timeout_seconds"])

        self._attempts: dict[str, Attempt] = {}  # the running steps, by step key
        self._known_steps: set[str] = set()  # that this coordinator has launched or adopted
        self._size_after_oom: dict[str, Size] = {}
        self._pace = Pace(time.monotonic())
        self._calls = ThreadPoolExecutor(max_workers=CALLS_AT_ONCE, thread_name_prefix="ecs")
        self._watch = TaskWatch(self.ecs, self._cluster, self._calls, float(config["poll_seconds"]))
        self._is_stopping = False

    # launching

    def launch_step(self, step_handler_context: StepHandlerContext) -> Iterator[DagsterEvent]:
        """Queue the step's launch; what AWS says to it comes with a later tick.

        dagster-aws calls RunTask here, in the executor's loop, and lets its errors out: one step's throttling holds
        up every other launch, and one step's refusal ends the run and leaves the other tasks running.
        """
        context = ecs_request.with_own_state_only(step_handler_context)
        step_key = self._get_step_key(context)
        step_context = context.get_step_context(step_key)
        attempt_number = _attempt_number(context, step_key)
        try:
            kwargs = self._request(context, step_key, attempt_number)
            size = ecs_request.checked(kwargs)
        except Exception as error:  # whatever is wrong with one step's declaration is that step's failure alone
            yield _failure(step_context, f'Step "{step_key}" was not launched: {error}')
            return
        on_spot = (
            self._spot_allowed
            and context.step_tags[step_key].get(REPEATABLE_TAG) == "true"
            and attempt_number == 0  # an interrupted step must not be interrupted again: every retry is on demand
        )
        # written before RunTask: whatever the step reports comes after it in the log (see `_has_reported`)
        yield DagsterEvent.step_worker_starting(
            step_context,
            message=f'Launching step "{step_key}" in an ECS task of {size}{", Fargate Spot" if on_spot else ""}.',
            metadata={"cpu": size.cpu, "memory_mb": size.memory_mb, "fargate_spot": on_spot},
        )
        now = time.monotonic()
        self._attempts[step_key] = Attempt(step_key, size, kwargs, on_spot, asked_at=now, due_at=now)
        self._send_due_launches(now)

    def _request(self, context: StepHandlerContext, step_key: str, attempt_number: int) -> dict[str, Any]:
        self._known_steps.add(step_key)
        size = self._size_after_oom.get(step_key) or resolve_size(context.step_tags[step_key], self._configured_size)
        container_context = self._get_container_context(context)
        # dagster-aws writes the step's tags and overrides into what it keeps for all steps, so that one step's size,
        # storage and container keys reach the next, and containerOverrides grows: give it copies to write into
        kept = self._run_task_kwargs, self._task_overrides
        self._run_task_kwargs, self._task_overrides = copy.deepcopy(kept)
        try:
            kwargs: dict[str, Any] = self._get_run_task_kwargs(
                context.dagster_run,
                context.execute_step_args.get_command_args(skip_serialized_namedtuple=True),
                step_key,
                {**context.step_tags[step_key], **size.tags()},
                step_handler_context=context,
                container_context=container_context,
            )
        finally:
            self._run_task_kwargs, self._task_overrides = kept
        kwargs = ecs_request.marked(kwargs, attempt_number)
        # an `environment` in the tag ecs/container_overrides replaces the one with the step's arguments in it; and a
        # step that loads the definitions without DAGSTER_EXECUTOR is refused (`resources.executor`)
        environment = {one["name"]: one["value"] for one in context.execute_step_args.get_command_env()}
        if "DAGSTER_EXECUTOR" in os.environ:
            environment["DAGSTER_EXECUTOR"] = os.environ["DAGSTER_EXECUTOR"]
        container_name = self._run_launcher.get_container_name(container_context)
        return ecs_request.with_environment(kwargs, container_name, environment)

    def _send_due_launches(self, now: float) -> None:
        attempts = [] if self._is_stopping else list(self._attempts.values())
        due = [one for one in attempts if one.arn is None and one.call is None and one.due_at <= now]
        in_flight = sum(one.call is not None and not one.call.done() for one in attempts)
        for attempt in due:
            # what queued behind slow answers would go out in one burst after them, faster than the pace
            if in_flight >= CALLS_AT_ONCE or not self._pace.take(now):
                return
            attempt.call = self._calls.submit(run_task, self.ecs, attempt.request())
            in_flight += 1

    # watching

    def check_step_health(self, step_handler_context: StepHandlerContext) -> CheckStepHealthResult:
        """The tick of one running step: from memory, without waiting for AWS.

        Unhealthy makes the executor fail the step or retry it by its policy.
        """
        now = time.monotonic()
        self._send_due_launches(now)
        self._watch.poll(self._attempts.values(), now)
        step_key = self._get_step_key(step_handler_context)
        if step_key not in self._known_steps and not self._adopt(step_handler_context, step_key, now):
            return CheckStepHealthResult.unhealthy("no task of it was found when the coordinator was replaced")
        attempt = self._attempts.get(step_key)
        if attempt is None:
            return CheckStepHealthResult.healthy()  # its end has been told; the executor has yet to read it
        attempt.checked_at = now
        if attempt.arn is None:
            problem = self._outcome_of_launch(attempt, step_handler_context, now)
        else:
            problem = self._end_of_task(attempt, attempt.arn, step_handler_context, now)
        if problem is None:
            return CheckStepHealthResult.healthy()
        del self._attempts[step_key]
        return CheckStepHealthResult.unhealthy(problem)

    def _adopt(self, context: StepHandlerContext, step_key: str, now: float) -> bool:
        """Take over a step that a coordinator before this one launched (run monitoring replaces one that died).

        dagster-aws remembers tasks in the coordinator's memory alone, so that its successor starts a second task
        beside each running one. False where the step neither runs nor has reported. Raises botocore's errors.
        """
        wanted = {
            ecs_request.RUN_TAG: context.execute_step_args.run_id,
            ecs_request.STEP_TAG: sanitize_tag(step_key),  # type: ignore[no-untyped-call]
            ecs_request.ATTEMPT_TAG: str(_attempt_number(context, step_key)),
        }
        for arn, task in running_tasks(self.ecs, self._cluster).items():
            if wanted.items() <= tags_of(task).items():
                size = Size(int(task["cpu"]), int(task["memory"]))
                self._attempts[step_key] = Attempt(step_key, size, {}, False, now, now, arn=arn, launched_at=now)
                break
        if step_key not in self._attempts and not self._has_reported(context, step_key):
            return False
        self._known_steps.add(step_key)
        return True

    def _outcome_of_launch(self, attempt: Attempt, context: StepHandlerContext, now: float) -> str | None:
        if attempt.call is None or not attempt.call.done():
            return None
        outcome, attempt.call = attempt.call.result(), None
        step_context = context.get_step_context(attempt.step_key)
        if not isinstance(outcome, Refusal):
            attempt.arn, attempt.launched_at = outcome, now
            DagsterEvent.engine_event(
                step_context,
                f'Step "{attempt.step_key}" has an ECS task.',
                EngineEventData({"Task ARN": dg.MetadataValue.text(outcome)}),
            )
            return None
        said = f'RunTask was refused for step "{attempt.step_key}" at {attempt.size}: {outcome.reason}'
        if outcome.kind == "final":
            del self._attempts[attempt.step_key]
            _failure(
                step_context,
                f"{said}. Asking again cannot help: correct the setting, the permission or the quota that AWS names, "
                "then re-execute the run from failure.",
            )
            return None
        if now - attempt.asked_at > self._launch_timeout_seconds:
            return f"{said}. Tried for {now - attempt.asked_at:.0f} s"
        attempt.ask_again(outcome, now + seconds_until_next_try(attempt.refusals))
        return None

    def _end_of_task(self, attempt: Attempt, arn: str, context: StepHandlerContext, now: float) -> str | None:
        task = self._watch.last_seen(arn)
        if task is None:
            if not self._watch.is_gone(arn, attempt.launched_at, now) or self._has_reported(context, attempt.step_key):
                return None
            return f"AWS no longer knows task {arn}, and the step has not reported"
        status = task.get("lastStatus")
        waited_seconds = now - attempt.launched_at
        if status in NOT_YET_STARTED and waited_seconds > self._pending_timeout_seconds:
            attempt.overdue = f"its task {arn} was still {status} after {waited_seconds:.0f} s and has been stopped"
            # told once the task is STOPPED: it may have started meanwhile, and then its step reports by itself
            if attempt.stop is None or (attempt.stop.done() and attempt.stop.result() is not None):
                reason = "The step's task did not start in time"
                attempt.stop = self._calls.submit(stop_task, self.ecs, self._cluster, arn, reason)
        # dagster-aws looks at exit codes alone: a task that exits with 0 and whose step never reported hangs for ever,
        # and one that dies after its step has succeeded is failed on top of its success
        if status != "STOPPED" or self._has_reported(context, attempt.step_key):
            return None
        if attempt.overdue:
            return attempt.overdue
        end = task_end(task)
        if end.cause != "out_of_memory":
            return end.text
        larger = attempt.size.next_up()
        if larger is None:
            return f"{end.text} at {attempt.size}, and Fargate has none larger"
        self._size_after_oom[attempt.step_key] = larger
        return f"{end.text} at {attempt.size}; a retry gets {larger}"

    def _has_reported(self, context: StepHandlerContext, step_key: str) -> bool:
        """Whether the attempt's end is in the event log, which the executor reads at its own pace."""
        return step_key in self._reported_steps(context)

    def _reported_steps(self, context: StepHandlerContext) -> set[str]:
        """The steps whose latest attempt has ended, as the event log tells it."""
        ends = {
            DagsterEventType.STEP_SUCCESS,
            DagsterEventType.STEP_FAILURE,
            DagsterEventType.STEP_UP_FOR_RETRY,
            DagsterEventType.RESOURCE_INIT_FAILURE,  # the executor makes the step's failure of it
        }
        entries = context.instance.all_logs(
            context.execute_step_args.run_id, of_type={DagsterEventType.STEP_WORKER_STARTING, *ends}
        )
        latest = {entry.step_key: entry.dagster_event for entry in entries}  # in the log's order: the last one stays
        return {step_key for step_key, event in latest.items() if step_key and event and event.event_type in ends}

    # stopping

    def terminate_step(  # type: ignore[override]  # dagster-aws's own is against its base class
        self, step_handler_context: StepHandlerContext
    ) -> Iterator[DagsterEvent]:
        """Stop every task of the run, with the first of the calls that the executor makes for its steps.

        dagster-aws returns None where the executor wants a list: the second step's task is never stopped, and the
        error that ended the run is masked. All at once and in threads, because ECS leaves the coordinator 30 s.
        """
        if not self._is_stopping:
            self._is_stopping = True
            reported = self._reported_steps(step_handler_context)
            running = [attempt for step_key, attempt in self._attempts.items() if step_key not in reported]
            with ThreadPoolExecutor(max_workers=16) as stops:
                left = [problem for problem in stops.map(self._stop, running) if problem]
            if left:
                step_context = step_handler_context.get_step_context(self._get_step_key(step_handler_context))
                message = "Step tasks that could not be stopped, left to the sweeper:\n" + "\n".join(left)
                DagsterEvent.engine_event(step_context, message, EngineEventData())
        yield from ()

    def _stop(self, attempt: Attempt) -> str | None:
        """Stop the attempt's task, also one that RunTask is about to start; the problem if that fails."""
        arn = attempt.arn or attempt.outcome_within(seconds=15)
        return stop_task(self.ecs, self._cluster, arn, "The Dagster run has ended") if arn else None


def _failure(step_context: Any, message: str) -> DagsterEvent:
    """Write the step's failure, which no retry policy is asked about: asking again cannot help."""
    error = SerializableErrorInfo(message=message, stack=[], cls_name=None)
    data = StepFailureData(error=error, user_failure_data=None)  # type: ignore[no-untyped-call]
    return DagsterEvent.step_failure_event(step_context, data)


def _attempt_number(context: StepHandlerContext, step_key: str) -> int:
    """How often the step was attempted before."""
    known = context.execute_step_args.known_state
    return known.get_retry_state().get_attempt_count(step_key) if known else 0
