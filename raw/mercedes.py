"""Mercedes-Benz: certified used cars of the United States, with the dealers there, and of Korea (OneSearch)."""

from raw.endpoint import Dealers, Endpoint, Get, Inventory, Listed, PageIndex, PerSecond, SinglePage
from raw.platforms.onesearch import KR_INVENTORY

_SEARCH = "https://nafta-service.mbusa.com/api/inv/v1/en_us/used/vehicles/search"
_ALL = {
    "invType": "cpo",
    "zip": "66952",
    "distance": "ANY",
    "sortBy": "distance-asc",
    "resvOnly": "false",
    "withFilters": "true",
}
_CLASSES = (
    "A", "C", "CLA", "CLE", "CLS", "E", "EQB", "EQE", "EQS", "G", "GLA", "GLB", "GLC", "GLE", "GLS", "GT", "S", "SL",
)  # fmt: skip

MBUSA_SEARCH = Endpoint(
    name="mbusa_search",
    description="Certified pre-owned cars of Mercedes-Benz USA, nationwide, a class at a time.",
    # the feed flaps: a shorter debounce counts about ten times as many cars gone as were sold
    yields=Inventory("mbusa_inventory", debounce_days=14),
    request=Get(_SEARCH, params={"class": "{class}", **_ALL}, headers={"Accept": "application/json"}),
    pages=PageIndex(index="start", size="count", step=12, total="result.pagedVehicles.paging.totalCount"),
    records="result.pagedVehicles.records",
    identity="vin",
    markets={"us": {}},
    # a class that is new is in the facets of all cars; no answer without a class was captured
    slices={
        "class": Listed(
            Get(_SEARCH, params={**_ALL, "start": "0", "count": "12"}, headers={"Accept": "application/json"}),
            "result.facets.modelIdentifier.values[].value",
            known=_CLASSES,
        )
    },
    succeeds_when=("success", True),
    trusted_total=False,
    total_slack=4,  # some pages report a few cars more or fewer than there are
    limit=PerSecond(2),
)

MBUSA_DEALERS = Endpoint(
    name="mbusa_dealers",
    description="Dealers of Mercedes-Benz USA; the zip orders the answer and does not narrow it.",
    yields=Dealers("mbusa_dealers"),
    request=Get(
        "https://nafta-service.mbusa.com/api/dlrsrv/v1/us/search",
        params={"zip": "66952", "start": "0", "count": "1000", "filter": "mbdealer"},
        headers={"Accept": "application/json"},
    ),
    pages=SinglePage(total="totalCount"),
    records="results",
    identity="id",
    markets={"us": {}},
    limit=PerSecond(2),
)

ENDPOINTS = (MBUSA_SEARCH, MBUSA_DEALERS, KR_INVENTORY)
