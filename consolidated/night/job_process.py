"""The job of a night as a process of its own, forked from the one that follows it.

Importing Dagster and loading the definitions takes two to three CPU seconds; the parent has done both. Where a process
that is forked must not go on without `exec` (macOS), the job's process begins anew and does them again.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date
from multiprocessing.process import BaseProcess
from pathlib import Path

import dagster as dg

from consolidated.night.job import execute, repository
from resources.lake.days import PARTITION_TAG
from resources.lake.lake import CHECKOUT

RUN_TAG = "oem-stock/nightly"
_PROCESSES = multiprocessing.get_context("fork") if sys.platform == "linux" else multiprocessing.get_context("spawn")
_END_SECONDS = 20.0


@contextmanager
def job_process(job: str, day: date, token: str, log: Path, environment: Mapping[str, str]) -> Iterator[BaseProcess]:
    """The job's process, its console in `log`; ended with us, and with it every process that it began.

    It has a session of its own: a Ctrl-C reaches this process alone, which then ends the job in order. No thread may
    have been started before, since a forked process has none of them.

    The partition goes as a tag, not as an argument: the sandbox may be asked for the day after today, which is
    not yet a partition when the night of the next day is tried out. token: the value of the run's tag RUN_TAG.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    repository().get_definition()  # loaded before the fork
    tags = {PARTITION_TAG: day.isoformat(), RUN_TAG: token}
    process = _PROCESSES.Process(target=_run, args=(job, tags, str(log), dict(environment)))
    process.start()
    assert process.pid is not None
    try:
        yield process
    finally:
        _end(process, process.pid)


def _run(job: str, tags: dict[str, str], log: str, environment: dict[str, str]) -> None:
    """Become the job's process. What came of the run stands in the event log."""
    os.setsid()
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(CHECKOUT)
    with Path(log).open("wb") as console:
        for stream in (1, 2):
            os.dup2(console.fileno(), stream)
    with dg.DagsterInstance.get() as instance:
        execute(job, tags, instance)


def _end(process: BaseProcess, session: int) -> None:
    """Ask the job to end, then end what is left of its session; a second Ctrl-C shortens the wait."""
    if process.is_alive():
        process.terminate()
        with suppress(KeyboardInterrupt):
            process.join(_END_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(session, signal.SIGKILL)
    process.join()
