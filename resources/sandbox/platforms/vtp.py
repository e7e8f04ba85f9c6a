"""VTP (Vehicle Trading Platform), played: pages in request headers, the total in a response header, a tenant a lot.

Built from the field list of a British answer and the notes of public collectors; what the host says of an unknown
tenant is not on record.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from resources.sandbox import parts
from resources.sandbox.parts import ABSENT, Car, Feed, InHeader, Lot, Page, Record, Route, Template, World

_DEALER = Template(
    """{"key": "{iso3}{id}", "gvoStatus": "A", "items": [{"key": "name", "value": "{name}"}, {"key": "street", "value":
    "{street} {house_number}"}, {"key": "zip", "value": "{postal_code}"}, {"key": "city", "value": "{city}"}, {"key":
    "phone", "value": "{phone}"}, {"key": "email", "value": "info@{site}"}, {"key": "fax", "value": ""}, {"key":
    "position", "values": [{"key": "latitude", "value": "1"}, {"key": "longitude", "value": "1"}]}]}""",
    {"items.7.values.0.value": "{latitude:f}", "items.7.values.1.value": "{longitude:f}"},
    missing={0.1: "items.4"},
)
_FUELS = {
    "PURE_PETROL": "petrol", "DEPLETING_PETROL": "hybrid", "SUSTAINING_PETROL": "hybrid", "PURE_DIESEL": "diesel",
    "PURE_ELECTRICAL": "electric",
}  # fmt: skip
_WORDS = parts.table("""
word     |en                |es
automatic|Automatic (DSG)   |Cambio automático DSG
manual   |Manual            |Cambio manual
front    |Front wheel drive |Tracción delantera
rear     |Rear wheel drive  |Tracción trasera
all      |Four-wheel drive  |Tracción total
""")
_SAID = {(row.word, language): getattr(row, language) for row in _WORDS for language in ("en", "es")}


def _grouped(car: Car, number: int) -> str:
    return f"{number:,}".replace(",", "," if car.country.language == "en" else ".")


def _used(car: Car, value: Any) -> Any:
    return ABSENT if car.is_new else value


_CAR = Template(
    """{"key": "R0JS", "href": "https://vtpapi.seat.com/restapi/v1/{market}/car/R0JS", "car": {"carid":
    "{iso3}{first_dealer.digits5}{digits7}", "key": "R0JS", "items": [
    {"key": "manuf", "value": "CUPRA"}, {"key": "model", "value": "{model.name}", "mbv": {"code": "{model.code}"}},
    {"key": "smod", "value": "{model.trim}"}, {"key": "cartitle", "value": "{model.name} {model.trim}"},
    {"key": "localCarTitle", "value": "{model.name} {model.trim} 5dr"},
    {"key": "modelyear", "value": "{year:d}"}, {"key": "drive", "value": "Four-wheel drive"},
    {"key": "gear", "value": "Automatic"}, {"key": "doors", "value": "5"}, {"key": "seat", "value": "5"},
    {"key": "initialreg", "value": "{registered_on}T00:00:00Z"}, {"key": "numberplate", "value": "ZZ18 Z001"},
    {"key": "mileage", "label": "Mileage", "unit": "MI", "value": "2,222", "raw_value": 2222.0},
    {"key": "available_from", "name": {"key": "TS_OFF_VERF"}, "value": "{listed_on}T22:00:00Z"},
    {"key": "motor", "values": [{"key": "fuel", "name": {"key": "TS_COM_TXN94"}, "value": "Electric"},
    {"key": "power.kw", "name": {"key": "TS_kw"}, "unit": "kW", "value": "{model.kw:d}"},
    {"key": "power.ps", "name": {"key": "TS_ps"}, "unit": "PS", "value": "286"}]},
    {"key": "prices", "values": [{"key": "sale", "unit": "GBP", "value": "49,985", "raw_value": 49985.0}]},
    {"key": "color", "code": "9", "values": [{"key": "exterior", "values": [{"key": "generic", "value": "{color.name}"},
    {"key": "marketing", "values": [{"key": "out", "name": {"key": "TS_t_color"}, "value": "{color.name} Metallic"}]}]},
    {"key": "interior", "values": [{"key": "generic", "value": "Black"},
    {"key": "marketing", "values": [{"key": "out", "name": {"key": "TS_t_int"}, "value": "Midnight Black"}]}]}]}],
    "hypermediatechdata": [{"key": "NEDC", "techDataType": {"key": "NEDC", "name": "NEDC", "groups": []}},
    {"key": "WLTP", "techDataType": {"key": "WLTP", "name": "WLTP", "groups": [
    {"key": "consumption", "techDataGroup": {"key": "consumption", "name": "Consumption", "data": [{"key": "fuel",
    "techData": {"key": "fuel", "values": [{"key": "PURE_ELECTRICAL", "items": [{"key": "energy_management", "value":
    "PURE"}], "values": [{"key": "COMBINED", "name": "Combined", "unit": "miles/kWh", "value": "3.4"}]}]}}]}},
    {"key": "range", "techDataGroup": {"key": "range", "name": "Range", "data": [{"key": "fuel", "techData": {"key":
    "fuel", "values": [{"key": "PURE_ELECTRICAL", "items": [], "values": [{"key": "COMBINED", "name": "Combined",
    "unit": "mi", "value": "284"}]}]}}]}}]}}],
    "images": [{"key": "dealerImages", "imageGroup": {"key": "dealerImages", "type": "photo", "contenttype":
    "image/jpeg", "width": 640, "height": 480, "images": [{"key": "0", "image": {"key": "0", "type": "photo", "width":
    640, "height": 480, "contenttype": "image/jpeg", "href": "https://vtpimages.audi.com/carimg2/{digits9}.jpg"}}]}}],
    "hypermediadealer": {"key": "{dealer.iso3}{dealer.id}", "href": "h", "dealer": {}}}}""",
    {
        "key": lambda car: _key(car), "car.key": lambda car: _key(car),
        "car.items.0.value": lambda car: car.model.brand,
        "car.items.6.value": lambda car: _SAID[car.model.drive, car.country.language],
        "car.items.7.value": lambda car: _SAID[car.model.gear, car.country.language],
        "car.items.10": lambda car: _used(car, {"key": "initialreg", "value": f"{car.registered_on}T00:00:00Z"}),
        "car.items.11": lambda car: _used(car, {"key": "numberplate", "value": f"ZZ18 Z{car.digits5[2:]}"}),
        "car.items.12": lambda car: _used(car, {
            "key": "mileage", "label": "Mileage", "unit": car.country.distance_unit.upper(),
            "value": _grouped(car, car.mileage), "raw_value": float(car.mileage)}),
        "car.items.14.values.0.value": lambda car: car.said(_FUELS[car.model.fuel]),
        "car.items.15.values.0": lambda car: {"key": "sale", "unit": car.country.currency,
            "value": _grouped(car, car.price), "raw_value": float(car.price)},
        "car.hypermediatechdata.1.techDataType.groups.0.techDataGroup.data.0.techData.values.0.key": "model.fuel",
        "car.hypermediatechdata.1.techDataType.groups.1": lambda car: _range(car) if car.model.range else ABSENT,
        "car.hypermediadealer.href": "https://vtpapi.seat.com/restapi/v1/{market}/datastore/dealer/{dealer.iso3}{dealer.id}",
        "car.hypermediadealer.dealer": _DEALER.of("dealer"),
    },
    missing={0.1: "car.items.13 car.items.8 car.images", 0.02: "car.hypermediatechdata",
             0.2: "car.items.16.values.0.values.1"},
)  # fmt: skip


def _key(car: Car) -> str:
    return b64encode(f"{car.iso3}{car.first_dealer.digits5}{car.digits7}".encode()).decode()


def _range(car: Car) -> Record:
    unit, value = ("mi", car.model.range * 5 // 8) if car.country.distance_unit == "mi" else ("km", car.model.range)
    combined = {"key": "COMBINED", "name": "Combined", "unit": unit, "value": str(value)}
    values = [{"key": car.model.fuel, "items": [], "values": [combined]}]
    data = [{"key": "fuel", "techData": {"key": "fuel", "values": values}}]
    return {"key": "range", "techDataGroup": {"key": "range", "name": "Range", "data": data}}


def _found(page: Page) -> Record:
    """Past the end the list of cars is missing."""
    criterias = [
        {"criteria": {"key": name}, "selectedItems": [], "possibleItems": [
            {"key": str(value), "number": count} for value, count in page.facets(attribute).items()]}
        for name, attribute in (("t_color", "color.code"), ("t_model", "model.code"))
    ]  # fmt: skip
    result = {"cars": page.records} if page.records else {}
    return {
        "criteria": {"key": "criteria", "search": {"criterias": criterias}},
        "results": {"result": result}, "combinations": {},
    }  # fmt: skip


def vtp_routes(
    world: World, oem: str, *, prefix: str, pattern: str, lots: Mapping[str, Lot], models: str, dealers: parts.Dealers
) -> list[Route]:
    """The stock locator of a brand.

    prefix: how the brand's tenants begin; pattern: the header that its site sends; lots: tenant -> what is in it.
    models: a table with the columns brand, code, name, trim, vin, fuel, drive, gear, kw, range, price.
    """
    server_error = parts.refusal(500, {"message": "INTERNAL ERROR"})
    unauthorized = parts.refusal(401, {"error": "VtpApiUnauthorized"})

    def fits(asked: parts.Asked) -> parts.Answer | None:
        """The tenants of new stock answer larger pages with an error."""
        asked_for = parts.InPath("tenant").read(asked)
        size = InHeader("x-page-items").read(asked)
        is_new = f"{prefix}{asked_for}".endswith("nwb")
        return server_error if is_new and size is not None and size.isdecimal() and int(size) > 12 else None

    orders: dict[str, parts.Order | None] = {"DATE_OFFER": None, "PRICE_SALE": "price"}
    codes = {tenant.removeprefix(prefix): tenant for tenant in lots}
    return [
        Feed(
            world=world, oem=oem, endpoint="vtp_search", host="vtpapi.seat.com",
            path=f"/restapi/v1/{prefix}{{tenant}}/search/car",
            serves=parts.Stock(world, oem, lots, models=parts.table(models), dealers=dealers), record=_CAR,
            market=parts.Choice(parts.InPath("tenant"), codes, unknown=parts.refusal(404, {"message": "tenant"})),
            checks=[parts.Fixed(InHeader("x-pattern"), pattern, unauthorized), fits],
            order="-listed_ms",
            narrowing=[parts.Sort(InHeader("x-sort"), orders, unknown=server_error)],
            paging=parts.Pages(InHeader("x-page"), InHeader("x-page-items"), size=10, first=1, largest=100,
                               bad=server_error),
            answer=_found, headers=lambda page: {"x-result-number": str(page.total)}, total_header="x-result-number",
            records="results.result.cars", identity="car.carid",
            faults={"drift": lambda car: car["car"].update(carid=car["car"]["carid"], batteryHealth={"percent": 97})},
            example=f"/restapi/v1/{next(iter(lots))}/search/car", example_headers={"x-pattern": pattern},
        ).route(),
    ]  # fmt: skip
