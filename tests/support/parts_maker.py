"""A made-up maker whose routes are made of the sandbox's parts, played over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

import pytest

from resources.sandbox import parts
from resources.sandbox.parts import (
    Feed,
    InBody,
    InForm,
    InHeader,
    InPath,
    InQuery,
    InQueryJson,
    Page,
    Template,
    World,
    refusal,
)
from resources.sandbox.serving.routes import Route
from resources.sandbox.serving.server import Sandbox
from tests.support.played import served
from tests.support.sandbox_client import Client, Reply

HOST = "api.parts.example"
DAY = date(2026, 11, 20)
MODELS = parts.table("""
name |series|vin     |price:int|weight:int
Alfa |a     |YN9AA111|31000    |3
Beta |b     |YN9AB111|42000    |1
""")
DEALERS = parts.Dealers("parts", {"us": 40, "de": 12}, name="Cars of {city}", without_stock=0.2)
CAR = Template("""{"vin": "{vin}", "price": "{price}", "series": "{model.series}", "dealer": {"id": "{dealer.id}"}}""")
DEALER = Template("""{"id": "{id}", "name": "{name}", "miles": "{miles}", "latitude": "{latitude}"}""")
GONE = refusal(404, {"errors": [{"code": "inventory.notFound"}]})


def body_of(page: Page) -> Any:
    return {"total": page.total, "pages": page.pages, "cars": page.records, "next": page.next_token}


@dataclass(frozen=True)
class Maker:
    """A made-up maker with one feed, and the server that plays it."""

    client: Client
    vins: list[str]

    def ask(self, path: str = "/cars", body: Any = None, headers: Mapping[str, str] | None = None) -> Reply:
        method = "GET" if body is None else "POST"
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.ask(HOST, path, method=method, headers=headers, body=b"" if body is None else content)

    def cars(self, *arguments: Any, **named: Any) -> list[str]:
        reply = self.ask(*arguments, **named)
        assert reply.status == 200, reply.body
        return [car["vin"] for car in reply.json()["cars"]]


def feed(world: World, **changes: Any) -> Feed:
    values: dict[str, Any] = {
        "serves": parts.Stock(world, "parts", {"us": 1}, models=MODELS, dealers=DEALERS),
        "record": CAR,
        "market": "us",
        "path": "/cars",
        "answer": body_of,
        "records": "cars",
        "identity": "vin",
        "example": "/cars",
        **changes,
    }
    return Feed(world=world, oem="parts", endpoint="cars", host=HOST, **values)


@contextmanager
def playing(
    monkeypatch: pytest.MonkeyPatch,
    *more: Route,
    vehicles: int = 100,
    day: date = DAY,
    faults: str = "",
    **changes: Any,
) -> Iterator[Maker]:
    world = World(day, 100)
    declared = feed(world, **changes)
    monkeypatch.setattr("resources.sandbox.serving.server.discover", lambda world: [declared.route(), *more])
    listing = declared.serves.listing(world, "us")
    ordered = listing if declared.order is None else listing.ordered(declared.order)
    vins = [item.vin if hasattr(item, "vin") else item.id for item in ordered]
    with served(Sandbox(world, None, faults).handler()) as port:
        yield Maker(Client(port), vins)


def json_query(start: object, size: object) -> str:
    return "/cars?query=" + quote(json.dumps({"query": {"model": "a"}, "offset": start, "count": size}))


PLACES: dict[str, tuple[Any, Any, Any, str]] = {
    "query": (InQuery("from"), InQuery("size"), lambda at, n: {"path": f"/cars?from={at}&size={n}"}, "/cars"),
    "header": (
        InHeader("X-Page"),
        InHeader("x-page-items"),
        lambda at, n: {"headers": {"x-page": str(at), "X-Page-Items": str(n)}},
        "/cars",
    ),
    "body": (InBody("a.0.from"), InBody("a.0.size"), lambda at, n: {"body": {"a": [{"from": at, "size": n}]}}, "/cars"),
    "json in the query": (
        InQueryJson("query", "offset"),
        InQueryJson("query", "count"),
        lambda at, n: {"path": json_query(at, n)},
        "/cars",
    ),
    "path": (InPath("at"), InPath("n"), lambda at, n: {"path": f"/cars/page-{at}/{n}"}, "/cars/page-{at}/{n}"),
    "form": (InForm("at"), InForm("n"), lambda at, n: {"body": f"at={at}&n={n}".encode()}, "/cars"),
}

FIELD = parts.GraphQL(
    "cars(paging: Paging!, market: String)",
    "input Paging { limit: Int offset: Int }",
    {"codes": {"list": [{"code": "us"}]}},
)
TEXT = "query Q($paging: Paging!) { cars(paging: $paging) { total cars { vin dealer { id } } } }"
