"""VTP (Vehicle Trading Platform): the cars and dealers of SEAT's and CUPRA's stock locator as rows.

Built from the field list of a British answer and the notes of public collectors; a car has no VIN there.
"""

import polars as pl

from transformed.contract.contracts import Dealer, Vehicle
from transformed.mapping.declaration import Coded, TableMapping, paths
from transformed.mapping.expressions import (
    at,
    currency,
    either,
    first_where,
    kilometres,
    money,
    number_of_text,
    positive,
    text,
    whole_of_text,
)
from transformed.mapping.fields import fields
from transformed.mapping.times import date_of_text

_ITEMS = "car.items[key]"
_TECHNICAL = "car.hypermediatechdata[key].WLTP.techDataType.groups[key]"
_DEALER = "car.hypermediadealer.dealer"
_PLACE = f"{_DEALER}.items[key].position.values[key]"

_CAR = fields(
    text=f"""
    car.carid {_ITEMS}.manuf.value {_ITEMS}.model.value {_ITEMS}.smod.value {_ITEMS}.modelyear.value
    {_ITEMS}.drive.value
    {_ITEMS}.gear.value {_ITEMS}.doors.value {_ITEMS}.seat.value {_ITEMS}.initialreg.value
    {_ITEMS}.available_from.value
    {_ITEMS}.mileage.unit {_ITEMS}.motor.values[].key {_ITEMS}.motor.values[].value
    {_ITEMS}.color.values[key].exterior.values[key].generic.value
    {_ITEMS}.color.values[key].exterior.values[key].marketing.values[key].out.value
    {_ITEMS}.color.values[key].interior.values[key].generic.value
    {_ITEMS}.color.values[key].interior.values[key].marketing.values[key].out.value
    {_ITEMS}.prices.values[key].sale.unit
    {_TECHNICAL}.consumption.techDataGroup.data[key].fuel.techData.values[].key
    {_TECHNICAL}.range.techDataGroup.data[].techData.values[].values[key].COMBINED.value
    {_TECHNICAL}.range.techDataGroup.data[].techData.values[].values[key].COMBINED.unit
    car.images[].imageGroup.images[].image.href car.hypermediadealer.href
    {_DEALER}.key {_DEALER}.items[key].name.value {_DEALER}.items[key].city.value
    """,
    number=f"{_ITEMS}.mileage.raw_value {_ITEMS}.prices.values[key].sale.raw_value",
)
# the number plate and all that dealers say of their staff are never read
_CAR_IGNORED = (
    paths("key href car.key car.hypermediafinancing car.hypermediadealer.key car.hypermediatechdata.**")
    | paths("key contenttype height width type imageGroup.* imageGroup.images.**", under="car.images")
    | paths("*.label *.code *.mbv *.name *.unit *.value *.raw_value", under="car.items")
    | paths("numberplate localCarTitle cartitle dateproduction motor.values.*", under="car.items")
    | paths("color.values.** prices.values.**", under="car.items")
    | paths("gvoStatus hid items.*", under=_DEALER)
)

# techdata's keys are the same in every language; the words are of cars that have no technical data
_FUELS = {
    "PETROL": "petrol", "PURE_PETROL": "petrol", "DEPLETING_PETROL": "mild_hybrid", "SUSTAINING_PETROL":
    "plug_in_hybrid", "DIESEL": "diesel", "PURE_DIESEL": "diesel", "ELECTRICAL": "electric",
    "PURE_ELECTRICAL": "electric", "electric": "electric", "eléctrico": "electric", "petrol": "petrol",
    "gasolina": "petrol", "diesel": "diesel", "diésel": "diesel", "hybrid": "hybrid", "híbrido": "hybrid",
    "plug-in hybrid": "plug_in_hybrid", "híbrido enchufable": "plug_in_hybrid",
}  # fmt: skip
_GEARS = {"automatic": "automatic", "manual": "manual", "automático": "automatic"}
_DRIVES = {
    "front": "front", "rear": "rear", "all": "all", "four": "all", "delantera": "front", "trasera": "rear",
    "total": "all",
}  # fmt: skip
_MILES = 1.609344


def _item(name: str) -> pl.Expr:
    return text(f"car.items.{name}.value")


def _motor(key: str) -> pl.Expr:
    return text(first_where("car.items.motor.values", "value", key=key))


def _color(part: str) -> pl.Expr:
    of = f"car.items.color.values.{part}.values"
    return either(f"{of}.marketing.values.out.value", f"{of}.generic.value")


_GROUPS = "car.hypermediatechdata.WLTP.techDataType.groups"
_RANGE = (
    at(f"{_GROUPS}.range.techDataGroup.data").list.first()
    .struct.field("techData").struct.field("values").list.first()
    .struct.field("values").struct.field("COMBINED")
)  # fmt: skip
_RANGE_TEXT = _RANGE.struct.field("value").str.replace_all(r"[.,](\d{3})$", "$1")
_RANGE_KM = number_of_text(_RANGE_TEXT) * pl.when(
    _RANGE.struct.field("unit").str.to_lowercase().str.starts_with("mi")
).then(_MILES).otherwise(1.0)
_FUEL = at(f"{_GROUPS}.consumption.techDataGroup.data.fuel.techData.values").list.first().struct.field("key")
_WORD_OF_GEAR = _item("gear").str.to_lowercase().str.extract(r"(automatic|manual|automático)")
_WORD_OF_DRIVE = _item("drive").str.to_lowercase().str.extract(r"(front|rear|all|four|delantera|trasera|total)")
_IMAGE = (
    at("car.images").list.first()
    .struct.field("imageGroup").struct.field("images").list.first()
    .struct.field("image").struct.field("href")
)  # fmt: skip
# `gwb` (Gebrauchtwagenbörse) are used cars with the maker's warranty, `nwb` new ones
_LOT = text("car.hypermediadealer.href").str.extract(r"/restapi/v1/\w*?(gwb|nwb)/")

VTP_INVENTORY = TableMapping(
    contract=Vehicle,
    record=_CAR,
    ignored=_CAR_IGNORED,
    optional=paths(
        "car.items.mileage car.items.initialreg car.items.doors car.items.modelyear car.items.available_from"
    )
    | paths("car.hypermediatechdata.WLTP.techDataType.groups.range car.items.color.values.interior"),
    columns={
        "listing_id": text("car.carid"),
        "condition": Coded(_LOT, {"gwb": "certified", "nwb": "new"}),
        "brand": _item("manuf"),
        "model": _item("model"),
        "trim": _item("smod"),
        "model_year": whole_of_text(_item("modelyear")).cast(pl.Int16, strict=False),
        "fuel_type": Coded(pl.coalesce(text(_FUEL), _motor("fuel").str.to_lowercase()), _FUELS, said=_motor("fuel")),
        "transmission": Coded(pl.coalesce(_WORD_OF_GEAR, _item("gear")), _GEARS, said=_item("gear")),
        "drive_type": Coded(pl.coalesce(_WORD_OF_DRIVE, _item("drive")), _DRIVES, said=_item("drive")),
        "power_kw": number_of_text(_motor("power.kw")).round(),
        "electric_range_km": positive(_RANGE_KM.round()),
        "doors": whole_of_text(_item("doors")),
        "seats": whole_of_text(_item("seat")),
        "exterior_color": _color("exterior"),
        "interior_color": _color("interior"),
        "mileage_km": kilometres("car.items.mileage.raw_value", "car.items.mileage.unit"),
        "first_registration_on": date_of_text(_item("initialreg")),
        "price_amount": money("car.items.prices.values.sale.raw_value"),
        "price_currency": currency("car.items.prices.values.sale.unit"),
        "price_kind": pl.lit("asking_gross"),
        "expected_on": date_of_text(_item("available_from")),
        "dealer_id": text(f"{_DEALER}.key"),
        "dealer_name": text(f"{_DEALER}.items.name.value"),
        "dealer_city": text(f"{_DEALER}.items.city.value"),
        "image_url": text(_IMAGE),
    },
    parsed={
        "model_year": _item("modelyear"),
        "power_kw": _motor("power.kw"),
        "electric_range_km": _RANGE.struct.field("value"),
        "first_registration_on": _item("initialreg"),
        "doors": _item("doors"),
        "seats": _item("seat"),
    },
)

VTP_DEALERS = TableMapping(
    contract=Dealer,
    record=fields(
        text=f"""
        {_DEALER}.key {_DEALER}.items[key].name.value {_DEALER}.items[key].street.value {_DEALER}.items[key].zip.value
        {_DEALER}.items[key].city.value {_DEALER}.items[key].phone.value {_PLACE}.latitude.value
        {_PLACE}.longitude.value
        """
    ),
    # the cars are the other table's
    ignored=paths("key href car.* car.hypermediadealer.*")
    | paths(f"{_DEALER}.* {_DEALER}.items.* {_DEALER}.items.position.**"),
    columns={
        "dealer_id": text(f"{_DEALER}.key"),
        "name": text(f"{_DEALER}.items.name.value"),
        "street": text(f"{_DEALER}.items.street.value"),
        "postal_code": text(f"{_DEALER}.items.zip.value"),
        "city": text(f"{_DEALER}.items.city.value"),
        "country_code": pl.col("market").str.to_uppercase(),
        "latitude": number_of_text(f"{_DEALER}.items.position.values.latitude.value"),
        "longitude": number_of_text(f"{_DEALER}.items.position.values.longitude.value"),
        "phone": text(f"{_DEALER}.items.phone.value"),
    },
)
