"""Rows into data files of a table, before anything is committed: sorted, by partition, with Iceberg's statistics.

A data file that no commit names afterwards is a leftover, which maintenance removes.
"""

from __future__ import annotations

import io
import uuid
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.io.pyarrow import (
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
    schema_to_pyarrow,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.transforms import IdentityTransform, MonthTransform
from pyiceberg.typedef import Record

from consolidated.tables.months import month_number

if TYPE_CHECKING:
    from pyiceberg.partitioning import PartitionField
    from pyiceberg.table import Table

_KEY = "partition key {}"


def write_data_files(table: Table, frame: pl.DataFrame) -> list[DataFile]:
    """Write a frame, with the table's columns, as one file a partition, in the table's order. Returns the files.

    Raises what the table's storage raises.
    """
    schema, spec = table.schema(), table.spec()
    order = [schema.find_field(one.source_id).name for one in table.sort_order().fields]
    keys = [_partition_key(table, one).alias(_KEY.format(number)) for number, one in enumerate(spec.fields)]
    names = [_KEY.format(number) for number in range(len(keys))]
    keyed = frame.select(field.name for field in schema.fields).with_columns(keys)
    parts = keyed.partition_by(names, as_dict=True, include_key=False) if names else {(): keyed}
    return [
        _write(table, Record(*values), part.sort(order, maintain_order=True) if order else part)
        for values, part in parts.items()
        if part.height
    ]


def _write(table: Table, partition: Record, rows: pl.DataFrame) -> DataFile:
    schema = table.schema()
    buffer = io.BytesIO()
    rows.write_parquet(buffer, compression="zstd", arrow_schema=schema_to_pyarrow(schema))
    content = buffer.getvalue()
    path = table.location_provider().new_data_location(f"{uuid.uuid4()}.parquet")
    with table.io.new_output(path).create() as file:
        file.write(content)
    statistics = data_file_statistics_from_parquet_metadata(
        parquet_metadata=pq.read_metadata(pa.BufferReader(content)),
        stats_columns=compute_statistics_plan(schema, table.properties),
        parquet_column_mapping=parquet_path_to_id_mapping(schema),
    )
    return DataFile.from_args(
        content=DataFileContent.DATA,
        file_path=path,
        file_format=FileFormat.PARQUET,
        partition=partition,
        file_size_in_bytes=len(content),
        sort_order_id=table.sort_order().order_id,
        spec_id=table.metadata.default_spec_id,
        equality_ids=None,
        key_metadata=None,
        **statistics.to_serialized_dict(),
    )


def _partition_key(table: Table, field: PartitionField) -> pl.Expr:
    """A partition's value as Iceberg keeps it: months since 1970-01, days since 1970-01-01, texts as they are."""
    column = pl.col(table.schema().find_field(field.source_id).name)
    transform: Any = field.transform
    if isinstance(transform, MonthTransform):
        return month_number(column)
    if isinstance(transform, IdentityTransform):
        return column.to_physical()
    raise NotImplementedError(f"no partitions by {transform}")
