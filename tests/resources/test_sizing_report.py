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
from resources.sizing import report
from resources.sizing.evidence import Measured, measured_size
from resources.sizing.fitting import Need
from resources.sizing.prices import task_cost_usd
from resources.sizing.report import apply, main, print_report, rows
from resources.sizing.sizes import COORDINATOR_SIZE, Size, step_size
from resources.sizing.uses import COORDINATOR, StepUse, read_uses
from tests.support.declared import OEMS, few
from tests.support.nights import ApisInProcess, night_in

LARGE = StepUse("2026-11-23", "maker/consolidated/inventory", Size(4096, 16384), Need(2000, 0.4), 600.0, "us-east-1")


def test_advice_follows_the_highest_need_of_all_nights() -> None:
    [row] = rows([LARGE, replace(LARGE, night="2026-11-22", need=Need(4000, 0.1))])
    assert row.need == Need(4000, 0.4)
    assert row.better == Size(1024, 7168)
    assert row.cost_now_usd == pytest.approx(task_cost_usd(Size(4096, 16384), 600, "us-east-1"))
    assert row.cost_then_usd == pytest.approx(task_cost_usd(Size(1024, 7168), 600, "us-east-1"))


def test_a_retry_costs_its_night_and_the_nights_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    retried = [replace(LARGE, end="failed"), LARGE, replace(LARGE, night="2026-11-22", billed_seconds=10.0)]
    print_report(retried)
    printed = capsys.readouterr().out
    one, least = task_cost_usd(LARGE.size, 600, "us-east-1"), task_cost_usd(LARGE.size, 60, "us-east-1")
    assert f"night of 2026-11-23: 2 step attempts (1 failed), ${2 * one:.4f} now" in printed
    assert f"night of 2026-11-22: 1 step attempts, ${least:.4f} now" in printed
    assert "4096/16384" in printed
    assert "512/4096" in printed
    assert "Not all of it ran as ECS tasks" not in printed


def test_every_line_has_at_most_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    long = replace(LARGE, step="a_maker_of_a_long_name/transformed/a_platform_new_vehicle_inventory")
    dear = replace(LARGE, size=Size(16384, 122880), need=Need(110_000, 15.9), billed_seconds=40_000.0)
    print_report([dear, long, replace(LARGE, end="died"), replace(LARGE, step=COORDINATOR, is_task=False)])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80, max(lines, key=len)
    assert any("a_platform_new_vehicle_inventory" in line for line in lines)
    assert any("(1 died)" in line for line in lines)


def test_only_live_nights_on_ecs_are_applied_unless_asked_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written: list[dict[str, Measured]] = []
    monkeypatch.setattr(report, "write_sizes", written.append)
    nights = [replace(LARGE, night=f"2026-11-2{day}") for day in (3, 2, 1)]
    for unusable in ([replace(one, apis="sandbox") for one in nights], [replace(one, is_task=False) for one in nights]):
        with pytest.raises(PlatformError, match="only such nights size production"):
            apply(unusable, any_night=False)
        assert written == []
        apply(unusable, any_night=True)
        assert written.pop()[LARGE.step].nights == ("2026-11-21", "2026-11-22", "2026-11-23")
    apply(nights, any_night=False)
    assert written.pop().keys() == {LARGE.step}
    apply(nights[:2], any_night=False)
    assert written == []
    assert "No size changed" in capsys.readouterr().out


@pytest.mark.slow
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
    # a maker whose dealers are asked for apart from its vehicles
    oem = next(one for one in few(OEMS) if not any(endpoint.answers_of for endpoint in one.endpoints))
    with night_in(tmp_path, monkeypatch, vehicles=200, oems=[oem]), dg.DagsterInstance.ephemeral() as instance:
        with pytest.raises(PlatformError):
            read_uses(instance, 7)
        (endpoint, *_) = oem.yielding(Inventory)
        monkeypatch.setenv("SANDBOX_FAULTS", f"{oem.name}/{endpoint.name}:status-401")
        job = definitions.build_defs(oems=[oem], resources={"apis": ApisInProcess()}).resolve_job_def(
            f"{oem.name}_nightly"
        )
        job.execute_in_process(instance=instance, partition_key=today.isoformat(), raise_on_error=False)
        uses = read_uses(instance, 7)
        assert [use.step for use in uses if use.end == "failed"] == [f"{oem.name}/raw/{endpoint.name}"]
        by_step = {row.step: row for row in rows(uses)}
        assert by_step[COORDINATOR].size == COORDINATOR_SIZE
        dealers = f"{oem.name}/consolidated/dealers"
        assert by_step[dealers].size == step_size("consolidated", None, measured_size(dealers))
        assert f"{oem.name}/consolidated/inventory" not in by_step, "it did not run"
        print_report(uses)
    printed = capsys.readouterr().out
    assert f"night of {today}: {len(uses) - 1} step attempts (1 failed)" in printed
    assert "Not all of it ran as ECS tasks" in printed
