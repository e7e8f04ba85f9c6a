"""Law 10: a lake is stamped with its source at the first write and refuses any other; in ECS nothing is assumed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from resources.failures import Cause, PlatformError
from resources.lake.lake import Lake
from tests.support.declared import LIGHTEST
from tests.support.nights import failed_checks, night_in

JOB = f"{LIGHTEST[0].name}_nightly"
DAY = date(2026, 11, 2)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake((tmp_path / "lake").as_uri())


def test_a_lake_refuses_every_other_source(lake: Lake) -> None:
    assert lake.source() is None
    lake.stamp("sandbox")
    lake.stamp("sandbox")
    for other in ("live", "replay"):
        with pytest.raises(PlatformError) as error:
            lake.stamp(other)
        assert error.value.cause is Cause.SOURCE_MIXED
        assert "holds sandbox data" in str(error.value)
        assert f"asks for {other}" in str(error.value)
    assert lake.source() == "sandbox"


def test_of_writers_that_stamp_at_once_one_source_wins(lake: Lake) -> None:
    def stamp(source: str) -> str:
        try:
            lake.stamp(source)
        except PlatformError:
            return "refused"
        return source

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(stamp, ["live", "sandbox"] * 20))
    assert set(outcomes) == {lake.source(), "refused"}


@pytest.mark.slow
def test_a_night_on_a_lake_of_another_source_writes_nothing(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with night_in(tmp_path, monkeypatch, vehicles=200, oems=[LIGHTEST[0]]) as night:
        lake.stamp("live")
        assert all("source_mixed" in told for told in told_by_raw(night.run(JOB, DAY)))
        assert night.lake.list("raw") == []
        # inside an ECS task there is no default, so that made-up data is never taken for real
        monkeypatch.setenv("ECS_CONTAINER_METADATA_URI_V4", "http://127.0.0.1/v4/task")
        monkeypatch.delenv("OEM_APIS")
        assert all("OEM_APIS is not set" in told for told in told_by_raw(night.run(JOB, DAY)))


def told_by_raw(result: dg.ExecuteInProcessResult) -> list[str]:
    """What the step or, where another endpoint shares its table, the failed check of each endpoint says."""
    assert not result.success
    steps = {
        (event.step_key or "").replace("__", "/"): event.step_failure_data.user_failure_data
        for event in result.get_step_failure_events()
    }
    checks = failed_checks(result)
    told = []
    for endpoint in (endpoint for endpoint in LIGHTEST[0].endpoints if not endpoint.answers_of):
        name = f"{LIGHTEST[0].name}/raw/{endpoint.name}"
        failure = steps.get(name)
        told.append((failure and failure.description) or checks.get(f"{name} complete", ""))
    return told
