"""Partitions of many small files, rewritten into few: which partitions, and rewriting one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Any

import polars as pl
from pyiceberg.transforms import IdentityTransform, MonthTransform

from consolidated.tables.catalog_tables import load_table
from consolidated.tables.iceberg import rewrite_rows
from consolidated.tables.months import in_month, month_numbered
from consolidated.tables.store import RowsChanged

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.manifest import DataFile
    from pyiceberg.table import Table

    from consolidated.tables.definitions import TableDefinition

_MB = 1024 * 1024
_ATTEMPTS = 3
_BATCH = 40
_BATCH_MB = 32

Partition = tuple[Any, ...]
"""Values in the order of `definition.partitions`; UNTOLD where a file lies as an older version partitioned the table,
and its partition does not tell the value."""
UNTOLD = "(any)"


@dataclass(frozen=True, slots=True)
class Compacted:
    """partitions: rewritten, or in a dry run to be rewritten. gave_up: partitions to which other writers kept writing;
    they stay as these writers left them."""

    partitions: int
    gave_up: int
    files_before: int
    files_after: int
    bytes_before: int
    bytes_after: int


def compact(
    catalog: Catalog,
    definition: TableDefinition,
    *,
    small_file_mb: float,
    small_files_at_least: int,
    partition_mb_at_most: float,
    dry_run: bool,
) -> Compacted:
    """Rewrite each partition that holds `small_files_at_least` files under `small_file_mb`, or a file that lies as an
    older version partitioned the table, some partitions of an OEM in one commit.

    The rows stay as they are and are sorted as the table is; a rival's write to one of the partitions wins. Ended on
    the way, it goes on where it was.
    Raises PlatformError(LAKE_UNWRITABLE).
    """
    table = load_table(catalog, definition.identifier)
    before = _files(table)
    current = table.spec().spec_id
    sizes = {
        partition: sum(file.file_size_in_bytes for file in files)
        for partition, files in before.items()
        if sum(file.file_size_in_bytes < small_file_mb * _MB for file in files) >= small_files_at_least
        or any(file.spec_id != current for file in files)
    }
    sizes = {partition: size for partition, size in sizes.items() if size <= partition_mb_at_most * _MB}
    gave_up = 0
    for partitions in [] if dry_run else _batches(sizes):
        if not _rewrite(catalog, definition, partitions):
            gave_up += len(partitions)
    after = before if dry_run else _files(load_table(catalog, definition.identifier))
    return Compacted(
        partitions=len(sizes) - gave_up,
        gave_up=gave_up,
        files_before=sum(len(files) for files in before.values()),
        files_after=sum(len(files) for files in after.values()),
        bytes_before=sum(file.file_size_in_bytes for files in before.values() for file in files),
        bytes_after=sum(file.file_size_in_bytes for files in after.values() for file in files),
    )


def _batches(sizes: Mapping[Partition, int]) -> Iterator[list[Partition]]:
    """The partitions that are rewritten in one commit: of one OEM, and few enough to be in memory together."""
    batch: list[Partition] = []
    for partition in sorted(sizes, key=str):
        too_large = sum(sizes[one] for one in batch) + sizes[partition] > _BATCH_MB * _MB
        if batch and (too_large or len(batch) == _BATCH or batch[0][0] != partition[0]):
            yield batch
            batch = []
        batch.append(partition)
    if batch:
        yield batch


def partition_filter(definition: TableDefinition, partition: Partition) -> pl.Expr:
    """The exact filter of a partition, or of all partitions that it may be; every version's tell the OEM."""
    return reduce(
        and_,
        (
            _equals(pl.col(column), transform, value)
            for (column, transform), value in zip(definition.partitions, partition, strict=True)
            if value != UNTOLD
        ),
    )


def _rewrite(catalog: Catalog, definition: TableDefinition, partitions: list[Partition]) -> bool:
    """Returns whether it landed: the rows of other writers matter more than the number of files."""
    where = reduce(or_, (partition_filter(definition, one) for one in partitions))
    for _ in range(_ATTEMPTS):
        try:
            rewrite_rows(load_table(catalog, definition.identifier), where)
        except RowsChanged:
            continue
        return True
    return False


def _files(table: Table) -> Mapping[Partition, list[DataFile]]:
    """The data files of the current snapshot by the partition in which their rows are written now."""
    files: dict[Partition, list[DataFile]] = defaultdict(list)
    wanted = [(one.source_id, str(one.transform)) for one in table.spec().fields]
    places: dict[int, list[int | None]] = {}
    for spec_id, spec in table.specs().items():
        present = [(one.source_id, str(one.transform)) for one in spec.fields]
        places[spec_id] = [present.index(one) if one in present else None for one in wanted]
    snapshot = table.current_snapshot()
    for manifest in snapshot.manifests(table.io) if snapshot else ():
        indexes = places[manifest.partition_spec_id]
        for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=True):
            values = entry.data_file.partition
            files[tuple(UNTOLD if index is None else values[index] for index in indexes)].append(entry.data_file)
    return files


def _equals(column: pl.Expr, transform: object, value: Any) -> pl.Expr:
    if value is None:
        return column.is_null()
    if isinstance(transform, MonthTransform):
        return in_month(column, month_numbered(value))
    if not isinstance(transform, IdentityTransform):
        raise NotImplementedError(f"no filter for partitions by {transform}")
    return column.eq(pl.lit(value))
