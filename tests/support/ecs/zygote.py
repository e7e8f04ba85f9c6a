"""The parent of every task process (`python -m tests.support.ecs.zygote`): imports once, then forks one a task.

A task is a real process either way, with a session, environment, memory and exit code of its own. `fresh` ones exec
their command, as a container's entry point does; the others fork from here with dagster's imports done and run the
same command line through dagster's own entry point, at a tenth of the CPU time. Only imports happen before a fork: no
thread, no client, no grpc channel. Belongs here: starting and reaping. Does not belong here: what a task is.

One JSON object a line on the socket. In: {id, argv, environment, folder, log, fresh}. Out: {id, pid} and, at its end,
{id, pid, status, peak_kib, cpu_seconds}: `status` as of waitpid, the other two of the process and those it waited for.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import random
import select
import shutil
import signal
import socket
import sys
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_prctl = ctypes.CDLL(None).prctl


def main() -> None:
    connection = socket.socket(fileno=int(sys.argv[1]))
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)  # what a task leaves behind comes to us, and can be told by its session
    for name in sys.argv[2:]:
        importlib.import_module(name)
    # the definitions depend on the environment: each task loads them again, from modules that are there already
    sys.modules.pop("definitions", None)
    gc.collect()
    gc.freeze()
    argv = _serve(connection)
    if argv is not None:
        _run_in_this_process(argv)


def _serve(connection: socket.socket) -> list[str] | None:
    """Start and reap until the connection closes (None); in a forked child, its command line."""
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    names: dict[int, str] = {}
    pending = b""
    connection.sendall(b'{"ready": true}\n')
    while True:
        readable, _, _ = select.select([connection.fileno(), wake_read], [], [])
        if wake_read in readable:
            os.read(wake_read, 4096)
            _reap(connection, names)
        if connection.fileno() not in readable:
            continue
        received = connection.recv(1 << 20)
        if not received:
            return None
        *lines, pending = (pending + received).split(b"\n")
        for line in lines:
            order = json.loads(line)
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                for descriptor in (wake_read, wake_write):
                    os.close(descriptor)
                connection.close()
                _become(order)
                if order["fresh"] or order["argv"][0] != "dagster":
                    _exec(order["argv"], order["environment"])
                return list(order["argv"])
            names[pid] = order["id"]
            connection.sendall(json.dumps({"id": order["id"], "pid": pid}).encode() + b"\n")


def _reap(connection: socket.socket, names: dict[int, str]) -> None:
    while True:
        try:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        name = names.pop(pid, None)
        if name is not None:
            cpu_seconds = usage.ru_utime + usage.ru_stime
            end = {"id": name, "pid": pid, "status": status, "peak_kib": usage.ru_maxrss, "cpu_seconds": cpu_seconds}
            connection.sendall(json.dumps(end).encode() + b"\n")


def _become(order: dict[str, Any]) -> None:
    """Turn a forked child into the task's process: session, signals, output, environment, folder."""
    os.setsid()
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    # a container starts with every signal at its default; who runs the tests may have blocked or ignored some
    for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(one, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.close(log)
    os.close(nothing)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    random.seed()


def _exec(argv: list[str], environment: dict[str, str]) -> None:
    try:
        os.execvpe(argv[0], argv, environment)  # noqa: S606 - no shell is wanted
    except OSError as error:
        os.write(2, f"{argv[0]}: {error}\n".encode())
        os._exit(127)


def _run_in_this_process(argv: list[str]) -> None:
    """`dagster ...` as its console script runs it."""
    script = shutil.which(argv[0]) or argv[0]
    sys.argv = [script, *argv[1:]]
    sys.path[0] = str(Path(script).parent)
    from dagster._cli import main as dagster_main

    sys.exit(dagster_main())  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
