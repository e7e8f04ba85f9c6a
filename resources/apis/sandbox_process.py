"""The sandbox as a process: started for a step, or asked where it runs already for a whole night."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from resources.failures import Cause, PlatformError
from resources.lake.lake import CHECKOUT

ORIGIN_VARIABLE = "SANDBOX_ORIGIN"
_START_SECONDS = 60.0  # a sandbox of a million vehicles takes a while to draw them
_END_SECONDS = 5.0
_LISTENING = "listening on "


def check_running(origin: str, day: date, captures: Path | None) -> str:
    """The origin of a sandbox that runs already, if it plays that day and, in a replay, that folder.

    Raises PlatformError(CONFIGURATION) for anything else at that address, and for an address that is not loopback.
    """
    named = f"{ORIGIN_VARIABLE}={origin!r}"
    if urlsplit(origin).hostname != "127.0.0.1":
        raise _no_sandbox(f"{named} is not on 127.0.0.1")
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"{origin}/", timeout=_START_SECONDS) as answer:
            said = json.load(answer)
        played = (said["date"], said.get("folder"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _no_sandbox(f"{named} answers as no sandbox does: {error}") from error
    wanted = (day.isoformat(), None if captures is None else str(captures))
    if played != wanted:
        raise _no_sandbox(f"{named} plays {played[0]} from {played[1] or 'the sandbox'}, not {wanted[0]}")
    return origin


def _no_sandbox(detail: str) -> PlatformError:
    return PlatformError(
        Cause.CONFIGURATION, detail, advice=f"Unset {ORIGIN_VARIABLE}: each step then starts a sandbox of its own."
    )


@contextmanager
def sandbox_process(day: date, captures: Path | None) -> Iterator[str]:
    """Run the sandbox as a process of its own; yields its origin, `http://127.0.0.1:PORT`.

    captures: the folder that a replay serves. Raises PlatformError(CONFIGURATION) where the sandbox does not start.
    """
    command = [sys.executable, "-m", "resources.sandbox", "--date", day.isoformat(), "--port", "0", "--exit-with-stdin"]
    if captures is not None:
        command += ["--replay", str(captures)]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command,
            cwd=CHECKOUT,
            # the sandbox ends when this pipe closes, so it does not outlive a step that is killed
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        try:
            yield _origin(process, errors)
        finally:
            _end(process)


def _origin(process: subprocess.Popen[str], errors: IO[bytes]) -> str:
    lines: queue.Queue[str] = queue.Queue()
    # read to the end, in a thread: a pipe that nobody empties stops the writer once it is full
    threading.Thread(target=_forward_first_line, args=(process, lines), daemon=True).start()
    try:
        line = lines.get(timeout=_START_SECONDS).strip()
    except queue.Empty:
        line = ""
    if not line.startswith(_LISTENING):
        process.kill()
        process.wait()
        errors.seek(0)
        said = errors.read().decode(errors="replace").strip()[-2000:] or "it said nothing"
        raise PlatformError(Cause.CONFIGURATION, f"the sandbox did not start: {said}", advice="See what it said.")
    return line.removeprefix(_LISTENING)


def _forward_first_line(process: subprocess.Popen[str], lines: queue.Queue[str]) -> None:
    assert process.stdout is not None
    with process.stdout as said:  # nobody else closes the pipe, which would fail while this thread reads it
        lines.put(said.readline())
        for _ in said:
            pass


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin is not None:
        process.stdin.close()
