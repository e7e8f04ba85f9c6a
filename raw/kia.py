"""Kia in the United States and in Korea.

United States: new vehicles and the dealers that hold them, in one answer of the inventory service. Its list was called
`vehicles` in the captured answer of 2022 and is `inventoryVehicles` since; a wrong model is answered with 200 and no
JSON. Korea: certified used vehicles, paged by a cursor; built from a field list of
public connectors, no answer was captured.
"""

from raw.endpoint import (
    Cursor,
    Dealers,
    Endpoint,
    Get,
    InQuery,
    Inventory,
    PerSecond,
    Post,
    SinglePage,
)

_US_MARKETS: dict[str, dict[str, str]] = {"us": {}}

US_INVENTORY = Endpoint(
    name="us_inventory",
    description="New vehicles of Kia in the United States, a model at a time, nationwide.",
    yields=Inventory("us_inventory"),
    request=Post(
        "https://www.kia.com/us/services/en/inventory/initial",
        body={
            "seriesName": "{series}",
            "zipCode": "66952",
            "selectedRange": 3500,
            "page": 1,
            "pageSize": 9999,
            "status": ["DS", "IT"],
            "isInitialRequest": False,
            "sortOrder": "DISTANCE_ASC",
        },
        headers={"Referer": "https://www.kia.com/us/en/inventory"},
    ),
    pages=SinglePage(total="vehicleCount"),
    records="inventoryVehicles|vehicles",
    identity="vin",
    markets=_US_MARKETS,
    slices={
        "series": (
            "Carnival", "EV6", "EV9", "Forte", "K4", "K5", "Niro", "Niro EV", "Seltos", "Sorento", "Soul", "Sportage",
            "Telluride",
        )
    },
    limit=PerSecond(1, concurrency=2),
)  # fmt: skip

US_DEALERS = Endpoint(
    name="us_dealers",
    description="Dealers of Kia in the United States that hold vehicles, from the answers of the inventory service.",
    yields=Dealers("us_dealers"),
    answers_of="us_inventory",
    records="filterSet.dealers",
    identity="code",
    markets=_US_MARKETS,
)

KR_INVENTORY = Endpoint(
    name="kr_inventory",
    description="Certified used vehicles of Kia in Korea.",
    yields=Inventory("kr_inventory"),
    request=Get(
        "https://cpo.kia.com/api/search/",
        params={"sort": "DISPLAYED_AT_DESC", "displayChannel": "GENERAL"},
        headers={"Referer": "https://cpo.kia.com/products/"},
    ),
    # larger pages are cut to 100
    pages=Cursor(
        token="cursors", in_last_record=True, place=InQuery("cursors[]"), size="size", step=100, total="totalElements"
    ),
    records="content",
    identity="id",
    markets={"kr": {}},
    limit=PerSecond(1, concurrency=1),
)

ENDPOINTS = (US_INVENTORY, US_DEALERS, KR_INVENTORY)
