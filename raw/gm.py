"""GM in the United States: the vehicles of Chevrolet, GMC, Cadillac and Buick, and the brands' dealers.

The stock is built from a field list: no answer is public. A search gives no row past the 10,000th, so it is asked for a
model at a time; a model of which there are more makes the market incomplete. A page holds 20 whatever is asked for.
The dealer locator gives the nearest 50 of a circle: where more stand in one the market is incomplete.
"""

from raw.endpoint import Dealers, Endpoint, Get, Inventory, Listed, Offset, PerSecond, Post, Sign, SinglePage

_BRANDS = {
    "chevrolet": {"program": "CHEVROLET", "make": "001"},
    "gmc": {"program": "GMC", "make": "003"},
    "buick": {"program": "BUICK", "make": "004"},
    "cadillac": {"program": "CADILLAC", "make": "006"},
}
_SERVICE = "https://www.{brand}.com/{brand}/shopping/api/aec-cp-discovery-api/p/v1/vehicles"
_HEADERS = {"client": "T1_VSR", "oemId": "GM", "programId": "{program}", "tenantId": "0", "dealerId": "0"}
# nearly the middle of the country: from there 4,000 miles reach all of it
_GEO = {"zipCode": "66952", "radius": 4000}

VEHICLE_SEARCH = Endpoint(
    name="vehicle_search",
    description="Vehicles of four brands in the United States, a model at a time.",
    yields=Inventory("inventory"),
    request=Post(
        f"{_SERVICE}/search",
        body={
            "filters": {"geo": _GEO, "model": {"values": ["{model}"]}},
            "sort": {"name": "distance", "order": "ASC"},
            "paymentTypes": ["CASH"],
        },
        headers=_HEADERS,
    ),
    pages=Offset(
        start="pagination.from",
        size="pagination.size",
        step=20,
        total="data.count",
        window=10_000,
        ends=Sign("errorDetails.key", "inventory.notFound", status=404),
    ),
    records="data.hits",
    identity="id",
    slices={
        "brand": tuple(_BRANDS),
        "model": Listed(
            Post(f"{_SERVICE}/facets", body={"filters": {"geo": _GEO}}, headers=_HEADERS), "data.model[].values[]"
        ),
    },
    of_slice={"brand": _BRANDS},
    markets={"us": {}},
    limit=PerSecond(4, concurrency=4),
)

# centres of circles of 320 miles that cover the country, by their degrees
_CIRCLES = {
    f"{latitude}_{longitude}": {"latitude": latitude, "longitude": longitude}
    for latitude, west, east in ((28, -106, -82), (33, -122, -78), (38, -124, -76), (43, -124, -70), (47, -124, -68))
    for longitude in range(west, east + 1, 8)
} | {"alaska": {"latitude": 61, "longitude": -150}, "hawaii": {"latitude": 21, "longitude": -157}}

DEALER_LOCATOR = Endpoint(
    name="dealer_locator",
    description="Dealers of four brands in the United States, a circle at a time.",
    yields=Dealers("dealer_locator"),
    request=Get(
        "https://www.{brand}.com/bypass/pcf/quantum-dealer-locator/v1/getDealers",
        params={
            "desiredCount": "50",
            "distance": "320",
            "makeCodes": "{make}",
            "serviceCodes": "",
            "latitude": "{latitude}",
            "longitude": "{longitude}",
            "searchType": "latLongSearch",
        },
        headers={"clientapplicationid": "quantum", "locale": "en-US"},
    ),
    pages=SinglePage(cap=50),
    records="payload.dealers",
    identity="bac",
    slices={"brand": tuple(_BRANDS), "circle": tuple(_CIRCLES)},
    of_slice={"brand": _BRANDS, "circle": _CIRCLES},
    markets={"us": {}},
    limit=PerSecond(2, concurrency=2),
)

ENDPOINTS = (VEHICLE_SEARCH, DEALER_LOCATOR)
