"""Hyundai USA: cars of the inventory search and of the answers of 2022; dealers."""

import polars as pl

from transformed.contract.contracts import Dealer, Vehicle
from transformed.mapping.declaration import Coded, TableMapping, paths
from transformed.mapping.expressions import (
    at,
    either,
    market_currency,
    money,
    number_of_text,
    positive,
    text,
    vin,
    web_address,
)
from transformed.mapping.fields import fields
from transformed.mapping.times import date_of_text

_DRIVES = {
    "ALL WHEEL DRIVE": "all", "AWD": "all", "REAR WHEEL DRIVE": "rear", "RWD": "rear", "FRONT WHEEL DRIVE": "front",
    "FWD": "front",
}  # fmt: skip
_FUELS = {"Electric": "electric", "Gas": "petrol", "Hybrid": "hybrid", "Plug-in Hybrid": "plug_in_hybrid"}
# DS is dealer stock. What the others are called is not published: in the captured answers their planned delivery lies
# ahead, all but one, so that the cars are on their way
_STATUSES = {"DS": "in_stock"} | dict.fromkeys(("IT", "IR", "TN", "PA", "AA"), "in_transit")


def _dollars(name: str) -> pl.Expr:
    return money(positive(number_of_text(name, grouping=",")))  # $48,770.00


INVENTORY_SEARCH = TableMapping(
    contract=Vehicle,
    record=fields(
        text="""
        vin model modelDisplayName trim trimDisplayName drivetrain drivetrainName exteriorColor interiorColor fuelType
        dealerCode dealerName dealerInternetPrice msrp startingMsrp exteriorImage dealerVDPURL inventoryStatusCode
        plannedDeliveryDate
        """,
        whole="modelYear",
    ),
    ignored=paths("make defaultExteriorImage bsiExteriorImage distance"),
    optional=paths("fuelType trim drivetrain model dealerVDPURL"),
    columns={
        "listing_id": text("vin"),
        "vin": vin("vin"),
        "condition": pl.lit("new"),
        "brand": pl.lit("Hyundai"),
        "model": either("modelDisplayName", "model"),
        "trim": either("trimDisplayName", "trim"),
        "model_year": at("modelYear"),
        "fuel_type": Coded("fuelType", _FUELS),
        "drive_type": Coded(either("drivetrainName", "drivetrain").str.to_uppercase(), _DRIVES),
        "exterior_color": text("exteriorColor"),
        "interior_color": text("interiorColor"),
        # the dealer's own price, where it shows one
        "price_amount": pl.coalesce(_dollars("dealerInternetPrice"), _dollars("msrp"), _dollars("startingMsrp")),
        "price_currency": market_currency(),
        "price_kind": pl.when(_dollars("dealerInternetPrice").is_not_null())
        .then(pl.lit("asking_net"))
        .otherwise(pl.lit("list")),
        "list_price_amount": _dollars("msrp"),
        "availability": Coded("inventoryStatusCode", _STATUSES),
        "expected_on": date_of_text("plannedDeliveryDate"),
        "dealer_id": text("dealerCode"),
        "dealer_name": text("dealerName"),
        "url": text("dealerVDPURL"),
        "image_url": web_address(text("exteriorImage").str.strip_prefix("//")),
    },
    parsed={"expected_on": "plannedDeliveryDate", "list_price_amount": "msrp"},
)

VEHICLE_LIST = TableMapping(
    contract=Vehicle,
    record=fields(
        text="""
        vin modelNm trimDesc modelCd price drivetrainDesc transmissionDesc inventoryStatus PlannedDeliveryDate
        colors[].ExtColorLongDesc
        """
    ),
    ignored=paths(
        "exteriorColorCd interiorColorCd TotalPackages TotalOptions packages colors.SAPExterioColorCode "
        "colors.360ImagePaths"
    ),
    columns={
        "listing_id": text("vin"),
        "vin": vin("vin"),
        "condition": pl.lit("new"),
        "brand": pl.lit("Hyundai"),
        "model": text("modelNm"),
        "model_code": text("modelCd"),
        "trim": text("trimDesc"),
        "transmission": Coded("transmissionDesc", {"AUTO": "automatic"}),
        "drive_type": Coded("drivetrainDesc", _DRIVES),
        "exterior_color": text(at("colors").list.first().struct.field("ExtColorLongDesc")),
        "price_amount": _dollars("price"),
        "price_currency": market_currency(),
        "price_kind": pl.lit("list"),
        "availability": Coded("inventoryStatus", _STATUSES),
        "expected_on": date_of_text("PlannedDeliveryDate"),
    },
    # `$0.00` is a car whose price is not set yet
    parsed={
        "price_amount": pl.when(text("price") != "$0.00").then(text("price")),
        "expected_on": "PlannedDeliveryDate",
    },
)

US_DEALERS = TableMapping(
    contract=Dealer,
    record=fields(
        text="dealerCd dealerNm dealerUrl address1 address2 city state zip phone", number="latitude longitude"
    ),
    ignored=paths("dealerEmail fax region distance shopperAssurance IsPMADealer vehicles"),
    columns={
        "dealer_id": text("dealerCd"),
        "name": text("dealerNm"),
        "street": pl.concat_str(text("address1"), text("address2"), separator=", ", ignore_nulls=True),
        "postal_code": text("zip"),
        "city": text("city"),
        "region": text("state"),
        "country_code": pl.lit("US"),
        "latitude": at("latitude"),
        "longitude": at("longitude"),
        "phone": text("phone"),
        "website": web_address("dealerUrl"),
    },
)
