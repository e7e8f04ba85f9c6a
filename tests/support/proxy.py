"""A TCP proxy in front of a catalog that loses an answer on purpose, as a gateway or a network does.

Belongs here: forwarding and losing bytes. Does not belong here: what a catalog says (no byte is made up but the
answers of a gateway that gave up or that speaks for itself).
"""

from __future__ import annotations

import re
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Literal

Fault = Literal["request lost", "answer lost", "gateway timeout", "gateway's own page"]
_OF_THE_GATEWAY = {
    "gateway timeout": b"HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "gateway's own page": b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>",
}


@dataclass(frozen=True)
class _Plan:
    fault: Fault
    request: re.Pattern[bytes]
    then_refuse: int


class Proxy:
    """Listens at `port`; `faults` counts the exchanges that were lost."""

    def __init__(self, target: int, port: int) -> None:
        self.port = port
        self.faults = 0
        self._target = target
        self._plan: _Plan | None = None
        self._refused = 0

    def lose(self, fault: Fault, request: bytes, then_refuse: int = 0) -> None:
        """Lose the next exchange of which one connection's bytes, from now on, match the pattern `request`.

        then_refuse: how many connections after that are closed at once.
        """
        self._plan = _Plan(fault, re.compile(request, re.DOTALL), then_refuse)

    def heal(self) -> None:
        self._plan, self._refused = None, 0

    def serve(self, client: socket.socket) -> None:
        """Forward both ways until one side ends; then both are told."""
        with client, suppress(OSError):
            if self._refused:
                self._refused -= 1
                return
            with socket.create_connection(("127.0.0.1", self._target)) as server:
                plan, asked, losing = None, b"", False
                while True:
                    readable, _, _ = select.select([client, server], [], [])
                    source = readable[0]
                    data = source.recv(1 << 16)
                    if not data:
                        return
                    if source is server:
                        if losing and plan is not None:
                            client.sendall(_OF_THE_GATEWAY.get(plan.fault, b""))
                            self._lost(plan)
                            return
                        client.sendall(data)
                        continue
                    if plan is not self._plan:
                        plan, asked, losing = self._plan, b"", False
                    asked += data
                    losing = plan is not None and bool(plan.request.search(asked))
                    if losing and plan is not None and plan.fault == "request lost":
                        self._lost(plan)
                        return
                    server.sendall(data)

    def _lost(self, plan: _Plan) -> None:
        self.faults += 1
        self._plan, self._refused = None, plan.then_refuse


@contextmanager
def proxy_of(target: int) -> Iterator[Proxy]:
    """A proxy of the server at 127.0.0.1:`target` until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = Proxy(target, listener.getsockname()[1])

        def accept() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    threading.Thread(target=proxy.serve, args=(client,), daemon=True).start()

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield proxy
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()
