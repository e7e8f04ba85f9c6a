"""How the executor launches, watches and stops the ECS task of a step, and what it reports to Dagster.

`HardenedStepHandler` is a subclass of the step handler of dagster-aws 0.29 and corrects its defects. Each correction
says what the defect is, and tests/ecs has a test that shows it in the original.
The meaning of AWS's answers stands in `launches` and `tasks`, the request of RunTask in `requests`, the precedence of
sizes in `resources.sizing.sizes`.
"""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import dagster as dg
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from dagster._core.events import EngineEventData
from dagster._core.executor.step_delegating import CheckStepHealthResult, StepHandlerContext
from dagster_aws.ecs import EcsRunLauncher
from dagster_aws.ecs.executor import EcsStepHandler
from dagster_aws.ecs.utils import sanitize_tag

from resources.ecs import requests as ecs_request
from resources.ecs.attempts import Attempt, TaskWatch, running_tasks, stop_task, tags_of
from resources.ecs.event_log import earlier_attempts, reported_steps, step_failure, tell_coordinator
from resources.ecs.launches import CALLS_AT_ONCE, Pace, Refusal, run_task, seconds_until_next_try
from resources.ecs.tasks import NOT_YET_STARTED, task_end
from resources.sizing.sizes import REPEATABLE_TAG, Size, resolve_size, size_of


class HardenedStepHandler(EcsStepHandler):
    """The step handler of dagster-aws, changed so that it never blocks the executor's loop and loses no task.

    Every second the executor calls `check_step_health` for each running step. That call does all the work: it hands
    the launches that are due to a few threads, takes the results of earlier launches, and reads the latest answers of
    DescribeTasks. Only the executor's own thread changes the handler's state; the threads only call AWS.
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
        self._run_task_kwargs = ecs_request.in_subnets(self._run_task_kwargs, config.get("run_task_kwargs") or {})
        # botocore must not retry by itself: it would sleep, and the handler could not see the refusal
        self.ecs = boto3.client("ecs", config=Config(retries={"total_max_attempts": 1}, read_timeout=30))
        # the cluster that run_task_kwargs names; dagster-aws looks for the tasks in the coordinator's cluster
        self._cluster = self._run_task_kwargs.get("cluster", self._cluster_arn)
        self._spot_allowed = ecs_request.is_spot_allowed(config.get("fargate_spot"))
        self._pending_timeout_seconds = float(config["pending_timeout_seconds"])
        self._launch_timeout_seconds = float(config["launch_timeout_seconds"])

        self._attempts: dict[str, Attempt] = {}  # of the running steps, by step key
        self._known_steps: set[str] = set()  # keys of the steps that this coordinator has launched or adopted
        self._size_after_oom: dict[str, Size] = {}
        self._pace = Pace(time.monotonic())
        self._calls = ThreadPoolExecutor(max_workers=CALLS_AT_ONCE, thread_name_prefix="ecs")
        self._watch = TaskWatch(self.ecs, self._cluster, self._calls, float(config["poll_seconds"]))
        self._is_stopping = False
        self._list_again_at = 0.0  # ListTasks after a failure, when a coordinator takes over running steps
        self._listing_since: float | None = None
        self._listings_failed = 0

    # launching

    def launch_step(self, step_handler_context: StepHandlerContext) -> Iterator[dg.DagsterEvent]:
        """Queue the launch of the step; a later `check_step_health` takes AWS's answer.

        dagster-aws calls RunTask here, and lets its errors out: the throttling of one step delays every other launch,
        and the refusal of one step ends the run while other tasks go on. The first launch tells the coordinator's size.
        """
        context = ecs_request.with_own_state_only(step_handler_context)
        step_key = self._get_step_key(context)
        step_context = context.get_step_context(step_key)
        attempt_number = earlier_attempts(context, step_key)
        if not self._known_steps:
            tell_coordinator(step_context)
        try:
            kwargs = self._request(context, step_key, attempt_number)
            size = ecs_request.checked(kwargs)
        except Exception as error:  # an error in the declaration of one step must fail that step alone
            yield step_failure(step_context, f'Step "{step_key}" was not launched: {error}')
            return
        on_spot = (
            self._spot_allowed
            and context.step_tags[step_key].get(REPEATABLE_TAG) == "true"
            and attempt_number == 0  # every retry runs on demand, so that Spot cannot interrupt it again
        )
        # written before RunTask is called: see `reported_steps`
        yield dg.DagsterEvent.step_worker_starting(
            step_context,
            message=f'Launching step "{step_key}" in an ECS task of {size}{", Fargate Spot" if on_spot else ""}.',
            metadata=ecs_request.metadata_of(kwargs, size, on_spot),
        )
        now, identity = time.monotonic(), (context.execute_step_args.run_id, step_key, str(attempt_number))
        self._attempts[step_key] = Attempt(step_key, size, kwargs, on_spot, now, now, identity=identity)
        self._send_due_launches(now)

    def _request(self, context: StepHandlerContext, step_key: str, attempt_number: int) -> dict[str, Any]:
        self._known_steps.add(step_key)
        tags = ecs_request.tags_with_assets(context, step_key)
        size = self._size_after_oom.get(step_key) or resolve_size(tags, self._configured_size)
        container_context = self._get_container_context(context)
        # dagster-aws writes the step's tags and overrides into dicts that it keeps for all steps: the size, storage
        # and container keys of one step reach the next step, and containerOverrides grows. So it gets copies
        kept = self._run_task_kwargs, self._task_overrides
        self._run_task_kwargs, self._task_overrides = copy.deepcopy(kept)
        try:
            kwargs: dict[str, Any] = self._get_run_task_kwargs(
                context.dagster_run,
                context.execute_step_args.get_command_args(skip_serialized_namedtuple=True),
                step_key,
                {**tags, **size.tags()},
                step_handler_context=context,
                container_context=container_context,
            )
        finally:
            self._run_task_kwargs, self._task_overrides = kept
        kwargs = ecs_request.marked(kwargs, attempt_number)
        kwargs["startedBy"] = context.execute_step_args.run_id
        # an `environment` in the tag ecs/container_overrides would replace the variables that hold the step's
        # arguments; and a step process without DAGSTER_EXECUTOR refuses to load the definitions (`resources.executor`)
        environment = {one["name"]: one["value"] for one in context.execute_step_args.get_command_env()}
        environment |= {name: os.environ[name] for name in ("DAGSTER_EXECUTOR",) if name in os.environ}
        container_name = self._run_launcher.get_container_name(container_context)
        return ecs_request.with_environment(kwargs, container_name, environment)

    def _send_due_launches(self, now: float) -> None:
        attempts = [] if self._is_stopping else list(self._attempts.values())
        due = [one for one in attempts if one.arn is None and one.call is None and one.due_at <= now]
        in_flight = sum(one.call is not None and not one.call.done() for one in attempts)
        for attempt in due:
            # launches that waited for free threads would otherwise go out in one burst, faster than the pace
            if in_flight >= CALLS_AT_ONCE or not self._pace.take(now):
                return
            attempt.call = self._calls.submit(run_task, self.ecs, attempt.request())
            in_flight += 1

    # watching

    def check_step_health(self, step_handler_context: StepHandlerContext) -> CheckStepHealthResult:
        """Report the state of one running step from memory, without waiting for AWS.

        For an unhealthy step the executor asks the step's retry policy: it fails the step or retries it.
        """
        now = time.monotonic()
        self._send_due_launches(now)
        self._watch.poll(self._attempts.values(), now)
        step_key = self._get_step_key(step_handler_context)
        if step_key not in self._known_steps:
            if now < self._list_again_at:
                return CheckStepHealthResult.healthy()
            try:
                is_adopted = self._adopt(step_handler_context, step_key, now)
            except (BotoCoreError, ClientError) as error:  # until AWS lists the tasks, the step may well be running
                return self._not_listed(error, now)
            if not is_adopted:
                return CheckStepHealthResult.unhealthy("no task of it was found when the coordinator was replaced")
        attempt = self._attempts.get(step_key)
        if attempt is None:
            return CheckStepHealthResult.healthy()  # the step's end is in the log, and the executor has yet to read it
        attempt.checked_at = now
        if attempt.arn is None:
            problem = self._outcome_of_launch(attempt, step_handler_context, now)
        else:
            problem = self._end_of_task(attempt, attempt.arn, step_handler_context, now)
        if problem is None:
            return CheckStepHealthResult.healthy()
        del self._attempts[step_key]
        return CheckStepHealthResult.unhealthy(problem)

    def _not_listed(self, error: Exception, now: float) -> CheckStepHealthResult:
        """ListTasks failed: it is called again until the launch timeout, and only then the steps are unhealthy."""
        if self._listing_since is None:
            self._listing_since = now
        self._listings_failed += 1
        if now - self._listing_since > self._launch_timeout_seconds:
            return CheckStepHealthResult.unhealthy(
                f"the coordinator was replaced, and the running tasks could not be listed: {error}"
            )
        self._list_again_at = now + seconds_until_next_try(self._listings_failed)
        return CheckStepHealthResult.healthy()

    def _adopt(self, context: StepHandlerContext, step_key: str, now: float) -> bool:
        """Take over a step that an earlier coordinator launched (run monitoring replaces a coordinator that died).

        dagster-aws keeps the tasks in the coordinator's memory alone, so a new coordinator starts a second task beside
        each running task. Returns False where the step has no running task and has not reported an end.
        Raises botocore's errors.
        """
        wanted = {
            ecs_request.RUN_TAG: context.execute_step_args.run_id,
            ecs_request.STEP_TAG: sanitize_tag(step_key),  # type: ignore[no-untyped-call]
            ecs_request.ATTEMPT_TAG: str(earlier_attempts(context, step_key)),
        }
        for arn, task in running_tasks(self.ecs, self._cluster, wanted[ecs_request.RUN_TAG]).items():
            if wanted.items() <= tags_of(task).items():
                size = Size(int(task["cpu"]), int(task["memory"]))
                self._attempts[step_key] = Attempt(step_key, size, {}, False, now, now, arn=arn, launched_at=now)
                break
        if step_key not in self._attempts and step_key not in reported_steps(context):
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
            dg.DagsterEvent.engine_event(
                step_context,
                f'Step "{attempt.step_key}" has an ECS task.',
                EngineEventData({"Task ARN": dg.MetadataValue.text(outcome)}),
            )
            return None
        said = f'RunTask was refused for step "{attempt.step_key}" at {attempt.size}: {outcome.reason}'
        if outcome.kind == "final":
            del self._attempts[attempt.step_key]
            step_failure(
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
            if not self._watch.is_gone(arn, attempt.launched_at, now) or attempt.step_key in reported_steps(context):
                return None
            self._calls.submit(stop_task, self.ecs, self._cluster, arn, "AWS did not know it")  # beside its retry
            return f"AWS no longer knows task {arn}, and the step has not reported"
        status = task.get("lastStatus")
        waited_seconds = now - attempt.launched_at
        if status in NOT_YET_STARTED and waited_seconds > self._pending_timeout_seconds:
            attempt.overdue = f"its task {arn} was still {status} after {waited_seconds:.0f} s and has been stopped"
            # reported once the task is STOPPED: the task may have started meanwhile, and then its step reports its end
            if attempt.stop is None or (attempt.stop.done() and attempt.stop.result() is not None):
                reason = "The step's task did not start in time"
                attempt.stop = self._calls.submit(stop_task, self.ecs, self._cluster, arn, reason)
        # dagster-aws looks at exit codes alone: a step whose task exits with 0 without a report hangs for ever, and a
        # step whose task dies after the step's success gets a failure on top of the success
        if status != "STOPPED" or attempt.step_key in reported_steps(context):
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

    # stopping

    def terminate_step(  # type: ignore[override]  # dagster-aws's own is against its base class
        self, step_handler_context: StepHandlerContext
    ) -> Iterator[dg.DagsterEvent]:
        """Stop every task of the run in the first call; the executor makes one call for each running step.

        dagster-aws returns None where the executor expects a list: the task of the second step is never stopped, and
        the error that ended the run is hidden. Threads stop the tasks at the same time, because ECS gives a
        coordinator that is being stopped 30 s.
        """
        if not self._is_stopping:
            self._is_stopping = True
            reported = reported_steps(step_handler_context)
            running = [attempt for step_key, attempt in self._attempts.items() if step_key not in reported]
            with ThreadPoolExecutor(max_workers=16) as stops:
                left = [problem for problem in stops.map(self._stop, running) if problem]
            if left:
                step_context = step_handler_context.get_step_context(self._get_step_key(step_handler_context))
                message = "These step tasks could not be stopped; the sweeper will stop them:\n" + "\n".join(left)
                dg.DagsterEvent.engine_event(step_context, message, EngineEventData())
        yield from ()

    def _stop(self, attempt: Attempt) -> str | None:
        """Stop the task of an attempt, also where RunTask has not answered yet. Returns the problem, or None."""
        arn = attempt.arn or attempt.outcome_within(seconds=15)
        return stop_task(self.ecs, self._cluster, arn, "The Dagster run has ended") if arn else None
