"""The hardened executor in a night in which everything goes wrong once: every step ends as it should."""

from __future__ import annotations

import dagster as dg
import pytest

from resources.sizing.fitting import COMFORTABLE_SHARE
from resources.sizing.uses import COORDINATOR, StepUse, read_uses
from tests.support import executor_jobs
from tests.support.ecs.faults import of_step
from tests.support.ecs.fixtures import rig, shared_rig
from tests.support.ecs.limits import ACCESS_DENIED, EC2_THROTTLING, LOST_ANSWER, NO_CAPACITY, SERVER_ERROR, THROTTLING
from tests.support.ecs.rig import Rig
from tests.support.ecs.tasks import TaskFault

__all__ = ["rig", "shared_rig"]

pytestmark = pytest.mark.slow

SPOT_STEPS = {"interrupted_early", "interrupted_late"}  # they may die before or after their step reports

CONFIG = {"execution": {"config": {"poll_seconds": 1, "pending_timeout_seconds": 3, "fargate_spot": True}}}


def names(uses: list[StepUse]) -> set[str]:
    return {use.step for use in uses}


@pytest.fixture
def bad_night(rig: Rig) -> tuple[Rig, dg.JobExecutionResult]:
    faults = rig.faults
    faults.on_call("RunTask", ACCESS_DENIED, where=of_step("denied"))
    faults.on_step("killed", TaskFault.KILLED)
    faults.on_step("out_of_memory", TaskFault.OUT_OF_MEMORY, times=2)
    faults.on_step("interrupted_early", TaskFault.SPOT_INTERRUPTION)
    faults.on_step("interrupted_late", TaskFault.SPOT_INTERRUPTION, after_seconds=4)
    faults.on_step("silent", TaskFault.SILENT_EXIT)
    faults.on_step("pending", TaskFault.PENDING_FOR_EVER)
    faults.on_step("provisioning", TaskFault.PROVISIONING_FOR_EVER)
    faults.on_step("image_missing", TaskFault.FAILED_TO_START)
    # only after a poll has seen it, though two of them fail: what was never seen may be MISSING for two minutes
    faults.on_step("gone", TaskFault.MISSING, after_seconds=12)
    faults.on_call("RunTask", THROTTLING, times=2, where=of_step("throttled"))
    faults.on_call("RunTask", EC2_THROTTLING, where=of_step("throttled_by_ec2"))
    faults.on_call("RunTask", NO_CAPACITY, where=of_step("no_capacity"))
    faults.on_call("RunTask", NO_CAPACITY, where=of_step("no_spot_capacity"))
    faults.on_call("RunTask", LOST_ANSWER, where=of_step("answer_lost"))
    faults.on_call("DescribeTasks", SERVER_ERROR, times=1, where=lambda request: len(request["tasks"]) > 1)
    faults.on_call("DescribeTasks", THROTTLING, times=1, where=lambda request: len(request["tasks"]) > 1)
    return rig, rig.execute(dg.reconstructable(executor_jobs.bad_night), CONFIG)


def test_every_fault_has_its_end(bad_night: tuple[Rig, dg.JobExecutionResult]) -> None:
    rig, result = bad_night

    def told(step_key: str) -> list[str]:
        """What Dagster was told of the step's ends, in order."""
        events = [event for event in result.all_events if event.step_key == step_key]
        return [
            "success"
            if event.is_step_success
            else event.step_retry_data.error.message
            if event.is_step_up_for_retry
            else event.step_failure_data.error.message  # type: ignore[union-attr]
            for event in events
            if event.is_step_success or event.is_step_up_for_retry or event.is_step_failure
        ]

    def sizes(step_key: str) -> list[tuple[int, int]]:
        return [(task.cpu, task.memory_mib) for task in rig.steps(step_key)]

    # siblings of all of it
    assert told("steady") == ["success"]
    assert sizes("steady") == [(512, 1024)]

    # for good: fails that step alone, without the retries that its policy has
    (failure,) = told("denied")
    for part in ('"denied"', "cpu 512 / memory 1024", "AccessDeniedException", "not authorized to perform"):
        assert part in failure
    assert told("after_denied") == []
    assert sizes("denied") == sizes("after_denied") == []
    for step_key, part in (("half_a_size", "declared as a pair"), ("no_such_size", "Fargate has no size")):
        (failure,) = told(step_key)
        assert part in failure
        assert sizes(step_key) == []

    # deaths: a retry as a new task
    retried = {
        "killed": ("died", "exit code 137", "EssentialContainerExited"),
        "silent": ("exited without having reported", "exit code 0"),
        "pending": ("was still PENDING", "has been stopped"),
        "provisioning": ("was still PROVISIONING", "has been stopped"),
        "image_missing": ("never started", "CannotPullContainerError"),
        "gone": ("AWS no longer knows task",),
    }
    for step_key, parts in retried.items():
        problem, end = told(step_key)
        assert end == "success"
        assert all(part in problem for part in parts), problem
        assert sizes(step_key) == [(512, 1024), (512, 1024)]

    # out of memory: each retry at the next size up
    first, second, end = told("out_of_memory")
    assert "ran out of memory" in first
    assert "OutOfMemoryError: Container killed due to memory usage" in first
    assert "a retry gets cpu 512 / memory 2048 MB" in first
    assert "a retry gets cpu 512 / memory 3072 MB" in second
    assert end == "success"
    assert sizes("out_of_memory") == [(512, 1024), (512, 2048), (512, 3072)]

    # Spot: the retry on demand
    for step_key in ("interrupted_early", "interrupted_late"):
        assert told(step_key)[-1] == "success"
        on_spot, on_demand = [task.request for task in rig.steps(step_key)]
        assert on_spot["capacityProviderStrategy"] == [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
        assert "launchType" not in on_spot
        assert on_demand["launchType"] == "FARGATE"
        assert "capacityProviderStrategy" not in on_demand
    for step_key in ("steady", "no_spot_capacity"):
        (task,) = rig.steps(step_key)
        assert "capacityProviderStrategy" not in task.request

    # launches that AWS put off: one task each, in the end
    for step_key in ("throttled", "throttled_by_ec2", "no_capacity", "no_spot_capacity", "answer_lost"):
        assert told(step_key) == ["success"]
        assert sizes(step_key) == [(512, 1024)]
    tokens = {
        step_key: [
            call.request["clientToken"] for call in rig.server.calls("RunTask") if of_step(step_key)(call.request)
        ]
        for step_key in ("answer_lost", "no_capacity")
    }
    assert len(tokens["answer_lost"]) == 2
    assert len(set(tokens["answer_lost"])) == 1  # the task of the lost answer, not a second one
    assert len(set(tokens["no_capacity"])) == 2

    # the poll: one call for all running tasks, though two of them failed
    assert {call.error for call in rig.server.calls("DescribeTasks")} >= {"ServerException", "ThrottlingException"}
    assert max(len(call.request["tasks"]) for call in rig.server.calls("DescribeTasks")) > 5

    # `make sizing` counts the attempts that died, and none that AWS never started
    dead = [use for use in read_uses(rig.instance, 1) if use.step != COORDINATOR]
    assert names(dead) - SPOT_STEPS == {*retried, "out_of_memory"}
    full = [use for use in dead if use.end == "out_of_memory"]
    assert [(use.step, use.size.memory_mb) for use in full] == [("out_of_memory", 1024), ("out_of_memory", 2048)]
    assert [use.need.peak_memory_mb / COMFORTABLE_SHARE for use in full] == pytest.approx([2048, 3072])
    assert all(use.billed_seconds >= 0 for use in dead)
    (coordinator,) = [use for use in read_uses(rig.instance, 1) if use.step == COORDINATOR]
    assert coordinator.is_task
    assert (coordinator.size.cpu, coordinator.size.memory_mb) == (1024, 2048), "the size of the posed task"
