"""`make sizing`: the table of the last nights."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

import definitions
from raw.endpoint.declaration import Inventory
from resources.failures import PlatformError
from resources.sizing.fitting import Need
from resources.sizing.prices import task_cost_usd
from resources.sizing.report import COORDINATOR, StepUse, main, print_report, read_uses, rows
from resources.sizing.sizes import COORDINATOR_SIZE, Size
from tests.support.declared import OEMS, few
from tests.support.nights import ApisInProcess, night_in

LARGE = StepUse(
    "2026-11-23", "maker/consolidated/inventory", Size(4096, 16384), Need(2000, 0.4), 600.0, "us-east-1",
    spot=False, is_task=True, failed=False,
)  # fmt: skip


def test_advice_follows_the_highest_need_of_all_nights() -> None:
    [row] = rows([LARGE, replace(LARGE, night="2026-11-22", need=Need(4000, 0.1))])
    assert row.need == Need(4000, 0.4)
    assert row.better == Size(1024, 7168)
    assert row.cost_now_usd == pytest.approx(task_cost_usd(Size(4096, 16384), 600, "us-east-1"))
    assert row.cost_then_usd == pytest.approx(task_cost_usd(Size(1024, 7168), 600, "us-east-1"))


def test_a_retry_costs_its_night_and_the_nights_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    retried = [replace(LARGE, failed=True), LARGE, replace(LARGE, night="2026-11-22", billed_seconds=10.0)]
    print_report(retried)
    printed = capsys.readouterr().out
    one, least = task_cost_usd(LARGE.size, 600, "us-east-1"), task_cost_usd(LARGE.size, 60, "us-east-1")
    assert f"night of 2026-11-23: 2 step attempts, 1 of them failed, ${2 * one:.4f} now" in printed
    assert f"night of 2026-11-22: 1 step attempts, ${least:.4f} now" in printed
    assert "4096 / 16384" in printed
    assert "1024 / 4096" in printed
    assert "Not all of it ran as ECS tasks" not in printed


def test_an_instance_without_nights_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    assert main([]) == 2
    assert "Run a night first" in capsys.readouterr().err


@pytest.mark.slow
def test_the_report_reads_what_real_nights_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    today = datetime.now(UTC).date()
    with night_in(tmp_path, monkeypatch, vehicles=200), dg.DagsterInstance.ephemeral() as instance:
        with pytest.raises(PlatformError):
            read_uses(instance, 7)
        # a maker whose dealers are asked for apart from its vehicles
        oem = next(one for one in few(OEMS) if not any(endpoint.answers_of for endpoint in one.endpoints))
        (endpoint, *_) = oem.yielding(Inventory)
        monkeypatch.setenv("SANDBOX_FAULTS", f"{oem.name}/{endpoint.name}:status-401")
        job = definitions.build_defs(resources={"apis": ApisInProcess()}).resolve_job_def(f"{oem.name}_nightly")
        job.execute_in_process(instance=instance, partition_key=today.isoformat(), raise_on_error=False)
        uses = read_uses(instance, 7)
        assert [use.step for use in uses if use.failed] == [f"{oem.name}/raw/{endpoint.name}"]
        by_step = {row.step: row for row in rows(uses)}
        assert by_step[COORDINATOR].size == COORDINATOR_SIZE
        assert by_step[f"{oem.name}/consolidated/dealers"].size == Size(4096, 16384)
        assert f"{oem.name}/consolidated/inventory" not in by_step, "it did not run"
        print_report(uses)
    printed = capsys.readouterr().out
    assert f"night of {today}: {len(uses) - 1} step attempts, 1 of them failed" in printed
    assert "Not all of it ran as ECS tasks" in printed
