"""GM in the United States: vehicles from a field list, dealers as they were captured (Buick)."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import polars as pl

from transformed.contract.contracts import Dealer, Vehicle
from transformed.mapping.countries import country
from transformed.mapping.declaration import Coded, TableMapping, paths
from transformed.mapping.expressions import (
    at,
    kilometres,
    market_currency,
    money,
    number_of_text,
    positive,
    text,
    vin,
    web_address,
)
from transformed.mapping.fields import fields
from transformed.mapping.opening_hours import opening_hours

_CONDITIONS = {"NEW": "new", "USED": "used", "CERTIFIED": "certified", "CPO": "certified"}
_FUELS = {"Electric": "electric", "Gas": "petrol", "Diesel": "diesel", "Hybrid": "hybrid"}
_DRIVES = {"FWD": "front", "RWD": "rear", "AWD": "all", "4WD": "all"}


def _dollars(name: str) -> pl.Expr:
    return positive(number_of_text(f"pricing.cash.{name}.value"))


_ASKED, _LIST = _dollars("dealerFeaturedPrice"), _dollars("msrp")

INVENTORY = TableMapping(
    contract=Vehicle,
    record=fields(
        text="""
        id make model variant.code variant.name stockDetails.type stockDetails.stockNumber stockDetails.condition
        dealer.bac dealer.name pricing.cash.msrp.value pricing.cash.dealerFeaturedPrice.value baseExteriorColor
        driveType fuelType images[].url
        """,
        number="mileage",
        whole="year",
    ),
    # the net price takes off what only some buyers are given
    ignored=paths("dealer.postalCode dealer.distance pricing.cash.netPrice status"),
    columns={
        "listing_id": text("id"),
        "vin": vin("id"),
        "stock_number": text("stockDetails.stockNumber"),
        "condition": Coded(
            text("stockDetails.condition").str.to_uppercase(), _CONDITIONS, said="stockDetails.condition"
        ),
        "brand": text("make"),
        "model": text("model"),
        "model_code": text("variant.code"),
        "trim": text("variant.name"),
        "model_year": at("year"),
        "fuel_type": Coded("fuelType", _FUELS),
        "drive_type": Coded("driveType", _DRIVES),
        "exterior_color": text("baseExteriorColor"),
        "mileage_km": kilometres("mileage"),
        "price_amount": money(pl.coalesce(_ASKED, _LIST)),
        "price_currency": market_currency(),
        "price_kind": pl.when(_ASKED.is_not_null()).then(pl.lit("asking_net")).when(_LIST > 0).then(pl.lit("list")),
        "list_price_amount": money(_LIST),
        # others than what stands at dealers are known to no public client
        "availability": Coded("stockDetails.type", {"DealerStock": "in_stock"}),
        # some vehicles are assigned to no dealer
        "dealer_id": text("dealer.bac"),
        "dealer_name": text("dealer.name"),
        "image_url": text(at("images").list.first().struct.field("url")),
    },
    parsed={
        "mileage_km": "mileage",
        "price_amount": "pricing.cash.dealerFeaturedPrice.value",
        "list_price_amount": "pricing.cash.msrp.value",
    },
)

_DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")


def _clock(time: str) -> str:
    """`08:30 AM` as `08:30`. Raises ValueError."""
    return datetime.strptime(time, "%I:%M %p").strftime("%H:%M")


def _week(ranges: Iterable[Mapping[str, Any]]) -> dict[str, list[list[str]]]:
    """Days are numbered from Monday, 1. Raises ValueError, KeyError, TypeError."""
    week: dict[str, list[list[str]]] = {}
    for times in ranges:
        for day in times["dayOfWeek"]:
            if day not in range(1, len(_DAYS) + 1):
                raise ValueError(f"no day has the number {day}")
            week.setdefault(_DAYS[day - 1], []).append([_clock(times["openFrom"]), _clock(times["openTo"])])
    return {day: sorted(week[day]) for day in _DAYS if day in week}


def _hours(stated: Mapping[str, str | None]) -> str | None:
    """Opening hours as the contract has them; None where no department states any. Raises what `_week` raises."""
    weeks = {department: _week(json.loads(hours or "[]")) for department, hours in stated.items()}
    found = {department: week for department, week in weeks.items() if week}
    return json.dumps(found) if found else None


DEALER_LOCATOR = TableMapping(
    contract=Dealer,
    record=fields(
        text="""
        bac dealerName dealerUrl address.addressLine1 address.addressLine2 address.cityName address.countryIso
        address.countrySubdivisionCode address.postalCode generalContact.phone1 services[].name
        """,
        number="geolocation.latitude geolocation.longitude",
        json="generalOpeningHour serviceOpeningHour partsOpeningHour",
    ),
    ignored=paths(
        """
        id dealerCode departments distance distanceProp faxNumber isCertifiedInternet isDealerChild isDealerParent
        makeCodes scheduleServiceUrl sellingBrandCode services.code generalContact.phone2 address.addressLine3
        address.postalCodeFormatted address.region
        """
    ),
    columns={
        "dealer_id": text("bac"),
        "name": text("dealerName"),
        "street": text(
            pl.concat_str(text("address.addressLine1"), text("address.addressLine2"), separator=", ", ignore_nulls=True)
        ),
        "postal_code": text("address.postalCode"),
        "city": text("address.cityName"),
        "region": text("address.countrySubdivisionCode"),
        "country_code": country("address.countryIso"),
        "latitude": at("geolocation.latitude"),
        "longitude": at("geolocation.longitude"),
        "phone": text("generalContact.phone1"),
        "website": web_address("dealerUrl"),
        "services": at("services").list.eval(pl.element().struct.field("name").drop_nulls().unique().sort()),
        "opening_hours": opening_hours(
            pl.struct(parts="partsOpeningHour", sales="generalOpeningHour", service="serviceOpeningHour"), _hours
        ),
    },
)
