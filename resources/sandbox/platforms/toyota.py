"""The search that Toyota and Lexus share in the United States, played: GraphQL, one brand a request.

What is past the end, or cannot be given just now, is null; past row 10,000 nothing is given. `distance` is that from
where is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from resources.sandbox import parts
from resources.sandbox.parts import Asked, Car, Fact, Feed, Filter, InArguments, Page, Record, Route, Template, World

_STATES = {"G": 60, "F": 25, "A": 15}
_SUMMARY = """{"vin": "{vin}", "stockNum": "{digits5}", "brand": "TOYOTA", "marketingSeries": "{model.name}", "year":
    "{year}", "isTempVin": false, "dealerCd": "{dealer.id}", "dealerCategory": "G", "distributorCd": "GST",
    "holdStatus": "Available", "weightRating": "6300 lbs", "isPreSold": false, "dealerMarketingName": "{dealer.name}",
    "dealerWebsite": "https://www.{dealer.site}", "isSmartPath": false, "distance": 9, "isUnlockPriceDealer": true,
    "options": [{"optionCd": "FE", "marketingName": "50 State Emissions", "marketingLongName": "50 State Emissions",
    "optionType": "F", "packageInd": false}], "eta": {"currFromDate": "2026-01-01T00:00:00.000Z", "currToDate":
    "2026-01-01T00:00:00.000Z"}, "family": ["crossovers-suvs"], "cab": null, "bed": null, "transmission":
    {"transmissionType": "{model.gear}"}, "price": {"advertizedPrice": "{price:f}", "nonSpAdvertizedPrice": 0.0,
    "totalMsrp": "{list_price}", "sellingPrice": null, "dph": null, "dioTotalMsrp": 0, "dioTotalDealerSellingPrice": 0,
    "dealerCashApplied": null, "baseMsrp": "{list_price}"}, "mpg": {"city": 21, "highway": 28, "combined": 24},
    "model": {"modelCd": "{model.code}", "marketingName": "{model.name} {model.grade}", "marketingTitle":
    "{model.name} {model.grade} {model.engine}"}, "intColor": {"colorCd": "EA30", "marketingName": "Black Fabric",
    "nvsName": null, "colorSwatch": null}, "extColor": {"colorCd": "{color.code}", "marketingName": "{color.name}",
    "colorHexCd": "FFFFFF", "nvsName": null, "colorSwatch": null}, "engine": {"engineCd": "e1", "name":
    "{model.engine}"}, "drivetrain": {"code": "{model.drive}", "title": "{model.drive}", "bulletlist": ""}, "media":
    [{"href": "https://pictures.example/{model.series}.png", "type": "carjellyimage", "source": null, "imageTag":
    null}]}"""


def _state(car: Car) -> str:
    return str(car.pick("state", _STATES))


def _arrival(car: Car) -> Record | None:
    """Between which days a car is expected; nothing of one that is there, of some only the later day."""
    if _state(car) == "G":
        return None
    first, last = (f"{car.listed_on + timedelta(days)}T00:00:00.000Z" for days in (20, 45))
    return {"currFromDate": first if car.chance("from") < 0.7 else None, "currToDate": last}


def _is_lead(value: object) -> bool:
    try:
        return str(UUID(str(value))) == value
    except ValueError:
        return False


def _summary(brand: str) -> Template:
    return Template(
        _SUMMARY.replace("TOYOTA", brand),
        {
            "isTempVin": lambda car: _state(car) == "A" and car.chance("temporary") < 0.1,
            "dealerCategory": lambda car: _state(car), "isPreSold": lambda car: car.chance("presold") < 0.2,
            "holdStatus": lambda car: "DealerHold" if _state(car) == "A" else "Available",
            "stockNum": lambda car: car.digits5 if _state(car) == "G" else None,
            "distance": lambda car: round(car.miles or 0), "eta": lambda car: _arrival(car),
            # a third of the dealers advertise no price
            "price.advertizedPrice": lambda car: float(car.price) if car.dealer.chance("advertises") < 0.67 else None,
        },
        null={0.05: "media extColor.marketingName", 0.9: "family"},
    )  # fmt: skip


def us_stock(
    world: World, *, oem: str, endpoint: str, brand: str, models: Sequence[Fact], dealers: parts.Dealers
) -> Route:
    """The search of a brand's new vehicles. models: rows with `series`, `name`, `grade`, `code`, `gear`, `engine`,
    `drive`."""
    stock = parts.Stock(world, oem, {"us": 1}, models=models, dealers=dealers, used=0, prices_in="USD")
    zip_code, radius = InArguments("zipCode"), InArguments("distance")

    def no_market(asked: Asked) -> parts.Answer | None:
        return None if InArguments("brand").read(asked) == brand else parts.graphql_error("brand {brand}")(asked)

    def found(page: Page) -> Record | None:
        if not page.records:
            return None
        pagination = {"pageNo": page.number + 1, "pageSize": page.size, "totalPages": page.pages}
        return {"pagination": {**pagination, "totalRecords": page.total}, "vehicleSummary": page.records}

    return Feed(
        world=world, oem=oem, endpoint=endpoint, host="api.search-inventory.toyota.com", path="/graphql",
        serves=stock, record=_summary(brand), market="us",
        told_by=(InArguments("brand"), brand),
        checks=[no_market, parts.Accepts(InArguments("leadid"), _is_lead, parts.refusal(400))],
        narrowing=[
            Filter(InArguments("seriesCodes"), "model.series", everything=("",)),
            parts.Near(zip=zip_code, radius=radius, bad=parts.refusal(400)),
        ],
        paging=parts.Pages(InArguments("pageNo"), InArguments("pageSize"), first=1, size=25, largest=250,
                           window=10_000),
        graphql=parts.GraphQL(
            "locateVehiclesByZip(zipCode: String!, brand: String!, pageNo: Int, pageSize: Int, seriesCodes: String, "
            "distance: Int, leadid: String)"
        ),
        answer=found, records="data.locateVehiclesByZip.vehicleSummary", identity="vin",
        total="data.locateVehiclesByZip.pagination.totalRecords", example="/graphql",
    ).route()  # fmt: skip
