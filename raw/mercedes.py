"""Mercedes-Benz: new and certified used cars of the United States, with the dealers there, and used ones of Korea.

United States: two lots of one search, the used one as it was captured (of one class), the new one built from a field
list of public clients. These clients say that a search gives about a hundred rows and no more, and that both lots heed
`dealerId`; no capture shows either. A class of a lot that has more rows is asked for again by dealer, and a dealer that
has more by model. Where rows are left beyond that, the market is incomplete.
"""

from typing import Any

from raw.endpoint import Dealers, Endpoint, Get, Inventory, Listed, PageIndex, PerSecond, SinglePage, Split
from raw.platforms.onesearch import KR_INVENTORY

_SEARCH = "https://nafta-service.mbusa.com/api/inv/v1/en_us/{lot}/vehicles/search"
_ALL = {
    "invType": "{inventory_type}",
    "zip": "66952",
    "distance": "ANY",
    "sortBy": "distance-asc",
    "resvOnly": "false",
    "withFilters": "true",
}
_ACCEPT = {"Accept": "application/json"}
# the used lot is asked for its certified cars; the requests of the new lot name no type
_LOTS: dict[str, dict[str, Any]] = {"used": {"inventory_type": "cpo"}, "new": {"inventory_type": ()}}
_CLASSES = (
    "A", "C", "CLA", "CLE", "CLS", "E", "EQB", "EQE", "EQS", "G", "GLA", "GLB", "GLC", "GLE", "GLS", "GT", "S", "SL",
)  # fmt: skip

MBUSA_SEARCH = Endpoint(
    name="mbusa_search",
    description="New and certified pre-owned cars of Mercedes-Benz USA, nationwide, a class of a lot at a time.",
    # the feed flaps: a shorter debounce counts about ten times as many cars gone as were sold
    yields=Inventory("mbusa_inventory", debounce_days=14),
    request=Get(
        _SEARCH, params={"class": "{class}", **_ALL, "dealerId": "{dealer}", "model": "{model}"}, headers=_ACCEPT
    ),
    # pages of 12 as captured, since a larger `count` than what remains was once answered with nothing; eight of them
    # lie within the hundred rows, so that a total that is a few rows too small hides no row beyond them
    pages=PageIndex(index="start", size="count", step=12, total="result.pagedVehicles.paging.totalCount", window=96),
    records="result.pagedVehicles.records",
    identity="vin",
    markets={"us": {}},
    # a class that is new is in the facets of all cars; no answer without a class was captured
    slices={
        "lot": tuple(_LOTS),
        "class": Listed(
            Get(_SEARCH, params={**_ALL, "start": "0", "count": "12"}, headers=_ACCEPT),
            "result.facets.modelIdentifier.values[].value",
            known=_CLASSES,
        ),
    },
    of_slice={"lot": _LOTS},
    split=(
        Split("dealer", "result.facets.dealer.values[].value", before=()),
        Split("model", "result.facets.modelDesignation.values[].value", before=()),
    ),
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
        headers=_ACCEPT,
    ),
    pages=SinglePage(total="totalCount"),
    records="results",
    identity="id",
    markets={"us": {}},
    limit=PerSecond(2),
)

ENDPOINTS = (MBUSA_SEARCH, MBUSA_DEALERS, KR_INVENTORY)
