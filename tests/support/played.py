"""The sandbox inside the test process: real sockets, but no process to start for each fetch."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date

from aiohttp import web

from resources.apis.apis import Apis, Connection, LoopbackConnection, Patience
from resources.sandbox.serving.routes import World
from resources.sandbox.serving.server import Sandbox

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
# a host that answers at all is slow on a busy machine, and never fails for that
PATIENT = Patience(total_seconds=120, connect_seconds=60, read_seconds=60, attempts=3, backoff_seconds=0.01)
# for a host that is slow, or falls silent, on purpose
IMPATIENT = replace(PATIENT, total_seconds=10, connect_seconds=5, read_seconds=1.5)


@contextmanager
def served(handler: Handler, **site: object) -> Iterator[int]:
    """A handler on a free port of 127.0.0.1, in a thread; yields the port."""
    loop = asyncio.new_event_loop()
    ports: list[int] = []
    ready = threading.Event()

    async def start() -> web.ServerRunner:
        runner = web.ServerRunner(web.Server(handler, access_log=None))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, **site).start()  # type: ignore[arg-type]
        ports.append(runner.addresses[0][1])
        ready.set()
        return runner

    def serve() -> None:
        runner = loop.run_until_complete(start())
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


@dataclass(frozen=True)
class PlayedApis(Apis):
    """`Apis` whose connection leads to a handler, or to the sandbox with faults."""

    handler: Handler | None = None
    faults: str = ""
    vehicles: int = 400
    patience: Patience = PATIENT

    @contextmanager
    def serving(self, day: date) -> Iterator[Connection]:
        handler = self.handler or Sandbox(World(day, self.vehicles), None, self.faults).handler()
        with served(handler) as port:
            yield LoopbackConnection(f"http://127.0.0.1:{port}", self.patience)


def played(faults: str = "", **arguments: object) -> PlayedApis:
    return PlayedApis("sandbox", faults=faults, **arguments)  # type: ignore[arg-type]
