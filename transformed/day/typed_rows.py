"""One batch of decoded records as rows of the contract, and in quarantine each record that is no such row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from transformed.contract.contracts import IDENTITY
from transformed.contract.plausible import plausible
from transformed.day import quarantine, sightings
from transformed.mapping.declaration import PROVIDED_COLUMNS
from transformed.mapping.expressions import at, either

if TYPE_CHECKING:
    from raw.endpoint.declaration import Endpoint
    from transformed.contract.drift import Drift
    from transformed.mapping.declaration import TableMapping

_WATCHED = "source of {}"


@dataclass(frozen=True, slots=True)
class TypedBatch:
    """rows: of the contract, sorted by (market, identity). quarantine: columns as in `quarantine.OF_A_RECORD`, one row
    a record that broke a rule or is excluded; `excluded` counts the latter. refused_sightings: of the records that
    broke a rule, columns as in `sightings.SCHEMA`."""

    rows: pl.DataFrame
    quarantine: pl.DataFrame
    refused_sightings: pl.DataFrame
    excluded: int


def typed_rows(records: pl.DataFrame, endpoint: Endpoint, mapping: TableMapping, drift: Drift) -> TypedBatch:
    """Type a batch. records: the fields of `mapping.record` and the PROVIDED_COLUMNS, one row a record.

    What cannot be read or is implausible is noted in `drift` and null.
    """
    identity = IDENTITY[endpoint.yields.table]
    records, excluded = _without_excluded(records, endpoint, mapping)
    rows = plausible(_mapped(records, mapping, drift), drift)
    accepted, failure = mapping.contract.filter(rows, cast=True)
    broken = quarantine.contract_broken(failure, mapping.contract, identity)
    return TypedBatch(
        rows=accepted.sort("market", identity, "archive_address"),
        quarantine=quarantine.concat([*excluded, broken]),
        refused_sightings=sightings.of_rows(failure.invalid(), identity, sightings.QUARANTINED),
        excluded=sum(map(len, excluded)),
    )


def _without_excluded(
    records: pl.DataFrame, endpoint: Endpoint, mapping: TableMapping
) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """The records that the table is about, and quarantine rows for the others."""
    identity = either(*(at(path).cast(pl.String) for path in endpoint.identities))
    excluded = []
    for rule, predicate in mapping.exclusions.items():
        is_excluded = predicate.fill_null(False)
        excluded.append(quarantine.excluded(records.filter(is_excluded), rule, identity))
        records = records.filter(~is_excluded)
    return records, excluded


def _mapped(records: pl.DataFrame, mapping: TableMapping, drift: Drift) -> pl.DataFrame:
    """The contract's columns as the mapping reads them; texts from which nothing could be read are drift."""
    read_from = mapping.read_from()
    watched = {name: _WATCHED.format(name) for name in read_from}
    rows = records.select(
        *PROVIDED_COLUMNS,
        *mapping.row_expressions(),
        *(expression.alias(watched[name]) for name, expression in read_from.items()),
    )
    twins = {name: f"{name}_source" for name in rows.columns if f"{name}_source" in rows.columns}
    is_unread = {
        column: pl.col(column).is_null() & pl.col(source).is_not_null() for column, source in (twins | watched).items()
    }
    # one pass says which columns hold a text from which nothing was read: mostly few
    finds = rows.select(found.any().alias(column) for column, found in is_unread.items())
    for column in (one.name for one in finds.iter_columns() if one.item()):
        unread = rows.filter(is_unread[column]).select((twins | watched)[column], "archive_address")
        drift.note_texts(column, "nothing can be read from", unread)
    return rows.drop(watched.values())
