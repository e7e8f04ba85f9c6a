"""Omnigraph, played: the GraphQL service of the US site of Audi.

The dealers follow captured answers, the stock the queries and notes of public clients.
"""

from __future__ import annotations

from resources.sandbox import parts
from resources.sandbox.parts import Car, Feed, InArguments, InHeader, Lot, Route, Template, World

_MODELS = parts.table("""
make |model     |trim                                 |vin     |fuel|said    |drive            |price:int|weight:int
Audi |Q5        |Premium Plus 45 TFSI quattro S tronic |WA1AAAFY|B   |Gas     |All-wheel drive  |52000    |14
Audi |Q8        |Premium Plus 55 TFSI quattro Tiptronic |WA1AVAF1|B   |Gas     |All-wheel drive  |76000    |6
Audi |A3        |Premium 40 TFSI S tronic               |WAUAUDGY|B   |Gas     |Front-wheel drive|39000   |7
Audi |Q4 e-tron |Premium 45                             |WA1A2BFZ|E   |Electric|Rear-wheel drive |52000    |6
""")
_DEALERS = parts.Dealers("audi", {"us": 160}, name="Audi {city}", without_stock=0.05)
_LOTS = {"NEW": Lot("us", 6, used=0), "USED": Lot("us", 4)}
_CAR = Template(
    """{"stockCar": {"vin": "{vin}", "titleText": "{year} {model.make} {model.model}", "subtitleText": "{model.trim}",
    "commissionNumber": "A{digits5}", "weblink": "https://www.{dealer.site}/en/inventory/vehicle/?vehicleId={vin}",
    "driveText": "{model.drive}", "modelInfo": {"modelyear": "{year}", "genericModel": {"text": "{model.model}"}},
    "preUse": {"code": "R", "text": "Used car"}, "dealer": {"id": "USA{dealer.id}", "name": "{dealer.name}", "city":
    "{dealer.city}"}, "carPrices": [{"type": "dealerDocFees", "price": {"value": 899}}, {"type": "list", "price":
    {"value": "{list_price}"}}, {"type": "sale", "price": {"value": "{price}"}}], "mileage": {"unitText": "miles",
    "value": {"number": "{mileage}"}}, "salesInfo": {"orderStatusText": "Dealer Stock", "saleOrderTypeText":
    "dealer-stock"}, "engineInfo": {"fuel": {"code": "{model.fuel}", "text": "{model.said}"}}, "colorInfo":
    {"exteriorColor": {"colorInfo": {"text": "{color.name}"}}, "interiorColor": {"colorInfo": {"text": "Black"}}},
    "images": [{"url": "https://vtpimages.audi.com/1.jpg"}], "dynamicAttributes": [{"id": "VEHICLE_ID", "value":
    "P{digits5}"}, {"id": "URL_CARFAX", "value": "https://www.carfax.com/x"}]}}""",
    {
        "stockCar.preUse": lambda car: (
            {"code": "N", "text": "New car"} if car.is_new else {"code": "R", "text": "Used car"}
        ),
        "stockCar.salesInfo.orderStatusText": lambda car: _status(car),
    },
    null={0.3: "stockCar.engineInfo.fuel.code", 0.02: "stockCar.carPrices"},
)
_DEALER = Template(
    """{"dealerId": "USAA{id}", "kvpsId": "{id}", "kvpsPartnerKey": "USA{id}", "matPrimaryCode": "USA{id}", "country":
    "USA", "name": "{name}", "address": ["{house_number} {street}", "{city}, {region} {postal_code}"], "latitude":
    "{latitude}", "longitude": "{longitude}", "services": ["sales", "service", "etron"], "distance": null, "phone":
    "{phone}", "url": "https://www.{site}", "openingHours": {"departments": [{"id": "sales", "departmentName": "Sales",
    "openingHours": [{"id": "sunday", "open": false, "timeRanges": []}, {"id": "monday", "open": true, "timeRanges": [
    {"openTime": "09:00:00", "closeTime": "20:00:00"}]}]}]}}"""
)
_INPUTS = """input Identifier { brand: String country: String language: String }
input StockIdentifierInput { marketIdentifier: Identifier! stockCarsType: String! }
input Paging { limit: Int offset: Int } input Sorting { id: String direction: String }
input Criterion { id: String items: [String] }
input StockCarSearchParameterInput { paging: Paging sort: Sorting criteria: [Criterion] }"""


def _status(car: Car) -> str | None:
    statuses: dict[str | None, float] = {"Dealer Stock": 8, "In Transit": 2, None: 1}
    return car.pick("status", statuses) if car.is_new else "Dealer Stock"


_REFUSED = parts.refusal(400, {"errors": [{"message": "client name and version are required"}]})
_NAMED = [parts.Present(InHeader(f"apollographql-client-{what}"), _REFUSED) for what in ("name", "version")]
_BOX = parts.Box(
    north=InArguments("northEastLat"),
    east=InArguments("northEastLng"),
    south=InArguments("southWestLat"),
    west=InArguments("southWestLng"),
    cap=100,
)


def stock(world: World, oem: str, endpoint: str) -> Route:
    """The cars, a lot at a time."""
    unknown = parts.graphql_error("stockCarsType is not known")
    return Feed(
        world=world, oem=oem, endpoint=endpoint, host="omnigraph.audi.com", path="/graphql", checks=_NAMED,
        serves=parts.Stock(world, oem, _LOTS, models=_MODELS, dealers=_DEALERS, part="us", share=0.5), record=_CAR,
        market=parts.Choice(InArguments("stockIdentifier.stockCarsType"), {lot: lot for lot in _LOTS}, unknown),
        paging=parts.Offsets(InArguments("searchParameter.paging.offset"),
                             InArguments("searchParameter.paging.limit"), size=12, largest=200),
        graphql=parts.GraphQL("stockCarSearch(stockIdentifier: StockIdentifierInput!, "
                              "searchParameter: StockCarSearchParameterInput)", _INPUTS),
        answer=lambda page: {"resultNumber": page.total, "results": {"cars": page.records}},
        records="data.stockCarSearch.results.cars", identity="stockCar.vin",
        total="data.stockCarSearch.resultNumber", example="/graphql",
        faults={"drift": lambda car: car["stockCar"].update(mileage={"value": {"number": "far"}})},
    ).route()  # fmt: skip


def dealers(world: World, oem: str, endpoint: str) -> Route:
    """The dealers within a box, 100 at most."""
    return Feed(
        world=world, oem=oem, endpoint=endpoint, host="omnigraph.audi.com", path="/graphql", checks=_NAMED,
        serves=_DEALERS, record=_DEALER, market="us",
        narrowing=[_BOX],
        graphql=parts.GraphQL("dealersByGeoArea(northEastLat: Float!, northEastLng: Float!, southWestLat: Float!, "
                              "southWestLng: Float!, country: String, language: String)"),
        answer=lambda page: {"dealers": page.records, "meta": {"resultCount": len(page.records)}},
        records="data.dealersByGeoArea.dealers", identity="dealerId", example="/graphql",
    ).route()  # fmt: skip
