"""Which listings a day proves to be there, whatever became of their records.

A record with an identity is a sighting of that listing: also when it was refused, or merged into another row. Absence
from a market is judged by sightings, never by rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from transformed.contract.one_vehicle import REAL_VIN
from transformed.day.quarantine import EXCLUDED_MESSAGE

if TYPE_CHECKING:
    from transformed.mapping.decode import BrokenRecord

ACCEPTED, MERGED, QUARANTINED = "accepted", "merged", "quarantined"
_BEST_FIRST = (ACCEPTED, MERGED, QUARANTINED)

SCHEMA = pl.Schema({"market": pl.String, "identity": pl.String, "vin": pl.String, "outcome": pl.String})
"""market. identity: the listing_id or dealer_id. vin: null unless a real VIN could be read. outcome: `accepted` (the
listing has a row), `merged` (its row lost against another of the same vehicle) or `quarantined`."""


def of_rows(rows: pl.DataFrame, identity: str, outcome: str) -> pl.DataFrame:
    """One sighting a row that has an identity. rows: columns of a contract, valid or not."""
    vin = REAL_VIN if "vin" in rows.columns else pl.lit(None, pl.String)
    found = rows.select("market", pl.col(identity).alias("identity"), vin.alias("vin"), outcome=pl.lit(outcome))
    return found.drop_nulls("identity")


def of_keys(keys: pl.DataFrame, outcome: str) -> pl.DataFrame:
    """One sighting a key. keys: as from `duplicates.keys_of`."""
    return keys.select("market", "identity", "vin", outcome=pl.lit(outcome, pl.String))


def of_unreadable(market: str, broken: Sequence[tuple[str, BrokenRecord]]) -> pl.DataFrame:
    """Sightings of records that could not be decoded: their VINs are unknown."""
    seen = [(market, record.identity, None, QUARANTINED) for _, record in broken if record.identity is not None]
    return pl.DataFrame(seen, schema=SCHEMA, orient="row")


def of_quarantine(quarantined: pl.DataFrame) -> pl.DataFrame:
    """Sightings of the rows of a quarantine file, but for the records that the table is not about."""
    seen = quarantined.filter(pl.col("message").ne_missing(EXCLUDED_MESSAGE)).drop_nulls("identity")
    return seen.select("market", "identity", vin=pl.lit(None, pl.String), outcome=pl.lit(QUARANTINED))


def concat(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Sightings one below another, with SCHEMA also where there are none."""
    return pl.concat([pl.DataFrame(schema=SCHEMA), *parts])


def best_of_each(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """One row a (market, identity), sorted by both: its best outcome, and the VIN of a sighting that has one."""
    rank = pl.col("outcome").replace_strict(_BEST_FIRST, range(len(_BEST_FIRST)), return_dtype=pl.UInt8)
    return (
        concat(parts)
        .sort("market", "identity", rank, "vin", nulls_last=True)
        .group_by("market", "identity", maintain_order=True)
        .agg(pl.col("vin").drop_nulls().first(), pl.col("outcome").first())
    )
