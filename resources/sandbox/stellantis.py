"""Stellantis in the United States, played: the stock service of five sites and the dealer locator of six.

The stock is built from a field list, dealers from captures of Alfa Romeo's site. Counts are texts; what is wrong with a
request stands in `result.errors` of an answer with status 200. At most 500 vehicles and 20 dealers come on a page.
"""

from __future__ import annotations

from collections.abc import Callable

from resources.sandbox import parts
from resources.sandbox.parts import Asked, Car, Dealer, Feed, Filter, InQuery, Page, Record, Route, Template, World

_MODELS = parts.table("""
letter|line|body   |name                   |trim              |power          |drive|price:int|weight:int|vin
J     |10  |JLXS74A|WRANGLER 4-DOOR        |Sahara            |Gas/Diesel     |4X4  |52000    |10        |1C4PJXEG
J     |17  |JLXP74A|WRANGLER 4-DOOR        |Sahara 4xe        |Plug-In Hybrid |4X4  |61000    |3         |1C4RJXP6
J     |19  |WLXP74A|GRAND CHEROKEE         |Overland 4xe      |Plug-In Hybrid |4X4  |72000    |3         |1C4RJYC6
J     |20  |WLJH74A|GRAND CHEROKEE         |Laredo            |Gas/Diesel     |4X2  |44000    |12        |1C4RJGAG
T     |14  |DJ7H91A|RAM 2500               |Big Horn          |ICE (or Gas/Diesel)|4X4|63000 |5         |3C6UR5DL
T     |20  |DT6H98A|RAM 1500               |Laramie           |Gas/Diesel     |4X4  |62500    |14        |1C6SRFJT
D     |03  |LADH22A|CHALLENGER             |R/T Scat Pack     |Gas/Diesel     |RWD  |55000    |2         |2C3CDZFJ
C     |10  |RUCH53A|PACIFICA PLUG-IN HYBRID|S Appearance      |Plug-In Hybrid |FWD  |56000    |2         |2C4RC1S7
X     |04  |FFBL41A|500e                   |Inspired by Beauty|All Electric   |FWD  |34000    |1         |ZFAFFAB4
""")
_SITES = {
    "www.jeep.com": "J", "www.ramtrucks.com": "T", "www.dodge.com": "D", "www.chrysler.com": "C", "www.fiatusa.com": "X"
}  # fmt: skip
_DEALERS = parts.Dealers(
    "stellantis", {"us": 220}, name="{city} Chrysler Dodge Jeep Ram;{city} Auto", without_stock=0.05
)

_VEHICLE = Template(
    """{"vin": "{vin}", "ccode": "IUJ", "llp": "2TB", "modelYear": "{year:d}", "vehicleDesc":
    "{model.name} {model.trim}", "exteriorColorDesc": "{color.name} Exterior Paint", "interiorColorDesc": "Black",
    "engineDesc": "3.6L V6",
    "dealerCode": "{dealer.id}", "dealerZipCode": "{dealer.postal_code}", "price": {"msrp": "{list_price:d}",
    "netPrice": "{price:d}", "destination": "1895", "discountedPrice": "{price:d}"}, "attributes": {"attributes":
    [{"typeId": 1, "value": "{model.drive}"}, {"typeId": 5, "value": "{model.trim}"}, {"typeId": 1001, "value":
    "{model.power}"}, {"typeId": 12, "value": "x"}]}, "mackevisionData": {"consumerFamily": "family"}, "match":
    {"matchLevel": "Exact"}}""",
    {"ccode": lambda car: f"{_code(car)}{car.model.body}"},
    missing={0.03: "price.netPrice"},
)
_OPEN = """{"closed": false, "hour24": false, "open": {"time": "9:00", "ampm": "AM"}, "close": {"time": "7:00", "ampm":
    "PM"}}"""
_SHUT = """{"closed": true, "hour24": false, "open": {"time": "0:00", "ampm": "AM"}, "close": {"time": "0:00", "ampm":
    "AM"}}"""
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_WEEK = "{" + ", ".join(f'"{day}": {_OPEN}' for day in _WEEKDAYS) + f', "sunday": {_SHUT}' + "}"
_DEPARTMENT = '{"fulladdress": "{street}", "phonenumber": "{phone}", "email": "", "hours": ' + _WEEK + "}"
_DEALER = Template(
    """{"dealerCode": "{id}", "locationSeq": "000", "dealerName": "{name}", "dealerAddress1": "{house_number} {street}",
    "dealerAddress2": "", "dealerCity": "{city}", "dealerState": "{region}", "dealerShowroomCountry": "USA",
    "dealerZipCode": "{postal_code}4956", "dealerShowroomLongitude": "{longitude:f}", "dealerShowroomLatitude":
    "{latitude:f}", "businessCenter": "E", "phoneNumber": "{phone}", "distance": "{miles:.2f}", "dma": "0820",
    "website": "https://www.{site}/", "demail": "", "hasQuote": "N", "departments": {"sales": DEPARTMENT, "service":
    DEPARTMENT, "parts": DEPARTMENT, "bodyShop": DEPARTMENT, "used": DEPARTMENT}, "awards": [], "brands": ["J"],
    "services": ["OLSHP"], "onlineServiceSchedulingURL": "", "ossDealerid": "", "osspilotflag": "", "dealerStatus":
    "Y"}""".replace("DEPARTMENT", _DEPARTMENT),
    {
        "brands": lambda dealer: _brands(dealer).split(","),
        "services": lambda dealer: dealer.pick("services", [["PUDO", "OLSHP"], ["OLSHP"], []]),
    },
)


def _code(car: Car) -> str:
    """Model year and line of a vehicle."""
    return f"IU{car.model.letter}{car.year}{car.model.line}"


def _brands(dealer: Dealer) -> str:
    """The letters of the brands that a dealer sells."""
    return str(dealer.pick("brands", {"C,D,J,R": 60, "J": 10, "X,Y": 15, "Y": 5, "C,D,J,R,X": 10}))


def _sells(letter: str) -> Callable[[Dealer], str]:
    return lambda dealer: str(letter in _brands(dealer))


def _error(text: str) -> parts.Answer:
    return parts.refusal(200, {"result": {"data": None, "errors": [{"errorCode": "E1", "errorDesc": text}]}})


def _of_this_site(asked: Asked) -> parts.Answer | None:
    """A code of a model year and a line: `IUJ202410`, at the site of its brand."""
    letter, code = _SITES.get(asked.headers.get("host", "").partition(":")[0]), InQuery("modelYearCode").read(asked)
    good = code is not None and len(code) == 9 and code[:2] == "IU" and letter in (None, code[2])
    return None if good else _error("modelYearCode")


def _vehicles(page: Page) -> Record:
    metadata = {"totalcount": str(page.total), "exactMatchCount": str(page.total)}
    return {"result": {"data": {"metadata": metadata, "vehicles": page.records}, "errors": []}}


def _dealers(page: Page) -> Record:
    return {
        "status": 200, "numberOfResultsReturned": str(len(page.records)), "numberOfResultPages": str(page.pages),
        "currentPageNumber": str(page.number + 1), "totalDealersCount": str(page.total), "dealer": page.records,
    }  # fmt: skip


def sandbox_routes(world: World) -> list[Route]:
    stock = parts.Stock(world, "stellantis", {"us": 1}, models=_MODELS, dealers=_DEALERS, used=0, prices_in="USD")
    return [
        *(
            Feed(
                world=world, oem="stellantis", endpoint="hostd_inventory", host=site, serves=stock, record=_VEHICLE,
                path="/hostd/inventory/getinventoryresults.json", market="us", checks=[_of_this_site],
                narrowing=[
                    Filter(InQuery("modelYearCode"), _code),
                    parts.Near(zip=InQuery("zip"), radius=InQuery("radius"), bad=_error("zip")),
                ],
                paging=parts.Pages(InQuery("pageNumber"), InQuery("pageSize"), first=1, size=10, largest=500,
                                   bad=_error("pageNumber")),
                answer=_vehicles, records="result.data.vehicles", identity="vin",
                total="result.data.metadata.totalcount",
                example=f"/hostd/inventory/getinventoryresults.json?modelYearCode=IU{letter}202610&zip=66101",
            ).route()
            for site, letter in _SITES.items()
        ),
        *(
            Feed(
                world=world, oem="stellantis", endpoint="dealer_locator", host=site, path="/bdlws/MDLSDealerLocator",
                serves=_DEALERS, record=_DEALER, market="us",
                checks=[parts.Fixed(InQuery("brandCode"), letter, parts.refusal(200, {"status": 400, "dealer": None}))],
                narrowing=[
                    Filter(InQuery("brandCode"), _sells(letter), values={letter: "True"}),
                    parts.Near(zip=InQuery("zipCode"), radius=InQuery("radius"), bad=parts.refusal(400)),
                ],
                paging=parts.Pages(InQuery("resultsPage"), InQuery("resultsPerPage"), first=1, size=20, largest=20),
                answer=_dealers, records="dealer", identity="dealerCode", total="totalDealersCount",
                example=f"/bdlws/MDLSDealerLocator?brandCode={letter}&zipCode=66101&radius=9999",
            ).route()
            for site, letter in (_SITES | {"www.ramtrucks.com": "R", "www.alfaromeousa.com": "Y"}).items()
        ),
    ]  # fmt: skip
