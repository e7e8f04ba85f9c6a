"""BMW in Germany and Spain: used vehicles of STOLO's search, and the dealers of its list.

A good answer has status 201. A page holds at most twelve vehicles, and past row 1,212 none can be asked for, so the
search goes by model range; the list of ranges is known in part alone. The price of a used vehicle stands under the
number of the dealer that offers it. After a 429 the host is left alone for 75 seconds.
"""

from raw.endpoint import (
    Dealers,
    Endpoint,
    Get,
    InQuery,
    Inventory,
    Offset,
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

ENDPOINTS = (STOLO_SEARCH, STOLO_DEALERS)
