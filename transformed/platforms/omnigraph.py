"""Omnigraph: the stock and the dealers of the US site of Audi as rows."""

import polars as pl

from transformed.contract.contracts import Dealer, Vehicle
from transformed.mapping.countries import country
from transformed.mapping.declaration import Coded, TableMapping, paths
from transformed.mapping.expressions import (
    at,
    either,
    first_amount,
    first_where,
    kilometres,
    market_currency,
    money,
    sorted_codes,
    text,
    vin,
    web_address,
)
from transformed.mapping.fields import fields
from transformed.mapping.opening_hours import normalised, opening_hours

_CAR = "stockCar"
# the codes are SCS's; some answers have the text alone
_FUELS = {
    "B": "petrol", "D": "diesel", "E": "electric", "H": "hybrid", "Gas": "petrol", "Diesel": "diesel",
    "Electric": "electric", "Hybrid": "hybrid",
}  # fmt: skip
_DRIVES = {"all-wheel drive": "all", "front-wheel drive": "front", "rear-wheel drive": "rear"}
_STATUSES = {"dealer stock": "in_stock", "in transit": "in_transit", "in production": "in_production"}
# a title is `2025 Audi Q8`; makes of two words are these
_BRAND = text(f"{_CAR}.titleText").str.extract(r"^\d{4}\s+((?:Alfa|Aston|Land)\s+\S+|\S+)")
_STATUS = either(f"{_CAR}.salesInfo.orderStatusText", f"{_CAR}.salesInfo.saleOrderTypeText")
_FUEL = f"{_CAR}.engineInfo.fuel"


def _price(kind: str) -> pl.Expr:
    return first_where(f"{_CAR}.carPrices", type=kind).struct.field("price").struct.field("value")


# `final` adds the dealer's fees to `sale`
_ASKED = first_amount(_price("sale"), _price("final"))

US_INVENTORY = TableMapping(
    contract=Vehicle,
    record=fields(
        text="""
        stockCar.vin stockCar.titleText stockCar.subtitleText stockCar.commissionNumber stockCar.weblink
        stockCar.driveText stockCar.modelInfo.genericModel.text stockCar.preUse.code stockCar.preUse.text
        stockCar.dealer.id stockCar.dealer.name stockCar.dealer.city stockCar.carPrices[].type
        stockCar.mileage.unitText stockCar.salesInfo.orderStatusText stockCar.salesInfo.saleOrderTypeText
        stockCar.engineInfo.fuel.code stockCar.engineInfo.fuel.text
        stockCar.colorInfo.exteriorColor.colorInfo.text stockCar.colorInfo.interiorColor.colorInfo.text
        stockCar.images[].url stockCar.dynamicAttributes[id:value].VEHICLE_ID
        """,
        number="stockCar.carPrices[].price.value stockCar.mileage.value.number",
        whole="stockCar.modelInfo.modelyear",
    ),
    ignored=paths("stockCar.dynamicAttributes.*"),
    columns={
        "listing_id": either(f"{_CAR}.vin", f"{_CAR}.commissionNumber"),
        "vin": vin(f"{_CAR}.vin"),
        "stock_number": either(f"{_CAR}.dynamicAttributes.VEHICLE_ID", f"{_CAR}.commissionNumber"),
        "condition": Coded(f"{_CAR}.preUse.code", {"N": "new", "R": "used"}, said=f"{_CAR}.preUse.text"),
        "brand": pl.coalesce(_BRAND, pl.lit("Audi")),
        "model": text(f"{_CAR}.modelInfo.genericModel.text"),
        "trim": text(f"{_CAR}.subtitleText"),
        "model_year": at(f"{_CAR}.modelInfo.modelyear"),
        "fuel_type": Coded(either(f"{_FUEL}.code", f"{_FUEL}.text"), _FUELS, said=f"{_FUEL}.text"),
        "drive_type": Coded(text(f"{_CAR}.driveText").str.to_lowercase(), _DRIVES, said=f"{_CAR}.driveText"),
        "exterior_color": text(f"{_CAR}.colorInfo.exteriorColor.colorInfo.text"),
        "interior_color": text(f"{_CAR}.colorInfo.interiorColor.colorInfo.text"),
        "mileage_km": kilometres(f"{_CAR}.mileage.value.number", f"{_CAR}.mileage.unitText"),
        "price_amount": money(_ASKED),
        "price_currency": market_currency(),
        "price_kind": pl.lit("asking_net"),
        "list_price_amount": money(_price("list")),
        "availability": Coded(_STATUS.str.to_lowercase().str.replace("-", " ", literal=True), _STATUSES, said=_STATUS),
        "dealer_id": text(f"{_CAR}.dealer.id"),
        "dealer_name": text(f"{_CAR}.dealer.name"),
        "dealer_city": text(f"{_CAR}.dealer.city"),
        "url": web_address(f"{_CAR}.weblink"),
        "image_url": text(at(f"{_CAR}.images").list.first().struct.field("url")),
    },
    parsed={"mileage_km": f"{_CAR}.mileage.value.number", "price_amount": _ASKED},
)

_TOWN = at("address").list.last()

US_DEALERS = TableMapping(
    contract=Dealer,
    record=fields(
        text="""
        dealerId kvpsId name phone url country address[] services[] openingHours.departments[].departmentName
        openingHours.departments[].openingHours[].id openingHours.departments[].openingHours[].timeRanges[].openTime
        openingHours.departments[].openingHours[].timeRanges[].closeTime
        """,
        number="latitude longitude",
        flag="openingHours.departments[].openingHours[].open",
    ),
    # the captured answers of the query by place name hold these too
    ignored=paths("matPrimaryCode kvpsPartnerKey distance __typename **.__typename openingHours.departments.id"),
    optional=paths("url"),
    columns={
        # the stock names a dealer `USA07B04`, where `dealerId` is `USAA07B04` and `kvpsId` is `07B04`
        "dealer_id": pl.lit("USA") + text("kvpsId"),
        "name": text("name"),
        "street": text(at("address").list.first()),
        "postal_code": _TOWN.str.extract(r"(\d{5}(?:-\d{4})?)\s*$"),
        "city": text(_TOWN.str.extract(r"^(.*),\s*[A-Z]{2}\b")),
        "region": _TOWN.str.extract(r",\s*([A-Z]{2})\b"),
        "country_code": country("country"),
        "latitude": at("latitude"),
        "longitude": at("longitude"),
        "phone": text("phone"),
        "website": web_address("url"),
        "services": sorted_codes("services", {"usedcars": "used_cars"}),
        "opening_hours": opening_hours(pl.col("openingHours"), normalised),
    },
)
