"""Omnigraph: the GraphQL service of the US site of Audi. Stock by offset, dealers by a box on the map.

Built from captured answers of the dealers' query by place name (20 nearest, without a total; never the whole country),
and the queries of public clients. A box answers with at most 100 dealers; there are about 310. Used cars are of every
make, since dealers offer what was traded in.
"""

from raw.endpoint import Dealers, Endpoint, GraphQL, InVariable, Inventory, Offset, PerSecond, Quarters, SinglePage

_URL = "https://omnigraph.audi.com/graphql"
# a request without them is answered with 400; they name the site's own client and are no credential
_HEADERS = {"apollographql-client-name": "fa-vlp-list-page", "apollographql-client-version": "5.28.4"}
_STOCK = """query StockCarSearch($stockIdentifier: StockIdentifierInput!,
$searchParameter: StockCarSearchParameterInput) {
 stockCarSearch(stockIdentifier: $stockIdentifier, searchParameter: $searchParameter) { resultNumber results { cars {
 stockCar { vin titleText subtitleText commissionNumber weblink driveText modelInfo { modelyear genericModel { text } }
 preUse { code text } dealer { id name city } carPrices { type price { value } } mileage { unitText value { number } }
 salesInfo { orderStatusText saleOrderTypeText } engineInfo { fuel { code text } }
 colorInfo { exteriorColor { colorInfo { text } } interiorColor { colorInfo { text } } } images { url }
 dynamicAttributes { id value } } } } } }"""
_DEALERS = """query DealersByGeoArea($northEastLat: Float!, $northEastLng: Float!, $southWestLat: Float!,
$southWestLng: Float!) { dealersByGeoArea(northEastLat: $northEastLat, northEastLng: $northEastLng,
 southWestLat: $southWestLat, southWestLng: $southWestLng, country: "USA", language: "en") { dealers {
 dealerId kvpsId name phone url country address services latitude longitude openingHours { departments { departmentName
 openingHours { id open timeRanges { openTime closeTime } } } } } meta { resultCount } } }"""

US_STOCK = Endpoint(
    name="us_stock",
    description="New and used cars of the US dealers, a lot at a time.",
    yields=Inventory("us_inventory"),
    request=GraphQL(
        _URL,
        query=_STOCK,
        variables={
            "stockIdentifier": {
                "marketIdentifier": {"brand": "A", "country": "{code}", "language": "{language}"},
                "stockCarsType": "{lot}",
            },
            "searchParameter": {"sort": {"id": "DATE_PREDATEEND", "direction": "ASC"}, "criteria": [], "paging": {}},
        },
        headers=_HEADERS,
    ),
    pages=Offset(
        start=InVariable("searchParameter.paging.offset"),
        size=InVariable("searchParameter.paging.limit"),
        step=200,
        total="data.stockCarSearch.resultNumber",
    ),
    records="data.stockCarSearch.results.cars",
    identity=("stockCar.vin", "stockCar.commissionNumber"),
    markets={"us": {}},
    slices={"lot": ("NEW", "USED")},
    limit=PerSecond(2),
)

US_DEALERS = Endpoint(
    name="us_dealers",
    description="US dealers, a box of the map at a time, quartered while it answers with as many as it ever does.",
    yields=Dealers("us_dealers"),
    request=GraphQL(
        _URL,
        query=_DEALERS,
        variables={
            "northEastLat": "{north}",
            "northEastLng": "{east}",
            "southWestLat": "{south}",
            "southWestLng": "{west}",
        },
        headers=_HEADERS,
    ),
    pages=SinglePage(cap=100),
    records="data.dealersByGeoArea.dealers",
    identity="dealerId",
    markets={"us": {}},
    # Hawaii, Alaska and Puerto Rico are within
    split=Quarters(north="north", south="south", east="east", west="west", box=(72.0, -180.0, 15.0, -60.0)),
    limit=PerSecond(2),
)
