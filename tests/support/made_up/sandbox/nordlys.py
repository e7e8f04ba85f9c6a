"""Nordlys, played: pages counted from one, an API key, an empty page past the end."""

from __future__ import annotations

from functools import cached_property

from resources.markets import market
from resources.sandbox.parts.identity import SERIALS, serial_code, with_check_digit
from resources.sandbox.parts.stock import Churn, Population, Vehicle, shuffle_digits
from resources.sandbox.serving.credentials import sandbox_credential
from resources.sandbox.serving.routes import Answer, Asked, Record, Refusal, Route, Target, World, json_answer
from resources.sandbox.serving.routes import whole_number as number

_HOST, _KEY = "api.nordlys.example", "NORDLYS_API_KEY"
_CITIES = {"NO": ("Oslo", "Bergen", "Tromsø"), "SE": ("Stockholm", "Luleå", "Malmö")}
_LARGEST_PAGE = 50


def sandbox_routes(world: World) -> list[Route]:
    api = _Api(world)
    headers = {"X-Api-Key": sandbox_credential(_KEY)}
    return [
        Route(
            oem="nordlys",
            endpoint="cars",
            host=_HOST,
            path="/v1/{country}/cars",
            answer=api.cars,
            target=lambda asked: Target(asked.parameters["country"], max(0, (number(asked.query, "page", 1) or 1) - 1)),
            markets=tuple(_CITIES),
            records="cars",
            identity="id",
            total="meta.total",
            page_parameter="page",
            record_faults={"drift": lambda car: car.update(seats=5)},
            example="/v1/SE/cars?page=1&per_page=40",
            example_headers=headers,
        ),
        Route(
            oem="nordlys",
            endpoint="dealers",
            host=_HOST,
            path="/v1/{country}/dealers",
            answer=api.dealers,
            target=lambda asked: Target(asked.parameters["country"], 0),
            markets=tuple(_CITIES),
            records="dealers",
            identity="id",
            total="meta.total",
            record_faults={"drift": lambda dealer: dealer.update(chargers=2)},
            example="/v1/SE/dealers",
            example_headers=headers,
        ),
    ]


class _Api:
    def __init__(self, world: World) -> None:
        self._world = world

    @cached_property
    def _populations(self) -> dict[str, Population]:
        return Population.share(self._world.seed, "nordlys", self._world.vehicles, {"NO": 2, "SE": 3}, Churn())

    def cars(self, asked: Asked) -> Answer:
        country = self._country(asked)
        page, size = number(asked.query, "page", 1), number(asked.query, "per_page", 20)
        if not page or not size or size > _LARGEST_PAGE:
            # page 0 is how the sandbox's own fault `repeat` asks again
            if asked.query.get("page") != "0":
                raise Refusal(400, {"error": "page or per_page"})
            page, size = 1, 40
        population = self._populations[country]
        cars = [self._car(country, population, car) for car in population.on_sale(self._world.date.toordinal())]
        cars.sort(key=lambda car: (car["price"]["amount"], car["id"]))
        if asked.halved:
            cars = cars[::2]
        return json_answer({"meta": {"total": len(cars)}, "cars": cars[(page - 1) * size : page * size]})

    def dealers(self, asked: Asked) -> Answer:
        country = self._country(asked)
        dealers = [
            {"id": f"{country}{at:02d}", "name": f"Nordlys {city}", "city": city, "country": country}
            for at, city in enumerate(_CITIES[country])
        ]
        if asked.halved:
            dealers = dealers[::2]
        return json_answer({"meta": {"total": len(dealers)}, "dealers": dealers})

    def _country(self, asked: Asked) -> str:
        if asked.headers.get("x-api-key") != sandbox_credential(_KEY):
            raise Refusal(401, {"error": "unknown key"})
        country = asked.parameters["country"]
        if country not in _CITIES:
            raise Refusal(404, {"error": f"no country {country}"})
        return country

    @staticmethod
    def _car(country: str, population: Population, car: Vehicle) -> Record:
        serial = population.serial(car)
        dealer, _ = population.dealers(car, len(_CITIES[country]))
        city = _CITIES[country][dealer]
        return {
            "id": f"{country}-{serial}",
            "vin": with_check_digit(f"YN9AA1110RA{serial_code(shuffle_digits(serial, SERIALS))}"),
            "model": ("Polar", "Aurora")[car.draws[24] % 2],
            "fuel": ("el", "bensin")[car.draws[25] % 2],
            "kilometres": car.draws[26] * 500 + population.distance_since_listed(car),
            "price": {
                "amount": round(300_000 * population.price_factor(car)),
                "currency": market(country.lower()).currency,
            },
            "dealer": {"id": f"{country}{dealer:02d}", "name": f"Nordlys {city}"},
            "link": f"https://nordlys.example/{serial}",
        }
