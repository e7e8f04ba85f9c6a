"""Volkswagen Germany, played: the site's configuration, and the stock and dealer services that it names.

Hosts, keys, signature and data version are others on every day. Built from a trimmed capture and the notes of public
clients: a parameter that is missing is answered with 500 and its name, an unknown country with 500.
"""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import date
from typing import Any
from urllib.parse import urlencode

from resources.sandbox import parts
from resources.sandbox.parts import Asked, Captured, Extra, Feed, InQuery, InQueryJson, Record, Route, Template, World

_MODELS = parts.table("""
name      |line                                |vin     |kw:int|ps:int|price:int|weight:int
Golf      |Life 1.5 TSI OPF 6-Gang             |WVWZZZCD|85    |116   |31000    |12
Tiguan    |R-Line 2.0 TDI SCR DSG              |WVGZZZCT|110   |150   |48000    |12
Polo      |Style 1.0 TSI DSG AHK KAM           |WVWZZZAW|70    |95    |25000    |8
T-Roc     |Life 1.5 TSI NAVI LED               |WVGZZZA1|110   |150   |33000    |9
ID.3 Pro  |ID.3 Pro Performance WÄRMEPU NAV    |WVWZZZE1|150   |204   |42000    |6
ID.4 Pure |ID.4 Pure 2,49% WÄRMEPU NAV 5J-GAR  |WVGZZZE2|125   |170   |41000    |6
""")
_DEALERS = parts.Dealers("volkswagen", {"de": 140}, name="Autohaus {city};Volkswagen Zentrum {city}", without_stock=0.1)
_TYPES = {"N": "Neuwagen", "Y": "Junge Gebrauchtwagen", "U": "Gebrauchtwagen"}


def _type(car: parts.Car) -> str:
    return "N" if car.is_new else "Y" if car.months < 24 else "U"


def _id(car: parts.Car) -> str:
    return f"{car.iso3}{car.first_dealer.digits5}{car.digits7}-{car.digits5[:2]}"


_CAR = Template(
    """{"carid": "DEU", "key": "REVV", "title": "Volkswagen {model.name}", "subtitle": {"key": "subtitle", "value":
    "{model.line}"}, "mileage": {"key": "mileage", "value": "10.937", "raw_value": "{mileage}"}, "initialreg":
    "{registered_on}T00:00:00Z", "parsedPrice": {"value": "{price}"}, "powerLabel":
    " {model.kw} kW ({model.ps} PS)", "cartype": {"code": "Y", "value": "Junge Gebrauchtwagen"},
    "dealer": {"city": {"key": "city", "value": "{dealer.city}"}}}""",
    {
        "carid": _id,
        "key": lambda car: b64encode(_id(car).encode()).decode(),
        "mileage.value": lambda car: f"{car.mileage:,}".replace(",", "."),
        "cartype": lambda car: {"code": _type(car), "value": _TYPES[_type(car)]},
    },
    missing={0.02: "parsedPrice"},
)
_DEALER = Template(
    """{"id": "{id}", "name": "{name}", "address": {"street": "{street} {house_number}", "city": "{city}", "province":
    "{region}", "postalCode": "{postal_code}", "countryCode": "DE"}, "contact": {"phoneNumber": "{phone}", "website":
    "https://www.{site}", "email": "info@{site}", "person": "Fictia Nadiez"}, "coordinates": [], "features": []}""",
    {"coordinates": lambda dealer: [dealer.latitude, dealer.longitude]},
    missing={0.1: "contact.website"},
)


class _Release:
    """What the site's configuration says on a day."""

    def __init__(self, world: World) -> None:
        release = 100 + world.date.toordinal() % 60
        self.stock, self.dealers = f"v3-{release}-0.gsl.feature-app.io", f"v3-{release - 20}-0.ds-de.dcc.feature-app.io"
        self.stock_key, self.dealer_key, self.version, self.signature = (
            parts.of_the_day(world, name) for name in ("oneapiKey", "lufthansaApiKey", "dataVersion", "signature")
        )

    def configuration(self, asked: Asked) -> Record:
        apps = {
            "gsl_quicksearch": (self.stock, self.stock_key, {"dataVersion": self.version}),
            "dealer-selector": (self.dealers, self.dealer_key, {}),
        }
        found = {
            f"/content/vwa-ngw18-feature-apps/{name}": {"baseUrl": f"https://{host}", "featureAppApiKey": key, **more}
            for name, (host, key, more) in apps.items()
        }
        return {
            "spaAsyncConfig": {
                "serviceConfigEndpoint": {"endpoint": {}, "signature": self.signature},
                "featureHubModel": {"featureAppsForFeatureAppService": found},
            }
        }


def _query(**values: str | dict[str, Any]) -> str:
    return urlencode({name: json.dumps(value) if isinstance(value, dict) else value for name, value in values.items()})


def _wanted(place: InQuery | InQueryJson, name: str, value: Any = None) -> parts.Accepts:
    """A parameter that has to be there, with a value where one is given; the refusal names it."""
    refused = parts.refusal(500, {"message": f"No or wrong {name} provided"})
    return parts.Accepts(place, lambda found: bool(found) if value is None else found == value, refused)


def sandbox_routes(world: World) -> list[Route]:
    release = _Release(world)
    no_country = parts.refusal(500, {"message": "Wrong country"})
    return [
        Extra(
            oem="volkswagen", host="www.volkswagen.de", path="/de.global-config.json", answer=release.configuration,
            example="/de.global-config.json",
        ).route(),
        Feed(
            world=world, oem="volkswagen", endpoint="gsl_search", host=release.stock, path="/bff/car/search",
            serves=parts.Stock(world, "volkswagen", {"de": 1}, models=_MODELS, dealers=_DEALERS, used=0.7),
            record=_CAR, market=parts.Choice(InQuery("country"), {"DE": "de"}, unknown=no_country),
            checks=[
                _wanted(InQuery("market"), "market", "passenger"),
                _wanted(InQuery("language"), "language", "de"),
                _wanted(InQuery("oneapiKey"), "oneapiKey", release.stock_key),
                _wanted(InQuery("dataVersion"), "dataVersion", release.version),
                _wanted(InQueryJson("endpoint", "signature"), "endpoint", release.signature),
                _wanted(InQueryJson("endpoint", "endpoint.country"), "endpoint", "de"),
            ],
            order="-listed_ms",
            narrowing=[parts.Filter(InQuery("t_manuf"), lambda car: "BQ")],
            paging=parts.Pages(InQuery("page"), InQuery("pageitems"), size=12, first=1, largest=12),
            answer=lambda page: {
                "meta": {
                    "page": page.number + 1, "pageItems": page.size, "pageMax": page.pages, "resultNumber": page.total,
                    "sort": "DATE_OFFER", "sortDirection": "DESC",
                },
                "cars": page.records,
            },
            records="cars", identity="carid", total="meta.resultNumber",
            example="/bff/car/search?" + _query(
                country="DE", language="de", market="passenger", oneapiKey=release.stock_key,
                dataVersion=release.version,
                endpoint={"signature": release.signature, "endpoint": {"country": "de"}},
            ),
            captured=Captured("volkswagen/gsl_bff_search", day=date(2026, 8, 11)),
        ).route(),
        Feed(
            world=world, oem="volkswagen", endpoint="dcc_dealers", host=release.dealers, path="/bff-search/dealers",
            serves=_DEALERS, record=_DEALER,
            market=parts.Choice(InQueryJson("query", "countryCode"), {"DE": "de"}, unknown=no_country),
            checks=[
                _wanted(InQuery("lufthansaApiKey"), "lufthansaApiKey", release.dealer_key),
                _wanted(InQueryJson("serviceConfigEndpoint", "signature"), "service endpoint", release.signature),
                _wanted(InQueryJson("query", "name"), "name", " "),
            ],
            answer=lambda page: {"dealers": page.records}, records="dealers", identity="id",
            example="/bff-search/dealers?" + _query(
                lufthansaApiKey=release.dealer_key, serviceConfigEndpoint={"signature": release.signature},
                query={"countryCode": "DE", "name": " "},
            ),
        ).route(),
    ]  # fmt: skip
