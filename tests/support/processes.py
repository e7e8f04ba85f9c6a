"""Processes that the tests start through the fork server (`tests.support.zygote`), watch and kill.

The stand-in for ECS runs its tasks as such processes. It sums the resident memory of all processes of a task's session
twice a second and kills the session above the task's limit, as Fargate kills the container. A cgroup would do the
same, but the user who runs the tests may not be allowed to make one.
"""

from __future__ import annotations

import json
import os
import queue
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_START_SECONDS = 60
_LONGEST_SECONDS = 300.0
VICTIMS = "tests.support.victims"
PRELOAD = ("dagster._cli", "dagster._cli.api", "dagster_aws.ecs", "dagster_postgres", "boto3", "definitions")
"""What a coordinator and a light step import; the definitions themselves are loaded by each task."""
HEAVY = (
    "aiohttp",
    "pandas",
    "pyarrow.dataset",
    "pyiceberg.io.pyarrow",
    "polars.io.iceberg._sink",
    "sqlalchemy.dialects.sqlite",
    "sqlalchemy.dialects.postgresql.psycopg2",
    "psycopg2",
    "s3fs",
)
"""What the steps of a night import when they run. None of it starts a thread, so a fork server may import it."""
CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ended:
    """How a process ended: `code` as in a shell (128 + signal), the peak of its largest process, its CPU time."""

    code: int
    peak_bytes: int
    cpu_seconds: float
    seconds: float


@dataclass(frozen=True)
class Outcome:
    """How a function ended that ran in a process of its own. `result` is what it returned, None where it was killed."""

    killed: bool
    seconds: float
    cpu_seconds: float
    result: Any


class Zygote:
    """The fork server. Start it in the main thread: it dies with the thread that starts it."""

    def __init__(self, preload: Sequence[str]) -> None:
        ours, theirs = socket.socketpair()
        self._socket = ours
        self._ended: dict[str, Callable[[Ended], None]] = {}
        self._pids: dict[str, int] = {}
        self._first_pids: dict[str, int] = {}  # kept for the caller of `start`, however soon the process ended
        self._started = threading.Condition()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.zygote", str(theirs.fileno()), *preload],
            cwd=CHECKOUT,
            env={"PATH": os.environ["PATH"], "DAGSTER_DISABLE_TELEMETRY": "yes"},
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
        )
        theirs.close()
        self._lines = ours.makefile("rb")
        if json.loads(self._lines.readline() or "{}") != {"ready": True}:
            raise RuntimeError("the zygote did not start")
        self._ends: queue.SimpleQueue[tuple[int, Callable[[Ended], None], Ended] | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True, name="zygote reader").start()
        threading.Thread(target=self._tell_ends, daemon=True, name="zygote ends").start()

    def start(
        self,
        name: str,
        argv: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        ended: Callable[[Ended], None],
        fresh: bool = False,
    ) -> int:
        """Start a process in the checkout and return its pid; `ended` is called from another thread."""
        order = {"id": name, "argv": list(argv), "environment": dict(environment), "folder": str(CHECKOUT),
                 "log": str(log), "fresh": fresh}  # fmt: skip
        return self._send(order, ended)

    def run(
        self,
        function: str,
        *,
        kill_after_seconds: float | None = None,
        environment: Mapping[str, str] | None = None,
        **arguments: Any,
    ) -> Outcome:
        """Call a function of `tests.support.victims` in a fork, and kill the fork after that time if one is given.

        `environment`: variables beside this process's. Raises RuntimeError with the traceback where the call failed.
        """
        ends: queue.SimpleQueue[Ended] = queue.SimpleQueue()
        with tempfile.TemporaryDirectory(prefix="victim-") as folder:
            answer, log = Path(folder) / "answer", Path(folder) / "log"
            order = {
                "id": uuid.uuid4().hex, "call": f"{VICTIMS}.{function}", "arguments": arguments, "answer": str(answer),
                "environment": {**os.environ, **(environment or {})}, "folder": str(CHECKOUT), "log": str(log),
            }  # fmt: skip
            pid = self._send(order, ends.put)
            limit = _LONGEST_SECONDS if kill_after_seconds is None else kill_after_seconds
            try:
                end = ends.get(timeout=limit)
            except queue.Empty:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                end = ends.get(timeout=_START_SECONDS)
                if kill_after_seconds is None:
                    raise RuntimeError(f"{function} took more than {limit} s") from None
            text = answer.read_text() if answer.exists() else ""
            if end.code == 128 + signal.SIGKILL:
                return Outcome(True, end.seconds, end.cpu_seconds, None)
            if end.code != 0:
                raise RuntimeError(f"{text or f'{function} ended with code {end.code}'}\n{log.read_text()[-4000:]}")
            return Outcome(False, end.seconds, end.cpu_seconds, json.loads(text))

    def _send(self, order: Mapping[str, Any], ended: Callable[[Ended], None]) -> int:
        name = order["id"]
        with self._started:
            self._ended[name] = ended
            self._socket.sendall(json.dumps(order).encode() + b"\n")
            if not self._started.wait_for(lambda: name in self._first_pids, _START_SECONDS):
                raise RuntimeError(f"the fork server started no process for {name}")
            return self._first_pids.pop(name)

    def _read(self) -> None:
        for line in self._lines:
            message = json.loads(line)
            with self._started:
                if "status" not in message:
                    self._pids[message["id"]] = self._first_pids[message["id"]] = message["pid"]
                    self._started.notify_all()
                    continue
                ended = self._ended.pop(message["id"])
                del self._pids[message["id"]]
            code = os.waitstatus_to_exitcode(message["status"])
            end = Ended(
                128 - code if code < 0 else code, message["peak_kib"] * 1024, message["cpu_seconds"], message["seconds"]
            )
            self._ends.put((message["pid"], ended, end))
        self._ends.put(None)

    def _tell_ends(self) -> None:
        # in a thread of its own: a callback may wait for the start of a process, which the reading thread reports
        while (item := self._ends.get()) is not None:
            pid, ended, end = item
            end_session(pid)
            ended(end)

    def close(self) -> None:
        """End every process that was started here, and the zygote."""
        for pid in list(self._pids.values()):
            kill_session(pid)
        self._socket.shutdown(socket.SHUT_WR)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._socket.close()


@contextmanager
def zygote(*preload: str) -> Iterator[Zygote]:
    """A fork server that has imported these modules, until the block ends."""
    process = Zygote(preload)
    try:
        yield process
    finally:
        process.close()


def sessions() -> dict[int, tuple[int, list[int]]]:
    """Session -> (resident bytes of its processes together, their pids), of every live process of this machine."""
    found: dict[int, tuple[int, list[int]]] = {}
    for name in os.listdir("/proc"):  # noqa: PTH208 - names, twice a second
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123 - thousands of times a minute
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        if fields[0] == b"Z":
            continue
        session, resident = int(fields[3]), int(fields[21]) * _PAGE_BYTES
        total, pids = found.setdefault(session, (0, []))
        pids.append(int(name))
        found[session] = (total + resident, pids)
    return found


def kill_session(session: int) -> None:
    """SIGKILL to every process of a session; a pid that is in use again leads another session, or none."""
    for _ in range(3):  # a process may have forked while the list was made
        _, pids = sessions().get(session, (0, []))
        if not pids:
            return
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def end_session(session: int) -> None:
    """SIGKILL to every process of a session, and wait until none of them is left.

    A process that was killed is there until the kernel has taken its memory back: a second for a gibibyte on a machine
    that does much else.
    """
    while pids := sessions().get(session, (0, []))[1]:
        for pid in pids:
            with suppress(ProcessLookupError):
                handle = os.pidfd_open(pid)
                try:
                    os.kill(pid, signal.SIGKILL)
                    select.select([handle], [], [])  # readable when the process has ended
                finally:
                    os.close(handle)
