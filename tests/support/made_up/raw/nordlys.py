"""Nordlys: stock and dealers from one API, a country at a time."""

from raw.endpoint import Dealers, Endpoint, Get, Inventory, PageIndex, PerSecond, SinglePage, secret
from raw.endpoint.requests import Secret

_HEADERS: dict[str, str | Secret] = {"X-Api-Key": secret("NORDLYS_API_KEY"), "Accept": "application/json"}
_MARKETS = {"no": {"country": "NO"}, "se": {"country": "SE"}}

CARS = Endpoint(
    name="cars",
    description="Cars on offer, cheapest first.",
    yields=Inventory("cars"),
    request=Get("https://api.nordlys.example/v1/{country}/cars", params={"order": "price"}, headers=_HEADERS),
    pages=PageIndex(index="page", size="per_page", step=40, first=1, total="meta.total"),
    records="cars",
    identity="id",
    markets=_MARKETS,
    limit=PerSecond(5),
)

DEALERS = Endpoint(
    name="dealers",
    description="Dealers of a country.",
    yields=Dealers("dealers"),
    request=Get("https://api.nordlys.example/v1/{country}/dealers", headers=_HEADERS),
    pages=SinglePage(total="meta.total"),
    records="dealers",
    identity="id",
    markets=_MARKETS,
    limit=PerSecond(5),
)

ENDPOINTS = (CARS, DEALERS)
