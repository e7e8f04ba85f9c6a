"""Stellantis in the United States: new vehicles of Jeep, Ram, Dodge, Chrysler and Fiat, and the brands' dealers.

Every site asks the same service, by model year and line of models. The stock is built from a field list: no answer is
public. Lines are numbered within a brand and listed nowhere that may be read; these are the ones that public clients
name, so vehicles of other lines are not asked for. The sites' robots.txt allows this path of the service.
"""

from raw.endpoint import Dealers, Endpoint, Get, Inventory, PageIndex, PerSecond, Refused, Sign

_JEEP = {"site": "www.jeep.com", "letter": "J"}
_RAM = {"site": "www.ramtrucks.com", "letter": "T"}
_LINES = {
    "wrangler": {**_JEEP, "number": "10"},
    "wrangler_4xe": {**_JEEP, "number": "17"},
    "grand_cherokee_4xe": {**_JEEP, "number": "19"},
    "grand_cherokee": {**_JEEP, "number": "20"},
    "ram_2500": {**_RAM, "number": "14"},
    "ram_1500": {**_RAM, "number": "20"},
    "challenger": {"site": "www.dodge.com", "letter": "D", "number": "03"},
    "pacifica": {"site": "www.chrysler.com", "letter": "C", "number": "10"},
    "500e": {"site": "www.fiatusa.com", "letter": "X", "number": "04"},
}
# the letters of the dealer service, of which Ram's is another one than that of its model lines
_BRANDS = {
    "jeep": {"site": "www.jeep.com", "letter": "J"},
    "ram": {"site": "www.ramtrucks.com", "letter": "R"},
    "dodge": {"site": "www.dodge.com", "letter": "D"},
    "chrysler": {"site": "www.chrysler.com", "letter": "C"},
    "fiat": {"site": "www.fiatusa.com", "letter": "X"},
    "alfa_romeo": {"site": "www.alfaromeousa.com", "letter": "Y"},
}

HOSTD_INVENTORY = Endpoint(
    name="hostd_inventory",
    description="New vehicles of five brands in the United States, by model year and line.",
    yields=Inventory("new_inventory"),
    request=Get(
        "https://{site}/hostd/inventory/getinventoryresults.json",
        params={
            "modelYearCode": "IU{letter}{year}{number}",
            "zip": "66101",
            "radius": "99999",
            "expandRadius": "N",
        },
    ),
    pages=PageIndex(index="pageNumber", size="pageSize", step=500, first=1, total="result.data.metadata.totalcount"),
    refusals=(Refused(Sign("result.errors", any_value=True), "bad_request"),),
    records="result.data.vehicles",
    identity="vin",
    slices={"line": tuple(_LINES), "year": ("2025", "2026", "2027")},
    of_slice={"line": _LINES},
    markets={"us": {}},
    limit=PerSecond(2, concurrency=2),
)

DEALER_LOCATOR = Endpoint(
    name="dealer_locator",
    description="Dealers of six brands in the United States.",
    yields=Dealers("dealer_locator"),
    request=Get(
        "https://{site}/bdlws/MDLSDealerLocator",
        params={"brandCode": "{letter}", "func": "SALES", "radius": "9999", "zipCode": "66101"},
    ),
    pages=PageIndex(index="resultsPage", size="resultsPerPage", step=20, first=1, total="totalDealersCount"),
    records="dealer",
    identity="dealerCode",
    slices={"brand": tuple(_BRANDS)},
    of_slice={"brand": _BRANDS},
    markets={"us": {}},
    # a dealer stands in the list of each brand that it sells, and once for each of its places
    trusted_total=False,
    limit=PerSecond(2, concurrency=2),
)

ENDPOINTS = (HOSTD_INVENTORY, DEALER_LOCATOR)
