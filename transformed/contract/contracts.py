"""Vehicle and Dealer: the one definition of every column, for every OEM.

A column's name, type, unit and meaning and the rules that a row must keep stand here. The Iceberg tables and the
documentation are derived from these classes, and nothing states a column a second time. How an OEM's fields become
these columns stands in `transformed/<oem>.py`.

Units stand in the names. Money is Decimal with an ISO 4217 currency beside it. Times are UTC. An enum is a
lower-case code, with the source's own text in the column `<name>_source`. No column holds a person's name.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TypeVar

import dataframely as dy
import polars as pl

from transformed.contract.plausible import FIGURES

CONTRACT_VERSION = 2
_Figure = TypeVar("_Figure", dy.Float64, dy.Int16, dy.Int32)

CONDITIONS = ("new", "used", "certified", "demonstrator")
FUEL_TYPES = (
    "petrol",
    "diesel",
    "electric",
    "hybrid",
    "mild_hybrid",
    "plug_in_hybrid",
    "natural_gas",
    "liquefied_petroleum_gas",
    "hydrogen",
    "flex_fuel",
)
TRANSMISSIONS = ("automatic", "manual")
DRIVE_TYPES = ("front", "rear", "all")
BODY_TYPES = ("saloon", "estate", "hatchback", "suv", "coupe", "convertible", "roadster", "van", "pickup")
AVAILABILITIES = ("in_stock", "in_transit", "in_production", "reserved", "sold")
PRICE_KINDS = ("asking_gross", "asking_net", "list")
DEALER_SERVICES = ("sales", "used_cars", "service")


def _enum(values: tuple[str, ...], doc: str) -> dy.String:
    return dy.String(
        nullable=True,
        check={"known_code": lambda column: column.is_in(list(values))},
        metadata={"doc": doc, "codes": values},
    )


def _figure(kind: type[_Figure], name: str, doc: str) -> _Figure:
    low, high = FIGURES[name]
    return kind(nullable=True, min=low, max=high, metadata={"doc": doc})


def _text(doc: str, *, nullable: bool = True) -> dy.String:
    return dy.String(nullable=nullable, min_length=1, metadata={"doc": doc})


class Provenance(dy.Schema):
    """Where a row comes from. Columns of the typed Parquet, not of the Iceberg tables: they change with every
    attempt although the row does not."""

    archive_address = _text("the record in the response archive: `<part>#<row>/<record>`", nullable=False)
    fetched_at = dy.Datetime(
        nullable=False, time_unit="us", time_zone="UTC", metadata={"doc": "when the page was received"}
    )


class Vehicle(Provenance):
    """One vehicle as an OEM offers it in a market on a day."""

    oem = _text("the OEM's module name, in lower case", nullable=False)
    market = _text("our market code, mostly an ISO 3166 country in lower case", nullable=False)
    listing_id = _text("what the OEM declares as the listing's identity", nullable=False)
    vin = dy.String(
        nullable=True,
        regex=r"^[A-HJ-NPR-Z0-9]{17}$",
        metadata={"doc": "vehicle identification number, upper case"},
    )
    vin_is_temporary = dy.Bool(
        nullable=False,
        metadata={
            "doc": "the source says that the VIN will be replaced; then it identifies nothing",
            "if_left_out": False,
        },
    )
    stock_number = _text("the dealer's own number of the vehicle")
    condition = _enum(CONDITIONS, "new, used, certified (used, with the maker's warranty) or demonstrator")
    condition_source = _text("condition, as the source has it")
    brand = _text("the name under which the vehicle is sold", nullable=False)
    model = _text("model as the source describes it")
    model_code = _text("the OEM's code of the model")
    trim = _text("equipment line")
    model_year = dy.Int16(nullable=True, min=1950, max=2100, metadata={"doc": "model year"})
    body_type = _enum(BODY_TYPES, "body type")
    body_type_source = _text("body type, as the source has it")
    fuel_type = _enum(FUEL_TYPES, "fuel or drive energy")
    fuel_type_source = _text("fuel, as the source has it")
    transmission = _enum(TRANSMISSIONS, "transmission")
    transmission_source = _text("transmission, as the source has it")
    drive_type = _enum(DRIVE_TYPES, "driven wheels")
    drive_type_source = _text("driven wheels, as the source has it")
    power_kw = dy.Int32(nullable=True, min=1, max=2500, metadata={"doc": "rated power in kilowatts"})
    battery_capacity_kwh = _figure(dy.Float64, "battery_capacity_kwh", "capacity of the traction battery, as stated")
    electric_range_km = _figure(dy.Int32, "electric_range_km", "range on electricity alone, as stated")
    co2_g_per_km = _figure(dy.Int32, "co2_g_per_km", "combined CO2 emission in grams a kilometre, as stated")
    doors = _figure(dy.Int16, "doors", "number of doors, as the source counts them")
    seats = _figure(dy.Int16, "seats", "number of seats")
    exterior_color = _text("exterior colour, the source's text")
    interior_color = _text("interior colour or upholstery, the source's text")
    mileage_km = dy.Int32(
        nullable=True,
        min=0,
        max=2_000_000,
        metadata={"doc": "odometer in kilometres, miles converted and rounded"},
    )
    first_registration_on = dy.Date(nullable=True, metadata={"doc": "first registration"})
    previous_owners = dy.Int16(nullable=True, min=0, max=50, metadata={"doc": "number of previous owners"})
    price_amount = dy.Decimal(
        14,
        2,
        nullable=True,
        min=Decimal("0.01"),
        metadata={"doc": "the price asked today, as price_kind says; unknown is null, never 0"},
    )
    price_currency = dy.String(nullable=True, regex=r"^[A-Z]{3}$", metadata={"doc": "ISO 4217"})
    price_kind = _enum(
        PRICE_KINDS, "what price_amount is: asked with all taxes, asked without sales tax, or the maker's list price"
    )
    list_price_amount = dy.Decimal(
        14,
        2,
        nullable=True,
        min=Decimal("0.01"),
        metadata={"doc": "the maker's list price or the struck-out price, in price_currency"},
    )
    vat_is_reclaimable = dy.Bool(nullable=True, metadata={"doc": "whether a business can reclaim the VAT"})
    availability = _enum(
        AVAILABILITIES, "in_stock, in_transit, in_production, reserved or sold; a listing that is sold is still listed"
    )
    availability_source = _text("availability, as the source has it")
    expected_on = dy.Date(nullable=True, metadata={"doc": "when the vehicle is expected at the dealer, as stated"})
    dealer_id = _text("the dealer's id in the stock feed")
    dealer_name = _text("the dealer's business name")
    dealer_city = _text("the dealer's city")
    offered_at = dy.Datetime(
        nullable=True,
        time_unit="us",
        time_zone="UTC",
        metadata={"doc": "since when on offer, as the source says"},
    )
    url = _text("the vehicle's public page")
    image_url = _text("its first picture")

    @dy.rule()
    def price_has_currency(cls) -> pl.Expr:  # noqa: N805 - dataframely calls it with the schema
        return cls.price_amount.col.is_null() | cls.price_currency.col.is_not_null()

    @dy.rule()
    def first_registration_is_not_in_the_future(cls) -> pl.Expr:  # noqa: N805
        # one day of grace: a market east of UTC is already on its next day
        return cls.first_registration_on.col.is_null() | (
            cls.first_registration_on.col <= cls.fetched_at.col.dt.date().dt.offset_by("1d")
        )


class Dealer(Provenance):
    """One dealer of an OEM in a market on a day."""

    oem = _text("the OEM's module name, in lower case", nullable=False)
    market = _text("our market code, mostly an ISO 3166 country in lower case", nullable=False)
    dealer_id = _text("the dealer's id in the OEM's dealer service", nullable=False)
    name = _text("business name", nullable=False)
    street = _text("street and house number")
    postal_code = _text("postal code")
    city = _text("city")
    region = _text("state, province or region")
    country_code = dy.String(nullable=True, regex=r"^[A-Z]{2}$", metadata={"doc": "ISO 3166-1 alpha-2"})
    latitude = dy.Float64(nullable=True, min=-90.0, max=90.0, metadata={"doc": "degrees north, WGS 84"})
    longitude = dy.Float64(nullable=True, min=-180.0, max=180.0, metadata={"doc": "degrees east, WGS 84"})
    phone = _text("business telephone")
    website = _text("web site, with scheme")
    services = dy.List(
        dy.String(nullable=False),
        nullable=True,
        metadata={"doc": f"any of {', '.join(DEALER_SERVICES)}, sorted; others as the source has them"},
    )
    opening_hours = _text("JSON: department -> weekday -> list of [open, close] as HH:MM")


PROVENANCE = tuple(Provenance.column_names())
CONTRACTS: dict[str, type[Provenance]] = {"inventory": Vehicle, "dealers": Dealer}
IDENTITY = {"inventory": "listing_id", "dealers": "dealer_id"}
"""For each table the column that identifies a row within its market and day."""


def contract_columns(table: str) -> list[tuple[str, str, str]]:
    """(name, dtype, meaning) of every column of the contract for `inventory` or `dealers`."""
    return [
        (name, str(column.dtype), str((column.metadata or {})["doc"]))
        for name, column in CONTRACTS[table].columns().items()
    ]
