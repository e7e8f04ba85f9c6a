"""Stellantis in the United States: new vehicles from a field list, dealers as they were captured (Alfa Romeo)."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl

from transformed.contract.contracts import Dealer, Vehicle
from transformed.mapping.countries import country
from transformed.mapping.declaration import Coded, TableMapping, paths
from transformed.mapping.expressions import (
    market_currency,
    money,
    number_of_text,
    positive,
    sorted_codes,
    text,
    vin,
    web_address,
)
from transformed.mapping.fields import fields
from transformed.mapping.opening_hours import opening_hours

# the third letter of a configuration's code, `IUJ202410JLXS74A`
_BRANDS = {"J": "Jeep", "T": "Ram", "D": "Dodge", "C": "Chrysler", "X": "Fiat", "Y": "Alfa Romeo"}
_FUELS = {"All Electric": "electric", "Hybrid": "hybrid", "Plug-In Hybrid": "plug_in_hybrid"}
# petrol or diesel: which of them is not said
_BURNING = ("Gas/Diesel", "ICE (or Gas/Diesel)")
_DRIVES = {"4X4": "all", "4WD": "all", "AWD": "all", "RWD": "rear", "4X2": "rear", "FWD": "front"}

_DRIVE, _TRIM, _POWER_SOURCE = (f"attributes.attributes.{number}" for number in (1, 5, 1001))


def _dollars(name: str) -> pl.Expr:
    return positive(number_of_text(f"price.{name}", grouping=","))


_LIST = _dollars("msrp")
_ASKED = pl.coalesce(_dollars("netPrice"), _LIST + _dollars("destination"), _LIST)

NEW_INVENTORY = TableMapping(
    contract=Vehicle,
    record=fields(
        text="""
        vin ccode modelYear vehicleDesc exteriorColorDesc interiorColorDesc dealerCode price.msrp price.netPrice
        price.destination attributes.attributes[typeId:value].1 attributes.attributes[typeId:value].5
        attributes.attributes[typeId:value].1001
        """,
    ),
    # the discounted price takes off what only some buyers are given
    ignored=paths("llp engineDesc dealerZipCode price.discountedPrice mackevisionData match attributes.attributes.*"),
    columns={
        "listing_id": text("vin"),
        "vin": vin("vin"),
        "condition": pl.lit("new"),
        "brand": text("ccode").str.slice(2, 1).replace(_BRANDS),
        "model": text("vehicleDesc"),
        "model_code": text("ccode"),
        "trim": text(_TRIM),
        "model_year": text("modelYear").cast(pl.Int64, strict=False),
        "fuel_type": Coded(_POWER_SOURCE, _FUELS, unknown=_BURNING),
        "drive_type": Coded(text(_DRIVE).str.to_uppercase(), _DRIVES, said=_DRIVE),
        "exterior_color": text("exteriorColorDesc"),
        "interior_color": text("interiorColorDesc"),
        "price_amount": money(_ASKED),
        "price_currency": market_currency(),
        "price_kind": pl.when(_ASKED.is_not_null()).then(pl.lit("asking_net")),
        "list_price_amount": money(_LIST),
        "dealer_id": text("dealerCode"),
    },
    parsed={"model_year": "modelYear", "price_amount": "price.netPrice", "list_price_amount": "price.msrp"},
)

_DAYS = {
    "monday": "Mo", "tuesday": "Tu", "wednesday": "We", "thursday": "Th", "friday": "Fr", "saturday": "Sa",
    "sunday": "Su",
}  # fmt: skip
_DEPARTMENTS = ("parts", "sales", "service", "used")


def _clock(time: Mapping[str, str]) -> str:
    """`{"time": "9:00", "ampm": "AM"}` as `09:00`. Raises ValueError."""
    return datetime.strptime(" ".join((time["time"], time["ampm"])), "%I:%M %p").strftime("%H:%M")


def _day(day: Mapping[str, Any]) -> list[list[str]]:
    if day["closed"]:
        return []
    return [["00:00", "24:00"]] if day["hour24"] else [[_clock(day["open"]), _clock(day["close"])]]


def _hours(departments: Mapping[str, Mapping[str, str | None] | None]) -> str | None:
    """Opening hours as the contract has them; a department that is closed the whole week states none. None where no
    department states any."""
    weeks = {
        name: {ours: _day(week[day]) for day, ours in _DAYS.items() if day in week}
        for name in _DEPARTMENTS
        if (week := json.loads((departments[name] or {}).get("hours") or "{}"))
    }
    stated = {name: week for name, week in weeks.items() if any(week.values())}
    return json.dumps(stated) if stated else None


DEALER_LOCATOR = TableMapping(
    contract=Dealer,
    record=fields(
        text="""
        dealerCode dealerName dealerAddress1 dealerAddress2 dealerZipCode dealerCity dealerState dealerShowroomCountry
        dealerShowroomLatitude dealerShowroomLongitude phoneNumber website services[]
        """,
        json=" ".join(f"departments.{name}.hours" for name in _DEPARTMENTS),
    ),
    ignored=paths(
        """
        locationSeq businessCenter distance dma demail hasQuote departments.*.fulladdress departments.*.phonenumber
        departments.*.email departments.bodyShop awards brands onlineServiceSchedulingURL ossDealerid osspilotflag
        dealerStatus
        """
    ),
    columns={
        "dealer_id": text("dealerCode"),
        "name": text("dealerName"),
        "street": text(
            pl.concat_str(text("dealerAddress1"), text("dealerAddress2"), separator=", ", ignore_nulls=True)
        ),
        "postal_code": text("dealerZipCode").str.replace(r"^(\d{5})(\d{4})$", "${1}-${2}"),
        "city": text("dealerCity"),
        "region": text("dealerState"),
        "country_code": country("dealerShowroomCountry"),
        "latitude": text("dealerShowroomLatitude").cast(pl.Float64, strict=False),
        "longitude": text("dealerShowroomLongitude").cast(pl.Float64, strict=False),
        "phone": text("phoneNumber"),
        "website": web_address("website"),
        # codes of the maker's own: what they stand for is said nowhere
        "services": sorted_codes("services", {}),
        "opening_hours": opening_hours(pl.col("departments"), _hours),
    },
    parsed={"latitude": "dealerShowroomLatitude", "longitude": "dealerShowroomLongitude"},
)
