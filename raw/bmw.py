"""BMW: used vehicles of Germany and Spain from STOLO, new ones of the United States; dealers of all three.

A good answer has status 201. A page holds at most twelve vehicles, and past row 1,212 none can be asked for, so the
search goes by model range; the list of ranges is known in part alone. The price of a used vehicle stands under the
number of the dealer that offers it. After a 429 the host is left alone for 75 seconds.

United States: what stands at dealers (STOCK) and what is on its way (PIPELINE), each nationwide; built from field lists
of public clients. One counts its pages from 0, another from 1: read from 1 a hundred vehicles were missing, and the
market incomplete. An answer names the dealers of its vehicles; that their `centerID` is the vehicles' `dealerId` is
likely and not proved. The site's robots.txt forbids its directory of dealers, which is not asked.
"""

from raw.endpoint import (
    Dealers,
    Endpoint,
    Get,
    GraphQL,
    InQuery,
    Inventory,
    Offset,
    PageIndex,
    PerSecond,
    Post,
    SinglePage,
    secret,
)

_HOST = "https://stolo-data-service.prod.stolo.eu-central-1.aws.bmw.cloud"
STOLO_SEARCH = Endpoint(
    name="stolo_search",
    description="Used vehicles of BMW's dealers, a market at a time.",
    yields=Inventory("stolo_inventory"),
    request=Post(
        f"{_HOST}/vehiclesearch/search/{{locale}}/{{app}}",
        params={"brand": "BMW", "context": "results-page"},
        headers={"x-api-key": secret("BMW_STOLO_KEY")},
        body={
            "searchContext": [{"model": {"marketingModelRange": {"value": ["{range}"]}}}],
            "resultsContext": {"sort": [{"by": "PRODUCTION_DATE", "order": "DESC"}]},
        },
    ),
    pages=Offset(
        start=InQuery("startIndex"),
        size=InQuery("maxResults"),
        step=12,
        total="metadata.totalCount",
        window=1212,
    ),
    records="hits",
    identity="vehicle.documentId",
    markets={
        "de": {"locale": "de-de", "app": "gebrauchtwagen"},
        "es": {"locale": "es-es", "app": "coches-segunda-mano"},
    },
    slices={
        "range": (
            "1_F40", "1_F70", "2_F44", "2_G42", "2_U06", "3_G20", "3_G21", "4_G22", "4_G26", "5_G30", "5_G31", "5_G60",
            "5_G61", "7_G70", "8_G16", "i3_I01", "i4_G26", "iX_I20", "X1_U11", "X2_U10", "X3_G01", "X3_G45", "X4_G02",
            "X5_G05", "X6_G06", "X7_G07", "Z4_G29",
        )
    },
    success=(200, 201),
    limit=PerSecond(2, concurrency=2, rest_seconds=75),
)  # fmt: skip

STOLO_DEALERS = Endpoint(
    name="stolo_dealers",
    description="BMW's dealers, a market at a time.",
    yields=Dealers("stolo_dealers"),
    request=Get(
        f"{_HOST}/dealer/showAll",
        params={
            "country": "{country}",
            "category": "BM",
            "clientid": "66_STOCK_DLO",
            "language": "{language}_{country}",
            "slg": "true",
        },
        headers={"x-api-key": secret("BMW_STOLO_KEY")},
    ),
    pages=SinglePage(),
    records="includedDealers",
    identity="key",
    markets={"de": {"country": "DE"}, "es": {"country": "ES"}},
    markets_share_listings=True,  # a dealer's number is one of its country
    limit=PerSecond(1),
)

US_INVENTORY = Endpoint(
    name="us_inventory",
    description="New vehicles of BMW in the United States, those at dealers and those on their way, nationwide.",
    yields=Inventory("us_inventory"),
    request=GraphQL(
        "https://www.bmwusa.com/inventory/graphql",
        query="""query($zip: String!, $bucket: BucketType!, $filter: FilterInput, $pagination: PaginationInput) {
 getInventory(zip: $zip, bucket: $bucket, filter: $filter, sorting: [{order: ASC, criteria: PRICE}],
 pagination: $pagination) { numberOfFilteredVehicles result { vin code name modelYear totalMsrp fuelType used sold
 dealerId orderStatus dealerEstArrivalDate qualifiedModelCode exteriorGenericColor interiorGenericColor
 bodyStyle { name } engineDriveType { name } vehicleDetailsPage initialCOSYURL } dealerInfo { centerID
 newVehicleSales { dealerName dealerURL phoneNumber address { lineOne lineTwo city state zipcode } } } } }""",
        variables={"zip": "66952", "bucket": "{bucket}", "filter": {"locatorRange": 7000}},
        headers={"Origin": "https://www.bmwusa.com"},
    ),
    pages=PageIndex(
        index="pagination.pageIndex",
        size="pagination.pageSize",
        step=100,
        total="data.getInventory.numberOfFilteredVehicles",
    ),
    records="data.getInventory.result",
    identity=("vin", "code"),
    markets={"us": {}},
    slices={"bucket": ("STOCK", "PIPELINE")},
    limit=PerSecond(1, concurrency=2),
)

US_DEALERS = Endpoint(
    name="us_dealers",
    description="BMW's dealers in the United States that hold new vehicles, from the answers of the search.",
    yields=Dealers("us_dealers"),
    answers_of="us_inventory",
    records="data.getInventory.dealerInfo",
    identity="centerID",
    markets={"us": {}},
)

ENDPOINTS = (STOLO_SEARCH, STOLO_DEALERS, US_INVENTORY, US_DEALERS)
