"""Polestar: a pre-owned car is told with its VIN, a new one is a configuration; either has its fields in other places.

What is written for people (drive, power, colours) comes in the language of the market.
"""

import polars as pl

from transformed.contract.contracts import Vehicle
from transformed.mapping.declaration import Coded, TableMapping
from transformed.mapping.expressions import (
    at,
    currency,
    either,
    first_where,
    kilometres,
    market_distance_unit,
    money,
    number_before,
    number_of_text,
    positive,
    price_kind,
    text,
    vin,
)
from transformed.mapping.fields import fields
from transformed.mapping.times import date_of_text

_BODIES = {"534": "hatchback", "359": "suv", "814": "suv", "824": "saloon"}
# the captured labels of seven markets, one of them with its slip of the pen
_DRIVES = {
    "awd": "all", "allradantrieb": "all", "tracción a las cuatro ruedas": "all", "tração integral": "all",
    "transmission intégrale": "all", "trazione integrale": "all", "trazione intergrale": "all",
    "vierwielaandrijving": "all", "all-wheel drive": "all", "all wheel drive": "all",
    "rwd": "rear", "achterwielaandrijving": "rear", "heckantrieb": "rear", "hinterradantrieb": "rear",
    "propulsion": "rear", "tracción trasera": "rear", "tração traseira": "rear", "trazione posteriore": "rear",
    "rear-wheel drive": "rear", "rear wheel drive": "rear",
    "fwd": "front", "voorwielaandrijving": "front", "front-wheel drive": "front", "front wheel drive": "front",
}  # fmt: skip
_IS_STOCK = text("pno34").is_not_null()


def _label(path: str) -> pl.Expr:
    """The text of the first label of a list."""
    return text(at(path).list.first().struct.field("label"))


def _content(kind: str, field: str) -> pl.Expr:
    return text(first_where("content", field, featureType=kind))


_MODEL_CODE = pl.coalesce(text("vehicleDetails.modelDetails.code"), _content("Model", "code"))
_DRIVE = pl.coalesce(_label("vehicleDetails.drivetrainInfo"), _content("Drive", "name"), text("techData.drive"))
_POWER = pl.coalesce(_label("vehicleDetails.engineDetails.powerInfo"), text("techData.engineBev_TotalKw"))
# whether a number without a unit is of kilometres is only known where roads are measured in them
_RANGE = pl.when(market_distance_unit() == "km").then(
    number_of_text(at("vehicleDetails.rangeInformation").list.first().struct.field("value"))
)
_LIST_PRICE = positive("cashPriceData.listPrice.totals.car.carTotalPrice.value")
_STOCK_PRICE = pl.min_horizontal(positive("cashPriceData.discounted.totals.car.carTotalPrice.value"), _LIST_PRICE)

INVENTORY = TableMapping(
    contract=Vehicle,
    record=fields(
        text="""
        id pno34 firstTimeRegistration price.currency mileageInfo.metric partnerLocation.name partnerLocation.city
        media[].data media[].mediaType vehicleDetails.vin vehicleDetails.cycleState vehicleDetails.modelDetails.code
        vehicleDetails.modelDetails.displayName vehicleDetails.motorInfo.labels[].label
        vehicleDetails.drivetrainInfo[].label vehicleDetails.rangeInformation[].value
        vehicleDetails.engineDetails.powerInfo[].label vehicleDetails.exterior.labels[].label
        vehicleDetails.interior.labels[].label earliestDeliveryDate content[].featureType content[].code content[].name
        techData.drive techData.engineBev_TotalKw techData.engineBev_ElectricRange
        """,
        number="""
        price.retail mileageInfo.distance cashPriceData.listPrice.totals.car.carTotalPrice.value
        cashPriceData.discounted.totals.car.carTotalPrice.value
        """,
        whole="modelYear vehicleDetails.modelDetails.modelYear",
        flag="vatDeductible",
    ),
    ignored=frozenset({"vehicleDetails.pno34", "vehicleDetails.motorInfo.value", "vehicleDetails.exterior.code"}),
    columns={
        "listing_id": text("id"),
        "vin": vin("vehicleDetails.vin"),
        "condition": Coded(
            pl.when(_IS_STOCK).then(pl.lit("New")).otherwise(text("vehicleDetails.cycleState")),
            {"New": "new", "PreOwned": "used", "CertifiedPreOwned": "certified"},
        ),
        "brand": pl.lit("Polestar"),
        "model": pl.coalesce(text("vehicleDetails.modelDetails.displayName"), _content("Model", "name")),
        "model_code": _MODEL_CODE,
        "trim": pl.coalesce(_label("vehicleDetails.motorInfo.labels"), _content("Engine", "name")),
        "model_year": pl.coalesce("modelYear", at("vehicleDetails.modelDetails.modelYear")),
        "body_type": Coded(_MODEL_CODE, _BODIES),
        "fuel_type": pl.lit("electric"),
        "drive_type": Coded(_DRIVE.str.to_lowercase(), _DRIVES, said=_DRIVE),
        "power_kw": number_before(_POWER, "kW").round(),
        "electric_range_km": pl.coalesce(_RANGE, number_before("techData.engineBev_ElectricRange", "km")).round(),
        "exterior_color": pl.coalesce(_label("vehicleDetails.exterior.labels"), _content("Color", "name")),
        "interior_color": pl.coalesce(_label("vehicleDetails.interior.labels"), _content("Upholstery", "name")),
        "mileage_km": kilometres("mileageInfo.distance", "mileageInfo.metric"),
        "first_registration_on": date_of_text("firstTimeRegistration"),
        "price_amount": money(pl.coalesce(positive("price.retail"), _STOCK_PRICE)),
        "price_currency": currency("price.currency"),
        "price_kind": price_kind(),
        "list_price_amount": money(_LIST_PRICE),
        "vat_is_reclaimable": at("vatDeductible"),
        "expected_on": date_of_text("earliestDeliveryDate"),
        "dealer_name": text("partnerLocation.name"),
        "dealer_city": text("partnerLocation.city"),
        "image_url": either(first_where("media", "data", mediaType="Image")),
    },
    parsed={
        "power_kw": _POWER,
        "mileage_km": "mileageInfo.distance",
        "first_registration_on": "firstTimeRegistration",
        "expected_on": "earliestDeliveryDate",
    },
)
