"""Polestar, played: the search for pre-owned cars and the stock of configurations, from field lists.

A market that the first does not know has nothing, one that the second does not know is an error; the second has no
page of more than twenty, and a total on the first page alone.
"""

from __future__ import annotations

from resources.sandbox import parts
from resources.sandbox.parts import Car, Feed, Filter, InArguments, Lot, Page, Record, Route, Template, World

_HOST = "pc-api.polestar.com"
_MODELS = parts.table("""
code|name           |engine|motor                   |drive|kw |range|price:int|weight:int|vin
534 |Polestar 2     |FE    |Long range Single motor |RWD  |220|659  |49900    |10        |YSMVSFER
534 |Polestar 2     |FD    |Long range Dual motor   |AWD  |310|596  |54900    |6         |YSMVSEDR
359 |Polestar 3     |EA    |Long range Dual motor   |AWD  |360|635  |81900    |4         |YSMEAED1
814 |Polestar 4     |PB    |Long range Single motor |RWD  |200|620  |61900    |7         |LPSFBPB2
814 |Polestar 4     |PA    |Long range Dual motor   |AWD  |400|590  |69900    |4         |LPSFBPA2
824 |Polestar 5     |GC    |Dual motor              |AWD  |550|670  |119900   |1         |LPSGCGC3
""")
_SLUGS = {"be": "nl-be", "gb": "uk"} | {code: code for code in ("de", "es", "fr", "it", "nl", "pt")}
_WEIGHTS = {"be": 2, "de": 2, "es": 2, "fr": 2, "gb": 3, "it": 1, "nl": 3, "pt": 1}
_DEALERS = parts.Dealers("polestar", dict.fromkeys(_WEIGHTS, 6) | {"us": 18}, name="Polestar {city}")
_AD = Template(
    """{"id": "{uuid}", "firstTimeRegistration": "{registered_on}T10:00:00Z", "vatDeductible": true, "price":
    {"retail": "{price}", "currency": "{country.currency}"}, "mileageInfo": {"distance": "{mileage}", "metric":
    "{country.distance_unit}"}, "partnerLocation": {"name": "{dealer.name}", "city": "{dealer.city}"}, "media":
    [{"data": "https://images.polestar.com/{digits9}", "mediaType": "Image"}], "vehicleDetails": {"vin": "{vin}",
    "cycleState": "PreOwned", "pno34": "{model.code}{model.engine}", "modelDetails": {"code": "{model.code}",
    "displayName": "{model.name}", "modelYear": "{year}"}, "motorInfo": {"value": "{model.engine}", "labels":
    [{"locale": "en", "label": "{model.motor}"}]}, "drivetrainInfo": [{"label": "{model.drive}", "locale": "en"}],
    "rangeInformation": [{"value": "{model.range}"}], "engineDetails": {"powerInfo": [{"label": "{model.kw} kW"}]},
    "exterior": {"code": "{color.code}", "labels": [{"label": "{color.name}"}]}, "interior": {"labels":
    [{"label": "MicroTech"}]}}}""",
    {
        "vatDeductible": lambda car: car.chance("vat") < 0.8,
        "vehicleDetails.cycleState": lambda car: (
            "CertifiedPreOwned" if car.market == "us" and car.chance("certified") < 0.6 else "PreOwned"
        ),
    },
    null={0.1: "media"},
)
_STOCK = Template(
    """{"id": "{model.code}{model.engine}{digits9}-{year}-202617-{market}", "pno34": "{model.code}{model.engine}",
    "modelYear": "{year}", "earliestDeliveryDate": "2026-01-01T00:00:00Z", "cashPriceData": {"listPrice": {"totals":
    {"car": {"carTotalPrice": {"value": "{list_price}"}}}}, "discounted": {"totals": {"car": {"carTotalPrice":
    {"value": "{price}"}}}}}, "content": [{"featureType": "Model", "code": "{model.code}", "name": "{model.name}"},
    {"featureType": "Engine", "code": "{model.engine}", "name": "{model.motor}"}, {"featureType": "Color", "code":
    "{color.code}", "name": "{color.name}"}, {"featureType": "Upholstery", "code": "R6", "name": "Textile"}],
    "techData": {"drive": "{model.drive}", "engineBev_TotalKw": "{model.kw} kW", "engineBev_ElectricRange":
    "{model.range} km"}}""",
    {"earliestDeliveryDate": lambda car: _delivery(car)},
)


def _delivery(car: Car) -> str:
    """Some weeks after it was listed."""
    return f"{car.listed_on.fromordinal(car.listed_on.toordinal() + car.whole('delivery', 20, 120))}T00:00:00Z"


def _stock_page(page: Page) -> Record:
    return {"pagination": {"totalRecords": 0 if page.number else page.total}, "filterResults": page.records}


def sandbox_routes(world: World) -> list[Route]:
    known = {code: code for code in (*_WEIGHTS, "us")}
    silent = dict.fromkeys((*(code.upper() for code in known), "uk", "nl-be"), "")  # nothing, and no word of it
    model = "filters.0.filterValues.0.value"
    return [
        Feed(
            world=world, oem="polestar", endpoint="inventory", host=_HOST, path="/eu-north-1/partner-rm-tool/public/",
            serves=parts.Stock(world, "polestar", _WEIGHTS | {"us": 5}, models=_MODELS, dealers=_DEALERS,
                               part="preowned", share=0.4, oldest_months=68),
            record=_AD,
            market=parts.Choice(InArguments("market"), known | silent, parts.graphql_error("unknown market")),
            narrowing=[Filter(InArguments("modelCode"), "model.code")],
            paging=parts.Offsets(InArguments("offset"), InArguments("limit"), size=20, largest=500),
            graphql=parts.GraphQL(
                "searchVehicleAds(modelCode: String!, market: String!, region: String, offset: Int!, limit: Int!, "
                "sortOrder: SortOrder2!, sortProperty: SortProperty!)",
                "enum SortOrder2 { Ascending Descending } enum SortProperty { Price Mileage }"),
            answer=lambda page: {"metadata": {"totalCount": page.total}, "vehicleAds": page.records},
            records="data.searchVehicleAds.vehicleAds", identity="id",
            total="data.searchVehicleAds.metadata.totalCount", example="/eu-north-1/partner-rm-tool/public/",
        ).route(),
        Feed(
            world=world, oem="polestar", endpoint="inventory", host=_HOST, path="/eu-north-1/preconfigured-cars/",
            serves=parts.Stock(world, "polestar", {key: Lot(key, weight, used=0) for key, weight in _WEIGHTS.items()},
                               models=_MODELS, dealers=_DEALERS, part="stock", share=0.6),
            record=_STOCK,
            market=parts.Choice(InArguments("market"), {slug: code for code, slug in _SLUGS.items()} | {
                code: code for code in _WEIGHTS if code not in ("be", "gb")}, parts.graphql_error("INTERNAL_ERROR")),
            checks=[parts.Accepts(InArguments("pagination.pageSize"), lambda size: (size or 0) <= 20,
                                  parts.refusal(200, {"data": None, "errors": [{"message": "size limit"}]}))],
            narrowing=[Filter(InArguments(model), "model.code")],
            paging=parts.Pages(InArguments("pagination.pageNo"), InArguments("pagination.pageSize"), size=10, first=1),
            graphql=parts.GraphQL(
                "filteredStockCars(market: String!, stateCode: String, filters: [FilterValueGroupInput]!, "
                "sort: FilterSortInput, pagination: PaginationInput, includeValidFilters: Boolean!, "
                "customerType: String, source: SourceType, includeLocationStock: Boolean, partnerId: String)",
                "input FilterValueInput { value: String featureCode: String } input FilterValueGroupInput "
                "{ filterTypeId: String filterValues: [FilterValueInput] } input FilterSortInput { attribute: String "
                "direction: String } input PaginationInput { pageNo: Int pageSize: Int } enum SourceType "
                "{ Preconfigured Stock }"),
            answer=_stock_page, records="data.filteredStockCars.filterResults", identity="id",
            total="data.filteredStockCars.pagination.totalRecords", example="/eu-north-1/preconfigured-cars/",
        ).route(),
    ]  # fmt: skip
