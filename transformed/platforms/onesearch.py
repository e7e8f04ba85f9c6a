"""OneSearch: the cars of Mercedes-Benz's search outside America as rows."""

import polars as pl

from transformed.contract.contracts import Vehicle
from transformed.mapping.declaration import Coded, TableMapping
from transformed.mapping.expressions import at, kilometres, market_currency, money, positive, text, web_address
from transformed.mapping.fields import fields
from transformed.mapping.times import date_of_text

# the words are not on record: these say themselves what they are, others are reported when they come
_FUELS = {
    "gasoline": "petrol", "petrol": "petrol", "diesel": "diesel", "electric": "electric", "hybrid": "hybrid",
    "plug-in hybrid": "plug_in_hybrid", "mild hybrid": "mild_hybrid",
}  # fmt: skip
_BODIES = {
    "sedan": "saloon", "saloon": "saloon", "limousine": "saloon", "estate": "estate", "wagon": "estate", "suv": "suv",
    "coupe": "coupe", "cabriolet": "convertible", "roadster": "roadster", "hatchback": "hatchback",
}  # fmt: skip
_FUEL = text("technicalInformation.engine.fuelType.value")
_BODY = text("vehicleModel.bodyType.value")
_GEAR = text("technicalInformation.transmission.value")

KR_INVENTORY = TableMapping(
    contract=Vehicle,
    record=fields(
        text="""
        identification.code identification.dealerId vehicleModel.name vehicleModel.typeClass vehicleModel.bodyType.value
        usedVehicleData.mileage.unit usedVehicleData.firstRegistrationDate technicalInformation.transmission.value
        technicalInformation.engine.fuelType.value color.text images.default dealer.nameLocalLanguage pdpLink
        """,
        number="usedVehicleData.mileage.value price.grossValue",
        whole="vehicleModel.modelYear usedVehicleData.numberPreviousOwners",
    ),
    columns={
        "listing_id": text("identification.code"),
        "condition": pl.lit("certified"),
        "brand": pl.lit("Mercedes-Benz"),
        "model": text("vehicleModel.name"),
        "model_code": text("vehicleModel.typeClass"),
        "model_year": at("vehicleModel.modelYear"),
        "body_type": Coded(_BODY.str.to_lowercase(), _BODIES, said=_BODY),
        "fuel_type": Coded(_FUEL.str.to_lowercase(), _FUELS, said=_FUEL),
        "transmission": Coded(_GEAR.str.to_lowercase(), {"automatic": "automatic", "manual": "manual"}, said=_GEAR),
        "exterior_color": text("color.text"),
        "mileage_km": kilometres("usedVehicleData.mileage.value", "usedVehicleData.mileage.unit"),
        "first_registration_on": date_of_text("usedVehicleData.firstRegistrationDate"),
        "previous_owners": at("usedVehicleData.numberPreviousOwners"),
        "price_amount": money(positive("price.grossValue")),
        "price_currency": market_currency(),
        "price_kind": pl.lit("asking_gross"),
        "dealer_id": text("identification.dealerId"),
        "dealer_name": text("dealer.nameLocalLanguage"),
        "url": web_address("pdpLink"),
        "image_url": web_address("images.default"),
    },
    parsed={"first_registration_on": "usedVehicleData.firstRegistrationDate"},
)
