"""Which rows of a market's day are the same vehicle or dealer, seen twice, and which VINs identify no listing.

A day's rows lie in the parts that were written while its pages were decoded, and only a small key of each stays in
memory. The rows that share a vehicle are read again to choose between them.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from transformed.contract.one_vehicle import REAL_VIN

KEYS = pl.Schema({"part": pl.UInt32, "row": pl.UInt32, "market": pl.String, "identity": pl.String, "vin": pl.String})
"""Of a row: its place in the output, its market, its identity, and its VIN (null where that identifies nothing)."""
_MOST_LISTINGS_OF_A_VIN = 2  # an ad in two places is common; a third means that the VIN is a filler


def keys_of(rows: pl.DataFrame, identity: str, part: int) -> pl.DataFrame:
    """The KEYS of rows of a contract, in the order in which they lie in the output's part number `part`."""
    return rows.select(
        pl.lit(part, pl.UInt32).alias("part"),
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"),
        pl.col("market"),
        pl.col(identity).alias("identity"),
        (REAL_VIN if "vin" in rows.columns else pl.lit(None, pl.String)).alias("vin"),
    )


def concat(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Keys one below another, with KEYS also where there are none."""
    return pl.concat([pl.DataFrame(schema=KEYS), *parts])


def shared_vins(found: pl.DataFrame) -> pl.DataFrame:
    """The VINs that stand on more than two listings of a market: market, vin, listings (their number), sorted.

    found: market, identity, vin of everything that was seen on the day, with repeats.
    """
    listings = found.drop_nulls("vin").group_by("market", "vin").agg(listings=pl.col("identity").n_unique())
    return listings.filter(pl.col("listings") > _MOST_LISTINGS_OF_A_VIN).sort("market", "vin")


def without_vins(found: pl.DataFrame, shared: pl.DataFrame) -> pl.DataFrame:
    """The same rows in the same order, with null for the VINs of `shared` (market, vin). found: market, vin, ..."""
    is_shared = pl.struct("market", "vin").is_in(shared.select(pl.struct("market", "vin")).to_series().implode())
    return found.with_columns(vin=pl.when(~is_shared).then("vin"))


def seen_twice(keys: pl.DataFrame) -> pl.DataFrame:
    """The rows that share their vehicle with another row of their market: part, row, market, vehicle.

    Rows with the same identity are one vehicle, and so are listings with the same real VIN, even where only one row
    of a listing has it.
    """
    vehicle = pl.coalesce(pl.col("vin").min().over("market", "identity"), pl.col("identity"))
    return keys.select("part", "row", "market", vehicle.alias("vehicle")).filter(
        pl.struct("market", "vehicle").is_duplicated()
    )
