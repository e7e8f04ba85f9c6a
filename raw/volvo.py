"""Volvo: used vehicles of the maker's stores in Great Britain and the United States, both on one platform.

The store of Great Britain mints a token for each visitor, that of the United States asks for its key alone. Results are
shuffled anew for a client that does not walk page after page, and `Reference` rotates, so the stock's own number is the
identity. Built from a field list: no answer was captured. Keys and the number of the British store are settings.
"""

from raw.endpoint import Endpoint, First, InBody, Inventory, PageIndex, PerSecond, Post, secret

_API = "https://services.codeweavers.net/api"
_PAGES = PageIndex(
    index=InBody("Page"),
    size=InBody("ResultsPerPage"),
    step=100,
    first=1,
    total="NumberOfMatchingVehiclesAcrossAllGroups",
    in_order=True,
    delay_seconds=0.5,
)
_SEARCH = {
    "SortBy": "Relevance",
    "IncludeNoFinanceOption": True,
    "Filters": {
        "Vehicle": {"Query": None, "IncludeReservedVehicles": True, "SelectedFacets": {}},
        "DigitalRetailStore": {"Page": {"Slug": "all"}},
        "Location": {"Latitude": None, "Longitude": None, "Distance": None},
    },
    "Intention": "PublicWebsite",
}
_GB_STORE = {"Type": "CodeweaversReference", "Value": secret("VOLVO_GB_ORGANISATION")}
_GB_HEADERS = {"x-cw-applicationname": "Storefront", "x-cw-accept-language": "en-gb"}
_RECORD = "HeadlineVehicle.Vehicle.Physical"

GB_SEARCH = Endpoint(
    name="gb_search",
    description="Volvo Selekt: approved used vehicles of Great Britain.",
    yields=Inventory("gb_inventory"),
    first=First(
        Post(
            f"{_API}/guest/initialise/proposal",
            body={"ApiKey": secret("VOLVO_GB_API_KEY"), "OrganisationIdentifier": _GB_STORE},
            headers=_GB_HEADERS,
        ),
        values={"token": "UserToken"},
        secrets=("token",),
        again_after=(401,),
    ),
    request=Post(
        f"{_API}/vehicles/search-with-facets/groups",
        body={**_SEARCH, "OrganisationIdentifier": _GB_STORE},
        headers={**_GB_HEADERS, "x-cw-customertoken": "{token}"},
    ),
    pages=_PAGES,
    records="Groups",
    identity=(f"{_RECORD}.ExternalVehicleId", f"{_RECORD}.Vin"),
    markets={"gb": {}},
    limit=PerSecond(1, concurrency=1),
)

US_SEARCH = Endpoint(
    name="us_search",
    description="Certified by Volvo: used vehicles of the United States.",
    yields=Inventory("us_inventory"),
    request=Post(
        f"{_API}/vehicles/search-with-facets",
        body={**_SEARCH, "OrganisationIdentifier": {"Type": "CodeweaversReference", "Value": "55574"}},
        headers={"x-cw-applicationname": "Storefront", "x-cw-apikey": secret("VOLVO_US_API_KEY")},
    ),
    pages=_PAGES,
    records="Groups",
    identity=(f"{_RECORD}.ExternalVehicleId", f"{_RECORD}.Vin"),
    markets={"us": {}},
    limit=PerSecond(1, concurrency=1),
)

ENDPOINTS = (GB_SEARCH, US_SEARCH)
