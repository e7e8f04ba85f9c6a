"""Mercedes-Benz, played: used search and dealers of the United States by collectors' notes and captures; Korea."""

from __future__ import annotations

from typing import Any

from resources.sandbox import parts
from resources.sandbox.parts import ABSENT, Car, Dealer, Feed, Filter, InQuery, Page, Record, Route, Template, World
from resources.sandbox.platforms import onesearch

# weight: percent of the stock; price: new, in US dollars
_MODELS = parts.table("""
class_id|id     |body|vin     |fuel|hp |price:int|weight:int|name
A       |A220W  |SDN |W1K3G4EB|G   |188|35000    |2         |A 220 Sedan
C       |C300W4 |SDN |W1KAF4HB|G   |255|49000    |15        |C 300 4MATIC Sedan
CLA     |CLA250C|CPE |W1K5J4GB|G   |221|42000    |6         |CLA 250 Coupe
CLE     |CLE450A|CAB |W1KMK5JB|G   |375|75000    |3         |CLE 450 4MATIC Cabriolet
CLS     |CLS450C|CPE |W1K2J5JB|G   |362|77000    |1         |CLS 450 4MATIC Coupe
E       |E350W4 |SDN |W1KLF4JB|G   |255|65000    |7         |E 350 4MATIC Sedan
E       |E450S4 |WGN |W1KLH6FB|G   |375|77000    |2         |E 450 4MATIC All-Terrain
EQB     |EQB300W|SUV |W1N9M0CB|E   |225|54000    |4         |EQB 300 4MATIC SUV
EQE     |EQE350V|SDN |W1KEG2BB|E   |288|75000    |5         |EQE 350+ Sedan
EQS     |EQS580X|SUV |W1NDM4EB|E   |536|126000   |4         |EQS 580 4MATIC SUV
G       |G550W4 |SUV |W1NYC7HJ|G   |416|140000   |2         |G 550 SUV
GLA     |GLA250W|SUV |W1N4N4GB|G   |221|42000    |6         |GLA 250 SUV
GLB     |GLB250W|SUV |W1N4M4GB|G   |221|44000    |6         |GLB 250 SUV
GLC     |GLC300W|SUV |W1NKM4GB|G   |255|49000    |12        |GLC 300 SUV
GLC     |GLC350E|SUV |W1NKM5CB|H   |313|61000    |3         |GLC 350e 4MATIC SUV
GLE     |GLE350W|SUV |4JGFB4KB|G   |255|66000    |11        |GLE 350 4MATIC SUV
GLS     |GLS580W|SUV |4JGFF8GE|G   |510|115000   |4         |GLS 580 4MATIC SUV
GT      |GT55C4 |CPE |W1KRJ7GA|G   |469|138000   |1         |AMG GT 55 4MATIC+ Coupe
S       |S500V4 |SDN |W1K6G6DB|G   |442|120000   |4         |S 500 4MATIC Sedan
SL      |SL43R  |RDS |W1KVK3AB|G   |375|112000   |1         |AMG SL 43 Roadster
VLE     |VLE300 |WGN |W1NVLE1B|E   |272|60000    |1         |VLE 300
""")
CLASSES = {name: sum(row.weight for row in _MODELS if row.class_id == name) for name in {r.class_id for r in _MODELS}}
_BODIES = {"SDN": "Sedans", "WGN": "Wagons", "CPE": "Coupes", "CAB": "Cabriolets", "SUV": "SUVs", "RDS": "Roadsters"}
_FUELS = {"G": "Gasoline", "E": "Electric", "H": "Plug-in Hybrid"}
_REGIONS = ("WESTERN", "CENTRAL", "SOUTHERN", "NORTHEAST")
_DEALERS = parts.Dealers("mercedes", {"us": 140}, name="Mercedes-Benz of {city}", without_stock=0.085)


def _region(dealer: Dealer) -> str:
    return _REGIONS[sum(dealer.longitude > border for border in (-103, -88, -78))]


_DEALER = Template(
    """{"id": "{id}", "name": "{name}", "gssnOutletId": "GS00{digits5}", "regionCode": "03", "marketCode": "11",
    "address": [{"type": "primary", "line1": "{house_number} {street}", "line2": "", "city": "{city}", "state":
    "{region}", "zip": "{postal_code}", "country": "US", "region": "CENTRAL", "location": {"lat": "{latitude:f}",
    "lng": "{longitude:f}", "dist": "{miles:f}", "distunit": "miles"}}], "contact": [{"type": "fax", "value":
    "{phone}"}, {"type": "phone", "value": "{phone}"}], "url": "http://www.{site}", "programs": ["prmrexp"],
    "languages": ["en"], "activities": [{"name": "sales", "url": ""}, {"name": "service", "url":
    "http://www.{site}/service"}], "placeId": "played-{id}", "badges": ["prmrexp"]}""",
    {
        "address.0.region": _region, "regionCode": lambda dealer: f"{4 - _REGIONS.index(_region(dealer)):02d}",
        "programs": lambda dealer: dealer.pick("programs", [["prmrexp", "eqready"], ["eqready"], []]),
    },
)  # fmt: skip


def _price(car: Car) -> float:
    """The asking price; 0 on some days, for as many as in the captures."""
    return 0.0 if car.chance_today("price") < 0.017 else float(car.price)


def _unless_priceless(value: Any) -> Any:
    return lambda car: value if _price(car) else ABSENT


def _certified(car: Car) -> bool:
    return car.chance("certified") < 0.9


def _properties(car: Car) -> list[Record]:
    facts = {"NET_POWER": f"{car.model.hp} hp", "AUTOMATIC_TRANSMISSION": "Automatic", "PASSENGER_CAPACITY": "5"}
    return [{"name": name, "value": value, "header": name.title()} for name, value in facts.items()]


_CAR = Template(
    """{"type": "PRE", "dealerId": "{dealer.id}", "gssnOutletId": "GS00{dealer.digits5}", "bodyStyleId":
    "{model.body}", "bodyStyleName": "Wagons", "classId": "{model.class_id}", "className": "{model.class_id}-Class",
    "modelId": "{model.id}", "modelName": "{model.name}", "partial": false, "year": "{year:d}", "msrp": 0.0, "vin":
    "{vin}", "available": true, "brands": [], "detailedContent": false, "fuelType": {"id": "{model.fuel}", "name":
    "Gasoline"}, "driveTrain": {"id": "A", "name": "Automatic"}, "additionalPricingInformation": [],
    "exteriorBaseImage": {"type": "IRIS", "desktop": {"url": "https://a.example/{model.id}", "retinaUrl": null},
    "mobile": {"url": "https://a.example/{model.id}", "retinaUrl": null}}, "interiorBaseImage": {"type": "IRIS",
    "desktop": {"url": "https://a.example/{model.id}", "retinaUrl": null}, "mobile": {"url":
    "https://a.example/{model.id}", "retinaUrl": null}}, "exteriorMetaColor": "{color.code}", "interiorMetaColor":
    "OTR", "engine": "2.0L inline-4 turbo engine", "paint": {"id": "{color.name}", "name": "{color.name}", "metaCode":
    "{color.code}", "price": 0.0, "mapped": false, "swatch": {"url": "/{code}", "type": "IRIS"}}, "upholstery": {"id":
    "Black leather", "name": "Black leather", "metaCode": "OTR", "price": 0.0, "mapped": false, "swatch": {"url":
    "/content/OTR.jpg", "type": "IRIS"}}, "properties": [], "includedFeatures": [{"name": "Panorama roof"}],
    "monthlyPaymentInfo": [], "features": ["Panorama roof"], "usedVehicleAttributes": {"historyReport": false,
    "certified": true, "demoVehicle": false, "dealer": {}, "driveTrain": {"code": "A", "text": "Automatic"}, "dsrp":
    0.0, "fuelType": {"code": "{model.fuel}", "text": "Gasoline"}, "mileage": 1.0, "mileageUnit": "mi", "stockId":
    "P{digits5}", "images": ["https://b.example/{code}.jpg"], "optionList": [{"code": "0:413", "text":
    "Panorama roof"}], "reservable": true, "reservePrice": 0.0}, "relevance": 0, "dealer": {}, "stockId": "P{digits5}",
    "inventoryPrice": 0.0, "vehicleReservationStatus": "RESERVABLE", "current": false, "eLink": "", "ePriceEnabled":
    true, "digitalRetailing": false, "dseDealerNewCar": true, "isHermesLess": false, "contactDealerForPrice": false,
    "isVehicleCurrentlyReserved": false, "isVehicleReservable": true}""",
    {
        "bodyStyleName": lambda car: _BODIES[car.model.body], "properties": _properties, "msrp": _price,
        **dict.fromkeys(("usedVehicleAttributes.dsrp", "usedVehicleAttributes.reservePrice"), _price),
        **dict.fromkeys(("dealer", "usedVehicleAttributes.dealer"), _DEALER.of("dealer")),
        **dict.fromkeys(("fuelType.name", "usedVehicleAttributes.fuelType.text"), lambda car: _FUELS[car.model.fuel]),
        "usedVehicleAttributes.certified": _certified, "available": lambda car: car.chance("available") > 0.01,
        "usedVehicleAttributes.mileage": lambda car: float(car.mileage),
        "usedVehicleAttributes.images": lambda car: ["https://b.example/1.jpg"] * car.whole("images", 0, 40),
        "contactDealerForPrice": lambda car: not _price(car),
        "additionalPricingInformation": _unless_priceless([{"type": "ADMIN_FEE", "value": 0.0}]),
        "monthlyPaymentInfo": _unless_priceless([{"apr": 7.29, "financingType": "FINANCE", "monthlyPayment": 722.19,
            "programEndDate": "2026-12-31", "regionCode": "03", "termLength": 72, "downPaymentAmount": 11452.0}]),
    },
    missing={0.005: "paint.id paint.name upholstery.id upholstery.name includedFeatures",
             0.03: "upholstery.swatch.url paint.swatch.url", 0.37: "stockId usedVehicleAttributes.stockId"},
)  # fmt: skip

_RECORDS = "result.pagedVehicles.records"
_FACETS: dict[str, parts.Trait] = {
    "invType": lambda car: "CPO" if _certified(car) else "PRE_OWNED", "bodyStyle": "model.body", "color": "color.code",
    "dealer": "dealer.id", "driveTrain": lambda car: "A", "fuelType": "model.fuel",
    "modelDesignation": "model.id", "modelIdentifier": "model.class_id",
}  # fmt: skip


def _facet(page: Page, name: str) -> Record:
    values = page.facets(_FACETS[name]).items()
    entries = [{"value": value, "formattedValue": value, "count": count} for value, count in values]
    return {"values": entries, "facetType": "MULTI_VALUE", "label": name}


def _envelope(world: World, result: Any, status: int = 200, *messages: str) -> Record:
    stamp = f"{parts.milliseconds(world.date.toordinal())}"
    about = {"code": status, "ok": status == 200, "tmstmp": stamp, "traceId": stamp}
    return {"result": result, "status": about, "messages": messages, "success": status == 200}


def _found(page: Page) -> Record:
    total = page.total_off_by(4, share=0.2)
    paging = {"totalCount": total, "currentOffset": page.start, "currentCount": len(page.records)}
    facets = (
        {name: _facet(page, name) for name in _FACETS} if page.captures is None else page.from_capture("result.facets")
    )
    result = {"pagedVehicles": {"records": page.records, "paging": paging}, "callSeq": None, "specialOffers": None}
    return _envelope(page.world, {**result, "facets": facets})


def sandbox_routes(world: World) -> list[Route]:
    def refusal(status: int, message: str) -> parts.Answer:
        return parts.refusal(status, _envelope(world, None, status, message))

    bad = refusal(400, "start, count and zip must be numbers")
    near = parts.Near(zip=InQuery("zip"), default_zip="66952", bad=bad)
    # the feed flaps more than others: of the cars that vanish from the captures, a third is back within days
    churn = parts.Churn(flap_chance=0.2, flap_days=6, price_days=(12, 40))
    stock = parts.Stock(world, "mercedes", {"us": 1}, models=_MODELS, dealers=_DEALERS, prices_in="USD", churn=churn,
                        oldest_months=68)  # fmt: skip
    orders: dict[str, parts.Order | None] = {"distance-asc": None, "distance-desc": "-miles"}
    return [
        Feed(
            world=world, oem="mercedes", endpoint="mbusa_search", host="nafta-service.mbusa.com",
            path="/api/inv/v1/en_us/used/vehicles/search", serves=stock, record=_CAR, market="us",
            aims=(InQuery("class"), sorted(CLASSES)),
            checks=[
                parts.Fixed(InQuery("withFilters"), "true", refusal(400, "withFilters must be true")),
            ],
            narrowing=[
                Filter(InQuery("class"), "model.class_id", captured="classId"),
                Filter(InQuery("model"), "model.id", captured="modelId"),
                Filter(InQuery("bodyStyleId"), "model.body", captured="bodyStyleId"),
                Filter(InQuery("invType"), _certified, values={"cpo": "true", "preowned": "false"}),
                near, parts.Sort(InQuery("sortBy"), orders, unknown=refusal(400, "sortBy")),
                parts.RepeatedAtBoundaries(every=12, share=0.015),
            ],
            paging=parts.Pages(InQuery("start"), InQuery("count"), size=12, bad=bad, wants_whole_pages_above=12,
                               zero=refusal(500, "Internal Server Error")),
            answer=_found, records=_RECORDS, identity="vin",
            total="result.pagedVehicles.paging.totalCount",
            faults={
                "negative-price": lambda car: car.update(msrp=-1.0),
                "drift": lambda car: car.update(year=int(car["year"]), batteryHealth={"percent": 97}),
            },
            example="/api/inv/v1/en_us/used/vehicles/search?class=E&invType=cpo&start=0&count=12&withFilters=true",
            captured=parts.Captured("mercedes/mbusa_used_search"),
        ).route(),
        Feed(
            world=world, oem="mercedes", endpoint="mbusa_dealers", host="nafta-service.mbusa.com",
            path="/api/dlrsrv/v1/us/search", serves=_DEALERS, record=_DEALER, market="us", narrowing=[near],
            paging=parts.Pages(InQuery("start"), InQuery("count"), size=12, bad=bad),
            answer=lambda page: {"results": page.records, "totalCount": page.total},
            records="results", identity="id", total="totalCount",
            faults={"drift": lambda dealer: dealer.update(address=dealer["address"][0], chargingPoints=4)},
            example="/api/dlrsrv/v1/us/search?zip=66952&start=0&count=1000&filter=mbdealer",
            # no capture of the dealer service exists: the dealers that the day's cars stand at, so those with stock
            captured=parts.Captured("mercedes/mbusa_used_search", records=_RECORDS, each="dealer"),
        ).route(),
        onesearch.stock(world, "mercedes", endpoint="kr_inventory"),
    ]  # fmt: skip
