"""The sandbox's server: finds the route by the `Host` header, plays the faults, writes the answer.

A host is also found as the first segment of the path, so that curl needs no header:
`http://127.0.0.1:<port>/<host>/<path>`. `GET /` explains what is served.
"""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
import socket
import struct
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

import resources.sandbox
from resources.sandbox.serving.faults import ON_THE_WIRE, SLOW_SECONDS, Faults, answer_with, known_faults
from resources.sandbox.serving.replay import without_captures
from resources.sandbox.serving.routes import ANY, Answer, Asked, Refusal, Route, World, json_answer

_NO_LINGER = struct.pack("ii", 1, 0)

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


def discover(world: World) -> list[Route]:
    """The routes of every OEM: of each module of this package that has `sandbox_routes(world)`.

    In replay the routes of an OEM of which nothing was captured answer 404.
    """
    routes: list[Route] = []
    for module_name in sorted(info.name for info in pkgutil.iter_modules(resources.sandbox.__path__)):
        if module_name == "__main__":
            continue
        module = importlib.import_module(f"resources.sandbox.{module_name}")
        if not hasattr(module, "sandbox_routes"):
            continue
        found: list[Route] = module.sandbox_routes(world)
        if world.captures is not None and not any(route.is_captured for route in found):
            found = [without_captures(route, world.captures) for route in found]
        routes += found
    return routes


@dataclass
class Sandbox:
    """What one server plays. latency_seconds: that each answer takes, whatever else is being answered.

    Raises PlatformError(CONFIGURATION) for a fault that does not exist.
    """

    world: World
    replay: Path | None = None
    faults: str = ""
    latency_seconds: float = 0.0
    routes: list[Route] = field(init=False)

    def __post_init__(self) -> None:
        self.world = replace(self.world, captures=self.replay)
        self.routes = discover(self.world)
        self._faults = Faults(self.faults, self.routes)
        self._hosts: dict[str, list[Route]] = {}
        for route in self.routes:
            self._hosts.setdefault(route.host, []).append(route)

    def handler(self) -> Handler:
        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            host = (request.host or "").partition(":")[0].lower()
            path = request.path
            if host not in self._hosts:
                host, _, path = path.lstrip("/").partition("/")
                if not host and request.method == "GET":
                    return _response(Answer(200, msgspec.json.format(msgspec.json.encode(self.describe()), indent=2)))
            return await self._serve(request, host, path)

        return handle

    async def _serve(self, request: web.BaseRequest, host: str, path: str) -> web.StreamResponse:
        found = [
            (route, parameters) for route in self._hosts.get(host, []) if (parameters := route.match(path)) is not None
        ]
        if not found:
            known = sorted(self._hosts)
            return _response(
                json_answer({"message": f"nothing is played at {host}/{path.lstrip('/')}", "hosts": known}, 404)
            )
        fitting = [pair for pair in found if pair[0].method in (request.method, ANY)]
        if not fitting:
            return _response(json_answer({"message": f"use {found[0][0].method}"}, 405))
        asked = Asked(
            query={name: request.query.getone(name) for name in request.query},
            headers={name.lower(): value for name, value in request.headers.items()},
            body=await request.read(),
            every={name: tuple(request.query.getall(name)) for name in request.query},
            parameters={},
        )
        # makers that share an address tell their requests apart by what they hold
        of_each = [(route, replace(asked, parameters=parameters)) for route, parameters in fitting]
        route, asked = next(((route, asked) for route, asked in of_each if route.is_meant(asked)), of_each[0])
        if self.latency_seconds:
            await asyncio.sleep(self.latency_seconds)
        names = self._faults.of(route, asked)
        answer = _answer(route, asked, names)
        for name in names:
            if name in ON_THE_WIRE:
                return await _break(request, name, answer)
        return _response(answer)

    def describe(self) -> dict[str, Any]:
        """What `GET /` says."""
        source: dict[str, Any] = {"source": "sandbox", "vehicles_per_oem": self.world.vehicles, "seed": self.world.seed}
        if self.replay is not None:
            source = {"source": "replay", "folder": str(self.replay)}
        return {
            "what": "OEM APIs played on loopback; nothing here is a car maker's own answer, but in replay",
            **source,
            "date": self.world.date.isoformat(),
            "faults": self.faults,
            "how": "ask with the OEM's name in the Host header, or put the host first in the path",
            "hosts": {host: [_describe(route) for route in routes] for host, routes in sorted(self._hosts.items())},
        }


def _describe(route: Route) -> dict[str, Any]:
    return {
        "oem": route.oem,
        "endpoint": route.endpoint,
        "is_endpoint": route.is_endpoint,
        "method": route.method,
        "path": route.path,
        "markets": list(route.markets),
        "example": f"/{route.host}{route.example}",
        "headers": route.example_headers,
        "faults": known_faults(route),
    }


def _answer(route: Route, asked: Asked, names: Sequence[str]) -> Answer:
    def answer(asked: Asked) -> Answer:
        try:
            return route.answer(asked)
        except Refusal as refusal:
            return refusal.answer

    return answer_with(route, asked, names, answer) if names else answer(asked)


def _response(answer: Answer) -> web.Response:
    return web.Response(status=answer.status, body=answer.body, headers=answer.headers)


async def _break(request: web.BaseRequest, name: str, answer: Answer) -> web.StreamResponse:
    """Play a fault on the wire."""
    if name == "slow":
        await asyncio.sleep(SLOW_SECONDS)
        return _response(answer)
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    if name in ("truncated", "stall"):
        response.content_length = len(answer.body)
        await response.prepare(request)
        await response.write(answer.body[: len(answer.body) // 2])
    if name == "stall":
        await asyncio.sleep(SLOW_SECONDS)
    if request.transport is not None:
        if name == "reset":
            # with nothing to linger for, closing sends RST rather than FIN
            request.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            request.transport.abort()
        else:
            request.transport.close()  # after what was written; the client misses the rest
    return response


async def start(sandbox: Sandbox, port: int) -> tuple[web.ServerRunner, int]:
    """Listen on 127.0.0.1 only; the runner (to be cleaned up) and the port, a free one for 0."""
    # an answer that is being slow on purpose does not hold up the end
    runner = web.ServerRunner(web.Server(sandbox.handler(), access_log=None), shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, backlog=512)
    await site.start()
    return runner, int(runner.addresses[0][1])
