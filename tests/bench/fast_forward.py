"""A lake of many nights without its nights: what they leave in the tables, written in few commits.

The history of one market is computed in memory, night after night and by the rules of consolidated. Its rows are then
written for every maker and market under their names: all markets have the same stock, and the fingerprints in `runs`
and `market_daily` are those of the one. Data files and manifests come to lie as true nights leave them: a file a night
where a night adds one, a file a partition elsewhere, and as many nights a manifest as true nights merge into one. What
the past leaves beside that is bounded and not written, the snapshots of a table and the logs in its metadata: true
nights have to follow until it holds so many (`snapshot.SNAPSHOTS_AT_MOST`).
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count

import polars as pl
from pyiceberg.manifest import DataFile, ManifestEntry, ManifestEntryStatus, write_manifest
from pyiceberg.table import Table

from consolidated.tables import definitions, snapshot
from consolidated.tables.data_files import write_data_files
from consolidated.tables.definitions import TABLES
from consolidated.tables.store import scope_of
from consolidated.tables.told import properties_of, snapshot_properties_of
from tests.support.consolidated_support import History, MemoryHistory
from tests.support.memory_tables import Version
from tests.support.typed_days import day_number

NIGHTLY = {
    definitions.INVENTORY_DAILY.name: "date",
    definitions.DEALERS_DAILY.name: "date",
    definitions.INVENTORY_EVENTS.name: "known_on",
}
"""The tables to which a night adds files and changes none that stand, each with its column of the night."""


@dataclass(frozen=True)
class Past:
    """What some nights leave of one market. states: the fingerprints of its rows, by table."""

    oem: str
    market: str
    rows: dict[str, pl.DataFrame]
    states: dict[str, str]


def past_of(kept: MemoryHistory, market: str, nights: int, night: Callable[[int], None]) -> Past:
    """The past of a maker's one market. night: lands and consolidates the night of a number, from 0 on."""
    aside: dict[str, list[pl.DataFrame]] = defaultdict(list)
    tables = kept.memory.versions
    for number in range(nights):
        night(number)
        kept.typed.clear()
        for name, versions in tables.items():
            if not versions:
                continue
            latest = versions[-1]
            if name in NIGHTLY:  # a night looks back at the one before it alone, and tables in memory are copied
                is_past = pl.col(NIGHTLY[name]) < day_number(number)
                aside[name].append(latest.rows.filter(is_past))
                latest = Version(latest.rows.filter(~is_past), latest.states)
            versions[:] = [latest]
    rows = {one.name: pl.concat([*aside[one.name], kept.table(one.name)]) for one in TABLES}
    states = {table: state for (table, _), state in kept.memory.states.items()}
    return Past(kept.oem, market, rows, states)


def write_past(past: Past, kept: History, markets: Sequence[str]) -> None:
    """Write a past under the name of each of a maker's markets, into tables that hold nothing of the maker yet."""
    kept.store.prepare(kept.source)
    for definition in TABLES:
        rows = pl.concat([_named(past.rows[definition.name], past, kept.oem, market) for market in markets])
        if rows.is_empty():
            continue
        table = kept.catalog.load_table(definition.identifier)
        state = past.states.get(definition.name)
        states = {} if state is None else {scope_of(kept.oem, market): state for market in markets}
        for files in _of_commits(table, rows, NIGHTLY.get(definition.name)):
            snapshot.commit_files(
                table,
                gone=[],
                come=files,
                snapshot_properties=snapshot_properties_of(states),
                table_properties=properties_of(table.metadata, states),
            )


def _named(rows: pl.DataFrame, past: Past, oem: str, market: str) -> pl.DataFrame:
    """The rows under the names of another maker and market."""
    named = rows.with_columns(oem=pl.lit(oem), market=pl.lit(market))
    if "event_id" in rows.columns:
        rest = pl.col("event_id").str.strip_prefix(f"{past.oem}/{past.market}/")
        named = named.with_columns(event_id=pl.format("{}/{}/{}", "oem", "market", rest))
    return named


def _of_commits(table: Table, rows: pl.DataFrame, night: str | None) -> Iterator[list[DataFile]]:
    """The rows in data files, those of each commit."""
    if night is None:
        yield write_data_files(table, rows)
        return
    by_night = rows.sort(night, maintain_order=True).partition_by(night, maintain_order=True)
    files = [write_data_files(table, one) for one in by_night]
    at_once = _nights_a_manifest(table, files)
    for start in range(0, len(files), at_once):
        yield list(chain.from_iterable(files[start : start + at_once]))


def _nights_a_manifest(table: Table, files: Sequence[Sequence[DataFile]]) -> int:
    """How many nights lie in one manifest when true nights begin the next one: those of a merge whose outcome is not
    small any more."""
    first = snapshot._MANIFESTS_AT_MOST + 1
    for nights in count(first, snapshot._MANIFESTS_AT_MOST):
        if nights >= len(files) or _manifest_bytes(table, files[:nights]) >= snapshot._MANIFEST_BYTES:
            return nights
    raise AssertionError


def _manifest_bytes(table: Table, files: Sequence[Sequence[DataFile]]) -> int:
    output = table.io.new_output(table.location_provider().new_metadata_location(f"{uuid.uuid4()}.avro"))
    with write_manifest(2, table.spec(), table.schema(), output, 1, "deflate") as writer:
        for file in chain.from_iterable(files):
            entry = ManifestEntry.from_args(status=ManifestEntryStatus.ADDED, snapshot_id=1, data_file=file)
            writer.add_entry(entry)
    found = len(output)
    table.io.delete(output)
    return found
