"""Ford in Spain: used cars of its dealers, from the service behind its used-car pages (eUsed).

Built from a field list: no answer is public. Each request carries a key that the visitor's browser computes, and the
service takes none twice. The whole country, islands too, comes in one answer.
"""

import secrets
import time
from base64 import b64encode

from raw.endpoint import Endpoint, Inventory, Offset, PerSecond, Post, Refused, Sign, computed


def new_key() -> str:
    """`x-eusl-k`: base64 of the milliseconds and 16 random bytes as hexadecimal digits."""
    return b64encode(f"{time.time_ns() // 1_000_000}:{secrets.token_hex(16)}".encode()).decode()


E_USED = Endpoint(
    name="e_used",
    description="Used cars of Ford's dealers in Spain.",
    yields=Inventory("e_used_inventory"),
    request=Post(
        "https://www.servicescache.ford.com/api/eUsed/v1/searchVehicles",
        body={
            "locale": "es_ES",
            "vehicleCategory": "10",
            # in kilometres around the middle of the country, longitude first: the Canaries lie within 2,000
            "distance": "2500",
            "longLatCoordinates": "-3.70,40.0",
            "price": {"minPrice": "0", "maxPrice": "9999999"},
            "enginePower": {"min": "0", "max": "99999"},
            "ageOfVehicle": {"min": "0", "max": "99"},
            "mileage": {"min": "0", "max": "9999999"},
            "resultOrder": {"orderBy": "Price", "sortOrder": "Ascending"},
        },
        headers={
            "Referer": "https://secure.ford.es/",
            "Origin": "https://secure.ford.es",
            "x-eusl-consumer": "b-gux_approved_used-prod",
            "x-eusl-k": computed(new_key),
        },
    ),
    pages=Offset(
        start="pagination.startingRecord",
        size="pagination.maxRecords",
        step=20_000,
        total="data.VehicleInventoryList.totalMatches",
    ),
    # the status of the answer is 200 whatever happens
    refusals=(Refused(Sign("status.statusCode", 200, is_not=True), "server_error"),),
    records="data.VehicleInventoryList.VehicleInventoryItem",
    identity="Vehicle.Identity.ID",
    markets={"es": {}},
    limit=PerSecond(1, concurrency=1),
)

ENDPOINTS = (E_USED,)
