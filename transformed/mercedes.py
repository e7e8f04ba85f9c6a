"""Mercedes-Benz USA: certified pre-owned stock from the used search, dealers from the dealer service."""

import polars as pl

from transformed.contract.contracts import Dealer, Vehicle
from transformed.mapping.declaration import TableMapping, paths
from transformed.mapping.expressions import (
    KILOWATTS_PER_HORSEPOWER,
    at,
    code,
    kilometres,
    market_currency,
    money,
    number_before,
    sorted_codes,
    text,
    web_address,
)

_DEALER = pl.Struct({"id": pl.String, "name": pl.String, "address": pl.List(pl.Struct({"city": pl.String}))})
_USED = pl.Struct(
    {
        "certified": pl.Boolean,
        "demoVehicle": pl.Boolean,
        "dealer": _DEALER,
        "mileage": pl.Float64,
        "mileageUnit": pl.String,
        "stockId": pl.String,
    }
)
_NAMED = pl.Struct({"id": pl.String, "name": pl.String})

_MBUSA_RECORD = pl.Struct(
    {
        "vin": pl.String,
        "type": pl.String,
        "modelId": pl.String,
        "modelName": pl.String,
        "year": pl.String,
        "bodyStyleName": pl.String,
        "fuelType": _NAMED,
        "driveTrain": _NAMED,
        "properties": pl.List(pl.Struct({"name": pl.String, "value": pl.String})),
        "paint": pl.Struct({"name": pl.String}),
        "upholstery": pl.Struct({"name": pl.String}),
        "msrp": pl.Float64,
        "dealerId": pl.String,
        "stockId": pl.String,
        "usedVehicleAttributes": _USED,
    }
)

# every path of the captures of April to June 2026; the root's `dealer` is the same for many records
_MBUSA_IGNORED = (
    paths(
        """
        gssnOutletId bodyStyleId classId className partial available brands detailedContent
        additionalPricingInformation exteriorBaseImage interiorBaseImage exteriorMetaColor interiorMetaColor engine
        includedFeatures monthlyPaymentInfo features relevance dealer inventoryPrice vehicleReservationStatus current
        eLink ePriceEnabled digitalRetailing dseDealerNewCar isHermesLess contactDealerForPrice
        isVehicleCurrentlyReserved isVehicleReservable properties.header
        """
    )
    | paths("id metaCode price mapped swatch", under="paint")
    | paths("id metaCode price mapped swatch", under="upholstery")
    | paths(
        "historyReport driveTrain dsrp fuelType images optionList reservable reservePrice",
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
_CONDITIONS = {"PRE": "used"}


def _property(name: str) -> pl.Expr:
    named = pl.element().filter(pl.element().struct.field("name") == name)
    return pl.col("properties").list.eval(named).list.first().struct.field("value")


def _lower(expression: pl.Expr) -> pl.Expr:
    return text(expression).str.to_lowercase()


_FOUR_WHEEL_DRIVE = pl.col("modelName").str.extract(r"(?i)(4MATIC)")

MBUSA_INVENTORY = TableMapping(
    contract=Vehicle,
    record=_MBUSA_RECORD,
    ignored=_MBUSA_IGNORED,
    optional=paths("stockId usedVehicleAttributes.stockId"),
    columns=[
        text(pl.col("vin")).alias("listing_id"),
        text(pl.col("vin")).str.to_uppercase().alias("vin"),
        pl.coalesce(text(at("usedVehicleAttributes", "stockId")), text(pl.col("stockId"))).alias("stock_number"),
        pl.when(at("usedVehicleAttributes", "certified"))
        .then(pl.lit("certified"))
        .when(at("usedVehicleAttributes", "demoVehicle"))
        .then(pl.lit("demonstrator"))
        .otherwise(code(pl.col("type"), _CONDITIONS))
        .alias("condition"),
        text(pl.col("type")).alias("condition_source"),
        pl.lit("Mercedes-Benz").alias("brand"),
        text(pl.col("modelName")).alias("model"),
        text(pl.col("modelId")).alias("model_code"),
        text(pl.col("year")).cast(pl.Int16, strict=False).alias("model_year"),
        code(_lower(pl.col("bodyStyleName")), _BODIES).alias("body_type"),
        text(pl.col("bodyStyleName")).alias("body_type_source"),
        code(_lower(at("fuelType", "name")), _FUELS).alias("fuel_type"),
        text(at("fuelType", "name")).alias("fuel_type_source"),
        # `driveTrain` holds the transmission; the driven wheels stand in the model's name
        code(at("driveTrain", "id"), _TRANSMISSIONS).alias("transmission"),
        text(at("driveTrain", "name")).alias("transmission_source"),
        pl.when(_FOUR_WHEEL_DRIVE.is_not_null()).then(pl.lit("all")).alias("drive_type"),
        _FOUR_WHEEL_DRIVE.alias("drive_type_source"),
        (number_before(_property("NET_POWER"), "hp") * KILOWATTS_PER_HORSEPOWER).round().alias("power_kw"),
        text(at("paint", "name")).alias("exterior_color"),
        text(at("upholstery", "name")).alias("interior_color"),
        kilometres(at("usedVehicleAttributes", "mileage"), at("usedVehicleAttributes", "mileageUnit")).alias(
            "mileage_km"
        ),
        # misnamed: it is the price asked; 0 is a glitch of the feed for a price that it does not know
        money(pl.when(pl.col("msrp") != 0).then(pl.col("msrp"))).alias("price_amount"),
        market_currency().alias("price_currency"),
        pl.coalesce(text(at("usedVehicleAttributes", "dealer", "id")), text(pl.col("dealerId"))).alias("dealer_id"),
        text(at("usedVehicleAttributes", "dealer", "name")).alias("dealer_name"),
        text(at("usedVehicleAttributes", "dealer", "address").list.first().struct.field("city")).alias("dealer_city"),
    ],
    parsed={
        "model_year": text(pl.col("year")),
        "power_kw": text(_property("NET_POWER")),
        "mileage_km": at("usedVehicleAttributes", "mileage").cast(pl.String),
        "price_amount": pl.when(pl.col("msrp") != 0).then(pl.col("msrp")).cast(pl.String),
    },
)

_MBUSA_DEALER_RECORD = pl.Struct(
    {
        "id": pl.String,
        "name": pl.String,
        "address": pl.List(
            pl.Struct(
                {
                    "line1": pl.String,
                    "line2": pl.String,
                    "city": pl.String,
                    "state": pl.String,
                    "zip": pl.String,
                    "country": pl.String,
                    "location": pl.Struct({"lat": pl.String, "lng": pl.String}),
                }
            )
        ),
        "contact": pl.List(pl.Struct({"type": pl.String, "value": pl.String})),
        "url": pl.String,
        "activities": pl.List(pl.Struct({"name": pl.String})),
    }
)


def _address(*path: str) -> pl.Expr:
    field = pl.col("address").list.first()
    for name in path:
        field = field.struct.field(name)
    return field


_BUSINESS_PHONE = (
    pl.col("contact")
    .list.eval(pl.element().filter(pl.element().struct.field("type") == "phone"))
    .list.first()
    .struct.field("value")
)

MBUSA_DEALERS = TableMapping(
    contract=Dealer,
    record=_MBUSA_DEALER_RECORD,
    # the paths of the dealer objects in the captured stock; the service itself was never captured
    ignored=paths("gssnOutletId regionCode marketCode programs languages placeId badges activities.url")
    | paths("type region location.dist location.distunit", under="address"),
    optional=paths("activities"),
    columns=[
        text(pl.col("id")).alias("dealer_id"),
        text(pl.col("name")).alias("name"),
        pl.concat_str(text(_address("line1")), text(_address("line2")), separator=", ", ignore_nulls=True)
        .pipe(text)
        .alias("street"),
        text(_address("zip")).alias("postal_code"),
        text(_address("city")).alias("city"),
        text(_address("state")).alias("region"),
        text(_address("country")).str.to_uppercase().alias("country_code"),
        text(_address("location", "lat")).cast(pl.Float64, strict=False).alias("latitude"),
        text(_address("location", "lng")).cast(pl.Float64, strict=False).alias("longitude"),
        text(_BUSINESS_PHONE).alias("phone"),
        web_address(pl.col("url")).alias("website"),
        sorted_codes(pl.col("activities").list.eval(pl.element().struct.field("name")), {}).alias("services"),
    ],
    parsed={"latitude": text(_address("location", "lat")), "longitude": text(_address("location", "lng"))},
)
