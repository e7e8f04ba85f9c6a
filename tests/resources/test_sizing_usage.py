"""Every step tells what it used, and whether its size fits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, cast

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.graph import day_asset
from resources.shown.checks import Check
from resources.sizing.evidence import measured_size
from resources.sizing.fitting import FULL_SHARE, Need, better_size, fitting_size, misfit
from resources.sizing.prices import PRICES, task_cost_usd
from resources.sizing.sizes import FARGATE_MEMORY_MB, Size, Tier, step_size
from resources.sizing.usage import CAPACITY_VARIABLE, METADATA_VARIABLE, Measurement
from tests.support.declared import SMALL
from tests.support.nights import night_in

MB = 2**20
SIZES = [Size(cpu, memory) for cpu, memories in FARGATE_MEMORY_MB.items() for memory in memories]
DAY = "2026-11-23"


def allocate(megabytes: int) -> int:
    """Memory that is really written, and given back."""
    block = bytearray(megabytes * MB)
    for page in range(0, len(block), 4096):
        block[page] = 1
    return sum(block[::4096])


@pytest.mark.parametrize(
    ("peak_mb", "busy", "current", "better"),
    [
        (700, 0.3, Size(512, 1024), None),
        (860, 0.3, Size(512, 1024), Size(512, 2048)),
        (300, 0.1, Size(512, 1024), Size(256, 512)),
        (310, 0.1, Size(512, 1024), Size(256, 1024)),
        (300, 0.2, Size(512, 1024), None),  # a quarter of a vCPU would be busy for most of the time
        (9000, 3.5, Size(4096, 16384), None),  # 15 GB would do, and save two hundredths
        (2000, 0.9, Size(4096, 16384), Size(2048, 4096)),
        (14000, 0.1, Size(4096, 16384), Size(4096, 23552)),  # less cpu does not go with that memory
        (9000, 0.1, Size(512, 1024), Size(2048, 15360)),  # more cpu only because the memory demands it
        (110_000, 1.0, Size(16384, 122880), Size(16384, 122880)),
    ],
)
def test_the_size_that_would_do(peak_mb: float, busy: float, current: Size, better: Size | None) -> None:
    assert better_size(Need(peak_mb, busy), current) == better
    assert (misfit(Need(peak_mb, busy), current) is None) == (better is None)


def test_the_warning_names_peak_share_and_pair() -> None:
    assert misfit(Need(860, 0.3), Size(512, 1024)) == (
        "peak memory 860 MB of 1,024 MB (84%), 0.30 of 0.5 vCPUs busy: too full; "
        "cpu 512 / memory 2048 would do (+18% dollars an hour)"
    )
    assert "Fargate has no larger task" in (misfit(Need(130_000, 1.0), Size(16384, 122880)) or "")


@given(
    peak_mb=st.floats(1, 70_000),
    busy=st.floats(0, 16),
    current=st.sampled_from(SIZES),
)
def test_advice_once_followed_gives_no_more_advice(peak_mb: float, busy: float, current: Size) -> None:
    need = Need(peak_mb, busy)
    better = better_size(need, current)
    if better is None:
        assert peak_mb <= FULL_SHARE * current.memory_mb
        return
    assert better_size(need, better) is None
    fitting = fitting_size(need, current)
    assert fitting == better
    if peak_mb <= FULL_SHARE * current.memory_mb:
        assert task_cost_usd(better, 60, None) < task_cost_usd(current, 60, None)


def test_dollars() -> None:
    # 4 vCPU and 16 GB for an hour, us-east-1: 4 * 0.04048 + 16 * 0.004445
    assert task_cost_usd(Size(4096, 16384), 3600, "us-east-1") == pytest.approx(0.23304)
    assert task_cost_usd(Size(4096, 16384), 3600, "eu-central-1") == pytest.approx(4 * 0.04656 + 16 * 0.00511)
    assert task_cost_usd(Size(512, 1024), 5, None) == task_cost_usd(Size(512, 1024), 60, "us-east-1")
    assert task_cost_usd(Size(512, 1024), 90, "xx-new-1") == task_cost_usd(Size(512, 1024), 90, "us-east-1")
    assert task_cost_usd(Size(512, 1024), 90, None, spot=True) < task_cost_usd(Size(512, 1024), 90, None) / 2
    assert all(0.02 < price.vcpu_hour_usd < 0.1 and price.gb_hour_usd < 0.02 for price in PRICES.values())


@contextmanager
def task_metadata(document: dict[str, Any] | None) -> Iterator[str]:
    """The task metadata endpoint, version 4, of one Fargate task; without a document it answers 500."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(document).encode()
            found = document is not None and self.path == "/v4/abc/task"
            self.send_response(200 if found else 500)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v4/abc"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def fargate_task(cpu: float, memory_mb: int, seconds_ago: float, storage_gib: int = 20) -> dict[str, Any]:
    """As ECS answers: CPU in vCPUs, nanoseconds in the time."""
    started = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    return {
        "Cluster": "nights",
        "LaunchType": "FARGATE",
        "Limits": {"CPU": cpu, "Memory": memory_mb},
        "EphemeralStorageMetrics": {"Utilized": 261, "Reserved": 20496 if storage_gib == 20 else storage_gib * 1024},
        "PullStartedAt": started.strftime("%Y-%m-%dT%H:%M:%S.%f") + "816Z",
    }


def on_ecs(monkeypatch: pytest.MonkeyPatch, uri: str) -> None:
    monkeypatch.setenv(METADATA_VARIABLE, uri)
    monkeypatch.setenv("DAGSTER_EXECUTOR", "dagster_aws.ecs.ecs_executor")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")


def test_on_ecs_the_task_itself_says_its_size_and_since_when_it_is_billed(monkeypatch: pytest.MonkeyPatch) -> None:
    with task_metadata(fargate_task(2, 8192, seconds_ago=200)) as uri:
        on_ecs(monkeypatch, uri)
        usage = Measurement().usage(declared=Size(512, 1024))
        assert usage.size == Size(2048, 8192)
        assert usage.metadata()["task_size_from"] == "ecs"
        assert usage.peak_of == "task"
        assert 200 <= usage.billed_seconds < 210
        assert usage.wall_seconds < 10
        assert usage.cost_usd == pytest.approx(task_cost_usd(Size(2048, 8192), usage.billed_seconds, "eu-central-1"))
        assert "larger than needed" in (usage.misfit() or "")
        on_demand_usd = usage.cost_usd
        monkeypatch.setenv(CAPACITY_VARIABLE, "FARGATE_SPOT")
        spot = Measurement().usage(declared=Size(512, 1024))
        assert spot.metadata()["capacity"] == "spot"
        assert spot.cost_usd < on_demand_usd / 2


@pytest.mark.parametrize("storage_gib", [20, 40])
def test_storage_above_20_gib_is_paid_for(monkeypatch: pytest.MonkeyPatch, storage_gib: int) -> None:
    with task_metadata(fargate_task(1, 2048, seconds_ago=3600, storage_gib=storage_gib)) as uri:
        on_ecs(monkeypatch, uri)
        usage = Measurement().usage(declared=Size(512, 1024))
    assert usage.metadata()["task_storage_gib"] == storage_gib
    without = task_cost_usd(Size(1024, 2048), usage.billed_seconds, "eu-central-1")
    assert usage.cost_usd - without == pytest.approx((storage_gib - 20) * 0.000128, abs=1e-5)


def test_an_endpoint_that_does_not_answer_costs_the_step_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with task_metadata(None) as uri:
        on_ecs(monkeypatch, uri)
        usage = Measurement().usage(declared=Size(512, 1024))
    assert usage.size == Size(512, 1024)
    assert usage.metadata()["task_size_from"] == "declared"


def test_in_process_inside_ecs_is_no_task_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    with task_metadata(fargate_task(0.5, 2048, seconds_ago=1)) as uri:
        on_ecs(monkeypatch, uri)
        monkeypatch.setenv("DAGSTER_EXECUTOR", "dagster.in_process_executor")
        assert Measurement().usage(declared=Size(1024, 4096)).size == Size(1024, 4096)


COMPLETE = Check("complete", "It says so.", 11, "look.")


def step_of(name: str, deps: list[dg.AssetKey], work: Callable[[], object]) -> dg.AssetsDefinition:
    """A raw asset that does its work."""

    @day_asset(
        "maker", "raw", name, own_size=None, kinds={"http"}, description=name, checks=[COMPLETE], deps=deps
    )  # fmt: skip
    def _step(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        work()
        check = dg.AssetCheckResult(check_name="complete", passed=True)
        return dg.MaterializeResult(metadata={"own": name}, check_results=[check])

    return _step


def steps(*works: Callable[[], object]) -> list[dg.AssetsDefinition]:
    """Raw assets a, b, ... one after another, each doing its work."""
    assets: list[dg.AssetsDefinition] = []
    for name, work in zip("abcdef", works, strict=False):
        assets.append(step_of(name, [assets[-1].key] if assets else [], work))
    return assets


def materialized(result: dg.ExecuteInProcessResult, name: str) -> dict[str, Any]:
    [event] = [one for one in result.get_asset_materialization_events() if one.step_key == f"maker__raw__{name}"]
    return {key: value.value for key, value in event.materialization.metadata.items()}


def size_checks(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    return {
        check.asset_key.path[-1]: check for check in result.get_asset_check_evaluations() if check.check_name == "size"
    }


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux sets a peak back")
def test_steps_that_share_a_process_are_told_apart() -> None:
    result = dg.materialize(
        steps(lambda: allocate(600), lambda: allocate(30), lambda: allocate(900)), partition_key=DAY
    )
    first, second, third = (materialized(result, name) for name in "abc")
    assert first["own"] == "a", "the step's own metadata stays"
    assert first["peak_memory_mb"] - first["memory_before_mb"] == pytest.approx(600, abs=20)
    assert second["peak_memory_mb"] - second["memory_before_mb"] < 60
    assert {first["peak_memory_of"], second["peak_memory_of"]} == {"step"}
    assert first["cpu_seconds"] > 0
    assert first["wall_seconds"] > 0
    assert (first["task_cpu"], first["task_memory_mb"]) == (512, 1024)
    assert first["cost_usd"] == pytest.approx(task_cost_usd(Size(512, 1024), 60, None), abs=1e-6)
    checks = size_checks(result)
    # off ECS only what would not go into its task by itself is said: no word of a size that is too large
    assert checks["a"].passed
    assert checks["b"].passed
    assert not checks["c"].passed
    assert checks["c"].severity is dg.AssetCheckSeverity.WARN
    assert "too full; cpu 512 / memory 2048 would do" in (checks["c"].description or "")
    assert third["peak_memory_mb"] > 900
    assert result.success, "a size that does not fit stops nothing"


@pytest.mark.slow
def test_on_ecs_the_check_warns_of_a_size_that_is_too_full(monkeypatch: pytest.MonkeyPatch) -> None:
    with task_metadata(fargate_task(0.25, 512, seconds_ago=30)) as uri:
        on_ecs(monkeypatch, uri)
        result = dg.materialize(steps(lambda: allocate(450)), partition_key=DAY)
    check = size_checks(result)["a"]
    assert not check.passed
    assert "of 512 MB" in (check.description or "")
    assert "too full" in (check.description or "")


def test_a_step_that_fails_tells_what_it_used_and_fails_as_it_would_have() -> None:
    def work() -> None:
        allocate(300)
        raise dg.Failure("no answer", metadata={"cause": "timeout"}, allow_retries=False)

    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(steps(work), partition_key=DAY, raise_on_error=False, instance=instance)
        [failure] = [event for event in result.all_events if event.is_step_failure]
        data = failure.step_failure_data.user_failure_data
        assert data is not None
        assert data.description == "no answer"
        [record] = instance.fetch_observations(dg.AssetKey(["maker", "raw", "a"]), limit=10).records
        observation = record.asset_observation
        assert observation is not None
        assert observation.partition == DAY
        metadata: dict[str, Any] = {key: value.value for key, value in observation.metadata.items()}
    assert metadata["peak_memory_mb"] > 300
    assert metadata["task_memory_mb"] == 1024


@pytest.mark.slow
def test_every_step_of_a_night_tells_what_it_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with night_in(tmp_path, monkeypatch, oems=SMALL) as night:
        result = night.run("nightly", datetime.now(UTC).date())
        assert result.success
        events = result.get_asset_materialization_events()
        assert events
        for event in events:
            metadata: dict[str, Any] = {key: value.value for key, value in event.materialization.metadata.items()}
            tier = cast(Tier, event.materialization.asset_key.path[1])
            size = step_size(tier, None, measured_size(event.materialization.asset_key.to_user_string()))
            assert (metadata["task_cpu"], metadata["task_memory_mb"]) == (size.cpu, size.memory_mb)
            assert (metadata["apis"], metadata["task_storage_gib"]) == ("sandbox", 20)
            assert metadata["peak_memory_mb"] > 10
            assert metadata["cost_usd"] > 0
        checks = [check for check in result.get_asset_check_evaluations() if check.check_name == "size"]
        assert len(checks) == len(events)
        assert all(check.passed for check in checks)
