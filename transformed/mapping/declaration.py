"""How one OEM's records become one table: what a `transformed/<oem>.py` declares.

Belongs here: the shape of that declaration. Does not belong here: any OEM, and the running of it
(`transformed.day.transform`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import dataframely as dy
import polars as pl

PROVIDED_COLUMNS = ("archive_address", "fetched_at", "oem", "market")
"""Columns of every contract that no OEM declares: transform fills them, and the expressions may read them."""


@dataclass(frozen=True, kw_only=True)
class TableMapping:
    """The records of one endpoint as rows of `contract`.

    record: the used fields, as `transformed.mapping.decode.RecordDecoder` takes them.
    columns: one expression over the record's fields for each column of the contract, in its order, without
    PROVIDED_COLUMNS.
    ignored: dotted paths of fields that are known and not used; any other field is reported as drift.
    optional: dotted paths of used fields which a whole day may lack, with all below them, without anything having
    changed.
    exclusions: rule -> predicate over the record's fields, true for records that are not what the table is
    about; they are quarantined under that rule.
    parsed: column -> expression of the code or text it is read from, so that one which cannot be read is reported;
    a column that is not named and has a twin `<name>_source` is watched by that.
    """

    contract: type[dy.Schema]
    record: pl.Struct
    columns: Sequence[pl.Expr]
    ignored: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    exclusions: Mapping[str, pl.Expr] = field(default_factory=dict)
    parsed: Mapping[str, pl.Expr] = field(default_factory=dict)


def paths(names: str, under: str = "") -> frozenset[str]:
    """The dotted paths of fields named in a text, separated by white space, all below the path `under`."""
    return frozenset(f"{under}.{name}" if under else name for name in names.split())
