"""Nordlys: stock and dealers from one API."""

import polars as pl

from transformed.contract.contracts import Dealer, Vehicle
from transformed.mapping.declaration import TableMapping, paths
from transformed.mapping.expressions import at, code, money, text

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
        pl.lit("Nordlys").alias("brand"),
        text(pl.col("model")).alias("model"),
        code(text(pl.col("fuel")), _FUELS).alias("fuel_type"),
        text(pl.col("fuel")).alias("fuel_type_source"),
        pl.col("kilometres").cast(pl.Int32, strict=False).alias("mileage_km"),
        money(at("price", "amount")).alias("price_amount"),
        text(at("price", "currency")).alias("price_currency"),
        text(at("dealer", "id")).alias("dealer_id"),
        text(at("dealer", "name")).alias("dealer_name"),
    ],
)

DEALERS = TableMapping(
    contract=Dealer,
    record=pl.Struct({"id": pl.String, "name": pl.String, "city": pl.String, "country": pl.String}),
    columns=[
        text(pl.col("id")).alias("dealer_id"),
        text(pl.col("name")).alias("name"),
        text(pl.col("city")).alias("city"),
        text(pl.col("country")).alias("country_code"),
    ],
)
