"""The process of a night's job: what it becomes when it is forked, and that nothing of it is left at the end."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from datetime import date
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import dagster as dg
import pytest

from consolidated.night import job_process
from resources.lake.lake import CHECKOUT

DAY = date(2026, 11, 25)
ENDINGS = (signal.SIGTERM, signal.SIGHUP)
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the job's process is not forked")


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[int]]:
    """A command that ends on SIGTERM as on Ctrl-C, in another folder; and the processes that load the definitions."""
    found: list[int] = []
    definitions = SimpleNamespace(get_definition=lambda: found.append(os.getpid()))
    monkeypatch.setattr(job_process, "repository", lambda: definitions)
    monkeypatch.setattr(dg.DagsterInstance, "get", lambda: nullcontext("the instance"))
    monkeypatch.setenv("OF_THE_SHELL", "x")
    monkeypatch.chdir(tmp_path)
    before = {one: signal.signal(one, signal.default_int_handler) for one in ENDINGS}
    yield found
    for one, handler in before.items():
        signal.signal(one, handler)


@ON_LINUX
def test_the_jobs_process_has_its_own_session_environment_and_log(
    loaded: list[int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def execute(*about: object) -> None:
        facts = {
            "about": about,
            "environment": [os.environ.get("OF_THE_NIGHT"), os.environ.get("OF_THE_SHELL")],
            "folder": str(Path.cwd()),
            "leads_its_session": os.getsid(0) == os.getpid(),
            "ends_at_once": [signal.getsignal(one) is signal.SIG_DFL for one in ENDINGS],
        }
        os.write(1, json.dumps(facts).encode() + b"\n")
        os.write(2, b"a complaint\n")

    monkeypatch.setattr(job_process, "execute", execute)
    log = tmp_path / "not" / "there yet" / "night.log"
    for _ in range(2):  # the folder of the logs is there from the second night on
        with job_process.job_process("nightly", DAY, "token", log, {"OF_THE_NIGHT": "y"}) as process:
            process.join()
        facts, complaint = log.read_text().splitlines()
        assert json.loads(facts) == {
            "about": ["nightly", {"dagster/partition": "2026-11-25", "oem-stock/nightly": "token"}, "the instance"],
            "environment": ["y", None],
            "folder": str(CHECKOUT),
            "leads_its_session": True,
            "ends_at_once": [True, True],
        }
        assert complaint == "a complaint"
    assert loaded == [os.getpid()] * 2, "the definitions are loaded before the fork, not after it"


@ON_LINUX
def test_a_job_is_asked_to_end_and_what_it_began_is_ended_with_it(
    loaded: list[int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ours, theirs = os.pipe()

    def execute(*_: object) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        if os.fork() == 0:  # a step's process, which does not hear that it is asked
            for others in (range(3, theirs), range(theirs + 1, 1000)):  # who waits for the job waits for these too
                os.closerange(others.start, others.stop)
            signal.alarm(60)  # where the test fails, nobody ends it
            os.write(theirs, b"at work")
            signal.pause()
        signal.alarm(60)
        signal.sigwait([signal.SIGTERM])
        os._exit(7)

    monkeypatch.setattr(job_process, "execute", execute)
    with job_process.job_process("nightly", DAY, "token", tmp_path / "night.log", {}) as process:
        os.close(theirs)
        assert os.read(ours, 100) == b"at work"
    assert process.exitcode == 7
    readable, _, _ = select.select([ours], [], [], 10)
    assert readable, "a process of the job still holds its end of the pipe"
    assert os.read(ours, 100) == b""
    os.close(ours)


class Job:
    """A job's process as the one that ends it sees it."""

    def __init__(self, is_alive: bool, join: Mapping[int, BaseException] | None = None) -> None:
        self.alive, self.raised, self.told = is_alive, dict(join or {}), list[str]()

    def is_alive(self) -> bool:
        return self.alive

    def terminate(self) -> None:
        self.told.append("asked to end")

    def join(self, seconds: float | None = None) -> None:
        self.told.append("waited" if seconds is None else "waited a while")
        if error := self.raised.pop(len(self.told), None):
            raise error


@pytest.mark.parametrize("is_there", [True, False])
@pytest.mark.parametrize(
    ("job", "asked"),
    [
        (Job(True), ["asked to end", "waited a while"]),
        (Job(True, {2: KeyboardInterrupt()}), ["asked to end", "waited a while"]),
        (Job(False), []),
    ],
)
def test_a_job_has_a_while_to_end_which_a_second_ctrl_c_shortens(
    job: Job, asked: list[str], is_there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill(session: int, how: int) -> None:
        job.told.append(f"killed session {session}")
        assert how == signal.SIGKILL
        if not is_there:
            raise ProcessLookupError

    monkeypatch.setattr(os, "killpg", kill)
    job = Job(job.alive, job.raised)
    job_process._end(cast("BaseProcess", job), 12345)
    assert job.told == [*asked, "killed session 12345", "waited"]
