"""`live` cannot be reached from here, so its requests are proved: over real TLS, byte for byte those of the sandbox."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import aiohttp
import pytest
import trustme
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from raw.endpoint.declaration import Endpoint
from raw.fetch.day import fetch_day
from raw.wiring.discovery import Oem, discover
from resources.apis.apis import Apis, Connection, LiveConnection
from resources.lake.lake import Lake
from resources.sandbox.serving.credentials import sandbox_credential
from resources.sandbox.serving.routes import World
from resources.sandbox.serving.server import Sandbox
from tests.support.played import Handler, PlayedApis, served

pytestmark = pytest.mark.slow

Seen = tuple[str, str, tuple[tuple[str, str], ...], bytes]
DAY = datetime.now(UTC).date()
ENDPOINTS = [(oem, endpoint) for oem in discover() for endpoint in oem.endpoints]


def recording(seen: list[Seen]) -> Handler:
    """The sandbox's handler, which notes each request as it came off the wire."""
    play = Sandbox(World(DAY, 400), None, "").handler()

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
    """The live connection, but for where names lead to and whose certificates are trusted."""

    port: int = 0
    trusted: ssl.SSLContext | None = None
    paces: bool = False

    def connector(self, connections: int) -> aiohttp.BaseConnector:
        assert self.trusted is not None
        return aiohttp.TCPConnector(limit=connections, resolver=_Resolver(self.port), ssl=self.trusted)


@dataclass(frozen=True)
class _LiveApis(Apis):
    seen: tuple[list[Seen], ...] = ()

    @contextmanager
    def serving(self, day: date) -> Iterator[Connection]:
        authority = trustme.CA()
        hosts = ["scs.audi.de", "graphql.pss.audi.com", "nafta-service.mbusa.com"]
        server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*hosts).configure_cert(server_side)
        client_side = ssl.create_default_context()
        authority.configure_trust(client_side)
        with served(recording(self.seen[0]), ssl_context=server_side) as port:
            yield _LiveThroughLoopback(port=port, trusted=client_side)


@pytest.mark.parametrize(("oem", "endpoint"), ENDPOINTS, ids=[f"{oem.name}-{one.name}" for oem, one in ENDPOINTS])
def test_live_sends_byte_for_byte_what_the_sandbox_gets(
    oem: Oem, endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("AUDI_SCS_TOKEN", "AUDI_PSS_CLIENT_ID"):
        monkeypatch.setenv(variable, sandbox_credential(variable))
    live: list[Seen] = []
    played: list[Seen] = []
    for apis, name in (
        (_LiveApis("live", seen=(live,)), "live"),
        (PlayedApis("sandbox", handler=recording(played)), "sandbox"),
    ):
        manifest = fetch_day(
            lake=Lake((tmp_path / name).as_uri()),
            oem=oem.name,
            endpoint=endpoint,
            day=DAY,
            apis=apis,
            progress=lambda _: None,
        )
        assert all(market.complete for market in manifest.markets.values()), manifest
        assert manifest.source == name
    assert live
    assert sorted(live) == sorted(played)
    assert all(
        ("user-agent", "oem-stock/0.1 (nightly reader of published stock)") in headers for _, _, headers, _ in live
    )
