"""Kia: new vehicles and dealers of the United States, certified used vehicles of Korea.

The fields of the United States are those of the captured answer of 2022; of the engines only the electric one was
captured. The fields of Korea are a list that a public connector gives.
"""

import polars as pl

from transformed.contract.contracts import Dealer, Vehicle
from transformed.mapping.declaration import Coded, TableMapping, paths
from transformed.mapping.expressions import (
    at,
    first_where,
    kilometres,
    market_currency,
    money,
    number_before,
    number_of_text,
    positive,
    text,
    vin,
    web_address,
)
from transformed.mapping.fields import fields
from transformed.mapping.times import date_of_text, time_of_text

_ENGINES = {"Electric Motor": "electric", "4 Cylinders": "petrol", "6 Cylinders": "petrol", "Hybrid": "hybrid"}
_DRIVES = {"AWD": "all", "FWD": "front", "RWD": "rear", "4WD": "all"}
_BODIES = {"MPV": "suv", "SUV": "suv", "SEDAN": "saloon", "VAN": "van", "HATCHBACK": "hatchback"}
_KILOMETRES_PER_MILE = 1.609344
# the first words of the features hold the battery and the range: "77.4 kWh Lithium Ion Battery / 310mi ..."
_TOP_FEATURES = at("features").list.first().struct.field("options").list.join(" ")
_RANGE_MILES = _TOP_FEATURES.str.extract(r"(\d+)\s*mi All-Electric Range").cast(pl.Float64)

US_INVENTORY = TableMapping(
    contract=Vehicle,
    record=fields(
        text="""
        vin id dealerCode dealerPrice msrp drivetrain.description engineCylinders.engineCylinders engineDisplacement
        transmission.transmission bodyDescription exteriorColor.name interiorColor.name features[].options[]
        model.model modelCode trim.longName year.year status
        """
    ),
    ignored=paths(
        """
        badge clothLeather drivetrain.** edwTrim engineCylinders.id exteriorColor.** interiorColor.** features.title
        location mileage model.id optionPackageCode options packs range seriesId sortKey transmission.id trim.**
        weight year.id
        """
    ),
    columns={
        "listing_id": text("vin"),
        "vin": vin("vin"),
        "stock_number": text("id"),
        "condition": pl.lit("new"),
        "brand": pl.lit("Kia"),
        "model": text("model.model"),
        "model_code": text("modelCode"),
        "trim": text("trim.longName"),
        "model_year": text("year.year").cast(pl.Int16, strict=False),
        "body_type": Coded("bodyDescription", _BODIES),
        "fuel_type": Coded("engineCylinders.engineCylinders", _ENGINES),
        "transmission": Coded("transmission.transmission", {"Automatic Transmission": "automatic"}),
        "drive_type": Coded("drivetrain.description", _DRIVES),
        "power_kw": number_before("engineDisplacement", "kw").round(),
        "battery_capacity_kwh": _TOP_FEATURES.str.extract(r"([\d.]+) kWh").cast(pl.Float64, strict=False),
        "electric_range_km": (_RANGE_MILES * _KILOMETRES_PER_MILE).round(),
        "exterior_color": text("exteriorColor.name"),
        "interior_color": text("interiorColor.name"),
        "price_amount": money(number_of_text("dealerPrice")),
        "price_currency": market_currency(),
        "price_kind": pl.lit("asking_net"),
        "list_price_amount": money(number_of_text("msrp")),
        "availability": Coded("status", {"DS": "in_stock", "IT": "in_transit"}),
        "dealer_id": text("dealerCode"),
    },
    parsed={"price_amount": "dealerPrice", "list_price_amount": "msrp", "model_year": "year.year"},
)

US_DEALERS = TableMapping(
    contract=Dealer,
    record=fields(
        text="""
        code name location.street1 location.city location.state location.zipCode location.latitude location.longitude
        phones[].number phones[].type url
        """
    ),
    ignored=paths(
        """
        active chat_enabled distance features inTransitInventoryCount inventory inventoryCount location.street2
        selected
        """
    ),
    columns={
        "dealer_id": text("code"),
        "name": text("name"),
        "street": text("location.street1"),
        "postal_code": text("location.zipCode"),
        "city": text("location.city"),
        "region": text("location.state"),
        "country_code": pl.lit("US"),
        "latitude": number_of_text("location.latitude"),
        "longitude": number_of_text("location.longitude"),
        "phone": text(first_where("phones", "number", type="business")),
        "website": web_address("url"),
    },
    parsed={"latitude": "location.latitude", "longitude": "location.longitude"},
)

_KR_FUELS = {
    "가솔린": "petrol", "디젤": "diesel", "LPG": "liquefied_petroleum_gas", "하이브리드": "hybrid", "전기": "electric",
}  # fmt: skip
_KR_GEARS = {"자동": "automatic", "오토": "automatic", "수동": "manual"}
# no answer was captured: a number by the field list, and a text, with zeros in front or letters, is read as well
_KR_ID = text(at("id").str.strip_chars('"'))

KR_INVENTORY = TableMapping(
    contract=Vehicle,
    record=fields(
        text="""
        modelName modelTrim modelEngine modelMission modelDoors exteriorColorCodeName firstRegisteredOn displayedAt
        exteriorImageUrl
        """,
        number="price drivingDistance",
        whole="modelYear",
        json="id",
        flag="reserved",
    ),
    ignored=paths("plateNumber modelCodeName cursors"),
    optional=paths("modelDoors modelTrim"),
    columns={
        "listing_id": _KR_ID,
        "condition": pl.lit("certified"),
        "brand": pl.lit("Kia"),
        "model": text("modelName"),
        "trim": text("modelTrim"),
        "model_year": at("modelYear"),
        # the engine's name tells the fuel: `가솔린 1.6 터보`; a hybrid's names petrol too
        "fuel_type": Coded(
            pl.coalesce(
                text("modelEngine").str.extract(f"({word})") for word in ("하이브리드", "LPG|디젤|가솔린|전기")
            ),
            _KR_FUELS,
            said="modelEngine",
        ),
        "transmission": Coded("modelMission", _KR_GEARS),
        "seats": text("modelDoors").str.extract(r"(\d+)인승").cast(pl.Int64, strict=False),
        "exterior_color": text("exteriorColorCodeName"),
        "mileage_km": kilometres("drivingDistance", "km"),
        "first_registration_on": date_of_text("firstRegisteredOn"),
        "price_amount": money(positive("price")),
        "price_currency": market_currency(),
        "price_kind": pl.lit("asking_gross"),
        "availability": Coded(at("reserved").cast(pl.String), {"true": "reserved", "false": "in_stock"}),
        "offered_at": time_of_text("displayedAt"),
        "url": pl.format("https://cpo.kia.com/products/detail/?id={}", _KR_ID),
        "image_url": web_address("exteriorImageUrl"),
    },
    parsed={"first_registration_on": "firstRegisteredOn", "mileage_km": "drivingDistance"},
)
