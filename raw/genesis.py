"""Genesis in the United States: new vehicles, and the dealers that hold them, in one national answer a model.

The request is a public connector's; of the answer only four edited records were captured, so what stands around them is
not known: the answer is taken for the list itself. A list without a record says that a model has none in stock.
"""

from raw.endpoint import Dealers, Endpoint, Get, Inventory, PerSecond, SinglePage

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
    records="",
    identity="VIN",
    markets=_MARKETS,
    slices={"model": ("G70", "G80", "G90", "GV60", "GV70", "GV80", "Electrified G80", "Electrified GV70")},
    limit=PerSecond(1, concurrency=2),
)

US_DEALERS = Endpoint(
    name="us_dealers",
    description="Dealers of Genesis in the United States that hold vehicles, from the answers of the inventory search.",
    yields=Dealers("us_dealers"),
    answers_of="us_inventory",
    records="",
    identity="DealerCd",
    markets=_MARKETS,
)

ENDPOINTS = (US_INVENTORY, US_DEALERS)
