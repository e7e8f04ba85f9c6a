"""Asking the sandbox as an OEM's client would: real HTTP, the OEM's name in the Host header."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from resources.sandbox.serving.credentials import sandbox_credential
from resources.sandbox.serving.routes import World
from resources.sandbox.serving.server import Sandbox
from tests.support.played import served

DAY = date(2026, 11, 20)
SCS, PSS, MBUSA = "scs.audi.de", "graphql.pss.audi.com", "nafta-service.mbusa.com"
MB_SEARCH = "/api/inv/v1/en_us/used/vehicles/search"
MB_NEW_SEARCH = "/api/inv/v1/en_us/new/vehicles/search"
MB_DEALERS = "/api/dlrsrv/v1/us/search"


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Client:
    """A client of one server; each request has a connection of its own."""

    port: int

    def ask(
        self, host: str, path: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body=body or None, headers={"Host": host, **(headers or {})})
            response = connection.getresponse()
            lowered = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, lowered, response.read())
        finally:
            connection.close()

    def send(
        self, method: str, url: str, params: Iterable[tuple[str, str]], headers: Mapping[str, str], body: bytes
    ) -> Reply:
        """A request for a maker's own URL."""
        parts = urlsplit(url)
        query = urlencode([*parse_qsl(parts.query), *params])
        path = f"{parts.path}?{query}" if query else parts.path
        return self.ask(parts.netloc, path, method=method, headers=headers, body=body)

    def scs(
        self,
        market: str = "esuc",
        language: str = "es",
        start: int = 0,
        size: int = 96,
        *,
        token: str | None = None,
        query: Mapping[str, object] | None = None,
    ) -> Reply:
        headers = {"Token": sandbox_credential("AUDI_SCS_TOKEN") if token is None else token}
        text = urlencode({"from": start, "size": size, **(query or {})})
        return self.ask(SCS, f"/api/v2/search/filter/{market}/{language}?{text}", headers=headers)

    def scs_market(self, market: str, language: str) -> list[Any]:
        """All cars of a market, page by page until the 400 that ends it."""
        cars: list[Any] = []
        while (reply := self.scs(market, language, len(cars), 300)).status == 200:
            cars += reply.json()["vehicleBasic"]
        assert reply.status == 400
        return cars

    def pss(self, query: str, variables: Mapping[str, str] | None = None, *, client: str | None = None) -> Reply:
        headers = {"clientid": sandbox_credential("AUDI_PSS_CLIENT_ID") if client is None else client}
        body = json.dumps({"query": query, "variables": variables or {}}).encode()
        return self.ask(PSS, "/", method="POST", headers=headers, body=body)

    def pss_dealers(self, market: str, fields: str) -> list[Any]:
        query = f"query D($market: Market!) {{ dealersByMarket(market: $market) {{ dealers {{ {fields} }} }} }}"
        dealers: list[Any] = self.pss(query, {"market": market}).json()["data"]["dealersByMarket"]["dealers"]
        return dealers

    def mbusa(self, path: str = MB_SEARCH, /, **query: object) -> Reply:
        asked = {"class": "E", "withFilters": "true", "start": 0, "count": 12, **query}
        text = urlencode({name: value for name, value in asked.items() if value is not None})
        return self.ask(MBUSA, f"{path}?{text}")

    def mbusa_pages(self, path: str = MB_SEARCH, /, **query: object) -> list[list[Any]]:
        """The records of all pages until the empty one, which comes past the hundredth row, too."""
        pages: list[list[Any]] = []
        while page := paged(self.mbusa(path, start=len(pages), **query))["records"]:
            pages.append(page)
        return pages

    def mbusa_cars(self, path: str = MB_SEARCH, /, **query: object) -> list[Any]:
        """Every car that a search finds, each once, however many: dealer by dealer."""
        dealers = self.mbusa(path, **query).json()["result"]["facets"]["dealer"]["values"]
        pages = [page for one in dealers for page in self.mbusa_pages(path, **query, dealerId=one["value"])]
        return list({car["vin"]: car for page in pages for car in page}.values())


def paged(reply: Reply) -> Any:
    assert reply.status == 200, reply.body
    return reply.json()["result"]["pagedVehicles"]


@contextmanager
def sandbox(
    day: date = DAY, vehicles: int = 400, seed: int = 1, replay: Path | None = None, faults: str = ""
) -> Iterator[Client]:
    """A server of its own for a test."""
    with served(Sandbox(World(day, vehicles, seed), replay, faults).handler()) as port:
        yield Client(port)


def key_paths(value: Any, path: str = "") -> set[str]:
    """The dotted paths of every key below a value; `[]` stands for an item of a list."""
    if isinstance(value, dict):
        return {f"{path}.{key}" for key in value}.union(
            *(key_paths(item, f"{path}.{key}") for key, item in value.items())
        )
    if isinstance(value, list):
        return set().union(*(key_paths(item, f"{path}[]") for item in value))
    return set()
