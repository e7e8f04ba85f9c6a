"""Two rules about vehicles that both later tiers apply: which VIN is real, and which of a vehicle's rows stays."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

REAL_VIN = pl.when(~pl.col("vin_is_temporary")).then(pl.col("vin"))
"""Over the columns vin (String) and vin_is_temporary (Boolean): the VIN, null where the source will replace it."""


def one_row_of_each(rows: pl.DataFrame, group: Sequence[str], *, columns: Sequence[str], identity: str) -> pl.DataFrame:
    """Of the rows with equal values in `group` the one that counts; the columns of the result are those of `rows`.

    The row with more of `columns` filled counts, then the one with the lower `price_amount` (an unknown price is
    not low), then the one with the smaller `identity`. Rows that still tie are compared by the texts of `columns`,
    in their order, so that neither the order of the rows nor a version of a library decides.
    """
    is_doubled = pl.struct(group).is_duplicated()
    doubled = rows.filter(is_doubled)
    if doubled.is_empty():
        return rows
    price = [pl.col("price_amount")] if "price_amount" in columns else []
    texts = [_as_text(name, rows.schema[name]) for name in columns]
    filled = pl.sum_horizontal(pl.col(name).is_not_null() for name in columns)
    chosen = doubled.sort(
        filled, *price, identity, *texts, descending=[True] + [False] * (len(price) + 1 + len(texts)), nulls_last=True
    ).unique(group, keep="first", maintain_order=True)
    return pl.concat([rows.filter(~is_doubled), chosen])


def _as_text(name: str, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.List):
        return pl.col(name).cast(pl.List(pl.String)).list.join("\n")
    return pl.col(name).cast(pl.String)
