"""A job that is executed in this process: its run as the UI finds it, whether it ends well or badly.

Annotations are not postponed in this module: Dagster reads them.
"""

from collections.abc import Iterator

import dagster as dg
import pytest

from consolidated.night import job
from resources.lake.days import PARTITION_TAG


@dg.op(config_schema={"fails": dg.Field(bool, default_value=True)})
def step(context: dg.OpExecutionContext) -> None:
    if context.op_config["fails"]:
        raise ValueError("a hiccup")


@dg.job(executor_def=dg.in_process_executor)
def a_night() -> None:
    step()


defs = dg.Definitions(jobs=[a_night])
WELL = {"ops": {"step": {"config": {"fails": False}}}}


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """An instance whose code location is this module."""
    monkeypatch.setattr(job, "_MODULE", __name__)
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.mark.parametrize(("config", "status"), [(None, "FAILURE"), (WELL, "SUCCESS")])
def test_a_run_that_fails_is_a_result_like_one_that_succeeds(
    config: dict[str, object] | None, status: str, instance: dg.DagsterInstance
) -> None:
    result = job.execute("a_night", {PARTITION_TAG: "2026-11-25"}, instance, config)
    (run,) = instance.get_runs()
    assert (run.run_id, run.status.value, result.success) == (result.run_id, status, status == "SUCCESS")
    assert (run.job_name, run.tags[PARTITION_TAG]) == ("a_night", "2026-11-25")


def test_a_run_stands_under_its_job_in_the_code_location_that_the_ui_serves(instance: dg.DagsterInstance) -> None:
    job.execute("a_night", {}, instance, WELL)
    (run,) = instance.get_runs()
    assert run.remote_job_origin is not None
    assert run.remote_job_origin.job_name == "a_night"
    assert run.remote_job_origin.repository_origin.get_label() == "__repository__@oem_stock"
