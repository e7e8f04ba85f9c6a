"""Which rows of a day are the same vehicle or dealer, seen twice.

A day's rows lie in the parts that were written while its pages were decoded, and only a small key of each stays in
memory. The rows that share a vehicle are read again to choose between them.
"""

from __future__ import annotations

import polars as pl

from transformed.contract.one_vehicle import REAL_VIN


def keys_of(rows: pl.DataFrame, identity: str, part: int) -> pl.DataFrame:
    """What is kept of each row: part, row (UInt32), market, identity, vin (String, null where it identifies nothing).

    rows: of a contract, in the order in which they lie in the output's part number `part`.
    """
    return rows.select(
        pl.lit(part, pl.UInt32).alias("part"),
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"),
        pl.col("market"),
        pl.col(identity).alias("identity"),
        (REAL_VIN if "vin" in rows.columns else pl.lit(None, pl.String)).alias("vin"),
    )


def seen_twice(keys: pl.DataFrame) -> pl.DataFrame:
    """The rows that share their vehicle with another row of their market: part, row, market, vehicle.

    keys: as from `keys_of`. Rows with the same identity are one vehicle, and so are listings with the same real
    VIN, even where only one row of a listing has it.
    """
    vehicle = pl.coalesce(pl.col("vin").min().over("market", "identity"), pl.col("identity"))
    return keys.select("part", "row", "market", vehicle.alias("vehicle")).filter(
        pl.struct("market", "vehicle").is_duplicated()
    )
