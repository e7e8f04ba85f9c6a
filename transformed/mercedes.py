"""Mercedes-Benz: stock of the used search and dealers of the dealer service of the United States; stock of Korea."""

import polars as pl

from transformed.contract.contracts import Dealer, Vehicle
from transformed.mapping.countries import country
from transformed.mapping.declaration import Coded, TableMapping, paths
from transformed.mapping.expressions import (
    KILOWATTS_PER_HORSEPOWER,
    at,
    either,
    first_where,
    kilometres,
    market_currency,
    money,
    number_before,
    sorted_codes,
    text,
    vin,
    web_address,
    whole_of_text,
)
from transformed.mapping.fields import fields
from transformed.platforms.onesearch import KR_INVENTORY

__all__ = ["KR_INVENTORY", "MBUSA_DEALERS", "MBUSA_INVENTORY"]

_MBUSA_RECORD = fields(
    text="""
    vin type modelId modelName year bodyStyleName fuelType.name driveTrain.id driveTrain.name
    properties[name:value].NET_POWER properties[name:value].PASSENGER_CAPACITY exteriorBaseImage.desktop.url
    paint.name upholstery.name dealerId stockId usedVehicleAttributes.mileageUnit usedVehicleAttributes.stockId
    usedVehicleAttributes.dealer.id usedVehicleAttributes.dealer.name usedVehicleAttributes.dealer.address[].city
    usedVehicleAttributes.images[]
    """,
    number="msrp usedVehicleAttributes.mileage",
    flag="available isVehicleCurrentlyReserved usedVehicleAttributes.certified usedVehicleAttributes.demoVehicle",
)

# every path of the captures of April to June 2026; the root's `dealer` is the same for many records
_MBUSA_IGNORED = (
    paths(
        """
        gssnOutletId bodyStyleId classId className partial brands detailedContent
        additionalPricingInformation exteriorBaseImage.** interiorBaseImage exteriorMetaColor interiorMetaColor engine
        includedFeatures monthlyPaymentInfo features relevance dealer inventoryPrice vehicleReservationStatus current
        eLink ePriceEnabled digitalRetailing dseDealerNewCar isHermesLess contactDealerForPrice
        isVehicleReservable fuelType.id properties.*
        """
    )
    | paths("id metaCode price mapped swatch", under="paint")
    | paths("id metaCode price mapped swatch", under="upholstery")
    | paths(
        "historyReport driveTrain dsrp fuelType optionList reservable reservePrice",
        under="usedVehicleAttributes",
    )
    | paths(
        "gssnOutletId regionCode marketCode contact url programs languages activities placeId badges",
        under="usedVehicleAttributes.dealer",
    )
    | paths("type line1 line2 state zip country region location", under="usedVehicleAttributes.dealer.address")
)

# only G was ever captured; the others are MBUSA's own words, read from the name
_FUELS = {
    "gasoline": "petrol",
    "diesel": "diesel",
    "electric": "electric",
    "hybrid": "hybrid",
    "plug-in hybrid": "plug_in_hybrid",
    "flex fuel": "flex_fuel",
}
_TRANSMISSIONS = {"A": "automatic", "M": "manual"}
# only Wagons was ever captured; the other headings say themselves what they are
_BODIES = {
    "wagons": "estate",
    "sedans": "saloon",
    "suvs": "suv",
    "coupes": "coupe",
    "convertibles": "convertible",
    "cabriolets": "convertible",
    "roadsters": "roadster",
    "hatchbacks": "hatchback",
    "vans": "van",
}
_CONDITIONS = {"PRE": "used", "certified": "certified", "demonstrator": "demonstrator"}


def _lower(path: str) -> pl.Expr:
    return text(path).str.to_lowercase()


_FOUR_WHEEL_DRIVE = pl.col("modelName").str.extract(r"(?i)(4MATIC)")
# 0 is a glitch of the feed for a price that it does not know
_PRICE = pl.when(pl.col("msrp") != 0).then(pl.col("msrp"))
_CONDITION = (
    pl.when(at("usedVehicleAttributes.certified"))
    .then(pl.lit("certified"))
    .when(at("usedVehicleAttributes.demoVehicle"))
    .then(pl.lit("demonstrator"))
    .otherwise("type")
)
# a car that is not available was sold a short while ago and is still shown
_AVAILABILITY = (
    pl.when(at("isVehicleCurrentlyReserved")).then(pl.lit("reserved")).otherwise(pl.col("available").cast(pl.String))
)
_AVAILABILITIES = {"reserved": "reserved", "true": "in_stock", "false": "sold"}

MBUSA_INVENTORY = TableMapping(
    contract=Vehicle,
    record=_MBUSA_RECORD,
    ignored=_MBUSA_IGNORED,
    optional=paths("stockId usedVehicleAttributes.stockId"),
    columns={
        "listing_id": text("vin"),
        "vin": vin("vin"),
        "stock_number": either("usedVehicleAttributes.stockId", "stockId"),
        "condition": Coded(_CONDITION, _CONDITIONS, said="type"),
        "brand": pl.lit("Mercedes-Benz"),
        "model": text("modelName"),
        "model_code": text("modelId"),
        "model_year": text("year").cast(pl.Int16, strict=False),
        "body_type": Coded(_lower("bodyStyleName"), _BODIES, said="bodyStyleName"),
        "fuel_type": Coded(_lower("fuelType.name"), _FUELS, said="fuelType.name"),
        # `driveTrain` holds the transmission; the driven wheels stand in the model's name
        "transmission": Coded("driveTrain.id", _TRANSMISSIONS, said="driveTrain.name"),
        "drive_type": Coded(_FOUR_WHEEL_DRIVE.str.to_lowercase(), {"4matic": "all"}, said=_FOUR_WHEEL_DRIVE),
        "power_kw": (number_before("properties.NET_POWER", "hp") * KILOWATTS_PER_HORSEPOWER).round(),
        "seats": whole_of_text("properties.PASSENGER_CAPACITY"),
        "exterior_color": text("paint.name"),
        "interior_color": text("upholstery.name"),
        "mileage_km": kilometres("usedVehicleAttributes.mileage", "usedVehicleAttributes.mileageUnit"),
        # misnamed: it is the price asked
        "price_amount": money(_PRICE),
        "price_currency": market_currency(),
        "price_kind": pl.lit("asking_net"),
        "availability": Coded(_AVAILABILITY, _AVAILABILITIES),
        "dealer_id": either("usedVehicleAttributes.dealer.id", "dealerId"),
        "dealer_name": text("usedVehicleAttributes.dealer.name"),
        "dealer_city": text(at("usedVehicleAttributes.dealer.address").list.first().struct.field("city")),
        "image_url": either(at("usedVehicleAttributes.images").list.first(), "exteriorBaseImage.desktop.url"),
    },
    parsed={
        "seats": "properties.PASSENGER_CAPACITY",
        "model_year": "year",
        "power_kw": "properties.NET_POWER",
        "mileage_km": "usedVehicleAttributes.mileage",
        "price_amount": _PRICE,
    },
)


def _address(field: str) -> pl.Expr:
    return text(pl.col("address").list.first().struct.field(field))


def _degrees(field: str) -> pl.Expr:
    return text(pl.col("address").list.first().struct.field("location").struct.field(field))


MBUSA_DEALERS = TableMapping(
    contract=Dealer,
    record=fields(
        text="""
        id name address[].line1 address[].line2 address[].city address[].state address[].zip address[].country
        address[].location.lat address[].location.lng contact[].type contact[].value url activities[].name
        """
    ),
    # the paths of the dealer objects in the captured stock; the service itself was never captured
    ignored=paths("gssnOutletId regionCode marketCode programs languages placeId badges activities.url")
    | paths("type region location.dist location.distunit", under="address"),
    optional=paths("activities"),
    columns={
        "dealer_id": text("id"),
        "name": text("name"),
        "street": text(pl.concat_str(_address("line1"), _address("line2"), separator=", ", ignore_nulls=True)),
        "postal_code": _address("zip"),
        "city": _address("city"),
        "region": _address("state"),
        "country_code": country(_address("country")),
        "latitude": _degrees("lat").cast(pl.Float64, strict=False),
        "longitude": _degrees("lng").cast(pl.Float64, strict=False),
        "phone": text(first_where("contact", "value", type="phone")),
        "website": web_address("url"),
        "services": sorted_codes(pl.col("activities").list.eval(pl.element().struct.field("name")), {}),
    },
    parsed={"latitude": _degrees("lat"), "longitude": _degrees("lng")},
)
