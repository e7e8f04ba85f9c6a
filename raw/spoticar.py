"""Spoticar in Spain: used cars of several brands' dealers. Built from one shortened record and the notes of a client.

A page holds twelve whatever is asked for. The total of an answer and the number of its last page do not agree (6,411
cars, page 583), so the total is what counts.
"""

from raw.endpoint import Endpoint, Get, Inventory, PageIndex, PerSecond

USED_CARS = Endpoint(
    name="used_cars",
    description="Used cars of Spoticar, a country at a time.",
    yields=Inventory("used_cars"),
    request=Get("https://www.spoticar.{code}/api/vehicleoffers/paginate/search"),
    pages=PageIndex(index="page", size=None, step=12, first=1, total="count.value"),
    records="hits",
    identity="_source.field_vo_vin",
    markets={"es": {}},
    limit=PerSecond(2),
)

ENDPOINTS = (USED_CARS,)
