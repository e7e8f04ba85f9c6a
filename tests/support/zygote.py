"""A process that has imported everything and has done nothing: it forks a victim in milliseconds, and kills it.

Belongs here: forking, waiting, killing. Does not belong here: what a victim does (`tests/support/victims.py`). It is a
process of its own because polars' threads do not survive a fork: nothing here may use them before it.

Speaks JSON lines: {"task", "arguments", "kill_after_seconds"} -> {"killed", "seconds", "result" | "error"}.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resources.lake.lake import CHECKOUT

_LONGEST_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """killed: by us or by itself, before it was done. result: what the task returned."""

    killed: bool
    seconds: float
    cpu_seconds: float
    result: Any


class Zygote:
    """The tests' end."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, task: str, *, kill_after_seconds: float | None = None, **arguments: Any) -> Outcome:
        """Run a function of `victims.py` in a fork. Raises RuntimeError with the traceback where it failed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {"task": task, "arguments": arguments, "kill_after_seconds": kill_after_seconds}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return Outcome(**answer)


@contextmanager
def zygote() -> Iterator[Zygote]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.zygote"],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Zygote(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(60)


def _serve() -> None:
    from tests.support import victims

    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(_fork(getattr(victims, asked["task"]), asked)), flush=True)


def _fork(task: Any, asked: dict[str, Any]) -> dict[str, Any]:
    with tempfile.NamedTemporaryFile() as answer:
        started = time.monotonic()
        victim = os.fork()
        if victim == 0:
            _be_the_victim(task, asked["arguments"], Path(answer.name))
        limit = asked["kill_after_seconds"]
        _wait_or_kill(victim, _LONGEST_SECONDS if limit is None else limit)
        _, status, used = os.wait4(victim, 0)
        seconds = time.monotonic() - started
        spent = {"seconds": seconds, "cpu_seconds": used.ru_utime + used.ru_stime}
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            if limit is None and seconds >= _LONGEST_SECONDS:
                return {"error": f"took more than {_LONGEST_SECONDS} s"}
            return {"killed": True, "result": None, **spent}
        text = Path(answer.name).read_text()
        if status != 0:
            return {"error": text or f"ended with status {status}"}
        return {"killed": False, "result": json.loads(text), **spent}


def _be_the_victim(task: Any, arguments: dict[str, Any], answer: Path) -> None:
    """Never returns: neither the caller's cleaning up nor the interpreter's is the victim's."""
    try:
        # the answers' pipe is the zygote's alone
        os.dup2(2, 1)
        answer.write_text(json.dumps(task(**arguments)))
    except BaseException:
        answer.write_text(traceback.format_exc())
        os._exit(1)
    os._exit(0)


def _wait_or_kill(victim: int, seconds: float) -> None:
    descriptor = os.pidfd_open(victim)
    try:
        if not select.select([descriptor], [], [], seconds)[0]:
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    _serve()
