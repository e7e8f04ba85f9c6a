"""Mercedes-Benz USA's played cars: asking price and the search record with every key of the captured ones.

What is optional is missing as often as in the captures (`_MISSING`); a price of 0 comes and goes by the day.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import msgspec

from resources.sandbox.parts.identity import SERIALS, serial_code, with_check_digit, year_code
from resources.sandbox.parts.mercedes_dealers import Dealer
from resources.sandbox.parts.mercedes_tables import (
    BODIES,
    CLASSES,
    COLORS,
    EQUIPMENT,
    FUELS,
    MODELS,
    UPHOLSTERIES,
    Model,
)
from resources.sandbox.parts.stock import Draw, Population, Vehicle, shuffle_digits, spread
from resources.sandbox.serving.routes import Record

_COLOR_OF = spread([weight for _, _, weight in COLORS])
_MODELS_OF_CLASS = {name: [index for index, model in enumerate(MODELS) if model.class_id == name] for name in CLASSES}
_MODEL_OF_CLASS = {
    name: [models[at] for at in spread([MODELS[index].weight for index in models])]
    for name, models in _MODELS_OF_CLASS.items()
}
_MODEL, _AGE, _USE, _NOISE, _COLOR, _UPHOLSTERY, _CERTIFIED, _DAY = range(Draw.FREE, Draw.FREE + 8)
_PRICE_MISSING_PER_THOUSAND = 17  # 24 of the 1,677 captured records, and on the day only


def model_index(class_id: str, vehicle: Vehicle) -> int:
    return _MODEL_OF_CLASS[class_id][vehicle.draws[_MODEL]]


def color_family(vehicle: Vehicle) -> str:
    return COLORS[_COLOR_OF[vehicle.draws[_COLOR]]][1]


def is_certified(vehicle: Vehicle) -> bool:
    return vehicle.draws[_CERTIFIED] < 230


def _months(vehicle: Vehicle) -> int:
    """Months since the car was new when it was listed."""
    return 3 + vehicle.draws[_AGE] * vehicle.draws[_AGE] // 1000


def _asking_price(model: Model, population: Population, vehicle: Vehicle) -> float:
    kept = 0.987 ** _months(vehicle) * (0.9 + vehicle.draws[_NOISE] / 1600)
    return float(round(model.price_usd * kept * population.price_factor(vehicle)))


def _price_is_missing(vehicle: Vehicle) -> bool:
    digest = blake2b(vehicle.draws[:16] + vehicle.day.to_bytes(4, "big"), digest_size=4).digest()
    return int.from_bytes(digest, "big") % 1000 < _PRICE_MISSING_PER_THOUSAND


@lru_cache(maxsize=4096)
def _image(model_id: str, color: str, view: str) -> msgspec.Raw:
    """A picture of the configurator; encoded once a model, colour and view, for it is long."""
    token = blake2b(f"{model_id}/{color}/{view}".encode()).hexdigest()
    url = f"https://media.oneweb.mercedes-benz.com/images/dynamic/nafta/US/{model_id}/iris.jpg?q={token}&POV={view}"
    picture = {"url": url, "retinaUrl": None}
    return msgspec.Raw(msgspec.json.encode({"type": "IRIS", "desktop": picture, "mobile": picture}))


@lru_cache(maxsize=4096)
def _equipment(first: int) -> tuple[msgspec.Raw, msgspec.Raw, msgspec.Raw]:
    """Eight pieces of equipment as `includedFeatures`, `features` and `optionList` state them."""
    pieces = [EQUIPMENT[(first + 5 * step) % len(EQUIPMENT)] for step in range(8)]
    forms: tuple[Any, Any, Any] = (
        [{"name": text} for _, text in pieces],
        [text for _, text in pieces],
        [{"code": code, "text": text} for code, text in pieces],
    )
    included, features, options = (msgspec.Raw(msgspec.json.encode(form)) for form in forms)
    return included, features, options


@lru_cache(maxsize=32)
def _program_end(month: int) -> str:
    """The last day of the month (counted from year 0) in which a financing offer ends."""
    year, index = divmod(month, 12)
    return (date(year + index // 11, (index + 1) % 12 + 1, 1) - timedelta(days=1)).isoformat()


def _financing(dealer: Dealer, price: float, today: date) -> Record:
    return {
        "apr": 7.29 if price > 60_000 else 8.28,
        "financingType": "FINANCE",
        "monthlyPayment": round(price * 0.01514, 2),
        "programEndDate": _program_end(today.year * 12 + today.month - 1),
        "regionCode": dealer.value["regionCode"],
        "termLength": 72,
        "downPaymentAmount": float(round(price * 0.24)),
    }


def _properties(model: Model, color: str, upholstery: str, year: str, vin: str) -> list[Record]:
    facts = (
        ("ACCELERATION", f"{9.5 - model.horsepower / 100:.1f} sec", "Acceleration"),
        ("AUTOMATIC_TRANSMISSION", "Automatic", "Automatic transmission"),
        ("ENGINE", model.engine, "Engine"),
        ("PASSENGER_CAPACITY", "5", "Passenger Capacity"),
        ("NET_POWER", f"{model.horsepower} hp", "Power"),
        ("EXTERIOR_COLOR", color, "Exterior Color"),
        ("INTERIOR_COLOR", upholstery, "Interior Color"),
        ("MODEL", model.model_id, "Model"),
        ("YEAR", year, "Year"),
        ("VIN", vin, "VIN"),
    )
    return [{"name": name, "value": value, "header": header} for name, value, header in facts]


def record(
    class_id: str,
    population: Population,
    dealers: list[Dealer],
    encoded: list[msgspec.Raw],
    stocked: int,
    vehicle: Vehicle,
) -> Record:
    """The car's search record of today. encoded: the dealers as seen from where is asked."""
    draws, more = vehicle.draws, population.more_draws(vehicle)
    model = MODELS[model_index(class_id, vehicle)]
    position = population.dealers(vehicle, stocked)[0]
    dealer = dealers[position]
    serial = population.serial(vehicle)
    today = date.fromordinal(vehicle.day)
    first_used = date.fromordinal(vehicle.listed_on - _months(vehicle) * 30 - draws[_DAY] % 28)
    model_year = first_used.year + (first_used.month > 7)
    year = str(model_year)
    code = serial_code(shuffle_digits(serial, SERIALS))
    vin = with_check_digit(f"{model.wmi}{model.vds}0{year_code(model_year)}A{code}")
    price_missing = _price_is_missing(vehicle)
    price = 0.0 if price_missing else _asking_price(model, population, vehicle)
    color, family, _ = COLORS[_COLOR_OF[draws[_COLOR]]]
    upholstery = UPHOLSTERIES[draws[_UPHOLSTERY] % len(UPHOLSTERIES)]
    equipped = more[0] > 0  # 6 of 1,677 lack equipment, paint and upholstery together
    included, features, options = _equipment(more[1] % len(EQUIPMENT))
    stock_id = f"{'PMU'[more[2] % 3]}{serial % 100_000:05d}"
    mileage = float(_months(vehicle) * (300 + draws[_USE] * 4) + population.distance_since_listed(vehicle))
    reservable = more[3] > 14
    fuel = FUELS[model.fuel]
    pictures = 0 if more[4] < 6 else 1 if more[4] < 18 else 6 + more[4] % 38
    certified = is_certified(vehicle)
    paint: Record = {"metaCode": family, "price": 0.0, "mapped": False}
    seat: Record = {"metaCode": "OTR", "price": 0.0, "mapped": False}
    paint["swatch"] = {"url": f"/content/dam/mb-nafta/us/myco/swatches/paint/{family}.jpg", "type": "IRIS"}
    seat["swatch"] = {"url": f"/content/dam/mb-nafta/us/myco/swatches/upholstery/{more[5]}.jpg", "type": "IRIS"}
    if equipped:
        paint = {"id": color, "name": color, **paint}
        seat = {"id": upholstery, "name": upholstery, **seat}
    if more[6] < 4:
        del paint["swatch"]["url"]
    if more[7] < 13:
        del seat["swatch"]["url"]
    used: Record = {
        "historyReport": False,
        "certified": certified,
        "demoVehicle": False,
        "dealer": encoded[position],
        "driveTrain": {"code": "A", "text": "Automatic"},
        "dsrp": price,
        "fuelType": {"code": model.fuel, "text": fuel},
        "mileage": mileage,
        "mileageUnit": "mi",
        "stockId": stock_id,
        "images": [
            f"https://content.homenetiol.com/{dealer.id}/{code}/0x0/{number:02d}.jpg" for number in range(pictures)
        ],
        "optionList": options if equipped else [],
        "reservable": reservable,
        "reservePrice": price,
    }
    car: Record = {
        "type": "PRE",
        "dealerId": dealer.id,
        "gssnOutletId": dealer.gssn_outlet_id,
        "bodyStyleId": model.body_id,
        "bodyStyleName": BODIES[model.body_id],
        "classId": class_id,
        "className": CLASSES[class_id][1],
        "modelId": model.model_id,
        "modelName": model.name,
        "partial": not equipped,
        "year": year,
        "msrp": price,
        "vin": vin,
        "available": more[8] > 1,
        "brands": [],
        "detailedContent": False,
        "fuelType": {"id": model.fuel, "name": fuel},
        "driveTrain": {"id": "A", "name": "Automatic"},
        "additionalPricingInformation": _FEES,
        "exteriorBaseImage": _image(model.model_id, color, "BE040"),
        "interiorBaseImage": _image(model.model_id, upholstery, "Bi1"),
        "exteriorMetaColor": family,
        "interiorMetaColor": "OTR",
        "engine": model.engine,
        "paint": paint,
        "upholstery": seat,
        "properties": _properties(model, color, upholstery, year, vin),
        "includedFeatures": included,
        "monthlyPaymentInfo": [_financing(dealer, price, today)] if more[9] > 14 else [],
        "features": features if equipped else [],
        "usedVehicleAttributes": used,
        "relevance": 0,
        "dealer": encoded[position],
        "stockId": stock_id,
        "inventoryPrice": price if more[10] < 3 else 0.0,
        "vehicleReservationStatus": "RESERVABLE" if reservable else "NOT_RESERVABLE",
        "current": False,
        "eLink": "",
        "ePriceEnabled": True,
        "digitalRetailing": False,
        "dseDealerNewCar": reservable,
        "isHermesLess": False,
        "contactDealerForPrice": price_missing,
        "isVehicleCurrentlyReserved": False,
        "isVehicleReservable": reservable,
    }
    if price_missing:
        del car["additionalPricingInformation"], car["monthlyPaymentInfo"]
    if not equipped:
        del car["includedFeatures"]
    if more[11] < 94:  # 617 of 1,677
        del car["stockId"], used["stockId"]
    return car


_FEES = [
    {"type": "ADMIN_FEE", "value": 0.0},
    {"type": "IMPORT_FEE", "value": 0.0},
    {"type": "MBCAN_SUPPORT_LINE", "value": 0.0},
]
