"""Nordlys: stock and dealers from one API."""

import polars as pl

from transformed.contract.contracts import Dealer, Vehicle
from transformed.mapping.declaration import Coded, TableMapping, paths
from transformed.mapping.expressions import kilometres, money, text, vin
from transformed.mapping.fields import fields

_FUELS = {"bensin": "petrol", "el": "electric"}

CARS = TableMapping(
    contract=Vehicle,
    record=fields(
        text="id vin model fuel price.currency dealer.id dealer.name", number="price.amount", whole="kilometres"
    ),
    ignored=paths("link"),
    columns={
        "listing_id": text("id"),
        "vin": vin("vin"),
        "brand": pl.lit("Nordlys"),
        "model": text("model"),
        "fuel_type": Coded("fuel", _FUELS),
        "mileage_km": kilometres("kilometres", "km"),
        "price_amount": money("price.amount"),
        "price_currency": text("price.currency"),
        "dealer_id": text("dealer.id"),
        "dealer_name": text("dealer.name"),
    },
)

DEALERS = TableMapping(
    contract=Dealer,
    record=fields(text="id name city country"),
    columns={
        "dealer_id": text("id"),
        "name": text("name"),
        "city": text("city"),
        "country_code": text("country"),
    },
)
