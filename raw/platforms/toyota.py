"""The stock search that Toyota and Lexus share in the United States: `locateVehiclesByZip`, one brand a request.

Public clients write the arguments into the query, so the types of the variables follow from how they write them. They
always name series; that no series means all of them is not proved. A series of more than 10,000 vehicles cannot be
read whole: the market is incomplete then, with the cause `window`.
"""

from uuid import uuid4

from raw.endpoint import Endpoint, GraphQL, Inventory, PageIndex, PerSecond, Refused, Sign, Split, computed

_FOUND = "data.locateVehiclesByZip"
_QUERY = (
    "query Stock($zip: String!, $brand: String!, $page: Int!, $size: Int!, $series: String, $distance: Int, "
    "$lead: String!){ locateVehiclesByZip(zipCode: $zip, brand: $brand, pageNo: $page, pageSize: $size, "
    "seriesCodes: $series, distance: $distance, leadid: $lead){ pagination { pageNo pageSize totalPages totalRecords } "
    "vehicleSummary { vin stockNum brand marketingSeries year isTempVin dealerCd dealerCategory isPreSold "
    "dealerMarketingName price { advertizedPrice nonSpAdvertizedPrice sellingPrice totalMsrp } "
    "model { modelCd marketingName } extColor { marketingName } intColor { marketingName } "
    "eta { currFromDate currToDate } engine { name } drivetrain { code } transmission { transmissionType } "
    "media { href } } } }"
)


def new_lead_id() -> str:
    """The visitor's id that the search wants, another one for each request."""
    return str(uuid4())


def us_stock(name: str, brand: str, series: tuple[str, ...]) -> Endpoint:
    """The new vehicles of a brand in the whole country.

    name: of the endpoint; its table is called `<name>_inventory`. series: the codes by which a stock that is too large
    for one search is split.
    """
    site = f"https://www.{brand.lower()}.com"
    return Endpoint(
        name=name,
        description=f"New vehicles of {brand.capitalize()} in the United States.",
        yields=Inventory(f"{name}_inventory"),
        request=GraphQL(
            "https://api.search-inventory.toyota.com/graphql",
            query=_QUERY,
            # the distance is that to the northernmost and the southernmost dealer, and more
            variables={
                "zip": "66952", "brand": brand, "series": "{series}", "distance": 20000, "lead": computed(new_lead_id)
            },
            headers={"Origin": site, "Referer": f"{site}/"},
        ),
        pages=PageIndex(
            index="page", size="size", step=250, first=1, total=f"{_FOUND}.pagination.totalRecords", window=10_000,
            ends=Sign(_FOUND, None),
        ),
        # a plain client gets this in place of a challenge
        refusals=(Refused(Sign(status=202, no_body=True), "blocked"),),
        records=f"{_FOUND}.vehicleSummary",
        identity="vin",
        markets={"us": {}},
        split=Split("series", series),
        limit=PerSecond(1, concurrency=2, rest_seconds=30),
    )  # fmt: skip
