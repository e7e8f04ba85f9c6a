"""The Iceberg tables of the namespace `consolidated`: columns, partitions, order, properties.

The columns come from the contracts and from `consolidated/tables/columns.py`. `ensure_tables` brings a catalog to
these definitions.

Format v2. An OEM's night is one commit a table, so a partition is an OEM's and not a market's: many small markets share
a file. Rows are in the order of their market, and a file's bounds of `market` say whether it holds another market's.
`inventory_daily` by the day; `inventory` by status and the month of last_seen_on, so that a delisted vehicle lies in a
file which no later night touches; `inventory_events` and `dealers_daily` by the month, because a day of them is a few
kilobytes: a night adds a file to the month, and maintenance makes one of them. `runs` and `market_daily` have a row a
market and day: a night writes the month's file again with its own rows, and reads those of the earlier months.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import polars as pl
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import (
    CommitFailedException,
    NamespaceAlreadyExistsError,
    NoSuchNamespaceError,
    NoSuchTableError,
    ResolveError,
    ServerError,
    TableAlreadyExistsError,
    ValidationError,
)
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema, promote
from pyiceberg.table.sorting import SortField, SortOrder
from pyiceberg.transforms import IdentityTransform, MonthTransform, Transform
from pyiceberg.typedef import Identifier
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
from sqlalchemy.exc import IntegrityError

from consolidated.tables import columns
from resources.failures import Cause, PlatformError
from resources.lake.catalog import place_of
from resources.lake.lake import storage_place
from resources.lake.storage_failures import Place, storage_errors
from resources.retries import retrying

if TYPE_CHECKING:
    import dataframely as dy
    from pyiceberg.table import Table, Transaction

NAMESPACE = "consolidated"
SOURCE_PROPERTY = "lake.source"
REPLACES_PROPERTY = "lake.replaces"  # UUIDs of earlier tables whose files the sweep may remove, with commas between
_METRICS = "write.metadata.metrics.column."
_EVOLVE_ATTEMPTS = 5
_MAKE_ATTEMPTS = 6

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


def ensure_tables(catalog: Catalog, source: str) -> dict[str, Table]:
    """Create the tables that are missing; add the columns that the contracts gained, and widen those that they
    widened. Returns the tables by name, as they are then. Safe against other writers.

    source: sandbox, replay or live, kept as the tables' property `lake.source`.
    Raises PlatformError: SOURCE_MIXED where a table holds another source's data; CONFIGURATION, before anything is
    changed, where a column cannot become what the contract says; and what `load_table` raises.
    """
    with storage_errors(*_places(catalog, "the tables")):
        _make(lambda: catalog.namespace_exists(NAMESPACE), lambda: catalog.create_namespace(NAMESPACE))
        present = {name for _, name in catalog.list_tables(NAMESPACE)}
        tables = {one.name: open_table(catalog, one, source) for one in TABLES if one.name in present}
        for definition in TABLES:
            if definition.name in tables:
                changes_of(tables[definition.name], definition)
        for definition in TABLES:
            if definition.name not in tables:
                exists = partial(catalog.table_exists, definition.identifier)
                _make(exists, partial(_create, catalog, definition, source))
                tables[definition.name] = open_table(catalog, definition, source)
            _evolve(tables[definition.name], definition)
    return tables


@dataclass(frozen=True)
class Changes:
    """What a table lacks of its definition. added: optional columns, since rows written before have no value there.
    widened: the new type of a column. relaxed: columns that may be null from now on."""

    added: tuple[NestedField, ...]
    widened: dict[str, IcebergType]
    relaxed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.widened or self.relaxed)


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
        if field.field_type == wanted.field_type or _shape(field.field_type) == _shape(wanted.field_type):
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
    return Changes(tuple(added), widened, tuple(relaxed))


def _shape(kind: IcebergType) -> str:
    """The type without the ids of the fields within."""
    if isinstance(kind, ListType):
        return f"list<{_shape(kind.element_type)}>"
    if isinstance(kind, StructType):
        return f"struct<{', '.join(f'{field.name}: {_shape(field.field_type)}' for field in kind.fields)}>"
    return str(kind)


def load_table(catalog: Catalog, identifier: Identifier | str) -> Table:
    """A table as of now. Raises PlatformError where catalog or storage cannot be reached or refuse."""
    name = identifier if isinstance(identifier, str) else ".".join(identifier)
    with storage_errors(*_places(catalog, f"the table {name}")):
        try:
            return catalog.load_table(identifier)
        except (FileNotFoundError, ValueError, ValidationError) as error:
            detail = f"the metadata of the table {name} cannot be read: {' '.join(str(error).split())}"
            raise PlatformError(Cause.LAKE_DAMAGED, detail) from error


def open_table(catalog: Catalog, definition: TableDefinition, source: str) -> Table:
    """The table as of now, for data of `source`. Raises PlatformError: SOURCE_MIXED, and what `load_table` raises."""
    table = load_table(catalog, definition.identifier)
    found = table.properties.get(SOURCE_PROPERTY)
    if found != source:
        raise PlatformError(
            Cause.SOURCE_MIXED,
            f"the table {NAMESPACE}.{definition.name} holds {found} data and these are {source} data",
            advice=(
                f"Point LAKE_URI and PYICEBERG_CATALOG__LAKE__* at a lake for {source} data,"
                f" or set OEM_APIS back to {found}."
            ),
        )
    return table


def source_of_tables(catalog: Catalog) -> str | None:
    """The source whose data the tables hold; None where nothing was ever consolidated."""
    try:
        return load_table(catalog, RUNS.identifier).properties.get(SOURCE_PROPERTY)
    except (NoSuchTableError, NoSuchNamespaceError):
        return None


def _places(catalog: Catalog, what: str) -> tuple[Place, Place]:
    """The catalog and the storage that it keeps the tables in, for error messages."""
    return place_of(catalog.properties), storage_place(f"{what} in {catalog.properties.get('warehouse')}")


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


def _make(exists: Callable[[], bool], create: Callable[[], object]) -> None:
    """Create what is missing. Of the steps of a first night one creates it, and the others find it there.

    Where another step creates it at the same moment, a SQL catalog raises its database's error, and a REST catalog
    may answer 500.
    """

    def make() -> None:
        if not exists():
            create()

    rivals = (NamespaceAlreadyExistsError, TableAlreadyExistsError, IntegrityError, ServerError)
    retrying(rivals, attempts=_MAKE_ATTEMPTS)(make)


def _create(catalog: Catalog, definition: TableDefinition, source: str) -> None:
    schema = iceberg_schema(definition)
    spec = PartitionSpec(
        *(
            PartitionField(
                schema.find_field(column).field_id,
                1000 + number,
                transform,
                column if isinstance(transform, IdentityTransform) else f"{column}_{transform}",
            )
            for number, (column, transform) in enumerate(definition.partitions)
        )
    )
    order = SortOrder(
        *(SortField(schema.find_field(column).field_id, transform=_IDENTITY) for column in definition.sort)
    )
    properties = {**_properties(definition), SOURCE_PROPERTY: source}
    catalog.create_table(definition.identifier, schema, partition_spec=spec, sort_order=order, properties=properties)


def _properties(definition: TableDefinition) -> dict[str, str]:
    full = {*_METRICS_FULL, *definition.sort, *(column for column, _ in definition.partitions)}
    metrics = {f"{_METRICS}{name}": "full" for name in definition.columns if name in full}
    return {**_PROPERTIES, **metrics, "comment": definition.doc}


def _evolve(table: Table, definition: TableDefinition) -> None:
    """Change the table's schema and layout to the definition's. Files that lie there stay as they are; maintenance
    writes them into the new layout."""
    for attempt in retrying(CommitFailedException, attempts=_EVOLVE_ATTEMPTS):
        with attempt:
            if attempt.retry_state.attempt_number > 1:
                table.refresh()
            changes = changes_of(table, definition)
            lays_out = layout_of(table) != (definition.partitions_as_named(), definition.sort)
            properties = _properties(definition)
            properties = {
                name: value
                for name, value in properties.items()
                if name != "format-version" and table.properties.get(name) != value
            }
            dropped = [
                name for name in table.properties if name.startswith(_METRICS) and name not in _properties(definition)
            ]
            if not (changes or lays_out or properties or dropped):
                return
            with table.transaction() as transaction:
                if changes:
                    with transaction.update_schema() as update:
                        if changes.added:
                            update.union_by_name(Schema(*changes.added))
                        for name in changes.relaxed:
                            update.make_column_optional(name)
                        for name, kind in changes.widened.items():
                            update.update_column(name, field_type=kind)
                if lays_out:
                    _lay_out(transaction, table, definition)
                if properties:
                    transaction.set_properties(properties)
                if dropped:
                    transaction.remove_properties(*dropped)


def layout_of(table: Table) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """The partitions (column, transform) and the order (columns) in which the table's next rows are written."""
    schema = table.schema()
    partitions = tuple((schema.find_field(one.source_id).name, str(one.transform)) for one in table.spec().fields)
    return partitions, tuple(schema.find_field(one.source_id).name for one in table.sort_order().fields)


def _lay_out(transaction: Transaction, table: Table, definition: TableDefinition) -> None:
    schema = transaction.table_metadata.schema()
    partitions, order = layout_of(table)
    wanted = definition.partitions_as_named()
    if partitions != wanted:
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
