"""BMW, played: STOLO's vehicle search, which answers 201, and its list of dealers, by captures of Germany; the search
of the United States by field lists.

The first takes a key, at most twelve vehicles a page and no row past 1,212; the second counts its pages from 0.
"""

from __future__ import annotations

from resources.sandbox import parts
from resources.sandbox.parts import (
    Feed,
    Filter,
    InArguments,
    InBody,
    InHeader,
    InPath,
    InQuery,
    Key,
    Lot,
    Page,
    Record,
    Route,
    Template,
    World,
)  # fmt: skip

_TECHNICAL = "vehicle.vehicleSpecification.technicalAndEmission.technicalData"
_EMISSION = "vehicle.vehicleSpecification.technicalAndEmission.emissionData"
_HOST = "stolo-data-service.prod.stolo.eu-central-1.aws.bmw.cloud"
_MODELS = parts.table("""
range |code|name          |body   |fuel    |electric|drive    |kw |co2|reach|price:int|weight:int|vin
3_G20 |11CG|320d          |SEDAN  |DIESEL  |        |REAR     |140|128|     |51900    |7         |WBA11CG0
3_G21 |51GL|330e Touring  |TOURING|GASOLINE|PHEV    |ALL_WHEEL|215|181|88   |66400    |6         |WBA51GL0
5_G31 |41GV|530e Touring  |TOURING|GASOLINE|PHEV    |ALL_WHEEL|215|190|83   |71900    |3         |WBA41GV0
X1_U11|21EE|sDrive18i     |SAV    |GASOLINE|        |FRONT    |100|142|     |43900    |7         |WBA21EE0
X3_G45|61GM|X3 20d        |SAV    |DIESEL  |MHEV    |ALL_WHEEL|145|155|     |66900    |5         |WBA61GM0
i4_G26|71AW|i4 eDrive40   |SEDAN  |ELECTRIC|BEV     |REAR     |250|   |590  |62900    |4         |WBY71AW0
4_G22 |11AP|420i Coupe    |COUPE  |GASOLINE|        |REAR     |135|140|     |55900    |2         |WBA11AP0
""")
_DEALERS = parts.Dealers(
    "bmw", {"de": 60, "es": 30, "us": 40}, id="{digits5}", name="Autohaus {city}", without_stock=0.1
)
_CAR = Template(
    """{"score": 0.0, "country": "{iso2}", "vehicle": {"country": "{iso2}", "documentId": "{digits7}-{digits9}",
    "vssId": "{uuid}", "orderingUuid": "{uuid}", "internal": {"documentId": "{digits7}"}, "media": {"usedCarImages":
    {"OTHER-1": "https://media.example/{digits9}"}}, "offering": {"salesDestinations": [{"name": "ONLINE"}],
    "offerPrices": {}, "sfOffers": []}, "ordering": {"distributionData": {"shippingDealerBuno": "{dealer.id}"},
    "orderData": {"ivsModUser": "Fictia", "usageState": "USED"}, "productionData": {"vin17": "{vin}", "vin7":
    "{vin:.7}"}, "retailData": {"buNo": "{dealer.id}", "initialRegistrationDate": "{registered_on}"}}, "price":
    {"listPriceCurrency": "{country.currency}", "grossListPrice": 1.0, "netListPrice": 1.0, "taxes": {"totalTaxes":
    1.0}}, "pricing": {"price": {"formattedPrice": "1 EUR"}}, "salesProcess": {"type": "AVAILABLE", "reason":
    "none"}, "vehicleLifeCycle": {"licencePlate": "ZZ", "mileage": {"km": 1, "mi": 1}, "numberOfPreviousOwners": 1,
    "stockNumber": "MX{digits7}", "vatType": "Y", "taxDeductible": true}, "vehicleSpecification": {"modelAndOption":
    {"brand": "BMW", "bodyType": "{model.body}", "baseFuelType": "{model.fuel}", "driveType": "{model.drive}",
    "transmission": "AUTOMATIC", "marketingModelRange": "{model.range}", "equipments": {"S06C4": {"price": 1}},
    "model": {"modelName": "{model.name}", "derivative": "{model.name}", "agModelCode": "{model.code}"},
    "paintType": "METALLIC", "upholsteryType": "LEATHER"}, "technicalAndEmission": {"technicalData":
    {"degreeOfElectrificationBasedFuelType": null, "powerBasedOnDegreeOfElectrification": {"kW": 1, "PS": 1},
    "doorCount": 5, "seatCount": 5}, "emissionData": {"wltpAllElectricRange": null, "wltpCo2": null}}}}}""",
    {
        "vehicle.offering.offerPrices": lambda car: {
            car.dealer.id: {"offerGrossPrice": car.price, "offerPriceUpdatedAt": f"{car.changed_on}T09:42:31"}
        },
        "vehicle.price.grossListPrice": "list_price",
        "vehicle.vehicleLifeCycle.mileage.km": "mileage",
        "vehicle.vehicleLifeCycle.numberOfPreviousOwners": lambda car: car.whole("owners", 1, 3),
        "vehicle.vehicleLifeCycle.taxDeductible": lambda car: car.chance("tax") < 0.7,
        "vehicle.ordering.orderData.usageState": lambda car: car.pick("usage", {"USED": 3, "DEALER_YOUNG_USED": 2}),
        "vehicle.salesProcess.type": lambda car: "RESERVED" if car.chance("reserved") < 0.03 else "AVAILABLE",
        f"{_TECHNICAL}.powerBasedOnDegreeOfElectrification.kW": lambda car: int(car.model.kw),
        f"{_TECHNICAL}.degreeOfElectrificationBasedFuelType": lambda car: car.model.electric or None,
        f"{_EMISSION}.wltpAllElectricRange": lambda car: (
            {"km": {"combined": int(car.model.reach)}} if car.model.reach else None
        ),
        f"{_EMISSION}.wltpCo2": lambda car: {"g/km": {"combined": int(car.model.co2)}} if car.model.co2 else None,
    },
    missing={0.1: "vehicle.vehicleLifeCycle.numberOfPreviousOwners"},
)
_DEALER = Template(
    """{"key": "{id}", "name": "{name}", "street": "{street}", "postalCode": "{postal_code}", "city": "{city}",
    "country": "{iso2}", "lat": 1.5, "lng": 1.5, "category": "BM", "attributes": {"distributionPartnerId": "{id}"}}""",
    {"lat": "latitude", "lng": "longitude"},
)


_US_MODELS = parts.table("""
code  |name               |body                   |fuel|drive            |price:int|weight:int|vin
26BC  |i4 eDrive40        |Gran Coupe             |E   |Rear-wheel drive |58000    |4         |WBY43AW0
267J  |i7 xDrive60        |Sedan                  |E   |All-wheel drive  |124000   |1         |WBY53EJ0
26XJ  |X5 xDrive50e       |Sports Activity Vehicle|X   |All-wheel drive  |74000    |4         |5UX43EU0
263P  |330i               |Sedan                  |G   |Rear-wheel drive |46000    |6         |3MW39FF0
26XC  |X3 30 xDrive       |Sports Activity Vehicle|G   |All-wheel drive  |50000    |9         |5UX53GP0
264K  |M440i xDrive       |Convertible            |G   |All-wheel drive  |71000    |1         |WBA53AV0
""")
_US_CAR = Template(
    """{"vin": "{vin}", "code": "{digits9}", "name": "{model.name}", "modelYear": "{year}", "totalMsrp": "{list_price}",
    "fuelType": "{model.fuel}", "used": false, "sold": false, "dealerId": "{dealer.id}", "orderStatus": "0",
    "dealerEstArrivalDate": null, "qualifiedModelCode": "{model.code}", "exteriorGenericColor": "{color.name}",
    "interiorGenericColor": "Black", "bodyStyle": {"name": "{model.body}"}, "engineDriveType": {"name":
    "{model.drive}"}, "vehicleDetailsPage": "https://www.{dealer.site}/{vin}", "initialCOSYURL":
    "https://cosy.bmwusa.com/{digits9}"}""",
    {
        "sold": lambda car: car.chance("sold") < 0.02,
        "totalMsrp": "price",
        "orderStatus": lambda car: car.pick("status", ["0", "1"] if car.market == "STOCK" else ["2", "3", "4", "5"]),
        "dealerEstArrivalDate": lambda car: None if car.market == "STOCK" else f"{car.today}",
    },
)
_US_DEALER = Template(
    """{"centerID": "{id}", "newVehicleSales": [{"dealerName": "{name}", "dealerURL": "https://www.{site}",
    "phoneNumber": "{phone}", "address": {"lineOne": "{house_number} {street}", "lineTwo": null, "city": "{city}",
    "state": "{region}", "zipcode": "{postal_code}"}}]}"""
)
_US_INPUTS = """enum BucketType { STOCK PIPELINE BYO } enum Order { ASC DESC } enum Criteria { PRICE }
input FilterInput { locatorRange: Int fuelTypes: String } input SortingInput { order: Order criteria: Criteria }
input PaginationInput { pageIndex: Int pageSize: Int }"""


def _us_answer(page: Page) -> Record:
    found = {"numberOfFilteredVehicles": page.total, "totalPages": page.pages, "pageNumber": page.number}
    return {**found, "result": page.records, "dealerInfo": page.dealers(_US_DEALER)}


def sandbox_routes(world: World) -> list[Route]:
    stock = parts.Stock(world, "bmw", {"de": 3, "es": 1}, models=_MODELS, dealers=_DEALERS)
    denied = parts.refusal(403, {"message": "Forbidden"})
    wrong = parts.refusal(400, {"message": "unknown locale or country"})
    key = Key(InHeader("x-api-key"), "BMW_STOLO_KEY", denied)
    lots = {"STOCK": Lot("us", 4, used=0), "PIPELINE": Lot("us", 1, used=0)}
    return [
        Feed(
            world=world, oem="bmw", endpoint="stolo_search", host=_HOST, method="POST", status=201,
            path="/vehiclesearch/search/{locale}/{app}", serves=stock, record=_CAR,
            market=parts.Choice(InPath("locale"), {"de-de": "de", "es-es": "es"}, unknown=wrong), checks=[key],
            narrowing=[Filter(InBody("searchContext.0.model.marketingModelRange.value"), "model.range")],
            paging=parts.Offsets(InQuery("startIndex"), InQuery("maxResults"), size=12, largest=12,
                                 too_large=parts.refusal(400, {"message": "maxResults"}), window=1212),
            answer=lambda page: {"metadata": {"totalCount": page.total}, "hits": page.records},
            records="hits", identity="vehicle.documentId", total="metadata.totalCount",
            example="/vehiclesearch/search/de-de/gebrauchtwagen?maxResults=12&startIndex=0",
        ).route(),
        Feed(
            world=world, oem="bmw", endpoint="stolo_dealers", host=_HOST, path="/dealer/showAll", serves=_DEALERS,
            record=_DEALER, market=parts.Choice(InQuery("country"), {"DE": "de", "ES": "es"}, unknown=wrong),
            checks=[key], answer=lambda page: {"includedDealers": page.records}, records="includedDealers",
            identity="key", example="/dealer/showAll?country=DE",
        ).route(),
        Feed(
            world=world, oem="bmw", endpoint="us_inventory", host="www.bmwusa.com", path="/inventory/graphql",
            serves=parts.Stock(world, "bmw", lots, models=_US_MODELS, dealers=_DEALERS, prices_in="USD", part="us",
                               share=0.5),
            record=_US_CAR,
            market=parts.Choice(InArguments("bucket"), {lot: lot for lot in lots}, parts.graphql_error("bucket")),
            narrowing=[parts.Near(zip=InArguments("zip"), radius=InArguments("filter.locatorRange"))],
            paging=parts.Pages(InArguments("pagination.pageIndex"), InArguments("pagination.pageSize"), size=24,
                               largest=2000),
            graphql=parts.GraphQL("getInventory(zip: String!, bucket: BucketType!, filter: FilterInput, "
                                  "sorting: [SortingInput], pagination: PaginationInput)", _US_INPUTS),
            answer=_us_answer, records="data.getInventory.result", identity="vin",
            total="data.getInventory.numberOfFilteredVehicles", example="/inventory/graphql",
        ).route(),
    ]  # fmt: skip
