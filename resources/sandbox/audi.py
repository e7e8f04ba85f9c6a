"""Audi, played: what SCS (Stock Car Search) and PSS (Partner Search Service) accept, refuse and answer.

The rules come from the notes of public connectors. The cars and dealers are made in `parts/audi_*.py`.
"""

from __future__ import annotations

from array import array
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache, partial
from typing import Any

from graphql import GraphQLError, build_schema

from resources.sandbox.parts.audi_dealers import pss_dealers, stock_dealers
from resources.sandbox.parts.audi_markets import MARKETS, Market
from resources.sandbox.parts.audi_tables import COUNTRIES, MODELS, Model
from resources.sandbox.parts.audi_vehicles import asking_price, model_index, record
from resources.sandbox.parts.graphql import answer_query, argument_of
from resources.sandbox.parts.stock import Churn, Population, milliseconds
from resources.sandbox.serving.credentials import sandbox_credential
from resources.sandbox.serving.routes import (
    Answer,
    Asked,
    Record,
    Refusal,
    Route,
    Target,
    World,
    json_answer,
    whole_number,
)

_LARGEST_PAGE = 300
_SORTS = ("prices.retail:asc", "prices.retail:desc")
_PSS_MARKETS = tuple(country.iso3 for country in COUNTRIES)
_NO_MARKET = "A-ATA"  # PSS lists it among its markets; it holds no dealers
_CRITERIA: dict[str, Callable[[Model], str]] = {
    "carline": lambda model: model.carline,
    "fuel": lambda model: model.fuel,
    "gear-type": lambda model: model.gear,
}


def sandbox_routes(world: World) -> list[Route]:
    scs = _StockCarSearch(world)
    return [
        Route(
            oem="audi",
            endpoint="scs_search",
            host="scs.audi.de",
            path="/api/v2/search/filter/{market}/{language}",
            answer=scs.search,
            target=_search_target,
            markets=tuple(MARKETS),
            records="vehicleBasic",
            identity="carId",
            total="totalCount",
            page_parameter="from",
            record_faults={
                "negative-price": _negative_price,
                "future-registration": _future_registration(world),
                "drift": _drift_car,
            },
            example="/api/v2/search/filter/esuc/es?from=0&size=12&sort=prices.retail:asc",
            example_headers={"Token": sandbox_credential("AUDI_SCS_TOKEN")},
        ),
        Route(
            oem="audi",
            endpoint="pss_dealers",
            host="graphql.pss.audi.com",
            path="/",
            method="POST",
            answer=partial(_pss, world),
            target=lambda asked: Target(argument_of(asked.body, "market"), 0),
            markets=_PSS_MARKETS,
            records="data.dealersByMarket.dealers",
            identity="dealerId",
            graphql=True,
            record_faults={"drift": _drift_dealer},
            example="/",
            example_headers={"clientid": sandbox_credential("AUDI_PSS_CLIENT_ID")},
        ),
    ]


@dataclass
class _Listing:
    """A market's cars on sale, cheapest first: their slots and the indexes of their models."""

    slots: array[int]
    models: bytes

    def where(self, allowed: set[int]) -> _Listing:
        kept = [position for position, model in enumerate(self.models) if model in allowed]
        return _Listing(array("I", (self.slots[at] for at in kept)), bytes(self.models[at] for at in kept))


@dataclass
class _StockCarSearch:
    world: World
    _listings: OrderedDict[tuple[str, str], tuple[_Listing, dict[str, Any]]] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        weights = {market.code: market.weight for market in MARKETS.values()}
        self._populations = Population.share(self.world.seed, "audi", self.world.vehicles, weights, Churn())
        self._day = self.world.date.toordinal()
        self._data_version = f"svd-{self.world.date.isoformat()}t00_03_33_461-18"

    def search(self, asked: Asked) -> Answer:
        if asked.headers.get("token") != sandbox_credential("AUDI_SCS_TOKEN"):
            raise Refusal(401, {"status": 401, "message": "Token is missing or invalid"})
        market = MARKETS.get(asked.parameters["market"])
        if market is None or asked.parameters["language"] != market.language:
            raise Refusal(500, {"status": 500, "error": "Internal Server Error"})
        start = whole_number(asked.query, "from", 0)
        size = whole_number(asked.query, "size", 12)
        sort = asked.query.get("sort", _SORTS[0])
        if start is None or size is None or not 1 <= size <= _LARGEST_PAGE or sort not in _SORTS:
            raise Refusal(400, {"status": 400, "message": "Bad Request: from, size or sort"})
        listing, facets = self._listing(market, asked.query.get("filter", ""))
        slots: Sequence[int] = listing.slots
        if sort == _SORTS[1]:
            slots = slots[::-1]
        if asked.halved:
            slots = slots[::2]
        if start >= len(slots) and start > 0:
            raise Refusal(400, {"status": 400, "message": "Bad Request: from is past the end"})
        return json_answer(
            {
                "totalCount": len(slots),
                "maxScore": None,
                "maxPossibleScore": None,
                "scoringPercentage": None,
                "displayPercentage": None,
                "header": {"from": start, "size": size, "market": market.code, "sort": sort},
                "entryUrl": f"https://entry.audi.com/entry?country={market.iso2}",
                **facets,
                "filterOptions": {},
                "debug": None,
                "vehicleBasic": self._records(market, slots[start : start + size]),
            }
        )

    def _records(self, market: Market, slots: Sequence[int]) -> list[Record]:
        population = self._populations[market.code]
        dealers = stock_dealers(self.world.seed, market.iso3)
        vehicles = (population.vehicle(slot, self._day) for slot in slots)
        return [record(market, population, dealers, car, self._data_version) for car in vehicles if car is not None]

    def _listing(self, market: Market, asked_filter: str) -> tuple[_Listing, dict[str, Any]]:
        """The market's cars under a filter and the facets beside them, kept for the next page."""
        key = (market.code, asked_filter)
        found = self._listings.get(key)
        if found is None:
            listing = self._listing(market, "")[0].where(_allowed(asked_filter)) if asked_filter else self._all(market)
            found = self._listings[key] = (listing, _facets(listing))
            filtered = [kept for kept in self._listings if kept[1]]
            if len(filtered) > 32:  # whole markets stay, filters are many
                del self._listings[filtered[0]]
        return found

    def _all(self, market: Market) -> _Listing:
        population = self._populations[market.code]
        cars = sorted(
            (asking_price(market, population, car), car.slot, model_index(car)) for car in population.on_sale(self._day)
        )
        return _Listing(array("I", (slot for _, slot, _ in cars)), bytes(model for _, _, model in cars))


def _allowed(asked_filter: str) -> set[int]:
    """Indexes of the models that a filter lets through: values of one criterion are alternatives."""
    asked: dict[str, set[str]] = {}
    for term in asked_filter.split(","):
        criterion, dot, value = term.partition(".")
        if criterion not in _CRITERIA or not dot:
            raise Refusal(400, {"status": 400, "message": f"Bad Request: filter {term}"})
        asked.setdefault(criterion, set()).add(value)
    return {
        index
        for index, model in enumerate(MODELS)
        if all(_CRITERIA[criterion](model) in values for criterion, values in asked.items())
    }


def _facets(listing: _Listing) -> dict[str, Any]:
    """`items` and `groups`: counts for the filter panel; they look like lists of cars and are none."""
    counts: Counter[tuple[str, str]] = Counter()
    for index, count in Counter(listing.models).items():
        for criterion, value_of in _CRITERIA.items():
            counts[criterion, value_of(MODELS[index])] += count
    items = [{"id": f"{criterion}.{value}", "count": count} for (criterion, value), count in sorted(counts.items())]
    groups = [
        {"id": criterion, "items": [item for item in items if str(item["id"]).startswith(f"{criterion}.")]}
        for criterion in _CRITERIA
    ]
    return {"groups": groups, "items": items}


def _search_target(asked: Asked) -> Target:
    start = whole_number(asked.query, "from", 0) or 0
    size = whole_number(asked.query, "size", 12) or 1
    return Target(asked.parameters["market"], start // size)


_PSS_SCHEMA = build_schema("""
scalar Market

type Query {
  marketInfo: MarketInfo
  dealersByMarket(market: Market!): DealersByMarket
}
type MarketInfo { markets: [MarketCode!]! }
type MarketCode { market: String! }
type DealersByMarket { dealers: [Dealer!]! }
type Dealer {
  dealerId: String  name: String  latitude: Float  longitude: Float  street: String  houseNumber: String
  city: String  region: String  zipCode: String  country: String  phone: String  fax: String  url: String
  email: String  services: [String!]  openingHours: OpeningHours
}
type OpeningHours { departments: [Department!]! }
type Department { departmentName: String  openingHours: [Weekday!]! }
type Weekday { id: String!  open: Boolean!  timeRanges: [TimeRange!]! }
type TimeRange { openTime: String!  closeTime: String! }
""")


def _pss(world: World, asked: Asked) -> Answer:
    if asked.headers.get("clientid") != sandbox_credential("AUDI_PSS_CLIENT_ID"):
        raise Refusal(403, {"message": "Forbidden"})
    return _pss_answer(world.seed, asked.body, asked.halved)


@lru_cache(maxsize=64)  # dealers are the same every day
def _pss_answer(seed: int, body: bytes, halved: bool) -> Answer:
    def dealers_by_market(_: Any, market: Any) -> dict[str, Any]:
        if market == _NO_MARKET:
            return {"dealers": []}
        if market not in _PSS_MARKETS:
            # PSS answers an unknown market with 200 and `errors`
            raise GraphQLError(f"market {market} is not known")
        dealers = pss_dealers(seed, market)
        return {"dealers": dealers[::2] if halved else dealers}

    markets = {"markets": [{"market": code} for code in (*_PSS_MARKETS, _NO_MARKET)]}
    return answer_query(_PSS_SCHEMA, body, {"marketInfo": markets, "dealersByMarket": dealers_by_market})


def _negative_price(car: Record) -> None:
    for price in car["typedPrices"]:
        price["amount"] = -abs(price["amount"])


def _future_registration(world: World) -> Callable[[Record], None]:
    later = world.date + timedelta(days=400)

    def change(car: Record) -> None:
        car.setdefault("used", {}).update(
            initialRegistration=later.isoformat(), initialRegistrationDate=milliseconds(later.toordinal())
        )

    return change


def _drift_car(car: Record) -> None:
    car["modelYear"] = str(car.get("modelYear"))
    car["batteryHealth"] = {"percent": 97}


def _drift_dealer(dealer: Record) -> None:
    dealer["latitude"] = str(dealer.get("latitude"))
    dealer["chargingPoints"] = 4
