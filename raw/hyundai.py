"""Hyundai USA: new cars of every dealer from the inventory search, dealers from a grid of ZIP codes.

`inventory_search` and `us_dealers` are built from field lists of public connectors. What is captured are answers of
2022, when the site listed its cars by dealer: `VEHICLE_LIST` describes them, and nothing asks for them any more.
"""

from raw.endpoint import Dealers, Endpoint, Get, Inventory, PageIndex, PerSecond, Post, SinglePage

_SITE = "https://www.hyundaiusa.com"
_HEADERS = {"Origin": _SITE, "Referer": f"{_SITE}/us/en/inventory-search"}  # without a Referer 403

# a city each, in every state that has dealers enough
_ZIPS = (
    "02108", "02903", "04101", "06103", "07102", "11201", "12207", "15222", "19103", "21201", "23219", "27601",
    "29401", "30303", "32202", "33131", "33602", "35203", "37203", "40202", "43215", "44114", "46204", "48104",
    "50309", "53202", "55402", "60611", "63101", "67202", "68102", "70112", "72201", "74103", "75201", "77002",
    "78205", "80202", "83702", "84101", "85004", "87102", "89101", "90017", "92101", "93721", "94103", "96813",
    "97204", "98101",
)  # fmt: skip

INVENTORY_SEARCH = Endpoint(
    name="inventory_search",
    description="New cars of Hyundai USA, nationwide, at dealers and on their way.",
    yields=Inventory("inventory_search"),
    request=Post(
        "https://papp-bsi-api.hyundaiusa.com/inventory/item/v2/search",
        body={
            "zipCode": "66952",
            "distance": -1,  # nationwide
            "sort": {"attributeName": "distance", "order": "asc"},
            "atDealershipOnly": False,
            "availableOnline": False,
            "personalization": None,
        },
        headers=_HEADERS,
    ),
    pages=PageIndex(index="page", size="pageSize", step=30, first=1, total="data.total"),  # larger pages are cut to 30
    records="data.items",
    identity="vin",
    markets={"us": {}},
    limit=PerSecond(2),
)

US_DEALERS = Endpoint(
    name="us_dealers",
    description="Dealers of Hyundai USA around the larger cities, at most 45 in an answer.",
    yields=Dealers("us_dealers"),
    request=Get(
        f"{_SITE}/var/hyundai/services/dealer/dealersByZip.json",
        params={"zip": "{zip}", "radius": "150", "maxdealers": "200"},
        headers=_HEADERS,
    ),
    pages=SinglePage(cap=45),
    records="dealers",
    identity="dealerCd",
    markets={"us": {}},
    slices={"zip": _ZIPS},
    limit=PerSecond(2),
)

VEHICLE_LIST = Endpoint(
    name="vehicle_list",
    description="New cars by dealer, as the site answered in 2022.",
    yields=Inventory("vehicle_list"),
    request=Get(f"{_SITE}/var/hyundai/services/inventory/vehicleList.json", headers=_HEADERS),
    pages=SinglePage(),
    records="data[].dealerInfo[].vehicles[]",  # null where a dealer has none
    identity="vin",
    markets={"us": {}},
    limit=PerSecond(2),
)

ENDPOINTS = (INVENTORY_SEARCH, US_DEALERS)
