"""A table's definition in Iceberg's terms (schema, layout, properties), and how a table is brought to it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import polars as pl
from pyiceberg.exceptions import CommitFailedException, ResolveError
from pyiceberg.schema import Schema, promote
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import (
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    IcebergType,
    IntegerType,
    ListType,
    LongType,
    NestedField,
    StringType,
    StructType,
    TimestamptzType,
)

from consolidated.tables.definitions import NAMESPACE
from resources.failures import Cause, PlatformError
from resources.retries import retrying

if TYPE_CHECKING:
    from pyiceberg.table import Table, Transaction

    from consolidated.tables.definitions import TableDefinition

_METRICS = "write.metadata.metrics.column."
_EVOLVE_ATTEMPTS = 5
_IDENTITY: IdentityTransform[Any] = IdentityTransform()

_PROPERTIES = {
    "format-version": "2",
    "write.parquet.compression-codec": "zstd",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "20",
    # each of pyiceberg's own tries reads all that was committed since the first one; `iceberg.py` looks only at the
    # files in whose place the new ones come
    "commit.retry.num-retries": "0",
    # bounds of a column by which no file is sorted prune nothing and swell the manifests
    "write.metadata.metrics.default": "none",
}
# beside the columns of partitions and order; bounds of the filters' columns must not be cut short
_METRICS_FULL = ("oem", "market", "vin", "vehicle_id", "listing_id", "known_on", "event_date", "last_seen_on", "date")


@cache
def iceberg_schema(definition: TableDefinition) -> Schema:
    """The Iceberg schema: names, types, required flags and docs of the definition's columns."""
    ids = iter(range(len(definition.columns) + 1, 10_000))
    return Schema(
        *(
            NestedField(
                number,
                name,
                _iceberg_type(column.dtype, ids),
                required=not column.nullable,
                doc=(column.metadata or {}).get("doc"),
            )
            for number, (name, column) in enumerate(definition.columns.items(), start=1)
        )
    )


@dataclass(frozen=True)
class Changes:
    """What a table lacks of its definition. added: optional columns, since rows written before have no value there.
    widened: the new type of a column. relaxed: columns that may be null from now on. lays_out: whether the next rows
    are partitioned or ordered otherwise. properties: those to set. dropped: those of columns that have no metrics now.
    """

    added: tuple[NestedField, ...]
    widened: dict[str, IcebergType]
    relaxed: tuple[str, ...]
    lays_out: bool
    properties: dict[str, str]
    dropped: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.widened or self.relaxed or self.lays_out or self.properties or self.dropped)


def changes_of(table: Table, definition: TableDefinition) -> Changes:
    """Raises PlatformError(CONFIGURATION) where a column cannot become what the definition says."""
    present = {field.name: field for field in table.schema().fields}
    added, widened, relaxed = [], {}, []
    for wanted in iceberg_schema(definition).fields:
        field = present.get(wanted.name)
        if field is None:
            added.append(wanted.model_copy(update={"required": False}))
            continue
        if field.required and not wanted.required:
            relaxed.append(wanted.name)
        if _shape(field.field_type) == _shape(wanted.field_type):
            continue
        try:
            widened[wanted.name] = promote(field.field_type, wanted.field_type)
        except ResolveError as error:
            raise PlatformError(
                Cause.CONFIGURATION,
                f"the column {NAMESPACE}.{definition.name}.{wanted.name} is {_shape(field.field_type)} and cannot"
                f" become {_shape(wanted.field_type)}; nothing was changed",
                advice="Give the column another name in the contract, or `make rebuild` the tables.",
            ) from error
    lays_out = layout_of(table) != (definition.partitions_as_named(), definition.sort)
    properties = properties_of_table(definition)
    dropped = [name for name in table.properties if name.startswith(_METRICS) and name not in properties]
    # the format is no property of a table that is there
    to_set = {
        name: value
        for name, value in properties.items()
        if name != "format-version" and table.properties.get(name) != value
    }
    return Changes(tuple(added), widened, tuple(relaxed), lays_out, to_set, tuple(dropped))


def _shape(kind: IcebergType) -> str:
    """The type without the ids of the fields within."""
    if isinstance(kind, ListType):
        return f"list<{_shape(kind.element_type)}>"
    if isinstance(kind, StructType):
        return f"struct<{', '.join(f'{field.name}: {_shape(field.field_type)}' for field in kind.fields)}>"
    return str(kind)


def layout_of(table: Table) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """The partitions (column, transform) and the order (columns) in which the table's next rows are written."""
    schema = table.schema()
    partitions = tuple((schema.find_field(one.source_id).name, str(one.transform)) for one in table.spec().fields)
    return partitions, tuple(schema.find_field(one.source_id).name for one in table.sort_order().fields)


def _lay_out(transaction: Transaction, table: Table, definition: TableDefinition) -> None:
    schema = transaction.table_metadata.schema()
    partitions, order = layout_of(table)
    wanted = definition.partitions_as_named()
    with transaction.update_spec() as spec:
        for key, field in zip(partitions, table.spec().fields, strict=True):
            if key not in wanted:
                spec.remove_field(field.name)
        for column, transform in definition.partitions:
            if (column, str(transform)) not in partitions:
                spec.add_field(column, transform)
    if order != definition.sort:
        with transaction.update_sort_order() as sort:
            for column in definition.sort:
                sort.asc(schema.find_field(column).name, _IDENTITY)


def properties_of_table(definition: TableDefinition) -> dict[str, str]:
    full = {*_METRICS_FULL, *definition.sort, *(column for column, _ in definition.partitions)}
    metrics = {f"{_METRICS}{name}": "full" for name in definition.columns if name in full}
    return {**_PROPERTIES, **metrics, "comment": definition.doc}


def evolve(table: Table, definition: TableDefinition) -> None:
    """Change the table's schema and layout to the definition's. Files that lie there stay as they are; maintenance
    writes them into the new layout."""
    if not changes_of(table, definition):
        return
    for attempt in retrying(CommitFailedException, attempts=_EVOLVE_ATTEMPTS):
        with attempt:
            table.refresh()
            if changes := changes_of(table, definition):
                _change(table, definition, changes)


def _change(table: Table, definition: TableDefinition, changes: Changes) -> None:
    with table.transaction() as transaction:
        with transaction.update_schema() as update:
            update.union_by_name(Schema(*changes.added))
            for name in changes.relaxed:
                update.make_column_optional(name)
            for name, kind in changes.widened.items():
                update.update_column(name, field_type=kind)
        _lay_out(transaction, table, definition)
        transaction.set_properties(changes.properties)
        transaction.remove_properties(*changes.dropped)


def _iceberg_type(dtype: pl.DataType, ids: object) -> IcebergType:
    """The Iceberg type of a polars dtype; `ids` gives ids to the fields within."""
    simple: dict[pl.DataType, IcebergType] = {
        pl.Boolean(): BooleanType(),
        pl.Int8(): IntegerType(),
        pl.Int16(): IntegerType(),
        pl.Int32(): IntegerType(),
        pl.Int64(): LongType(),
        pl.Float64(): DoubleType(),
        pl.String(): StringType(),
        pl.Date(): DateType(),
        pl.Datetime("us", "UTC"): TimestamptzType(),
    }
    if isinstance(dtype, pl.Decimal):
        return DecimalType(dtype.precision or 38, dtype.scale)
    if isinstance(dtype, pl.List):
        return ListType(next(ids), _iceberg_type(dtype.inner, ids), element_required=False)  # type: ignore[call-overload,arg-type]
    if isinstance(dtype, pl.Struct):
        return StructType(
            *(
                NestedField(next(ids), field.name, _iceberg_type(field.dtype, ids), required=False)  # type: ignore[call-overload,arg-type]
                for field in dtype.fields
            )
        )
    return simple[dtype]
