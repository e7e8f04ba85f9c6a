"""Nordlys, played: pages counted from one, an API key, an empty page past the end."""

from __future__ import annotations

from resources.sandbox import parts
from resources.sandbox.parts import Feed, InPath, InQuery, Route, Template, World

_MODELS = parts.table("""
name  |vin     |fuel  |price:int
Polar |YN9AA111|el    |31000
Aurora|YN9AB111|bensin|28000
""")
_DEALERS = parts.Dealers("nordlys", {"no": 3, "se": 3}, name="Nordlys {city}", id="{iso2}{number:02d}")
_CAR = Template(
    """{"id": "{iso2}-{serial}", "vin": "{vin}", "model": "{model.name}", "fuel": "{model.fuel}",
    "kilometres": "{mileage}", "price": {"amount": "{price}", "currency": "{country.currency}"},
    "dealer": {"id": "{dealer.id}", "name": "{dealer.name}"}, "link": "https://nordlys.example/{serial}"}"""
)
_DEALER = Template("""{"id": "{id}", "name": "{name}", "city": "{city}", "country": "{iso2}"}""")


def sandbox_routes(world: World) -> list[Route]:
    bad = parts.refusal(400, {"error": "page or per_page"})
    country = parts.Choice(InPath("country"), {"NO": "no", "SE": "se"}, parts.refusal(404, {"error": "no country"}))
    key = parts.Key(parts.InHeader("X-Api-Key"), "NORDLYS_API_KEY", parts.refusal(401, {"error": "unknown key"}))
    return [
        Feed(
            world=world,
            oem="nordlys",
            endpoint="cars",
            host="api.nordlys.example",
            path="/v1/{country}/cars",
            serves=parts.Stock(world, "nordlys", {"no": 2, "se": 3}, models=_MODELS, dealers=_DEALERS),
            record=_CAR,
            order="price",
            market=country,
            checks=[key],
            paging=parts.Pages(InQuery("page"), InQuery("per_page"), first=1, largest=50, too_large=bad, bad=bad),
            answer=lambda page: {"meta": {"total": page.total}, "cars": page.records},
            records="cars",
            identity="id",
            total="meta.total",
            example="/v1/SE/cars?page=1&per_page=40",
        ).route(),
        Feed(
            world=world,
            oem="nordlys",
            endpoint="dealers",
            host="api.nordlys.example",
            path="/v1/{country}/dealers",
            serves=_DEALERS,
            record=_DEALER,
            market=country,
            checks=[key],
            answer=lambda page: {"meta": {"total": page.total}, "dealers": page.records},
            records="dealers",
            identity="id",
            total="meta.total",
            example="/v1/SE/dealers",
        ).route(),
    ]
