"""Ford in Spain: used cars of eUsed. Built from a field list: no answer is public.

The number plate is never read. There is no VIN.
"""

import polars as pl

from transformed.contract.contracts import Vehicle
from transformed.mapping.declaration import Coded, TableMapping, paths
from transformed.mapping.expressions import at, market_currency, money, positive, text
from transformed.mapping.fields import fields
from transformed.mapping.times import date_of_text

_BRANDS = {"FORD": "Ford"}
# in Spanish, as the pages show them
_FUELS = {
    "Gasolina": "petrol", "Diésel": "diesel", "Eléctrico": "electric", "Híbrido": "hybrid",
    "Híbrido enchufable": "plug_in_hybrid", "Mild Hybrid": "mild_hybrid", "GLP": "liquefied_petroleum_gas",
}  # fmt: skip
_GEARS = {"Manual": "manual", "Automático": "automatic", "Automática": "automatic"}

_ADDRESS = "VendorInformation.Address"

E_USED_INVENTORY = TableMapping(
    contract=Vehicle,
    record=fields(
        text=f"""
        Vehicle.Identity.ID Vehicle.Brand.ShortDescription Vehicle.Model.ShortDescription
        Vehicle.Variant.ShortDescription Vehicle.History.DateOfRegistration
        Vehicle.Configuration.FuelType.ShortDescription Vehicle.Configuration.TransmissionType.ShortDescription
        Vehicle.Configuration.Appearance.ImageRef[].value VendorInformation.VendorCode VendorInformation.VendorName
        {_ADDRESS}.Locality.NameElement[].value
        """,
        number="Vehicle.CurrentCondition.CurrentOdometerReading.value VendorInformation.Price.value",
        whole="Vehicle.History.YearOfProduction",
    ),
    ignored=paths("Vehicle.Identity.RegistrationNumber VendorInformation.Price.VATIncIndicator")
    | paths("PostCode LocationByCoordinates", under=_ADDRESS),
    columns={
        "listing_id": text("Vehicle.Identity.ID"),
        "condition": pl.lit("used"),
        "brand": text("Vehicle.Brand.ShortDescription").replace(_BRANDS),
        "model": text("Vehicle.Model.ShortDescription"),
        "trim": text("Vehicle.Variant.ShortDescription"),
        # the year of production: the model year is not stated
        "model_year": at("Vehicle.History.YearOfProduction"),
        "fuel_type": Coded("Vehicle.Configuration.FuelType.ShortDescription", _FUELS),
        "transmission": Coded("Vehicle.Configuration.TransmissionType.ShortDescription", _GEARS),
        "mileage_km": at("Vehicle.CurrentCondition.CurrentOdometerReading.value").round(),
        "first_registration_on": date_of_text("Vehicle.History.DateOfRegistration"),
        "price_amount": money(positive("VendorInformation.Price.value")),
        "price_currency": market_currency(),
        "price_kind": pl.lit("asking_gross"),
        "dealer_id": text("VendorInformation.VendorCode"),
        "dealer_name": text("VendorInformation.VendorName"),
        "dealer_city": text(at(f"{_ADDRESS}.Locality.NameElement").list.first().struct.field("value")),
        "image_url": text(at("Vehicle.Configuration.Appearance.ImageRef").list.first().struct.field("value")),
    },
    parsed={
        "first_registration_on": "Vehicle.History.DateOfRegistration",
        "mileage_km": "Vehicle.CurrentCondition.CurrentOdometerReading.value",
    },
)
