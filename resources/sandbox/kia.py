"""Kia, played: the inventory service of the United States (one answer, two tables) and the search of Korea (a cursor).

The first follows a captured answer; the second a list of its fields: a page quietly holds at most a hundred vehicles.
"""

from __future__ import annotations

from resources.sandbox import parts
from resources.sandbox.parts import Feed, Filter, Fixed, InBody, InHeader, InQuery, Page, Record, Route, Template, World
from resources.sandbox.parts.paging import token_of

_MODELS = parts.table("""
name     |code |engine        |motor              |drive|body |trim   |kwh |range|price:int|weight:int|vin
EV6      |N5462|Electric Motor|239kw Electric Motor|AWD |MPV  |GT-Line|77.4|310  |57540    |4         |KNDC4DLC
EV9      |P1552|Electric Motor|283kw Electric Motor|AWD |SUV  |Land   |99.8|280  |71900    |3         |KNDAEFS5
Sportage |42442|4 Cylinders   |2.5L 4-Cylinder    |FWD |SUV  |LX     |    |     |29990    |9         |5XYK33AF
Telluride|J4442|6 Cylinders   |3.8L V6            |AWD |SUV  |SX     |    |     |49900    |6         |5XYP5DGC
K5       |L4242|4 Cylinders   |1.6L 4-Cylinder    |FWD |SEDAN|GT-Line|    |     |27990    |5         |5XXG64J2
Niro     |G1332|Hybrid        |1.6L Hybrid        |FWD |MPV  |EX     |    |     |28990    |4         |KNDCR3LE
""")
_KR_MODELS = parts.table("""
name         |code    |engine         |gear|doors|price:int|weight:int|vin
더 뉴 쏘렌토 |쏘렌토  |디젤 2.2       |자동|7인승|25000    |30        |KNAMH81A
스포티지     |스포티지|가솔린 1.6 터보|자동|5인승|19000    |30        |KNAPU81D
K8 하이브리드|K8      |하이브리드 1.6 |자동|5인승|28000    |20        |KNALC41B
모닝         |모닝    |가솔린 1.0     |수동|5인승|9000     |10        |KNABJ511
EV6          |EV6     |전기           |자동|5인승|32000    |10        |KNAC381A
""")
_DEALERS = parts.Dealers("kia", {"us": 60}, id="{region}{digits5:.3}", name="{city} Kia", without_stock=0.0)
_KR_DEALERS = parts.Dealers("kia", {"kr": 12}, id="{digits5}", name="Kia {city}")
_DEALER = Template(
    """{"active": true, "chat_enabled": true, "code": "{id}", "distance": "7.0450941795978874", "features": ["14"],
    "inTransitInventoryCount": null, "inventory": 21, "inventoryCount": null, "location": {"city": "{city}", "latitude":
    "{latitude:.6f}", "longitude": "{longitude:.6f}", "state": "{region}", "street1": "{street}", "street2": null,
    "zipCode": "{postal_code}"}, "name": "{name}", "phones": [{"number": "{phone}", "type": "business"}, {"number":
    "{phone}", "type": "fax"}], "selected": false, "url": "http://WWW.{site}"}""",
)
_CAR = Template(
    """{"badge": null, "bodyDescription": "{model.body}", "clothLeather": null, "dealerCode": "{dealer.id}",
    "dealerPrice": "{price}", "drivetrain": {"description": "{model.drive}", "drivetrain": "{model.drive}", "id": 9},
    "edwTrim": "{model.trim}", "engineCylinders": {"engineCylinders": "{model.engine}", "id": 2}, "engineDisplacement":
    "{model.motor}", "exteriorColor": {"baseHex": null, "code": "{color.code}", "name": "{color.name}", "useSwatch":
    false}, "features": [{"options": [], "title": "TOP FEATURES"}], "id": "6220{digits9}", "interiorColor":
    {"code": "WK", "name": "Black", "useSwatch": false}, "location": {"latitude": 34.18, "longitude": -118.44},
    "mileage": "116 City 94 Highway", "model": {"id": 69060, "model": "{model.name}"}, "modelCode": "{model.code}",
    "msrp": "{list_price}", "optionPackageCode": "GWN", "options": ["Carpeted Floor Mats"], "packs": null, "range":
    "7.04", "seriesId": "N", "sortKey": null, "status": "DS", "transmission": {"id": 1, "transmission": "Automatic
 Transmission"}, "trim": {"desc": "{model.trim}", "id": 7, "longName": "{model.trim}", "name": "{model.trim}"}, "vin":
    "{vin}", "weight": null, "year": {"id": 1, "year": "{year}"}}""".replace("\n Tr", " Tr"),
    {
        "dealerPrice": lambda car: str(car.price),
        "msrp": lambda car: str(car.list_price),
        "year.year": lambda car: str(car.year),
        "status": lambda car: car.pick("status", {"DS": 8, "IT": 2}),
        "features.0.options": lambda car: [_top_feature(car.model.kwh, car.model.range), "LED lights"],
    },
    null={0.5: "drivetrain"},
)


def _top_feature(kwh: str, miles: str) -> str:
    return f"{kwh} kWh Lithium Ion Battery / {miles}mi All-Electric Range" if kwh else "8-Speed Automatic"


_KR_CAR = Template(
    """{"id": "{serial}", "modelName": "{model.name}", "modelCodeName": "{model.code}", "modelTrim": "노블레스",
    "modelYear": "{year}", "modelEngine": "{model.engine}", "modelMission": "{model.gear}", "modelDoors":
    "{model.doors}", "drivingDistance": "{mileage}", "price": "{price}", "plateNumber": "000가0000",
    "exteriorColorCodeName": "{color.name}", "firstRegisteredOn": "{registered_on}", "displayedAt":
    "{listed_on}T09:30:00+09:00", "reserved": false, "exteriorImageUrl": "https://cpo.kia.com/images/{digits9}.jpg"}""",
    {"reserved": lambda car: car.chance("reserved") < 0.08},
    null={0.05: "modelTrim modelDoors"},
)


def _us_answer(page: Page) -> Record:
    dealers = page.dealers(_DEALER)
    found = {"inTransitVehicleCount": 0, "inventoryVehicleCount": page.total, "vehicleCount": page.total}
    return {"filterSet": {"dealers": dealers, "page": 1}, **found, "inventoryVehicles": page.records}


def _kr_answer(page: Page) -> Record:
    """Each record names the cursor of what comes after it, the last one too."""
    content = [
        {**record, "cursors": token_of(page.start + place).split(",")} for place, record in enumerate(page.records, 1)
    ]
    return {"content": content, "totalElements": page.total}


def sandbox_routes(world: World) -> list[Route]:
    us = parts.Stock(world, "kia", {"us": 3}, models=_MODELS, dealers=_DEALERS, used=0.0)
    kr = parts.Stock(world, "kia", {"kr": 1}, models=_KR_MODELS, dealers=_KR_DEALERS)
    return [
        Feed(
            world=world, oem="kia", endpoint="us_inventory", host="www.kia.com", method="POST",
            path="/us/services/en/inventory/initial", serves=us, record=_CAR, market="us", paging=parts.Whole(),
            checks=[Fixed(InHeader("referer"), "https://www.kia.com/us/en/inventory", parts.refusal(403))],
            narrowing=[Filter(InBody("seriesName"), "model.name")], answer=_us_answer,
            records="inventoryVehicles", identity="vin", total="vehicleCount",
            captured=parts.Captured("kia/us_inventory", records="vehicles", market=None),
            example="/us/services/en/inventory/initial",
        ).route(),
        Feed(
            world=world, oem="kia", endpoint="kr_inventory", host="cpo.kia.com", path="/api/search/", serves=kr,
            record=_KR_CAR, market="kr",
            narrowing=[parts.Sort(InQuery("sort"), {"DISPLAYED_AT_DESC": "-listed_ms", "PRICE_ASC": "price"},
                                  parts.refusal(400))],
            paging=parts.Cursors(InQuery("cursors[]", every=True), InQuery("size"), size=20, largest=100),
            answer=_kr_answer,
            records="content", identity="id", total="totalElements",
            example="/api/search/?size=100",
        ).route(),
    ]  # fmt: skip
