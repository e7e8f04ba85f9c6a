"""Spoticar in Spain: used cars; each value stands in a list of its own."""

import polars as pl

from transformed.contract.contracts import Vehicle
from transformed.mapping.declaration import Coded, TableMapping
from transformed.mapping.expressions import at, market_currency, money, positive, text, vin, whole_of_text
from transformed.mapping.fields import fields

# ELEC is on record; the others say themselves what they are
_FUELS = {"ELEC": "electric", "DIESEL": "diesel", "GASOLINA": "petrol", "ESSENCE": "petrol"}

USED_CARS = TableMapping(
    contract=Vehicle,
    record=fields(
        text="""
        _source.marque[0] _source.model[0] _source.version[0] _source.field_vo_annee_modele[0] _source.field_vo_vin[0]
        _source.fuel_type[0] _source.boite_vitesse[0] _source.field_pdv_title[0] _source.field_pdv_city[0]
        _source.field_pdv_geo_id[0] _source.url[0]
        """,
        number="_source.field_vo_km[0] _source.field_vo_prix_base[0]",
    ),
    columns={
        "listing_id": text("_source.field_vo_vin"),
        "vin": vin("_source.field_vo_vin"),
        "condition": pl.lit("used"),
        "brand": text("_source.marque").str.to_titlecase(),
        "model": text("_source.model"),
        "trim": text("_source.version"),
        "model_year": whole_of_text("_source.field_vo_annee_modele"),
        "fuel_type": Coded("_source.fuel_type", _FUELS),
        "transmission": Coded("_source.boite_vitesse", {"automatico": "automatic", "manual": "manual"}),
        "mileage_km": at("_source.field_vo_km").round(),
        "price_amount": money(positive("_source.field_vo_prix_base")),
        "price_currency": market_currency(),
        "price_kind": pl.lit("asking_gross"),
        "dealer_id": text("_source.field_pdv_geo_id"),
        "dealer_name": text("_source.field_pdv_title"),
        "dealer_city": text("_source.field_pdv_city"),
        "url": pl.lit("https://www.spoticar.es") + text("_source.url"),
    },
    parsed={"model_year": "_source.field_vo_annee_modele"},
)
