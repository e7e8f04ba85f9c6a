"""The fork server of the tests (`python -m tests.support.zygote`): it imports modules once and forks processes.

Each process has a session, an environment, memory and an exit code of its own. There are three kinds of orders:
`fresh` executes a command line in a new interpreter, as the entry point of a container does; other command lines of
dagster run through dagster's own entry point in the fork, with dagster imported, at a tenth of the CPU time; `call`
calls a function (tests that kill it start it in milliseconds). Before a fork the server only imports: it has no
thread, no client and no gRPC channel, and polars' threads, which do not survive a fork, have not started.

The server speaks one JSON object a line on its socket. In: {id, argv, environment, folder, log, fresh} or
{id, call, arguments, answer, ...}. Out: {id, pid}, and at the end of the process
{id, pid, status, peak_kib, cpu_seconds, seconds}. `status` is that of waitpid; peak and CPU time are of the process
and of the children that it waited for; `seconds` is the time since the fork.
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
import time
import traceback
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_prctl = ctypes.CDLL(None).prctl


def main() -> None:
    connection = socket.socket(fileno=int(sys.argv[1]))
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)  # orphans of a process become children of the server
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
    names: dict[int, tuple[str, float]] = {}
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
                if "call" in order:
                    _call(order)
                if order["fresh"] or order["argv"][0] != "dagster":
                    _exec(order["argv"], order["environment"])
                return list(order["argv"])
            names[pid] = order["id"], time.monotonic()
            connection.sendall(json.dumps({"id": order["id"], "pid": pid}).encode() + b"\n")


def _reap(connection: socket.socket, names: dict[int, tuple[str, float]]) -> None:
    while True:
        try:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        if pid in names:
            name, forked_at = names.pop(pid)
            end = {
                "id": name,
                "pid": pid,
                "status": status,
                "peak_kib": usage.ru_maxrss,
                "cpu_seconds": usage.ru_utime + usage.ru_stime,
                "seconds": time.monotonic() - forked_at,
            }
            connection.sendall(json.dumps(end).encode() + b"\n")


def _become(order: dict[str, Any]) -> None:
    """Give the forked child its session, signals, output, environment and folder."""
    os.setsid()
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    # a container starts with every signal at its default; the tests' own process may have blocked or ignored some
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


def _call(order: dict[str, Any]) -> None:
    """Call the function and write its result, or its traceback, to the file `answer`. Never returns."""
    module, _, function = order["call"].rpartition(".")
    answer = Path(order["answer"])
    try:
        answer.write_text(json.dumps(getattr(importlib.import_module(module), function)(**order["arguments"])))
    except BaseException:
        answer.write_text(traceback.format_exc())
        os._exit(1)
    os._exit(0)  # neither the server's clean-up nor the interpreter's belongs to this process


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
