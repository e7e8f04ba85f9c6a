"""A history's tables as maintenance meets them."""

from __future__ import annotations

from pyiceberg.table import Table

from consolidated.tables import definitions as tables
from consolidated.tables.data_files import write_data_files
from consolidated.tables.definitions import TableDefinition
from consolidated.tables.snapshot import commit_files
from tests.support.consolidated_support import History


def table(kept: History, definition: TableDefinition = tables.INVENTORY) -> Table:
    return kept.catalog.load_table(definition.identifier)


def fragment(kept: History, definition: TableDefinition) -> Table:
    """The same rows in many small files, as another engine might leave them."""
    of = table(kept, definition)
    rows = kept.table(definition.name)
    small = [file for start in range(0, rows.height, 4) for file in write_data_files(of, rows.slice(start, 4))]
    large = [task.file for task in of.scan().plan_files()]
    commit_files(of, gone=large, come=small, snapshot_properties={}, table_properties={})
    return table(kept, definition)
