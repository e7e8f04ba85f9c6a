"""Genesis in the United States: new vehicles, and the dealers that hold them, in one national answer a model.

Request and envelope are a public connector's; of the answers only four edited records were captured. A model without
stock is told by the status `No records found`.
"""

from raw.endpoint import Dealers, Endpoint, Get, Inventory, PerSecond, Refused, Sign, SinglePage

_MARKETS: dict[str, dict[str, str]] = {"us": {}}

US_INVENTORY = Endpoint(
    name="us_inventory",
    description="New vehicles of Genesis in the United States, a model at a time, nationwide.",
    yields=Inventory("us_inventory"),
    request=Get(
        "https://www.genesis.com/bin/api/v2/inventory/search",
        params={"model": "{model}", "zip": "66952", "radius": "8000", "maxdealers": "5000"},
        headers={"Referer": "https://www.genesis.com/us/en/inventory.html"},
    ),
    pages=SinglePage(),
    records="result.vehicles",
    identity="VIN",
    markets=_MARKETS,
    slices={"model": ("G70", "G80", "G90", "GV60", "GV70", "GV80", "Electrified-GV70")},
    nothing=Sign("result.status", "No records found"),
    refusals=(Refused(Sign("result.status", "FILE_NOT_FOUND"), "bad_request"),),
    limit=PerSecond(1, concurrency=2),
)

US_DEALERS = Endpoint(
    name="us_dealers",
    description="Dealers of Genesis in the United States that hold vehicles, from the answers of the inventory search.",
    yields=Dealers("us_dealers"),
    answers_of="us_inventory",
    records="result.vehicles",
    identity="DealerCd",
    markets=_MARKETS,
)

ENDPOINTS = (US_INVENTORY, US_DEALERS)
