"""Nordlys: stock and dealers from one API."""

import polars as pl

from transformed.contract.contracts import Dealer, Vehicle
from transformed.mapping.declaration import TableMapping, paths
from transformed.mapping.expressions import at, code, money, nothing, text

_CAR = pl.Struct(
    {
        "id": pl.String,
        "vin": pl.String,
        "model": pl.String,
        "fuel": pl.String,
        "kilometres": pl.Int64,
        "price": pl.Struct({"amount": pl.Float64, "currency": pl.String}),
        "dealer": pl.Struct({"id": pl.String, "name": pl.String}),
    }
)
_FUELS = {"bensin": "petrol", "el": "electric"}

CARS = TableMapping(
    contract=Vehicle,
    record=_CAR,
    ignored=paths("link"),
    columns=[
        text(pl.col("id")).alias("listing_id"),
        text(pl.col("vin")).alias("vin"),
        pl.lit(False).alias("vin_is_temporary"),
        nothing(pl.String).alias("stock_number"),
        nothing(pl.String).alias("condition"),
        nothing(pl.String).alias("condition_source"),
        pl.lit("Nordlys").alias("brand"),
        text(pl.col("model")).alias("model"),
        nothing(pl.String).alias("model_code"),
        nothing(pl.String).alias("trim"),
        nothing(pl.Int16).alias("model_year"),
        nothing(pl.String).alias("body_type"),
        nothing(pl.String).alias("body_type_source"),
        code(text(pl.col("fuel")), _FUELS).alias("fuel_type"),
        text(pl.col("fuel")).alias("fuel_type_source"),
        nothing(pl.String).alias("transmission"),
        nothing(pl.String).alias("transmission_source"),
        nothing(pl.String).alias("drive_type"),
        nothing(pl.String).alias("drive_type_source"),
        nothing(pl.Int32).alias("power_kw"),
        nothing(pl.String).alias("exterior_color"),
        nothing(pl.String).alias("interior_color"),
        pl.col("kilometres").cast(pl.Int32, strict=False).alias("mileage_km"),
        nothing(pl.Date).alias("first_registration_on"),
        nothing(pl.Int16).alias("previous_owners"),
        money(at("price", "amount")).alias("price_amount"),
        text(at("price", "currency")).alias("price_currency"),
        nothing(pl.Decimal(14, 2)).alias("list_price_amount"),
        nothing(pl.Boolean).alias("vat_is_reclaimable"),
        text(at("dealer", "id")).alias("dealer_id"),
        text(at("dealer", "name")).alias("dealer_name"),
        nothing(pl.String).alias("dealer_city"),
        nothing(pl.Datetime("us", "UTC")).alias("offered_at"),
        nothing(pl.String).alias("url"),
    ],
)

DEALERS = TableMapping(
    contract=Dealer,
    record=pl.Struct({"id": pl.String, "name": pl.String, "city": pl.String, "country": pl.String}),
    columns=[
        text(pl.col("id")).alias("dealer_id"),
        text(pl.col("name")).alias("name"),
        nothing(pl.String).alias("street"),
        nothing(pl.String).alias("postal_code"),
        text(pl.col("city")).alias("city"),
        nothing(pl.String).alias("region"),
        text(pl.col("country")).alias("country_code"),
        nothing(pl.Float64).alias("latitude"),
        nothing(pl.Float64).alias("longitude"),
        nothing(pl.String).alias("phone"),
        nothing(pl.String).alias("website"),
        nothing(pl.List(pl.String)).alias("services"),
        nothing(pl.String).alias("opening_hours"),
    ],
)
