"""Audi, played: what SCS (Stock Car Search) and PSS (Partner Search Service) accept, refuse and answer.

From the notes of public connectors; no capture of either exists. PSS puts the country before SCS's number of a dealer.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta

from resources.sandbox import parts
from resources.sandbox.parts import ABSENT, Car, Feed, InQuery, Lot, Page, Record, Route, Template, World
from resources.sandbox.platforms import omnigraph

_MODELS = parts.table("""
code |carline |number|vin     |body     |fuel|kind    |gear     |drive  |kw |price:int|weight:int|name
aagb |a1sb    |GBABCG|WAUZZZGB|sportback|B   |petrol  |manual   |front  |70 |24300    |6         |A1 Sportback 25 TFSI
aa8x |a3sb    |8YABLG|WAUZZZ8Y|sportback|D   |diesel  |automatic|front  |110|37900    |12        |A3 Sportback 35 TDI
aa8z |a3sb    |8YABPX|WAUZZZ8Y|sportback|H   |hybrid  |automatic|front  |150|43500    |5         |A3 Sportback 40 e
aa8v |a3sb    |8YABGX|WAUZZZ8V|sportback|G   |gas     |automatic|front  |96 |34200    |1         |A3 Sportback g-tron
aaf5 |a4avant |8WDCFY|WAUZZZF4|avant    |D   |diesel  |automatic|quattro|150|54400    |9         |A4 Avant 40 TDI
aaf8 |a5cabrio|F57AVY|WAUZZZF5|cabriolet|B   |petrol  |automatic|quattro|195|68500    |1         |A5 Cabriolet 45 TFSI
aaf3 |q3      |F3BBHG|WAUZZZF3|suv      |B   |petrol  |manual   |front  |110|44800    |12        |Q3 35 TFSI
aaf4e|q4etron |F4BAC2|WAUZZZF4|suv      |E   |electric|automatic|rear   |150|54900    |9         |Q4 e-tron 40
""")
LOTS = {
    "esuc": Lot("es", 26), "ukuc": Lot("gb", 32), "kruc": Lot("kr", 4), "pluc": Lot("pl", 12), "auuc": Lot("au", 6),
    "es": Lot("es", 10, used=0), "kr": Lot("kr", 3, used=0), "pl": Lot("pl", 7, used=0),
}  # fmt: skip
_COUNTS = {"de": 120, "es": 56, "gb": 100, "kr": 24, "pl": 38, "us": 90, "au": 36}
_CODES = {parts.COUNTRIES[country].iso3: country for country in _COUNTS}
_DEALERS = parts.Dealers("audi", _COUNTS, name="{city} Wagen;{city} Motor", without_stock=0.1)

_SCS_DEALER = Template(
    """{"id": "{id}", "name": "LEIOA", "street": "{street} {house_number}", "zipCode": "{postal_code}", "city":
    "{city}", "geoLocation": {"lat": "{latitude}", "lon": "{longitude}"}, "email": "info@{site}", "trackingId":
    "{iso3}{id}", "phoneNumbers": [{"number": "{phone}", "type": "sales"}], "isAffiliateCompany": false,
    "dealerPersons": [{"firstname": "Fictia", "lastname": "Nadiez"}], "dealerContextLinkData": [{"context": "A",
    "dealerId": "{id}", "groupName": "{name}", "hasDealerAddressData": true, "geoLocation": {"lat": "{latitude}",
    "lon": "{longitude}"}}]}""",
    {
        "name": lambda dealer: dealer.pick("upper", [dealer.name, dealer.name.upper()]),
        "dealerPersons.0.lastname": lambda dealer: dealer.pick("person", parts.PERSONS),
    },
    missing={0.65: "dealerPersons", 0.4: "isAffiliateCompany", 0.05: "email"},
)
_PSS_DEALER = Template(
    """{"dealerId": "{iso3}{id}", "name": "{name}", "latitude": "{latitude}", "longitude": "{longitude}", "street":
    "{street}", "houseNumber": "{house_number}", "city": "{city}", "region": "{region}", "country": "{iso3}",
    "zipCode": "{postal_code}", "phone": "{phone}", "fax": "{phone}9", "url": "www.{site}", "email": "info@{site}",
    "services": ["sales"], "openingHours": {"departments": [{"departmentName": "Verkauf", "openingHours": [{"id": "Mo",
    "open": true, "timeRanges": [{"openTime": "08:00:00", "closeTime": "18:30"}]}]}]}}""",
    {
        "url": lambda dealer: dealer.pick("scheme", ["https://www.", "www."]) + dealer.site,
        "services": lambda dealer: ["sales", "usedcars", "service"] if dealer.has_stock else ["service"],
        "openingHours": lambda dealer: _hours(dealer),
    },
    null={0.7: "fax", 0.1: "houseNumber email openingHours", 0.05: "zipCode phone"},
)
_TEST = {"dealerId": "DEUA00000", "name": "Test", "street": "Test", "country": "DEU", "url": "test.com", "services": []}


def _hours(dealer: parts.Dealer) -> Record:
    """PSS writes a time in three ways."""
    opens, closes = dealer.pick("hours", [("08:00:00", "18:30"), ("08:30", "1800"), ("0900", "19:00:00")])
    ranges = {"Mo": [{"openTime": opens, "closeTime": closes}], "Su": []}
    days = [{"id": day, "open": bool(times), "timeRanges": times} for day, times in ranges.items()]
    names = [dealer.said(word) for word in ("sales", "service")]
    return {"departments": [{"departmentName": name, "openingHours": days} for name in names]}


def _unit(car: Car) -> int:
    return 10_000 if car.market == "kruc" and car.chance("unit") < 0.016 else 1  # a few are in units of 10,000 won


def _prices(car: Car) -> list[Record]:
    """The retail price, and mostly what the car cost when new, in any order."""
    unit = _unit(car)
    named = [("retail", car.price), ("regular", car.list_price)][: 2 if car.chance("regular") < 0.66 else 1]
    return [
        {"amount": n / unit, "formatted": f"{n / unit:,.2f}", "type": kind, "currencyCode": car.country.currency}
        for kind, n in (named[::-1] if car.chance("order") < 0.5 else named)
    ] * (car.chance("priceless") > 0.004)


_USED = Template(
    """{"mileage": "{mileage}", "mileageUnit": "{country.distance_unit}", "numPreviousOwners": 1,
    "initialRegistration": "{registered_on}", "initialRegistrationDate": "{registered_ms}", "mileageFormatted":
    "{mileage:,} {country.distance_unit}", "remarks": "", "warrantyTypes": [{"code": "gwplus", "description":
    "gwplus"}], "pictureUrls": ["https://vtpimages.audi.com/1.jpg"], "numberplate": "ZZ18 Z001"}""",
    {"numberplate": lambda car: f"ZZ{car.year % 100:02d} Z{car.digits5[2:]}" if car.market == "ukuc" else ABSENT},
    missing={0.3: "numPreviousOwners", 0.2: "warrantyTypes", 0.6: "remarks", 0.015: "initialRegistration"},
)
_CAR = Template(
    """{"id": "RVNQ", "decodedCarId": "{iso3}{first_dealer.digits5}{digits9}", "type": "U", "offerType": "used",
    "carId": "{iso3}{first_dealer.digits5}{digits9}", "audiCode": "A{code}Z", "commissionNumber": "A{digits5}",
    "rawDealerId": "{dealer.id}", "symbolicMarketId": "{market}", "mbvMarket": "{iso2}", "countryCode": "{iso2}",
    "langCode": "{country.language}", "vehicleDataVersion": "svd-{today}t00_03_33_461-18", "vin": "{vin}", "brand": {
    "code": "aa"}, "businessModel": {"code": "dealer_stock", "description": "Stock"}, "model": {"code": "{model.code}",
    "description": "Audi {model.name}"}, "modelCode": {"code": "{model.number}", "description": "{model.name}"},
    "modelYear": "{year}", "productionYear": "{registered_on.year}", "modelVersion": 1, "modelExtensions": [],
    "prString": "PRX PRY", "symbolicCarline": {"code": "{model.carline}", "description": "Audi"},
    "symbolicCarlineGroup": {"code": "{model.carline:.2}", "description": "A"}, "trimline": {"code": "adrenalin",
    "description": "Adrenalin"}, "bodyType": {"code": "body-type.{model.body}", "description": "{model.body}"}, "fuel":
    {"code": "{model.fuel}", "description": "Gasolina"}, "gearType": {"code": "gear-type.{model.gear}", "description":
    "{model.gear}"}, "gearBox": {"code": "7", "description": "7-speed"}, "driveType": {"code": "drive.{model.drive}",
    "description": "{model.drive}"}, "powerDisplay": "{model.kw} kW", "extColor": {"code": "{color.code}",
    "description": "{color.name}"}, "topColor": {"code": "{color.code}"}, "intColor": {"code": "EI", "description":
    "black"}, "upholsteryColor": {"code": "EI"}, "upholsteryType": {"description": "Tela"}, "emissionClass": {"code":
    "euro6", "description": "EURO 6"}, "efficiencyClass": "B", "exhaust": "98", "io": {"hasWltp": true, "hasNedc":
    false, "fuels": [{"fuel": "Gasolina"}]}, "vlsEnergyProvision": {"hasWltp": true, "hasNedc": false}, "typedPrices":
    [], "vat": {"code": "vat.rebu", "description": "REBU"}, "vatReclaimable": false, "used": {}, "vehicleOrderStatus":
    11, "priceDetails": {"totalPrices": {"customer": {"grossAmount": 1.0}}}, "dateOffer": "{listed_ms}", "lastChange":
    "{changed_ms}", "availableFrom": "inmediata", "availableFromCode": "now", "availableFromDate": "{listed_ms}",
    "deleted": false, "nationWideSelling": true, "buyableOnline": false, "employeeVehicle": false, "leasingCar": false,
    "investorSharedVehicle": false, "hasCampaigns": false, "warrantyPlus": true, "liveConsulting": false,
    "threesixtyDegrees": false, "hideRenderImages": true, "tradeInNc": false, "tradeInUc": true, "mbvHandbook": {},
    "envkvData": {}, "envkvIOData": {}, "footnotes": {}, "caeSource": ["VTP"], "tyreLabels": [], "pictures": [{
    "originalKey": "k1", "key": "k1", "type": "photo", "url": "https://vtpimages.audi.com/1.jpg"}], "fallbackPictures":
    [{"originalKey": "logo", "key": "logo", "type": "fallback", "url": "https://x.audi.com/logo.png"}], "weblink":
    "https://entry.audi.com/entry?id={digits9}", "entryUrl": "https://entry.audi.com/entry?id={digits9}",
    "vtpDataStoreUrl": "https://vtpdatastore.example/cars/{digits9}", "dealer": {}}""",
    {
        "id": lambda car: b64encode(f"{car.iso3}{car.first_dealer.digits5}{car.digits9}".encode()).decode(),
        "type": lambda car: "N" if car.is_new else "U", "offerType": lambda car: "new" if car.is_new else "used",
        "fuel.description": lambda car: car.said(car.model.kind), "typedPrices": _prices,
        "vatReclaimable": lambda car: car.chance("vat") < 0.5, "warrantyPlus": lambda car: car.chance("plus") < 0.7,
        "used": lambda car: ABSENT if car.is_new else _USED.render(car), "dealer": _SCS_DEALER.of("dealer"),
        "vehicleOrderStatus": lambda car: car.whole("status", 7, 12) if car.is_new else ABSENT,
        "priceDetails": lambda car: {"totalPrices": {"customer": {"grossAmount": car.price}}} if car.is_new else ABSENT,
        "emissionClass": lambda car: ABSENT if car.model.fuel == "E" else {"code": "euro6", "description": "EURO 6"},
    },
    missing={
        0.85: "vin", 0.01: "modelYear powerDisplay", 0.4: "vat efficiencyClass", 0.31: "upholsteryType exhaust",
        0.3: "commissionNumber intColor.description",
        0.2: "topColor tradeInNc tradeInUc emissionClass vlsEnergyProvision",
        0.1: "audiCode prString modelCode trimline bodyType driveType upholsteryColor availableFromDate productionYear",
        0.05: "symbolicCarlineGroup vatReclaimable fallbackPictures pictures",
    },
    null={0.5: "modelVersion", 0.01: "gearType.code"},
)  # fmt: skip

_NO_MARKET, _ERROR, _BAD = parts.graphql_error("market {market} is not known"), parts.refusal(500), parts.refusal(400)
_NO_TOKEN = parts.refusal(401, {"status": 401, "message": "Token is missing or invalid"})
_SORTS: dict[str, parts.Order | None] = {"prices.retail:asc": None, "prices.retail:desc": "-price"}
_CRITERIA = {"carline": "model.carline", "fuel": "model.fuel", "gear-type": "model.gear"}


def _language(asked: parts.Asked) -> parts.Answer | None:
    lot = LOTS.get(asked.parameters["market"])
    return None if lot and lot.facts.language == asked.parameters["language"] else _ERROR


def _search(page: Page) -> Record:
    """`items` and `groups` count cars for the filter panel; they look like lists of cars and are none."""
    facets = {name: page.facets(attribute) for name, attribute in _CRITERIA.items()}
    items = {name: [{"id": f"{name}.{key}", "count": n} for key, n in found.items()] for name, found in facets.items()}
    sort = page.asked.query.get("sort", "prices.retail:asc")
    return {
        "totalCount": page.total, "entryUrl": "https://entry.audi.com/entry", "filterOptions": {}, "debug": None,
        "header": {"from": page.start, "size": page.size, "market": page.market, "sort": sort},
        **dict.fromkeys(("maxScore", "maxPossibleScore", "scoringPercentage", "displayPercentage")),
        "groups": [{"id": name, "items": found} for name, found in items.items()],
        "items": [item for found in items.values() for item in found], "vehicleBasic": page.records,
    }  # fmt: skip


def sandbox_routes(world: World) -> list[Route]:
    later = world.date + timedelta(days=400)
    registered = {"initialRegistration": f"{later}", "initialRegistrationDate": parts.milliseconds(later.toordinal())}
    return [
        Feed(
            world=world, oem="audi", endpoint="scs_search", host="scs.audi.de", record=_CAR, answer=_search,
            path="/api/v2/search/filter/{market}/{language}", order=lambda car: car.price / _unit(car),
            serves=parts.Stock(world, "audi", LOTS, models=_MODELS, dealers=_DEALERS),
            records="vehicleBasic", identity="carId", total="totalCount",
            checks=[parts.Key(parts.InHeader("Token"), "AUDI_SCS_TOKEN", _NO_TOKEN), _language],
            market=parts.Choice(parts.InPath("market"), {code: code for code in LOTS}, unknown=_ERROR),
            narrowing=[parts.Terms(InQuery("filter"), _CRITERIA, _BAD), parts.Sort(InQuery("sort"), _SORTS, _BAD)],
            paging=parts.Offsets(InQuery("from"), InQuery("size"), size=12, largest=300, too_large=_BAD, past_end=_BAD),
            faults={
                "negative-price": lambda car: car.update(typedPrices=[{"amount": -1.0, "type": "retail"}]),
                "future-registration": lambda car: car.setdefault("used", {}).update(registered),
                "drift": lambda car: car.update(modelYear=str(car.get("modelYear")), batteryHealth={"percent": 97}),
            },
            example="/api/v2/search/filter/esuc/es?from=0&size=12",
        ).route(),
        Feed(
            world=world, oem="audi", endpoint="pss_dealers", host="graphql.pss.audi.com", path="/", serves=_DEALERS,
            record=_PSS_DEALER, records="data.dealersByMarket.dealers", identity="dealerId",
            checks=[parts.Key(parts.InHeader("clientid"), "AUDI_PSS_CLIENT_ID", parts.refusal(403))],
            market=parts.Choice(parts.InArguments("market"), {**_CODES, "A-ATA": ""}, _NO_MARKET),
            graphql=parts.GraphQL("dealersByMarket(market: Market!)", "scalar Market", {"marketInfo": {
                "markets": [{"market": code} for code in (*_CODES, "A-ATA")]}}),
            answer=lambda page: {"dealers": [*page.records[:3], *[_TEST][: page.total], *page.records[3:]]},
            faults={"drift": lambda dealer: dealer.update(latitude=str(dealer.get("latitude")), chargingPoints=4)},
            example="/",
        ).route(),
        omnigraph.dealers(world, "audi", endpoint="us_dealers"), omnigraph.stock(world, "audi", endpoint="us_stock"),
    ]  # fmt: skip
