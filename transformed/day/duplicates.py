"""Which rows of a day are the same vehicle or dealer seen twice, and which one stays.

Belongs here: that rule (HISTORY: one vehicle, one row a day). Does not belong here: reading or writing rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

KEY_COLUMNS = ("part", "row", "market", "identity", "vin", "filled", "price", "content")


def keys_of(rows: pl.DataFrame, identity: str, part: int, not_content: Sequence[str]) -> pl.DataFrame:
    """What is needed of each row to find duplicates: about 80 bytes of it.

    rows: of a contract, as they lie in the output part number `part`. Columns of the result: part, row (UInt32),
    market, identity, vin (String, null where it identifies nothing), filled (UInt32, fields not null),
    price (Decimal, null), content (UInt64, hash of all columns but `not_content`).
    """
    content = rows.select(pl.exclude(*not_content))
    is_vehicle = "vin" in rows.columns
    real_vin = pl.when(~pl.col("vin_is_temporary")).then(pl.col("vin")) if is_vehicle else pl.lit(None, pl.String)
    return rows.select(
        pl.lit(part, pl.UInt32).alias("part"),
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"),
        pl.col("market"),
        pl.col(identity).alias("identity"),
        real_vin.alias("vin"),
        pl.sum_horizontal(pl.col(content.columns).is_not_null()).alias("filled"),
        (pl.col("price_amount") if is_vehicle else pl.lit(None, pl.Decimal(14, 2))).alias("price"),
        content.hash_rows(seed=1).alias("content"),
    )


def superfluous(keys: pl.DataFrame) -> pl.DataFrame:
    """The rows that do not stay: columns part, row, market.

    Within a market, listings with the same identity are one, and so are listings with the same real VIN, be it
    that only one row of a listing has it. Of each, the row with more fields filled stays, then the lower price
    (an unknown one is not low), then the smaller identity; rows that still tie differ by the hash of their
    content, so that the order in which pages came decides nothing; what remains is equal, and the first stays.
    """
    vehicle = pl.coalesce(pl.col("vin").min().over("market", "identity"), pl.col("identity"))
    candidates = keys.with_columns(vehicle.alias("vehicle")).filter(pl.struct("market", "vehicle").is_duplicated())
    ranked = candidates.sort(
        "market", "vehicle", "filled", "price", "identity", "content", "part", "row",
        descending=[False, False, True, False, False, False, False, False],
        nulls_last=True,
    )  # fmt: skip
    return ranked.filter(~pl.struct("market", "vehicle").is_first_distinct()).select("part", "row", "market")
