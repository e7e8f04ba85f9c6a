"""The Iceberg tables of the namespace `consolidated`: columns, partitions, order, properties.

The columns come from the contracts and from `consolidated/tables/columns.py`. Does not belong here: what works on a
catalog. `catalog_tables.ensure_tables` brings one to these definitions.

Format v2. An OEM's night is one commit a table, so a partition is an OEM's and not a market's: many small markets share
a file. Rows are in the order of their market, and a file's bounds of `market` say whether it holds another market's.
`inventory_daily` by the day; `inventory` by status and the month of last_seen_on, so that a delisted vehicle lies in a
file which no later night touches; `inventory_events` and `dealers_daily` by the month, because a day of them is a few
kilobytes: a night adds a file to the month, and maintenance makes one of them. `runs` and `market_daily` have a row a
market and day: a night writes the month's file again with its own rows, and reads those of the earlier months.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl
from pyiceberg.transforms import IdentityTransform, MonthTransform, Transform

from consolidated.tables import columns

if TYPE_CHECKING:
    import dataframely as dy

NAMESPACE = "consolidated"
SOURCE_PROPERTY = "lake.source"
REPLACES_PROPERTY = "lake.replaces"  # UUIDs of earlier tables whose files the sweep may remove, with commas between


@dataclass(frozen=True, eq=False)  # each is itself alone, so that what follows from one is computed once
class TableDefinition:
    """`partitions` are (column, transform) in order; `sort` are columns, ascending."""

    name: str
    doc: str
    columns: dict[str, dy.Column]
    partitions: tuple[tuple[str, Transform[Any, Any]], ...]
    sort: tuple[str, ...]

    @property
    def identifier(self) -> tuple[str, str]:
        return (NAMESPACE, self.name)

    def partitions_as_named(self) -> tuple[tuple[str, str], ...]:
        return tuple((column, str(transform)) for column, transform in self.partitions)

    @property
    def frame_schema(self) -> pl.Schema:
        """The columns and dtypes in which the table's rows come and go; Iceberg has no integer under 32 bits."""
        narrow: dict[pl.DataType, pl.DataType] = {pl.Int8(): pl.Int32(), pl.Int16(): pl.Int32()}
        return pl.Schema({name: narrow.get(c.dtype, c.dtype) for name, c in self.columns.items()})


_IDENTITY: IdentityTransform[Any] = IdentityTransform()
_OEM = (("oem", _IDENTITY),)

INVENTORY_DAILY = TableDefinition(
    "inventory_daily",
    "What was seen on each sealed day, one row a listing.",
    columns.DAILY,
    (*_OEM, ("date", _IDENTITY)),
    ("market", "listing_id"),
)
INVENTORY_SIGHTINGS = TableDefinition(
    "inventory_sightings",
    "The listings of each sealed day that were seen but have no row of their own.",
    columns.SIGHTINGS,
    # history reads the quarantined ones of every month, because a vehicle may get its first row much later
    (*_OEM, ("outcome", _IDENTITY), ("date", MonthTransform())),
    ("market", "date", "listing_id"),
)
INVENTORY_RETYPED = TableDefinition(
    "inventory_retyped",
    "The rows of a day as the interpretation of the next accepted day reads them: what that day was compared with.",
    columns.RETYPED,
    (*_OEM, ("date", _IDENTITY)),
    ("market", "listing_id"),
)
INVENTORY = TableDefinition(
    "inventory",
    "The present, one row a vehicle ever seen, as of the last accepted day of its OEM and market.",
    columns.INVENTORY,
    (*_OEM, ("status", _IDENTITY), ("last_seen_on", MonthTransform())),
    ("market", "listing_id"),
)
INVENTORY_EVENTS = TableDefinition(
    "inventory_events",
    "What happened to each vehicle.",
    columns.EVENTS,
    (*_OEM, ("known_on", MonthTransform())),
    ("market", "event_date", "vehicle_id"),
)
DEALERS_DAILY = TableDefinition(
    "dealers_daily",
    "What was seen on each sealed day, one row a dealer.",
    columns.DEALERS_DAILY,
    (*_OEM, ("date", MonthTransform())),
    ("market", "date", "dealer_id"),
)
DEALERS = TableDefinition(
    "dealers", "The present, one row a dealer ever seen.", columns.DEALERS, _OEM, ("market", "dealer_id")
)
RUNS = TableDefinition(
    "runs",
    "The control table: what came of each day of each OEM and market.",
    columns.RUNS,
    (*_OEM, ("table", _IDENTITY), ("date", MonthTransform())),
    ("market", "date"),
)
MARKET_DAILY = TableDefinition(
    "market_daily",
    "The figures of each day of each OEM and market, computed from the other tables.",
    columns.MARKET_DAILY,
    (*_OEM, ("date", MonthTransform())),
    ("market", "date"),
)
TABLES = (
    INVENTORY_DAILY,
    DEALERS_DAILY,
    INVENTORY_SIGHTINGS,
    INVENTORY_RETYPED,
    INVENTORY_EVENTS,
    RUNS,
    INVENTORY,
    DEALERS,
    MARKET_DAILY,
)
"""Every table, in the order in which a day's commits follow: what is computed from others comes after them."""
