"""`make nightly`: what it says, in which order, and with which code it ends, without a job that runs."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import dagster as dg
import pytest

from consolidated.night import __main__ as night
from resources.apis.apis import Apis
from resources.apis.sandbox_process import ORIGIN_VARIABLE
from resources.failures import Cause, PlatformError
from resources.lake.lake import Lake
from tests.support.apis_of_nobody import Played

DAY = date(2026, 11, 25)
LAKE = Lake("file:///lake")


class Night:
    """What a night meets. polls: whether the job is alive when it is looked at; run: as the instance has it then."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.polls = [True, True, False]
        self.run_id: str | None = "run"
        self.status: dg.DagsterRunStatus | None = dg.DagsterRunStatus.SUCCESS
        self.failures: dict[str, object] = {}
        self.whole = True
        self.interrupted: BaseException | None = None
        self.called: list[str] = []
        self.environment: dict[str, str] = {}
        self.ended: list[str] = []
        self.signals: list[int] = []
        self.lines = [SimpleNamespace(text="a line")]

    def is_alive(self) -> bool:
        if self.interrupted:
            raise self.interrupted
        return self.polls.pop(0)

    def join(self, seconds: float) -> None:
        self.called.append(f"waits {seconds:g} s")

    def show(self, line: Any) -> None:
        self.called.append(line.text)

    def new_lines(self) -> Iterator[Any]:
        yield from self.lines

    def get_run_by_id(self, run_id: str) -> Any:
        assert run_id == self.run_id
        return self.status and SimpleNamespace(status=self.status, is_finished=self.status.value != "STARTED")

    def get_runs(self, filters: Any, limit: int) -> list[Any]:
        assert (len(filters.tags), limit) == (1, 1)
        return [SimpleNamespace(run_id=self.run_id)] if self.run_id else []

    def report_run_canceled(self, run: Any, message: str) -> None:
        self.ended.append(message)


@pytest.fixture
def met(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Night:
    found = Night(tmp_path)

    @contextmanager
    def within(value: Any) -> Iterator[Any]:
        yield value

    def job_process(job: str, day: date, _token: str, log: Path, environment: dict[str, str]) -> Any:
        log.parent.mkdir(exist_ok=True)
        log.write_text("early " * 1000 + "Traceback of Dagster")
        found.called.append(f"{job} of {day}")
        found.environment = environment
        return within(found)

    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    monkeypatch.setenv("DAGSTER_EXECUTOR", "")
    makers = [SimpleNamespace(name=name, endpoints=["an endpoint"]) for name in ("audi", "bmw")]
    follower = SimpleNamespace(run_id=None, failures=found.failures, new_lines=found.new_lines, makers={})
    found.follower = follower  # type: ignore[attr-defined]

    def made(_instance: Any, followed: Any) -> Any:
        found.called.append(f"follows {' '.join(followed)}")
        return follower

    def print_night(*about: Any) -> bool:
        assert 0 <= about[5] < 600, "seconds since the night began"
        found.called.append(f"closes {about[2]} {about[3]}")
        return found.whole

    for name, put in {
        "raw.wiring.discovery.discover": lambda: makers,
        "raw.wiring.host_pools.limit_pools": lambda _instance, pools: found.called.append(f"limits {sorted(pools)}"),
        "raw.wiring.host_pools.pool_of": lambda endpoint: f"pool of {endpoint}",
        "resources.executor.executor_from_env": lambda: found.called.append(os.environ["DAGSTER_EXECUTOR"]),
        "resources.graph.checkout_instance": lambda: within(found),
        "consolidated.night.closing_table.print_night": print_night,
        "consolidated.night.display.console": lambda: "console",
        "consolidated.night.display.Display": lambda *_: within(found),
        "consolidated.night.events.Follower": made,
        "consolidated.night.events.makers_of": lambda oems: [one.name for one in oems],
        "consolidated.night.job_process.job_process": job_process,
    }.items():
        monkeypatch.setattr(name, put)
    monkeypatch.setattr(night, "_close_night", lambda _lake, day: found.called.append(f"report of {day}"))
    monkeypatch.setattr(signal, "signal", lambda number, _: found.signals.append(number))
    return found


def live() -> Apis:
    return Apis("live")


def test_a_night_from_its_first_line_to_its_report(met: Night, capsys: pytest.CaptureFixture[str]) -> None:
    assert night._run("audi", DAY, live(), LAKE) == 0
    assert met.called == [
        night.SIDE_BY_SIDE_EXECUTOR, "limits ['pool of an endpoint']", "follows audi", "audi_nightly of 2026-11-25",
        "a line", "waits 1 s", "a line", "waits 1 s", "a line", "closes 2026-11-25 audi", "report of 2026-11-25",
    ]  # fmt: skip
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        "audi_nightly of 2026-11-25: live -> file:///lake",
        "the makers' own hosts are asked, as fast as they are declared to allow",
    ]
    assert told.err == ""
    assert met.signals == [signal.SIGTERM, signal.SIGHUP], "who ends the command ends the night as Ctrl-C does"
    met.polls, met.called = [False], []
    os.environ["DAGSTER_EXECUTOR"] = "another"
    assert night._run(None, DAY, live(), LAKE) == 0
    assert met.called[:4] == ["another", "limits ['pool of an endpoint']", "follows audi bmw", "nightly of 2026-11-25"]
    assert capsys.readouterr().out.startswith("nightly of 2026-11-25: live")


def test_a_night_of_the_sandbox_asks_no_makers_hosts(met: Night, capsys: pytest.CaptureFixture[str]) -> None:
    assert night._run("audi", DAY, cast("Apis", Played()), LAKE) == 0
    assert capsys.readouterr().out == "audi_nightly of 2026-11-25: sandbox -> file:///lake\n"
    assert met.environment[ORIGIN_VARIABLE] == "http://127.0.0.1:1/2026-11-25"


@pytest.mark.parametrize(
    ("status", "whole", "failures", "code", "said"),
    [
        ("SUCCESS", True, {}, 0, ""),
        ("SUCCESS", False, {}, 1, ""),
        ("SUCCESS", True, {"a step": 1}, 1, ""),
        ("FAILURE", True, {"a step": 1}, 1, ""),
        ("FAILURE", True, {}, 1, "the run ended as FAILURE; its output is in "),
        (None, True, {}, 1, "the run ended as unknown; its output is in "),
    ],
)
def test_the_code_of_a_night_is_0_where_all_is_well(
    met: Night, status: str | None, whole: bool, failures: dict[str, object], code: int, said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    met.status, met.whole = None if status is None else dg.DagsterRunStatus(status), whole
    met.failures.update(failures)
    assert night._run("audi", DAY, live(), LAKE) == code
    err = capsys.readouterr().err
    assert err.startswith(said)
    assert bool(err) == bool(said)


def test_a_job_that_did_not_start_shows_the_end_of_its_output(met: Night, capsys: pytest.CaptureFixture[str]) -> None:
    met.run_id = None
    with pytest.raises(
        PlatformError, match=r"the job did not start; its output is in .*2026-11-25-\w{8}\.log"
    ) as failure:
        night._run("audi", DAY, live(), LAKE)
    assert failure.value.cause is Cause.CONFIGURATION
    err = capsys.readouterr().err
    assert err.endswith("Traceback of Dagster\n")
    assert len(err) == 4001
    assert "closes" not in " ".join(met.called)


@pytest.mark.parametrize(
    ("status", "ended"),
    [("STARTED", ["ended by the person who began it"]), ("SUCCESS", []), (None, [])],
)
def test_a_night_that_is_interrupted_ends_its_run(
    met: Night, status: str | None, ended: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    met.status = None if status is None else dg.DagsterRunStatus(status)
    met.interrupted = KeyboardInterrupt()
    assert night._run("audi", DAY, live(), LAKE) == 130
    assert met.ended == ended
    assert capsys.readouterr().out.endswith(
        "ended: nothing of it runs any more; `make nightly` goes on with what has landed\n"
    )
    met.ended.clear()
    met.interrupted = BrokenPipeError()
    with pytest.raises(BrokenPipeError):
        night._run("audi", DAY, live(), LAKE)
    assert met.ended == ended
    met.run_id = None
    met.interrupted = KeyboardInterrupt()
    met.ended.clear()
    assert night._run("audi", DAY, live(), LAKE) == 130
    assert met.ended == []


@pytest.mark.parametrize(("apis", "lines_shown"), [(live(), 2), (cast("Apis", Played()), 1)])
def test_the_first_lines_are_there_before_dagster_is_loaded(
    apis: Apis, lines_shown: int, met: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = io.BytesIO()
    told: list[list[bytes]] = []

    def discover() -> list[Any]:
        told.append(shown.getvalue().splitlines())
        return []

    monkeypatch.setattr("raw.wiring.discovery.discover", discover)
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown))
    night._run(None, DAY, apis, LAKE)
    assert [len(lines) for lines in told] == [lines_shown]
    assert met.polls == []


def test_until_the_run_is_there_nothing_is_told_and_then_it_is_looked_for_no_more(met: Night) -> None:
    follower = met.follower  # type: ignore[attr-defined]
    met.run_id = None
    night._follow(cast("Any", met), follower, "token", cast("Any", met))
    assert met.called == []
    met.run_id = "run"
    night._follow(cast("Any", met), follower, "token", cast("Any", met))
    met.run_id = "another"
    night._follow(cast("Any", met), follower, "token", cast("Any", met))
    assert (follower.run_id, met.called) == ("run", ["a line", "a line"])
