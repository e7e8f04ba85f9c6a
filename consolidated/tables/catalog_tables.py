"""The tables in the catalog: make them, bring them to their definitions, list and load them.

Every request to a catalog is made here, but for a table's own refresh and commits, so that a catalog that does not
answer is always named.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from pyiceberg.exceptions import (
    NamespaceAlreadyExistsError,
    NoSuchNamespaceError,
    NoSuchTableError,
    ServerError,
    TableAlreadyExistsError,
    ValidationError,
)
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.table.sorting import SortField, SortOrder
from pyiceberg.transforms import IdentityTransform
from sqlalchemy.exc import IntegrityError

from consolidated.tables.definitions import NAMESPACE, RUNS, SOURCE_PROPERTY, TABLES
from consolidated.tables.shape import changes_of, evolve, iceberg_schema, properties_of_table
from resources.failures import Cause, PlatformError
from resources.lake.catalog import place_of
from resources.lake.lake import storage_place
from resources.lake.storage_failures import Place, storage_errors
from resources.retries import retrying

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table
    from pyiceberg.typedef import Identifier

    from consolidated.tables.definitions import TableDefinition

_MAKE_ATTEMPTS = 6


def ensure_tables(catalog: Catalog, source: str) -> dict[str, Table]:
    """Create the tables that are missing; add the columns that the contracts gained, and widen those that they
    widened. Returns the tables by name, as they are then. Safe against other writers.

    source: sandbox, replay or live, kept as the tables' property `lake.source`.
    Raises PlatformError: SOURCE_MIXED where a table holds another source's data; CONFIGURATION, before anything is
    changed, where a column cannot become what the contract says; and what `load_table` raises.
    """
    with storage_errors(*_places(catalog, "the tables")):
        _make(lambda: catalog.namespace_exists(NAMESPACE), lambda: catalog.create_namespace(NAMESPACE))
        present = table_names(catalog)
        # a REST catalog may name a table that another step is making before it can load it
        open_named = retrying(NoSuchTableError, attempts=_MAKE_ATTEMPTS).wraps(open_table)
        tables = {one.name: open_named(catalog, one, source) for one in TABLES if one.name in present}
        # of every table before the first is changed: one that cannot become what its contract says ends it here
        lacking = {one.name for one in TABLES if one.name not in tables or changes_of(tables[one.name], one)}
        for definition in TABLES:
            if definition.name not in tables:
                exists = partial(catalog.table_exists, definition.identifier)
                _make(exists, partial(_create, catalog, definition, source))
                tables[definition.name] = open_named(catalog, definition, source)
            if definition.name in lacking:
                evolve(tables[definition.name], definition)
    return tables


def table_names(catalog: Catalog) -> set[str]:
    """The tables that the catalog has, by their names in `consolidated`; none where nothing was ever consolidated.

    Raises PlatformError where the catalog cannot be reached or refuses.
    """
    with storage_errors(*_places(catalog, "the tables")):
        try:
            return {name for _, name in catalog.list_tables(NAMESPACE)}
        except NoSuchNamespaceError:
            return set()


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
                number,  # Iceberg numbers the fields of a new table itself
                transform,
                column if isinstance(transform, IdentityTransform) else f"{column}_{transform}",
            )
            for number, (column, transform) in enumerate(definition.partitions)
        )
    )
    order = SortOrder(
        *(SortField(schema.find_field(column).field_id, transform=IdentityTransform()) for column in definition.sort)
    )
    properties = {**properties_of_table(definition), SOURCE_PROPERTY: source}
    catalog.create_table(definition.identifier, schema, partition_spec=spec, sort_order=order, properties=properties)
