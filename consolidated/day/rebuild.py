"""`make rebuild`: make the tables again, in an empty catalog, from the archive and the operator's words.

    python -m consolidated.day.rebuild

For a lake whose catalog is lost, or that was moved or copied: the archive has no address in it, the tables do. A
SQLite catalog of the lake is put aside; another catalog has to be empty. Ended on the way, it goes on where it was.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from resources.commands.frame import command
from resources.failures import Cause, PlatformError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyiceberg.catalog import Catalog

    from resources.lake.lake import Lake

_UNDER_WAY = "rebuild.json"


@command
def main(arguments: list[str] | None = None) -> int:
    """The command. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="make rebuild", description=__doc__.splitlines()[0])
    parser.parse_args(arguments)
    from resources.lake.lake import lake_from_env

    rebuild(lake_from_env(), partial(print, flush=True))
    return 0


def rebuild(lake: Lake, progress: Callable[[str], None]) -> None:
    """Make the tables of a lake again. Raises PlatformError: CONFIGURATION where the lake was never written, or where
    its catalog holds tables that no rebuild has made."""
    from consolidated.day.many import consolidate_many
    from consolidated.day.market_daily import write_market_daily
    from consolidated.tables import record
    from consolidated.tables.iceberg import IcebergStore
    from raw.wiring.discovery import discover
    from resources.lake.catalog import load_lake_catalog
    from resources.lake.storage_failures import storage_errors
    from transformed.day.retype import retype_days

    source = lake.stamped_source()
    if source is None:
        raise PlatformError(
            Cause.CONFIGURATION, f"the lake at {lake.uri} was never written", advice="Set LAKE_URI to the one meant."
        )
    if not _is_under_way(lake):
        _put_aside_sqlite(lake, progress)
        lake.stamp_anew(source)
        catalog = load_lake_catalog(lake)
        _require_empty(catalog)
        lake.write_json(_UNDER_WAY, {"address": lake.uri, "given_up": record.forget(lake)})
    store = IcebergStore(load_lake_catalog(lake), lake)
    store.prepare(source)
    _give_up(load_lake_catalog(lake), lake.read_json(_UNDER_WAY).get("given_up", {}))
    for maker in discover():
        retype_days(lake, maker.name, None, progress)
        consolidate_many(lake=lake, store=store, maker=maker, since=None, progress=progress)
        write_market_daily(store, maker.name)
    with storage_errors(lake.place):
        lake.filesystem.rm_file(lake.storage_path(_UNDER_WAY))


def _give_up(catalog: Catalog, tables: Mapping[str, str]) -> None:
    """Let maintenance remove the files of the tables that stood in the lake before. tables: their UUIDs by name."""
    from consolidated.tables.catalog_tables import load_table
    from consolidated.tables.definitions import NAMESPACE, REPLACES_PROPERTY
    from consolidated.tables.table_errors import table_errors

    for name, uuid in tables.items():
        table = load_table(catalog, (NAMESPACE, name))
        with table_errors(table), table.transaction() as change:
            change.set_properties({REPLACES_PROPERTY: uuid})


def _is_under_way(lake: Lake) -> bool:
    try:
        return bool(lake.read_json(_UNDER_WAY)["address"] == lake.uri)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return False


def _put_aside_sqlite(lake: Lake, progress: Callable[[str], None]) -> None:
    from resources.lake.catalog import SQLITE_FILE

    if not lake.is_local:
        return
    file = Path(lake.storage_path(SQLITE_FILE))
    if file.exists():
        aside = file.with_name(f"{SQLITE_FILE}.{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
        file.rename(aside)
        progress(f"the catalog that was there is now {aside}")


def _require_empty(catalog: Catalog) -> None:
    from consolidated.tables.catalog_tables import table_names

    tables = table_names(catalog)
    if tables:
        raise PlatformError(
            Cause.CONFIGURATION,
            f"the catalog holds the tables {', '.join(sorted(tables))}",
            advice="Drop them from the catalog, or name an empty catalog; then `make rebuild` again.",
        )


if __name__ == "__main__":
    sys.exit(main())
