"""Task processes: started by the zygote, their memory watched, their whole session ended with them.

Belongs here: processes and memory as Linux tells of them. Does not belong here: what ECS says about a task. Memory is
watched, not capped by a cgroup: who runs the tests may not own one. The resident memory of every process of the task's
session is summed ten times a second, and above the limit the session is killed, as Fargate kills the container.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_START_SECONDS = 60
CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ended:
    """How a process ended: `code` as a shell tells it (128 + signal), the largest process's peak, and its CPU time."""

    code: int
    peak_bytes: int
    cpu_seconds: float


class Zygote:
    """The process that starts the others. Start it in the main thread: it dies with the thread that starts it."""

    def __init__(self, preload: Sequence[str]) -> None:
        ours, theirs = socket.socketpair()
        self._socket = ours
        self._ended: dict[str, Callable[[Ended], None]] = {}
        self._pids: dict[str, int] = {}
        self._first_pids: dict[str, int] = {}  # said once to who started it, however soon it ended
        self._started = threading.Condition()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.ecs.zygote", str(theirs.fileno()), *preload],
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
        with self._started:
            self._ended[name] = ended
            self._socket.sendall(json.dumps(order).encode() + b"\n")
            if not self._started.wait_for(lambda: name in self._first_pids, _START_SECONDS):
                raise RuntimeError(f"the zygote started no process for {name}")
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
            end = Ended(128 - code if code < 0 else code, message["peak_kib"] * 1024, message["cpu_seconds"])
            self._ends.put((message["pid"], ended, end))
        self._ends.put(None)

    def _tell_ends(self) -> None:
        # apart from the reading: who is told may be waiting for a start, which only the reading can report
        while (item := self._ends.get()) is not None:
            pid, ended, end = item
            kill_session(pid)
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


def sessions() -> dict[int, tuple[int, list[int]]]:
    """Session -> (resident bytes of its processes together, their pids), of every live process of this machine."""
    found: dict[int, tuple[int, list[int]]] = {}
    for name in os.listdir("/proc"):  # noqa: PTH208 - names, ten times a second
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
    """SIGKILL to every process of a session; a pid that has been used again leads another session or none."""
    for _ in range(3):  # a process may have forked while the list was made
        _, pids = sessions().get(session, (0, []))
        if not pids:
            return
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
