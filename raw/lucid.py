"""Lucid USA: new, used and demonstration cars; Lucid sells itself and has no dealers.

Built from a field list and from captures whose columns a collector renamed. New stock is a catalogue: of the cars that
are built alike the host shows the one nearest to where is asked from, so that a new car can come and go unsold.
"""

from raw.endpoint import Endpoint, Get, Inventory, PerSecond, Refused, Sign, SinglePage

STORE_INVENTORY = Endpoint(
    name="store_inventory",
    description="Cars of Lucid USA, nationwide: a type of stock and a line of models at a time.",
    yields=Inventory("store_inventory", debounce_days=14),
    request=Get(
        "https://buynow.lucidmotors.com/api/v4/{locale}/store/inventory/{line}",
        params={
            "lat": "39.8283",  # the middle of the country
            "long": "-98.5795",
            "distance": "10000",  # miles; more is refused
            "type": "{type}",
            "requestedVehiclesNum": "1000",  # more is refused
            "sortType": "price",  # without it the answer is 200 and empty
            "sortOrder": "asc",
        },
        headers={"Origin": "https://lucidmotors.com", "Referer": "https://lucidmotors.com/available-vehicles"},
    ),
    pages=SinglePage(cap=1000),
    records="data",
    identity="VIN",
    markets={"us": {"locale": "en_us"}},
    slices={"line": ("vehicles", "vehicles/gravity"), "type": ("new", "used", "demo")},
    refusals=(Refused(Sign("errorCode", any_value=True), "bad_request"),),  # status 200, and 404 in the body
    limit=PerSecond(1),
)

ENDPOINTS = (STORE_INVENTORY,)
