"""Ford in Spain, played: the search behind its used-car pages (eUsed). Built from a field list.

The host wants the page that the request comes from, and a key that a browser computes: milliseconds and a nonce, which
it takes once and within minutes. What it refuses in the body of a request it answers with status 200.
"""

from __future__ import annotations

import time
from base64 import b64decode

from resources.sandbox import parts
from resources.sandbox.parts import Asked, Feed, InBody, InHeader, Page, Record, Route, Template, World

_MODELS = parts.table("""
name        |variant                 |fuel              |gear      |price:int|weight:int|vin
Fiesta      |1.1 Ti-VCT Trend        |Gasolina          |Manual    |19500    |8         |WF0JXXGA
Focus       |1.0 Ecoboost MHEV ST-Line|Mild Hybrid      |Manual    |29800    |8         |WF0NXXGC
Focus       |1.5 Ecoblue Titanium    |Diésel            |Automático|31500    |5         |WF0NXXGC
Kuga        |2.5 PHEV ST-Line X      |Híbrido enchufable|Automático|43900    |6         |WF0FXXWP
Kuga        |2.5 FHEV Titanium       |Híbrido           |Automático|39900    |5         |WF0FXXWP
Mustang Mach-E|Extended Range AWD    |Eléctrico         |Automático|67400    |2         |WF0TXXTK
Puma        |1.0 Ecoboost MHEV Titanium|Mild Hybrid     |Manual    |26600    |9         |WF02XXER
""")
_DEALERS = parts.Dealers("ford", {"es": 31}, name="{city} Motor;Auto {city}", without_stock=0)
_CAR = Template(
    """{"Vehicle": {"Identity": {"ID": "{digits9}", "RegistrationNumber": "ZZ00"}, "Brand": {"ShortDescription":
    "FORD"}, "Model": {"ShortDescription": "{model.name}"}, "Variant": {"ShortDescription": "{model.variant}"},
    "History": {"YearOfProduction": "{registered_on.year}", "DateOfRegistration": "{registered_on}"},
    "CurrentCondition": {"CurrentOdometerReading": {"value": "{mileage}"}}, "Configuration": {"FuelType":
    {"ShortDescription": "{model.fuel}"}, "TransmissionType": {"ShortDescription": "{model.gear}"}, "Appearance":
    {"ImageRef": [{"value": "https://pictures.example/{digits9}.jpg"}]}}}, "VendorInformation": {"VendorCode":
    "{dealer.id}", "VendorName": "{dealer.name}", "Price": {"value": "{price}", "VATIncIndicator": true}, "Address":
    {"PostCode": {"Identifier": [{"value": "{dealer.postal_code}"}]}, "Locality": {"NameElement": [{"value":
    "{dealer.city}"}]}, "LocationByCoordinates": {"Latitude": {"DegreesMeasure": "{dealer.latitude}"}, "Longitude":
    {"DegreesMeasure": "{dealer.longitude}"}}}}}""",
    {"Vehicle.Identity.RegistrationNumber": lambda car: f"Z{car.digits5}ZZ"},
    missing={0.08: "Vehicle.Configuration.Appearance.ImageRef"},
    null={0.02: "Vehicle.History.YearOfProduction Vehicle.Configuration.TransmissionType.ShortDescription"},
)
_MINUTES = 10


def _is_key(value: object) -> bool:
    try:
        stamp, nonce = b64decode(str(value), validate=True).decode().split(":")
        return abs(time.time() - int(stamp) / 1000) < _MINUTES * 60 and len(bytes.fromhex(nonce)) == 16
    except ValueError:
        return False


def _refused(code: int, message: str, status: int = 200) -> parts.Answer:
    return parts.refusal(status, {"status": {"statusCode": code, "statusMessage": message}, "data": None})


def _wants_a_locale(asked: Asked) -> parts.Answer | None:
    return None if InBody("locale").read(asked) == "es_ES" else _refused(412, "locale")


def _around(asked: Asked) -> bool:
    """Whether the centre lies in Spain: longitude first."""
    try:
        longitude, latitude = (float(part) for part in str(InBody("longLatCoordinates").read(asked)).split(","))
    except ValueError:
        return False
    return -19 < longitude < 5 and 27 < latitude < 44


def _found(page: Page) -> Record:
    nothing = not _around(page.asked)
    listed = [] if nothing else page.records
    inventory = {"totalMatches": 0 if nothing else page.total, "VehicleInventoryItem": listed}
    return {"status": {"statusCode": 200, "statusMessage": "OK"}, "data": {"VehicleInventoryList": inventory}}


def sandbox_routes(world: World) -> list[Route]:
    stock = parts.Stock(world, "ford", {"es": 1}, models=_MODELS, dealers=_DEALERS)
    key = InHeader("x-eusl-k")
    return [
        Feed(
            world=world, oem="ford", endpoint="e_used", host="www.servicescache.ford.com",
            path="/api/eUsed/v1/searchVehicles", method="POST", serves=stock, record=_CAR, market="es", order="price",
            checks=[
                parts.Fixed(InHeader("referer"), "https://secure.ford.es/",
                            _refused(401, "Request is not Originated from valid Source", 401)),
                parts.Fixed(InHeader("x-eusl-consumer"), "b-gux_approved_used-prod",
                            _refused(401, "Consumer is not Authorized", 401)),
                parts.Accepts(key, _is_key, _refused(401, "Consumer is not Authorized", 401)),
                parts.Once(key, _refused(401, "Consumer is not Authorized", 401)), _wants_a_locale,
            ],
            paging=parts.Offsets(InBody("pagination.startingRecord"), InBody("pagination.maxRecords"), size=12),
            answer=_found, records="data.VehicleInventoryList.VehicleInventoryItem", identity="Vehicle.Identity.ID",
            total="data.VehicleInventoryList.totalMatches", example="/api/eUsed/v1/searchVehicles",
            example_headers={"Referer": "https://secure.ford.es/"},
        ).route(),
    ]  # fmt: skip
