"""The lake's own record of its tables, by which a catalog that was lost, or another one, is told from a new lake.

tables.json     {"version": 1, "tables": {"inventory": "<the table's UUID>", ...}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from consolidated.tables.catalog_tables import table_names
from consolidated.tables.definitions import NAMESPACE, TABLES
from resources.failures import Cause, PlatformError
from resources.lake.storage_failures import storage_errors, without_secrets

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog

    from resources.lake.lake import Lake

FILE = "tables.json"
_VERSION = 1


def require_tables(lake: Lake, catalog: Catalog) -> None:
    """Raises PlatformError: CATALOG_LOST where the catalog lacks a table that the lake has rows of, and what
    `table_names` raises."""
    # looked at before the catalog is: a step of a first night makes the tables before it writes rows or the record
    recorded = _recorded(lake)
    expected = list(recorded) if recorded is not None else _tables_with_rows(lake, catalog)
    if not expected:
        return
    present = table_names(catalog)
    for name in expected:
        if name not in present:
            raise _lost(lake, catalog, f"has no table {NAMESPACE}.{name}")


def keep(lake: Lake, catalog: Catalog, uuids: dict[str, str]) -> None:
    """Record the tables, by the UUIDs that they have in the catalog, unless they are recorded.

    Raises PlatformError(CATALOG_LOST) where the lake's record has another table of a name.
    """
    recorded = _recorded(lake) or {}
    for name, uuid in recorded.items():
        if uuids.get(name, uuid) != uuid:
            raise _lost(lake, catalog, f"has another table {NAMESPACE}.{name}")
    if recorded != uuids:
        lake.write_json(FILE, {"version": _VERSION, "tables": uuids})


def forget(lake: Lake) -> dict[str, str]:
    """Before the tables are made again in an empty catalog. Returns the tables that were recorded, by name."""
    recorded = _recorded(lake) or {}
    lake.write_json(FILE, {"version": _VERSION, "tables": {}})
    return recorded


def _lost(lake: Lake, catalog: Catalog, what: str) -> PlatformError:
    address = without_secrets(str(catalog.properties.get("uri")))
    return PlatformError(
        Cause.CATALOG_LOST,
        f"the catalog at {address} {what}, of which the lake at {lake.uri} holds rows",
        advice="Name the lake's own catalog (PYICEBERG_CATALOG__LAKE__*), or bring its file back; if it is lost,"
        " `make rebuild` makes the tables again from the archive.",
    )


def _recorded(lake: Lake) -> dict[str, str] | None:
    try:
        return dict(lake.read_json(FILE)["tables"])
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError):
        return None  # cut short: what lies in the storage says the same, less exactly


def _tables_with_rows(lake: Lake, catalog: Catalog) -> list[str]:
    """The tables of which rows lie where the catalog would put them, for a lake without a record."""
    warehouse = str(catalog.properties.get("warehouse", ""))
    if "://" in warehouse and not warehouse.startswith(lake.uri):
        return []
    folder = lake.storage_path(warehouse.removeprefix(f"{lake.uri}/")) if "://" in warehouse else warehouse
    with storage_errors(lake.place):
        return [one.name for one in TABLES if lake.filesystem.exists(f"{folder}/{NAMESPACE}/{one.name}/data")]
