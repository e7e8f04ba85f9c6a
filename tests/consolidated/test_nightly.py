"""`make nightly`: what one sees, and what the exit code says."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import pytest

from consolidated.night.__main__ import main
from raw.endpoint.declaration import Inventory
from resources.lake.days import PARTITION_TAG, today
from resources.lake.lake import CHECKOUT
from tests.support import few_makers
from tests.support.counts import IS_SOAK
from tests.support.declared import OEMS, SMALL, WITH_CREDENTIAL, credentials, markets

# the night of every maker under `make soak`; of two otherwise, which the command takes for all that there are, one of
# them with its vehicles alone
MAKERS = (
    OEMS
    if IS_SOAK
    else [oem if oem.name == WITH_CREDENTIAL.name else replace(oem, endpoints=oem.yielding(Inventory)) for oem in SMALL]
)
_COLUMNS = r"(?: +(?:[\d,]+|-)){5}"  # vehicles, dealers, arrivals, departures, refused


def nightly(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {
        **{name: value for name, value in os.environ.items() if name not in ("DAGSTER_EXECUTOR", "OEM_APIS")},
        "LAKE_URI": str(folder / "lake"),
        "DAGSTER_HOME": str(folder / "dagster"),
        "SANDBOX_VEHICLES": "400",
        **({} if IS_SOAK else few_makers.environment(MAKERS)),
        **environment,
    }
    command = [sys.executable, "-m", "consolidated.night", *arguments]
    return subprocess.run(command, cwd=CHECKOUT, env=env, capture_output=True, text=True, timeout=1500)


def number_of(text: str) -> int:
    return int(text.replace(",", "").replace("-", "0"))


@pytest.mark.slow
def test_a_night_and_the_one_after_today(tmp_path: Path) -> None:
    before = today()
    first = nightly(tmp_path)
    after = today()
    assert first.returncode == 0, first.stdout + first.stderr
    endpoints = [(oem, endpoint) for oem in MAKERS for endpoint in oem.endpoints]
    for oem, endpoint in endpoints:
        for market in [] if endpoint.answers_of else endpoint.markets:
            assert re.search(rf"{oem.name} {endpoint.name} {market}: \d+( of \d+)? records", first.stdout), (
                "no progress"
            )
            if endpoint.yields.table == "inventory":
                assert re.search(rf"^ *{oem.name} +{market}{_COLUMNS} +[\d.]+ *$", first.stdout, re.MULTILINE)
    table = [line for line in first.stdout.splitlines() if re.search(rf"{_COLUMNS} +[\d.]+ *$", line)]
    assert table
    assert max(map(len, table)) <= 80
    with dg.DagsterInstance.from_config(str(tmp_path / "dagster")) as instance:
        run = next(one for one in instance.get_runs() if one.job_name == "nightly")
        steps = instance.get_run_step_stats(run.run_id)
        started = instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.STEP_WORKER_STARTED).records
    assert len(started) == len(steps) > len(endpoints), "each step is a process of its own"
    assert run.remote_job_origin is not None
    assert run.remote_job_origin.repository_origin.get_label() == "__repository__@oem_stock", "where `dg dev` looks"
    night = date.fromisoformat(run.tags[PARTITION_TAG])
    assert night in (before, after), "midnight may have passed"
    report = Path(first.stdout.splitlines()[-1].strip())
    assert report == tmp_path / "lake" / "reports" / f"{night}.html"
    assert "Nothing: every step succeeded" in report.read_text()
    # the line to paste works as it stands
    line = next(line.strip() for line in first.stdout.splitlines() if line.strip().startswith("make query "))
    program = shutil.which("make") or ""
    pasted = subprocess.run(
        [program, "-o", ".venv/.ready", "--no-print-directory", *shlex.split(line)[1:]],
        cwd=CHECKOUT,
        env={**os.environ, "LAKE_URI": str(tmp_path / "lake")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "listed" in pasted.stdout
    assert pasted.stderr == ""

    failing_night_after(tmp_path, night)


def failing_night_after(folder: Path, first: date) -> None:
    """A failed endpoint shows its cause in one line; the maker's other endpoints and the other makers finish, and what
    they tell is the difference from the first night."""
    oem = next(one for one in MAKERS if one.name == WITH_CREDENTIAL.name)
    endpoint = next(one for one in reversed(oem.endpoints) if credentials(one) and not oem.shares_table(one))
    stock = next(one for one in oem.yielding(Inventory) if one is not endpoint)
    after_it = str(first + timedelta(days=1))
    result = nightly(folder, "--date", after_it, SANDBOX_FAULTS=f"{oem.name}/{endpoint.name}:status-401")
    assert result.returncode == 1
    start = f"FAILED {oem.name}/raw/{endpoint.name}:"
    failed = [line for line in result.stdout.splitlines() if line.startswith(start)]
    assert len(failed) == 1
    assert "credential_rejected" in failed[0]
    assert any(variable in failed[0] for variable in credentials(oem))
    others = [(one, market) for one in MAKERS if one is not oem for market in markets(one, "inventory")]
    rows = []
    for one, market in [*((oem, market) for market in stock.markets), *others]:
        row = re.search(rf"^ *{one.name} +{market}" + r" +([\d,]+|-)" * 5, result.stdout, re.MULTILINE)
        assert row, f"{one.name} {market}"
        rows.append(row.groups())
    columns = zip(*rows, strict=True)
    vehicles, _dealers, arrivals, departures, refused = (sum(map(number_of, column)) for column in columns)
    also = {words: number_of(number) for number, words in re.findall(r"(\d[\d,]*) ([a-z][^;\n]+)", result.stdout)}
    assert refused < vehicles / 5
    assert 0 < arrivals < vehicles / 5
    assert departures == 0, "a vehicle is gone when the debounce has ended"
    assert 0 < also["absent since tonight, may return"] < vehicles / 5
    assert 0 < also["have another price"] < vehicles / 5


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (["--date", "yesterday"], {}, "DATE=yesterday is not a date"),
        (["--date", "2022-12-31"], {}, "before the first day, 2023-01-01"),
        (["--date", "in 2 days"], {}, "in the future"),
        (["--date", "in 1 days"], {"OEM_APIS": "live"}, "in the future"),
        (["--oem", "fiat"], {}, f"OEM=fiat is none of {', '.join(oem.name for oem in OEMS)}"),
        ([], {"OEM_APIS": "real"}, "OEM_APIS='real' is unknown"),
        ([], {"OEM_APIS": "replay:/no/such/folder"}, "there is no folder /no/such/folder"),
    ],
)
def test_a_wrong_wish_is_refused_in_a_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    environment: dict[str, str],
    said: str,
) -> None:
    monkeypatch.setenv("LAKE_URI", str(tmp_path / "lake"))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    for name in ("DAGSTER_EXECUTOR", "OEM_APIS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    ahead = {f"in {days} days": str(today() + timedelta(days=days)) for days in (1, 2)}
    assert main([ahead.get(argument, argument) for argument in arguments]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.strip().splitlines()) == 1
    assert not (tmp_path / "lake").exists()


def test_dagster_is_loaded_after_the_first_line() -> None:
    """It takes seconds, in which nothing would be seen; a wrong argument is refused without them."""
    program = (
        "import sys, consolidated.night.__main__, consolidated.day.decide;"
        "heavy = {'dagster', 'polars', 'pyarrow', 'pyiceberg', 'sqlalchemy', 'fsspec'};"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
def test_an_unknown_executor_names_variable_and_value(tmp_path: Path) -> None:
    result = nightly(tmp_path, DAGSTER_EXECUTOR="ecs")
    assert result.returncode == 2
    assert "DAGSTER_EXECUTOR='ecs' names no executor" in result.stderr
