"""Polestar: pre-owned cars of nine markets and, in Europe, the new cars that can be had soon; it has no dealer service.

Two services of one host, each asked for a model at a time. The markets of the first are countries in small letters,
those of the second the site's (`uk`, `nl-be`); either answers to a name that it does not know with nothing, or with an
error. The second serves configurations and no cars: its ids are made of one, there is no VIN, and its total is good on
the first page alone. In the United States it asks for a retailer, so new cars are not read there. Built from field
lists and a collector's normalised days; Polestar 1 (code 232, a handful of cars) is not asked for.
"""

from raw.endpoint import Endpoint, GraphQL, InVariable, Inventory, Offset, PageIndex, PerSecond, Total, Way

_HOST = "https://pc-api.polestar.com/eu-north-1"
_PREOWNED = """query SearchVehicleAds($modelCode: String!, $market: String!, $offset: Int!, $limit: Int!,
$sortOrder: SortOrder2!, $sortProperty: SortProperty!) { searchVehicleAds(modelCode: $modelCode, market: $market,
 offset: $offset, limit: $limit, sortOrder: $sortOrder, sortProperty: $sortProperty) { metadata { totalCount }
 vehicleAds { id firstTimeRegistration vatDeductible price { retail currency } mileageInfo { distance metric }
 partnerLocation { name city } media { data mediaType } vehicleDetails { vin cycleState pno34
 modelDetails { code displayName modelYear } motorInfo { value labels { label } } drivetrainInfo { label }
 rangeInformation { value } engineDetails { powerInfo { label } } exterior { code labels { label } }
 interior { labels { label } } } } } }"""
_STOCK = """query LoadResults($market: String!, $stateCode: String, $filters: [FilterValueGroupInput]!,
$sort: FilterSortInput, $pagination: PaginationInput) { filteredStockCars(market: $market, stateCode: $stateCode,
 filters: $filters, sort: $sort, pagination: $pagination, includeValidFilters: false, customerType: "B2C",
 source: Preconfigured, includeLocationStock: false) { pagination { totalRecords } filterResults { id pno34 modelYear
 earliestDeliveryDate cashPriceData { listPrice { totals { car { carTotalPrice { value } } } }
 discounted { totals { car { carTotalPrice { value } } } } } content { featureType code name }
 techData { drive engineBev_TotalKw engineBev_ElectricRange } } } }"""

INVENTORY = Endpoint(
    name="inventory",
    description="Pre-owned and new cars of Polestar, a market, lot and model at a time.",
    yields=Inventory("inventory"),
    request=GraphQL(
        f"{_HOST}/partner-rm-tool/public/",
        query=_PREOWNED,
        variables={"modelCode": "{model}", "market": "{code}", "sortOrder": "Ascending", "sortProperty": "Price"},
    ),
    # larger pages of a long list end in an error
    pages=Offset(start="offset", size="limit", step=200, total="data.searchVehicleAds.metadata.totalCount"),
    records="data.searchVehicleAds.vehicleAds|data.filteredStockCars.filterResults",
    identity="id",
    markets={
        **{code: {"site": code, "state": None} for code in ("de", "fr", "it", "nl", "pt")},
        "be": {"site": "nl-be", "state": None},
        "es": {"site": "es", "state": "ES"},
        "gb": {"site": "uk", "state": None},
        "us": {},
    },
    slices={"lot": ("preowned", "stock"), "model": ("534", "359", "814", "824")},
    slices_of_market={"us": {"model": ("534", "359", "814")}},
    way_of_slice={
        "lot": {
            "stock": Way(
                GraphQL(
                    f"{_HOST}/preconfigured-cars/",
                    query=_STOCK,
                    variables={
                        "market": "{site}",
                        "stateCode": "{state}",
                        "filters": [
                            {"filterTypeId": "4", "filterValues": [{"value": "{model}", "featureCode": "{model}"}]}
                        ],
                        "sort": {"attribute": "Price", "direction": "Asc"},
                    },
                ),
                PageIndex(
                    index=InVariable("pagination.pageNo"),
                    size=InVariable("pagination.pageSize"),
                    step=20,
                    first=1,
                    total=Total("data.filteredStockCars.pagination.totalRecords", only_on_first_page=True),
                ),
            )
        }
    },
    limit=PerSecond(1, concurrency=1),
)

ENDPOINTS = (INVENTORY,)
