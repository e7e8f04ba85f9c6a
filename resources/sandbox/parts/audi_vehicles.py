"""Audi's played cars: a car's asking price, and the `vehicleBasic` record with every key of SCS.

A car's record is a function of its hash; what is optional is missing as often as such fields are in reality,
and stays missing or present for the car's whole life.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import date

from resources.sandbox.parts.audi_dealers import Dealer
from resources.sandbox.parts.audi_markets import Market, money_text
from resources.sandbox.parts.audi_tables import COLORS, INTERIORS, MODELS, TRIMS, WORDS, Model
from resources.sandbox.parts.identity import SERIALS, serial_code, year_code
from resources.sandbox.parts.stock import Draw, Population, Vehicle, milliseconds, shuffle_digits, spread, word
from resources.sandbox.serving.routes import Record

_MODEL_OF = spread([model.weight for model in MODELS])
_COLOR_OF = spread([weight for _, weight, _ in COLORS])
_CARS_IN_WON_UNITS = 4  # of 256: about the one in 67 that was seen in units of 10,000 won

# which byte of the car's hash decides what, from Draw.FREE on
_MODEL, _AGE, _USE, _NOISE, _WON, _COLOR, _INTERIOR, _TRIM, _DAY = range(Draw.FREE, Draw.FREE + 9)

# key -> of 256 cars, how many lack it; each looks at a byte of its own
_MISSING = {
    "audiCode": 26,
    "commissionNumber": 80,
    "prString": 38,
    "modelVersion": 3,
    "modelCode": 20,
    "symbolicCarlineGroup": 13,
    "trimline": 31,
    "bodyType": 15,
    "driveType": 26,
    "topColor": 50,
    "intColor": 26,
    "upholsteryColor": 26,
    "upholsteryType": 64,
    "emissionClass": 51,
    "efficiencyClass": 90,
    "exhaust": 64,
    "vlsEnergyProvision": 40,
    "vat": 102,
    "vatReclaimable": 13,
    "tradeInNc": 51,
    "tradeInUc": 51,
    "availableFromDate": 26,
    "vin": 218,
    "powerDisplay": 5,
    "modelYear": 3,
    "productionYear": 26,
    "fallbackPictures": 13,
    "pictures": 10,
}
_MISSING_RULES = tuple((key, 64 - len(_MISSING) + at, limit) for at, (key, limit) in enumerate(_MISSING.items()))


def model_index(vehicle: Vehicle) -> int:
    return _MODEL_OF[vehicle.draws[_MODEL]]


def _months(market: Market, vehicle: Vehicle) -> int:
    """Months since first registration when the car was listed: three years for most, ten for a few."""
    if not market.used:
        return 0
    return 2 + vehicle.draws[_AGE] * vehicle.draws[_AGE] // 560


def asking_price(market: Market, population: Population, vehicle: Vehicle) -> int:
    """Today's retail price as SCS states it, in the market's currency (some cars of kruc in 10,000 won)."""
    draws = vehicle.draws
    new_price = MODELS[_MODEL_OF[draws[_MODEL]]].price_eur
    kept = 0.985 ** _months(market, vehicle) * (0.9 if market.used else 1.0) * (0.92 + draws[_NOISE] / 1600)
    amount = new_price * kept * market.per_eur * population.price_factor(vehicle)
    rounded = round(amount / market.rounded_to) * market.rounded_to
    return rounded // 10_000 if _in_won_units(market, vehicle) else rounded


def _in_won_units(market: Market, vehicle: Vehicle) -> bool:
    return market.code == "kruc" and vehicle.draws[_WON] < _CARS_IN_WON_UNITS


def _typed_prices(market: Market, vehicle: Vehicle, amount: int, model: Model) -> list[Record]:
    prices = [
        {
            "amount": float(amount),
            "formatted": money_text(market, amount),
            "type": "retail",
            "currencyCode": market.currency,
        }
    ]
    noise = vehicle.draws[_NOISE]
    if noise < 170:
        scale = 1 / 10_000 if _in_won_units(market, vehicle) else 1
        regular = round(model.price_eur * market.per_eur * scale * (1 + noise / 1000))
        regular_price = {
            "amount": float(regular),
            "formatted": money_text(market, regular),
            "type": "regular",
            "currencyCode": market.currency,
        }
        # SCS promises no order
        prices.insert(noise % 2, regular_price)
    return prices


def _vin(market: Market, model: Model, model_year: int, serial: int) -> str:
    code = serial_code(shuffle_digits(serial, SERIALS))
    return f"WAUZZZ{model.vds}Z{year_code(model_year)}A{code}"


def _used(market: Market, vehicle: Vehicle, population: Population, more: bytes, registered: date) -> Record:
    months = _months(market, vehicle)
    per_month = 400 + vehicle.draws[_USE] * 7
    mileage = months * per_month + population.distance_since_listed(vehicle)
    if market.mileage_unit == "mi":
        mileage = mileage * 5 // 8
    separator = "." if market.language == "es" else ","
    used: Record = {
        "mileage": mileage,
        "mileageUnit": market.mileage_unit,
        "mileageFormatted": f"{mileage:,}".replace(",", separator) + f" {market.mileage_unit}",
        "initialRegistration": registered.isoformat(),
        "initialRegistrationDate": milliseconds(registered.toordinal()),
        "numPreviousOwners": 1 + more[0] % 3,
        "warrantyTypes": [{"code": "gwplus", "description": "gwplus"}],
        "remarks": "",
        "pictureUrls": [f"https://vtpimages.audi.com/carimg2/{more[1]:04d}/{word(more, 2):010d}.jpg"],
    }
    if more[4] < 77:
        del used["numPreviousOwners"]
    if more[5] < 51:
        del used["warrantyTypes"]
    if more[6] < 150:
        del used["remarks"]
    if more[7] < 4:
        del used["initialRegistration"], used["initialRegistrationDate"]
    if market.code == "ukuc":
        used["numberplate"] = f"ZZ{registered.year % 100:02d} Z{more[8]:03d}"  # no such plate is issued
    return used


def record(
    market: Market, population: Population, dealers: list[Dealer], vehicle: Vehicle, data_version: str
) -> Record:
    """The car's `vehicleBasic` object of today."""
    draws, more = vehicle.draws, population.more_draws(vehicle)
    words = WORDS[market.language]
    model = MODELS[_MODEL_OF[draws[_MODEL]]]
    serial = population.serial(vehicle)
    now, first = population.dealers(vehicle, len(dealers))
    dealer = dealers[now]
    car_id = f"{market.iso3}{dealers[first].id[-5:]}{shuffle_digits(serial, 10**9):09d}"
    encoded_id = b64encode(car_id.encode()).decode()
    registered = date.fromordinal(vehicle.listed_on - _months(market, vehicle) * 30 - draws[_DAY] % 28)
    model_year = registered.year + (registered.month > 6)
    color_code, _, color_names = COLORS[_COLOR_OF[draws[_COLOR]]]
    interior_code, interior_color = INTERIORS[draws[_INTERIOR] % len(INTERIORS)]
    trim_code, trim_name = TRIMS[draws[_TRIM] % len(TRIMS)]
    electric = model.fuel == "E"
    amount = asking_price(market, population, vehicle)
    offered = milliseconds(vehicle.listed_on)
    ready = market.used or draws[_USE] < 150
    fuel = words[model.fuel]
    picture = f"https://vtpimages.audi.com/carimg2/{more[1]:04d}/{word(more, 2):010d}.jpg"
    car: Record = {
        "id": encoded_id,
        "decodedCarId": car_id,
        "carId": car_id,
        "type": "U" if market.used else "N",
        "offerType": "used" if market.used else "new",
        "audiCode": f"A{serial_code(serial % SERIALS)}Z",
        "commissionNumber": f"A{serial % 100_000:05d}",
        "rawDealerId": dealer.id,
        "symbolicMarketId": market.code,
        "mbvMarket": market.iso2,
        "countryCode": market.iso2,
        "langCode": market.language,
        "vehicleDataVersion": data_version,
        "vin": _vin(market, model, model_year, serial),
        "brand": {"code": "aa"},
        "businessModel": _BUSINESS_MODELS[0 if more[9] < 220 else 1 + more[9] % 2],
        "model": {"code": model.code, "description": f"Audi {model.name}"},
        "modelCode": {"code": model.model_code, "description": model.name},
        "modelYear": model_year,
        "productionYear": registered.year,
        "modelVersion": None if more[10] < 128 else more[10] % 3,
        "modelExtensions": [],
        "prString": f"PR{trim_code[0].upper()} {color_code[:2]}",
        "symbolicCarline": {"code": model.carline, "description": model.carline_name},
        "symbolicCarlineGroup": {"code": model.group, "description": model.group.upper()},
        "trimline": {"code": trim_code, "description": trim_name},
        "bodyType": {"code": f"body-type.{model.body}", "description": model.body.capitalize()},
        "fuel": {"code": model.fuel, "description": fuel},
        "gearType": {"code": f"gear-type.{model.gear}" if more[11] > 2 else None, "description": words[model.gear]},
        "gearBox": {"code": model.gears, "description": words["gears"].format(model.gears)},
        "driveType": {"code": f"drive.{model.drive}", "description": words[model.drive]},
        "powerDisplay": f"{model.power_kw} kW ({round(model.power_kw * 1.35962)} {words['horsepower']})",
        "extColor": {"code": color_code, "description": color_names[market.language]},
        "topColor": {"code": color_code},
        "intColor": {"code": interior_code, "description": words[interior_color]}
        if more[12] < 170
        else {"code": interior_code},
        "upholsteryColor": {"code": interior_code},
        "upholsteryType": {"description": words["leather" if draws[_INTERIOR] > 150 else "fabric"]},
        "emissionClass": {"code": "euro6", "description": "EURO 6"},
        "efficiencyClass": "ABCD"[more[13] % 4],
        "exhaust": str(90 + more[13]),
        "io": {"hasWltp": True, "hasNedc": False, "fuels": [{"fuel": fuel}]},
        "vlsEnergyProvision": {"hasWltp": True, "hasNedc": False},
        "typedPrices": _typed_prices(market, vehicle, amount, model) if more[14] > 0 else [],
        "vat": {"code": "vat.rebu", "description": "REBU"} if more[15] < 128 else {"code": "vat.included"},
        "vatReclaimable": more[15] >= 128,
        "dateOffer": offered,
        "lastChange": milliseconds(population.last_change_on(vehicle)),
        "availableFrom": words["now" if ready else "later"],
        "availableFromCode": "now" if ready else "later",
        "availableFromDate": offered,
        "deleted": False,
        "nationWideSelling": more[16] < 200,
        "buyableOnline": more[16] < 20,
        "employeeVehicle": more[17] < 15,
        "leasingCar": more[17] > 240,
        "investorSharedVehicle": False,
        "hasCampaigns": more[18] < 40,
        "warrantyPlus": more[18] < 180,
        "liveConsulting": more[19] < 10,
        "threesixtyDegrees": more[19] > 230,
        "hideRenderImages": market.used,
        "tradeInNc": not market.used,
        "tradeInUc": market.used,
        "mbvHandbook": {},
        "envkvData": {},
        "envkvIOData": {},
        "footnotes": {},
        "caeSource": ["VTP"],
        "tyreLabels": [],
        "pictures": [{"originalKey": "k1", "key": "k1", "type": "photo", "url": picture}],
        "fallbackPictures": _FALLBACK_PICTURES,
        "weblink": f"https://entry.audi.com/entry?country={market.iso2.lower()}&language={market.language}&id={encoded_id}",
        "entryUrl": f"https://entry.audi.com/entry?country={market.iso2}&id={encoded_id}",
        "vtpDataStoreUrl": f"https://vtpdatastore.example/cars/{car_id}",
        "dealer": dealer.scs,
    }
    if market.used:
        car["used"] = _used(market, vehicle, population, more, registered)
    else:
        car["vehicleOrderStatus"] = 11 + draws[_USE] % 2 if ready else 7 + draws[_USE] % 4
        car["priceDetails"] = {"totalPrices": {"customer": {"grossAmount": float(amount)}}}
    if electric:
        del car["emissionClass"], car["exhaust"]
    for key, at, limit in _MISSING_RULES:
        if more[at] < limit:
            car.pop(key, None)
    return car


_BUSINESS_MODELS = (
    {"code": "dealer_stock", "description": "Stock"},
    {"code": "nsc_stock", "description": "Importer stock"},
    {"code": "agency_model", "description": "Agency"},
)
_FALLBACK_PICTURES = [
    {"originalKey": "logo", "key": "logo", "type": "fallback", "url": "https://assets.audi.com/logo.png"}
]
