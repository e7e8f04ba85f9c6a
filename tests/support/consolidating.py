"""Processes that consolidate landed days of one lake at the same time, or are killed meanwhile.

They are forked from a process that has loaded the libraries: loading them takes longer than their days.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import traceback
from datetime import date
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path

# what a day loads: once for all processes
import polars.io.iceberg._sink  # noqa: F401
import pyiceberg.catalog.sql
import pyiceberg.io.pyarrow  # noqa: F401

from tests.support.consolidated_support import History

_SECONDS = 120.0


class Consolidating:
    """A process that is ready, and consolidates an OEM's landed days once it may begin."""

    def __init__(self, folder: Path, oem: str, days: list[date]) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__])
        ready, self._begin = context.Event(), context.Event()
        self._errors, errors = context.Pipe(duplex=False)
        # the process that forks has the environment of the test that was the first to need it
        arguments = (dict(os.environ), folder, oem, days, ready, self._begin, errors)
        self._process = context.Process(target=_run, args=arguments, daemon=True)
        self._process.start()
        assert ready.wait(_SECONDS), self._error()

    def begin(self) -> None:
        self._begin.set()

    def kill(self) -> bool:
        """Whether that ended it."""
        self._process.kill()
        self._process.join(_SECONDS)
        return self._process.exitcode == -signal.SIGKILL

    def succeed(self) -> None:
        """Wait for its end; AssertionError with its traceback where it failed."""
        self._process.join(_SECONDS)
        assert self._process.exitcode == 0, self._error()

    def _error(self) -> str:
        return self._errors.recv() if self._errors.poll() else "it said nothing"


def _run(
    environment: dict[str, str],
    folder: Path,
    oem: str,
    days: list[date],
    ready: Event,
    begin: Event,
    errors: Connection,
) -> None:
    try:
        os.environ.clear()
        os.environ.update(environment)
        history = History(folder, oem=oem)
        ready.set()
        begin.wait(_SECONDS)
        for day in days:
            history.consolidate(day)
    except BaseException:
        errors.send(traceback.format_exc())
        raise
