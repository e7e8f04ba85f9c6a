"""Partitions begin where the lake does, without a question to a remote storage."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from resources.failures import Cause, PlatformError
from resources.lake.days import FIRST_DAY, today
from resources.lake.first_day import VARIABLE, first_partition_day
from tests.support.source import CHECKOUT


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a lake with a space in its name, which a URL writes otherwise."""
    folder = tmp_path / "my lake"
    monkeypatch.setenv("LAKE_URI", str(folder))
    monkeypatch.setenv(VARIABLE, "lake")
    monkeypatch.delenv("OEM_APIS", raising=False)
    return folder


def test_the_earliest_day_of_a_lake_in_a_folder_begins_the_partitions(lake: Path) -> None:
    assert first_partition_day(in_ecs=False) == today(), "an empty lake"
    for place in ("raw/audi/search/2026-11-20", "raw/audi/search/2026-11-19-copy", "raw/bmw/stock/2026-11-21"):
        (lake / place).mkdir(parents=True)
    (lake / "raw" / "bmw" / "notes.txt").touch()
    (lake / "raw" / "bmw" / "empty").mkdir()
    assert first_partition_day(in_ecs=False) == date(2026, 11, 20)
    (lake / "transformed/audi/search/2026-11-03").mkdir(parents=True)
    assert first_partition_day(in_ecs=False) == date(2026, 11, 3), "its raw days were removed by age"
    (lake / "raw/bmw/stock/1970-01-01").mkdir()
    assert first_partition_day(in_ecs=False) == FIRST_DAY


def test_any_day_may_be_run_unless_the_operator_says_where_the_nights_begin(
    lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (lake / "raw/audi/search/2026-11-20").mkdir(parents=True)
    monkeypatch.delenv(VARIABLE)
    assert first_partition_day(in_ecs=False) == FIRST_DAY, "a day may come late, also one before all others"


@pytest.mark.usefixtures("lake")
def test_a_remote_lake_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKE_URI", "s3://no-such-bucket/lake")
    assert first_partition_day(in_ecs=False) == FIRST_DAY
    monkeypatch.setenv(VARIABLE, "2026-11-05")
    assert first_partition_day(in_ecs=False) == date(2026, 11, 5)


@pytest.mark.usefixtures("lake")
def test_a_code_server_in_ecs_takes_no_folder_for_the_lake() -> None:
    assert first_partition_day(in_ecs=True) == FIRST_DAY


@pytest.mark.usefixtures("lake")
def test_a_replay_may_fetch_any_past_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OEM_APIS", "replay:captures")
    assert first_partition_day(in_ecs=False) == FIRST_DAY


@pytest.mark.parametrize("value", ["yesterday", "2022-12-31", "tomorrow"])
def test_a_wrong_first_day_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    if value == "tomorrow":
        value = str(today() + timedelta(days=1))
    monkeypatch.setenv(VARIABLE, value)
    with pytest.raises(PlatformError, match=f"{VARIABLE}='{value}' is no day from 2023-01-01 to today") as refusal:
        first_partition_day(in_ecs=False)
    assert refusal.value.cause is Cause.CONFIGURATION


@pytest.mark.slow
def test_the_graphs_partitions_are_those_days(lake: Path) -> None:
    day = today() - timedelta(days=3)
    (lake / "raw" / "audi" / "search" / day.isoformat()).mkdir(parents=True)
    program = "from resources.graph import DAILY; print(*DAILY.get_partition_keys())"
    done = subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    keys = done.stdout.split()
    assert keys == [(day + timedelta(days=number)).isoformat() for number in range(len(keys))]
    assert keys[-1] in (str(day + timedelta(days=3)), str(today())), "midnight may have passed"
