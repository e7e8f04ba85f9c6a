"""Volvo: used vehicles of Great Britain and the United States, one mapping for both stores, from a field list."""

import polars as pl

from transformed.contract.contracts import Vehicle
from transformed.mapping.declaration import Coded, TableMapping, paths
from transformed.mapping.expressions import (
    KILOWATTS_PER_HORSEPOWER,
    at,
    either,
    first_amount,
    kilometres,
    market_currency,
    money,
    price_kind,
    text,
    vin,
)
from transformed.mapping.fields import fields
from transformed.mapping.times import date_of_text

_CAR = "HeadlineVehicle.Vehicle"
_FUELS = {
    "petrol": "petrol",
    "diesel": "diesel",
    "electric": "electric",
    "petrol/electric": "hybrid",
    "plug-in hybrid": "plug_in_hybrid",
    "mild hybrid": "mild_hybrid",
}
_DRIVES = {"fwd": "front", "rwd": "rear", "awd": "all"}
_BODIES = {"suv": "suv", "estate": "estate", "wagon": "estate", "saloon": "saloon", "sedan": "saloon"}


def _in_car(fields_of_car: str) -> str:
    return " ".join(f"{_CAR}.{path}" for path in fields_of_car.split())


def _lower(path: str) -> pl.Expr:
    return text(f"{_CAR}.{path}").str.to_lowercase()


_AVAILABILITY = (
    pl.when(at(f"{_CAR}.Physical.NoLongerAvailable"))
    .then(pl.lit("sold"))
    .when(at(f"{_CAR}.Physical.IsReserved"))
    .then(pl.lit("reserved"))
    .otherwise(pl.lit("in_stock"))
)

GB_INVENTORY = TableMapping(
    contract=Vehicle,
    record=fields(
        text=_in_car(
            """
        Physical.ExternalVehicleId Physical.Vin Physical.Status Physical.ExteriorColour.Description
        Physical.DateOfManufacture Physical.Registration.DateRegisteredWithDvla Specification.Manufacturer
        Specification.Model Specification.Variant Specification.FuelType Specification.Transmission Specification.Drive
        Specification.BodyStyle Retailer.Reference Retailer.Name Retailer.Address.TownCity Images[].Url
        """
        ),
        number=_in_car(
            "Physical.OnTheRoadPrice Specification.OnTheRoadPrice Physical.Mileage Specification.BrakeHorsePower"
        ),
        whole=_in_car("Specification.Seats Specification.Doors"),
        flag=_in_car("Physical.IsReserved Physical.NoLongerAvailable"),
    ),
    ignored=paths("GroupKey")
    | paths(
        """
        Reference Hash Finance Physical.CodeweaversStockIdentifier Physical.Registration.Number
        Physical.ExteriorColour.* Specification.EngineSize Retailer.Address.* Retailer.Telephone Images.*
        """,
        under=_CAR,
    ),
    optional=paths("Specification.OnTheRoadPrice Physical.NoLongerAvailable", under=_CAR),
    columns={
        "listing_id": either(f"{_CAR}.Physical.ExternalVehicleId", f"{_CAR}.Physical.Vin"),
        "vin": vin(f"{_CAR}.Physical.Vin"),
        "condition": Coded(f"{_CAR}.Physical.Status", {"PreOwned": "certified", "New": "new", "Demo": "demonstrator"}),
        "brand": text(f"{_CAR}.Specification.Manufacturer"),
        "model": text(f"{_CAR}.Specification.Model"),
        "trim": text(f"{_CAR}.Specification.Variant"),
        "body_type": Coded(_lower("Specification.BodyStyle"), _BODIES, said=f"{_CAR}.Specification.BodyStyle"),
        "fuel_type": Coded(_lower("Specification.FuelType"), _FUELS, said=f"{_CAR}.Specification.FuelType"),
        "transmission": Coded(
            _lower("Specification.Transmission"),
            {"automatic": "automatic", "manual": "manual"},
            said=f"{_CAR}.Specification.Transmission",
        ),
        "drive_type": Coded(_lower("Specification.Drive"), _DRIVES, said=f"{_CAR}.Specification.Drive"),
        "power_kw": (at(f"{_CAR}.Specification.BrakeHorsePower") * KILOWATTS_PER_HORSEPOWER).round(),
        "doors": at(f"{_CAR}.Specification.Doors"),
        "seats": at(f"{_CAR}.Specification.Seats"),
        "exterior_color": text(f"{_CAR}.Physical.ExteriorColour.Description"),
        "mileage_km": kilometres(f"{_CAR}.Physical.Mileage"),
        "first_registration_on": date_of_text(f"{_CAR}.Physical.Registration.DateRegisteredWithDvla"),
        "price_amount": money(first_amount(f"{_CAR}.Physical.OnTheRoadPrice", f"{_CAR}.Specification.OnTheRoadPrice")),
        "price_currency": market_currency(),
        "price_kind": price_kind(),
        "availability": Coded(_AVAILABILITY, {"sold": "sold", "reserved": "reserved", "in_stock": "in_stock"}),
        "dealer_id": text(f"{_CAR}.Retailer.Reference"),
        "dealer_name": text(f"{_CAR}.Retailer.Name"),
        "dealer_city": text(f"{_CAR}.Retailer.Address.TownCity"),
        "image_url": text(at(f"{_CAR}.Images").list.first().struct.field("Url")),
    },
)
US_INVENTORY = GB_INVENTORY
