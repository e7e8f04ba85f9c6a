"""Tesla: new and used vehicles of its own shop, a model at a time; Tesla has no dealers.

The query is JSON in a parameter of the URL. Where nothing matches, `results` is an object instead of a list. A
challenge comes with 200; a host that takes the client for a robot answers 403 with a page for people. The VIN of a
vehicle that is not built yet is a placeholder.
"""

from raw.endpoint import Endpoint, Get, InJsonParam, Inventory, Offset, PerSecond, Refused, Sign

INVENTORY_RESULTS = Endpoint(
    name="inventory_results",
    description="New and used vehicles of Tesla's shop, a model and condition at a time.",
    yields=Inventory("inventory_results"),
    request=Get(
        "https://www.tesla.com/inventory/api/v4/inventory-results",
        json_params={
            "query": {
                "query": {
                    "model": "{model}",
                    "condition": "{condition}",
                    "options": {},
                    "arrangeby": "Price",
                    "order": "asc",
                    "market": "{region}",
                    "language": "{language}",
                    "super_region": "{super_region}",
                    "lng": "{longitude}",
                    "lat": "{latitude}",
                    "zip": "{zip}",
                    "range": 0,
                },
                "outsideOffset": 0,
                "outsideSearch": False,
                "isFalconDeliverySelectionEnabled": False,
                "version": None,
            }
        },
    ),
    pages=Offset(
        start=InJsonParam("query", "offset"), size=InJsonParam("query", "count"), step=50, total="total_matches_found"
    ),
    records="results",
    identity="VIN",
    markets={
        "de": {"region": "DE", "super_region": "europe", "zip": "10115", "latitude": 52.53, "longitude": 13.38},
        "fr": {"region": "FR", "super_region": "europe", "zip": "75001", "latitude": 48.86, "longitude": 2.34},
        "gb": {"region": "GB", "super_region": "europe", "zip": "SW1A 1AA", "latitude": 51.5, "longitude": -0.14},
        "us": {"region": "US", "super_region": "north america", "zip": "66952", "latitude": 39.8, "longitude": -98.55},
    },
    slices={"model": ("m3", "my", "ms", "mx", "ct"), "condition": ("new", "used")},
    nothing=Sign("total_matches_found", 0),
    refusals=(Refused(Sign("cpr_chlge", "true"), "blocked"),),
    limit=PerSecond(1, concurrency=2),
)

ENDPOINTS = (INVENTORY_RESULTS,)
