"""Tesla, played: the inventory of its shop in four markets, by captured answers of France and Britain."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import quote

from resources.sandbox import parts
from resources.sandbox.parts import ABSENT, Car, Feed, Filter, InQueryJson, Page, Route, Template, World

_MODELS = parts.table("""
id|trim |name                 |range|price:int|weight:int|vin
m3|LRAWD|Model 3 Long Range   |629  |49990    |8         |LRW3E7EK
m3|M3RWD|Model 3 Rear-Wheel   |513  |41990    |8         |LRW3E7FA
my|LRAWD|Model Y Long Range   |533  |52990    |9         |XP7YGCEK
my|MYRWD|Model Y Rear-Wheel   |455  |44990    |9         |XP7YGCEE
ms|MSAWD|Model S              |634  |94990    |2         |5YJSA7E5
mx|MXAWD|Model X              |576  |99990    |1         |7SAXCBE5
""")
_CAR = Template(
    """{"VIN": "{vin}", "Hash": "{digits9}", "Model": "{model.id}", "TrimName": "{model.name}", "TRIM":
    ["{model.trim}"], "TrimCode": "$MTY13", "PAINT": ["{color.code}"], "INTERIOR": ["PREMIUM_BLACK"], "WHEELS":
    ["NINETEEN"], "DRIVE": ["DRLH"], "CABIN_CONFIG": ["FIVE"], "ROOF": null, "AUTOPILOT": ["AUTOPILOT"], "Year":
    2026, "TitleStatus": "NEW", "IsDemo": false, "InTransit": false, "IsInTransit": false, "IsAtLocation": true,
    "Odometer": 1, "OdometerType": "Km", "InventoryPrice": 1, "Price": 1, "PurchasePrice": 1, "TotalPrice": 1,
    "Discount": 0, "CurrencyCode": "{country.currency}", "FirstRegistrationDate": "{registered_on}T00:00:00",
    "VrlName": "{dealer.name}", "City": "{dealer.city}", "geoPoints": [["0,0", 0]], "OptionCodeData":
    [{"acceleration_value": "5.0"}, {"code": "$MTY13"}], "OptionCodeList": "$APBS,$DV2W", "ListingType": "public",
    "Language": "{country.language}", "OptionCodeSpecs": {"C_SPECS": {"code": "C_SPECS", "name": "Specs", "options":
    [{"code": "SPECS_RANGE", "name": "{model.range} km", "long_name": "{model.range} kilometres", "description":
    "WLTP"}]}, "C_OPTS": {"code": "C_OPTS", "options": []}}}""",
    {
        "VIN": lambda car: f"{car.vin[:7]}_{car.uuid.replace('-', '')}" if _is_awaited(car) else car.vin,
        "Year": "year",
        "TitleStatus": lambda car: "NEW" if car.is_new else "USED",
        "IsDemo": lambda car: not car.is_new and car.chance("demo") < 0.1,
        "IsInTransit": lambda car: _is_awaited(car),
        "InTransit": lambda car: _is_awaited(car),
        "Odometer": "mileage",
        "OdometerType": lambda car: "Miles" if car.country.distance_unit == "mi" else "Km",
        "InventoryPrice": "price",
        "Price": "price",
        "PurchasePrice": "price",
        "TotalPrice": "list_price",
        "Discount": lambda car: max(0, car.list_price - car.price) if car.is_new else 0,
        "FirstRegistrationDate": lambda car: ABSENT if car.is_new else f"{car.registered_on}T00:00:00",
    },
    null={0.5: "PAINT", 0.3: "VrlName City"},
)
_DEALERS = parts.Dealers(
    "tesla", {"de": 20, "fr": 15, "gb": 20, "us": 60}, id="{digits5}", name="Tesla {city}", without_stock=0.0
)


_EXAMPLE = '{"query": {"model": "my", "condition": "new", "market": "FR", "zip": "75001"}, "offset": 0, "count": 50}'


def _is_awaited(car: Car) -> bool:
    return car.is_new and car.chance("awaited") < 0.2


def _answer(page: Page) -> dict[str, Any]:
    nothing: dict[str, list[Any]] = {"exact": [], "approximate": [], "approximateOutside": []}
    return {"results": page.records if page.total else nothing, "total_matches_found": page.total}


def sandbox_routes(world: World) -> list[Route]:
    lots = {market: parts.Lot(market, weight, used=0.5) for market, weight in
            {"us": 5, "de": 3, "fr": 2, "gb": 3}.items()}  # fmt: skip
    regions = {"US": "us", "DE": "de", "FR": "fr", "GB": "gb"}
    bad = parts.refusal(400, {"error": "bad query"})
    return [
        Feed(
            world=world, oem="tesla", endpoint="inventory_results", host="www.tesla.com",
            path="/inventory/api/v4/inventory-results",
            serves=parts.Stock(world, "tesla", lots, models=_MODELS, dealers=_DEALERS), record=_CAR,
            market=parts.Choice(InQueryJson("query", "query.market"), regions, unknown=bad),
            checks=[parts.Present(InQueryJson("query", "query.zip"), bad)],
            narrowing=[
                Filter(InQueryJson("query", "query.model"), "model.id", required=bad),
                Filter(InQueryJson("query", "query.condition"), lambda car: "new" if car.is_new else "used"),
            ],
            paging=parts.Offsets(InQueryJson("query", "offset"), InQueryJson("query", "count"), size=24, largest=50),
            answer=_answer, records="results", identity="VIN", total="total_matches_found",
            example=f"/inventory/api/v4/inventory-results?query={quote(_EXAMPLE)}",
            captured=parts.Captured("tesla/inventory-results/fr_my_new_json", day=date(2023, 8, 26), market="fr"),
        ).route()
    ]  # fmt: skip
