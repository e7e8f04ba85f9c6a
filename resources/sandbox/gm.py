"""GM in the United States, played: the vehicle search and the dealer locator of four brands' sites.

The stock is built from a field list, dealers from a capture of Buick's site. A page holds 20 whatever is asked for; no
row past the 10,000th can be had; where nothing is found the answer is a 404 that says so.
"""

from __future__ import annotations

from dataclasses import dataclass

from resources.sandbox import parts
from resources.sandbox.parts import (
    Asked,
    Dealer,
    Feed,
    Filter,
    InBody,
    InHeader,
    InQuery,
    Page,
    Record,
    Route,
    Template,
    World,
)
from resources.sandbox.parts.listing import Listing
from resources.sandbox.parts.narrowing import Narrowing

_MODELS = parts.table("""
brand    |make     |value         |name          |code |trim     |fuel    |drive|price:int|weight:int|vin
chevrolet|Chevrolet|blazer ev     |Blazer EV     |1MD26|LT       |Electric|AWD  |49000    |3         |3GNKDBRJ
chevrolet|Chevrolet|equinox       |Equinox       |1PT26|LT       |Gas     |FWD  |31500    |12        |3GNAXKEG
chevrolet|Chevrolet|silverado 1500|Silverado 1500|CK105|LT Trail Boss|Gas |4WD  |59500    |14        |1GCUDEED
gmc      |GMC      |sierra 1500   |Sierra 1500   |TK105|Denali   |Diesel  |4WD  |71000    |8         |1GTUUGE8
gmc      |GMC      |hummer ev     |HUMMER EV Pickup|T1EV|2X      |Electric|4WD  |98000    |1         |1GT40BDD
cadillac |Cadillac |lyriq         |LYRIQ         |6MB26|Luxury   |Electric|RWD  |61500    |4         |1GYKPRRL
cadillac |Cadillac |xt5           |XT5           |6NH26|Premium  |Gas     |AWD  |54500    |4         |1GYKNDRS
buick    |Buick    |encore gx     |Encore GX     |4TS26|Sport    |Gas     |FWD  |29000    |6         |KL4MMDSL
""")
_MAKES = {"chevrolet": "001", "gmc": "003", "buick": "004", "cadillac": "006"}
_DEALERS = parts.Dealers("gm", {"us": 180}, id="1{digits5}", name="{city} CHEVROLET BUICK GMC, INC.;{city} CADILLAC")

_HIT = Template(
    """{"id": "{vin}", "make": "{model.make}", "model": "{model.name}", "year": "{year}", "variant": {"code":
    "{model.code}", "name": "{model.trim}"}, "stockDetails": {"type": "DealerStock", "stockNumber": "G{digits5}",
    "condition": "NEW"}, "dealer": {"bac": "{dealer.id}", "name": "{dealer.name}", "postalCode": "{dealer.postal_code}",
    "distance": {"value": "{miles}", "unit": "MI"}}, "pricing": {"cash": {"msrp": {"value": "{list_price}.0"},
    "dealerFeaturedPrice": {"value": "{price}.0"}, "netPrice": {"value": "{price}.0"}}}, "status": {"deleted": false,
    "value": "ACTIVE"}, "baseExteriorColor": "{color.name}", "driveType": "{model.drive}", "fuelType": "{model.fuel}",
    "mileage": "{mileage}", "images": [{"url": "https://pictures.example/{model.code}.jpg"}]}""",
    {"stockDetails.condition": lambda car: "NEW" if car.is_new else car.pick("used", {"USED": 2, "CERTIFIED": 1})},
    missing={0.02: "dealer", 0.2: "pricing.cash.dealerFeaturedPrice", 0.1: "images"},
)
_HOURS = '[{"dayOfWeek": [1, 2, 3, 4, 5, 6], "openFrom": "08:30 AM", "openTo": "08:00 PM"}]'
_DEALER = Template(
    """{"address": {"addressLine1": "{house_number} {street}", "addressLine2": "", "addressLine3": "", "cityName":
    "{city}", "countryIso": "US", "countrySubdivisionCode": "{region}", "postalCode": "{postal_code}",
    "postalCodeFormatted": "{postal_code}", "region": "{region}"}, "bac": "{id}", "dealerCode": "{digits5}",
    "dealerName": "{name}", "dealerUrl": "https://www.{site}", "departments": [{"code": "1", "departmentHours": [],
    "name": "Sales", "phoneNumber": "{phone}"}], "distance": "{miles}", "distanceProp": {"value": "{miles}",
    "measurementUnit": "MI"}, "faxNumber": "{phone}9", "generalContact": {"phone1": "{phone}", "phone2": "{phone}1"},
    "generalOpeningHour": HOURS, "partsOpeningHour": HOURS, "serviceOpeningHour": HOURS, "geolocation": {"latitude":
    "{latitude}", "longitude": "{longitude}"}, "id": "{id}", "isCertifiedInternet": true, "isDealerChild": false,
    "isDealerParent": true, "makeCodes": ["004"], "scheduleServiceUrl": "https://www.{site}/service",
    "sellingBrandCode": "11", "services": [{"code": "001", "name": "BUSINESS ASCT VEHICLE ORDERS"}]}""".replace(
        "HOURS", _HOURS
    ),
    {"makeCodes": lambda dealer: _makes(dealer).split(",")},
    missing={0.1: "faxNumber"},
)
_HEADERS = {"client": "T1_VSR", "oemId": "GM", "tenantId": "0", "dealerId": "0"}
_NOT_FOUND = parts.refusal(404, {"errorDetails": {"key": "inventory.notFound", "message": "No inventory"}})


_LOCATOR = "/bypass/pcf/quantum-dealer-locator/v1/getDealers"


def _makes(dealer: Dealer) -> str:
    """The codes of the brands that a dealer sells."""
    return str(dealer.pick("makes", {"001": 30, "003,004": 30, "001,003,004,006": 20, "006": 20}))


def _bad(what: str) -> parts.Answer:
    return parts.refusal(400, {"errorDetails": {"key": "bad.request", "message": f"{what} is missing"}})


def _inventory(page: Page) -> Record:
    return {"data": {"count": page.total, "hits": page.records, "pagination": {"size": page.size, "from": page.start}}}


def _located(page: Page) -> Record:
    return {
        "cachedData": False, "resultCount": str(len(page.records)), "errorCode": "", "messages": [],
        "payload": {"dealers": page.records}, "status": "success",
    }  # fmt: skip


def _is_kind(value: object) -> bool:
    return isinstance(value, list) and bool(value)


@dataclass(frozen=True)
class _OfBrand:
    """The part of the stock that a brand's site shows."""

    stock: parts.Stock
    brand: str

    def listing(self, world: World, market: str) -> Listing:
        return self.stock.listing(world, market).where("model.brand", {self.brand})


def sandbox_routes(world: World) -> list[Route]:
    stock = parts.Stock(world, "gm", {"us": 1}, models=_MODELS, dealers=_DEALERS, used=0.1, prices_in="USD")
    near = parts.Near(zip=InBody("filters.geo.zipCode"), radius=InBody("filters.geo.radius"), bad=_bad("geo"))
    return [route for brand in _MAKES for route in _routes_of(world, stock, near, brand)]


def _routes_of(world: World, stock: parts.Stock, near: parts.Near, brand: str) -> list[Route]:
    host, make = f"www.{brand}.com", _MAKES[brand]
    service = f"/{brand}/shopping/api/aec-cp-discovery-api/p/v1/vehicles"
    programs = [parts.Fixed(InHeader(name), value, _bad(name)) for name, value in _HEADERS.items()]
    programs.append(parts.Fixed(InHeader("programId"), brand.upper(), _bad("programId")))

    cars = _OfBrand(stock, brand)

    def facets(asked: Asked) -> Record:
        near.key(asked)
        found = sorted(cars.listing(world, "us").counts("model.value").items())
        return {"data": {"count": sum(count for _, count in found),
                         "model": [{"values": [value], "count": count} for value, count in found]}}  # fmt: skip

    narrowing: list[Narrowing] = [Filter(InBody("filters.model.values"), "model.value"), near]
    return [
        Feed(
            world=world, oem="gm", endpoint="vehicle_search", host=host, path=f"{service}/search", method="POST",
            serves=cars, record=_HIT, market="us", narrowing=narrowing, empty=_NOT_FOUND,
            checks=[*programs, parts.Present(InBody("sort.name"), _bad("sort")),
                    parts.Accepts(InBody("paymentTypes"), _is_kind, _bad("paymentTypes"))],
            paging=parts.Offsets(InBody("pagination.from"), InBody("pagination.size"), size=20, largest=20,
                                 window=10_000, past_window=parts.refusal(500)),
            answer=_inventory, records="data.hits", identity="id", total="data.count", example=f"{service}/search",
        ).route(),
        parts.Extra(
            oem="gm", host=host, path=f"{service}/facets", method="POST", checks=programs, answer=facets,
            example=f"{service}/facets",
        ).route(),
        Feed(
            world=world, oem="gm", endpoint="dealer_locator", host=host, serves=_DEALERS, record=_DEALER, market="us",
            path=_LOCATOR,
            checks=[parts.Fixed(InHeader("clientapplicationid"), "quantum", parts.refusal(403)),
                    parts.Fixed(InQuery("makeCodes"), make, _bad("makeCodes"))],
            narrowing=[
                Filter(InQuery("makeCodes"), lambda dealer: str(make in _makes(dealer)), values={make: "True"}),
                parts.Near(latitude=InQuery("latitude"), longitude=InQuery("longitude"), radius=InQuery("distance"),
                           nearest=50, bad=_bad("latitude")),
            ],
            answer=_located, records="payload.dealers", identity="bac",
            example=f"{_LOCATOR}?makeCodes={make}&latitude=40&longitude=-98&distance=320",
            example_headers={"clientapplicationid": "quantum"},
        ).route(),
    ]  # fmt: skip
