"""`live` without the internet: every name leads to a TLS server of this process, whose requests are noted."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date

import aiohttp
import trustme
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from resources.apis.apis import Apis, Connection, LiveConnection
from resources.sandbox.serving.routes import World
from resources.sandbox.serving.server import Sandbox
from tests.support.declared import OEMS, hosts
from tests.support.played import Handler, served

# method, path with query, headers, body
Seen = tuple[str, str, tuple[tuple[str, str], ...], bytes]


def recording(seen: list[Seen], day: date) -> Handler:
    """The sandbox's handler, which notes each request as it came off the wire."""
    play = Sandbox(World(day, 400), None, "").handler()

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        headers = tuple(sorted((name.lower(), value) for name, value in request.headers.items()))
        seen.append((request.method, request.raw_path, headers, await request.read()))
        return await play(request)

    return handle


class _Resolver(AbstractResolver):
    """Every host is 127.0.0.1, at the port of the TLS server."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host="127.0.0.1", port=self._port, family=2, proto=0, flags=0)]

    async def close(self) -> None:
        pass


@dataclass(frozen=True)
class _LiveThroughLoopback(LiveConnection):
    """The live connection, except where names lead to, whose certificates are trusted, and the pace."""

    port: int = 0
    trusted: ssl.SSLContext | None = None
    paces: bool = False

    def connector(self, connections: int) -> aiohttp.BaseConnector:
        assert self.trusted is not None
        return aiohttp.TCPConnector(limit=connections, resolver=_Resolver(self.port), ssl=self.trusted)


@dataclass(frozen=True)
class LoopbackLiveApis(Apis):
    """`Apis("live")` whose hosts are all played here; `seen` collects their requests."""

    seen: list[Seen] = field(default_factory=list)

    @contextmanager
    def serving(self, day: date) -> Iterator[Connection]:
        authority = trustme.CA()
        server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        played = {route.host for route in Sandbox(World(day, 400)).routes}
        authority.issue_cert(*sorted(played.union(*map(hosts, OEMS)))).configure_cert(server_side)
        client_side = ssl.create_default_context()
        authority.configure_trust(client_side)
        with served(recording(self.seen, day), ssl_context=server_side) as port:
            yield _LiveThroughLoopback(port=port, trusted=client_side)
