"""The Iceberg catalog `lake`: where it is configured, and what it is when nobody configured it.

Belongs here: finding and opening the catalog. Does not belong here: any table (`consolidated/tables.py`).
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from resources.failures import Cause, PlatformError
from resources.lake import Lake, lake_from_env

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog

NAME = "lake"
_VARIABLES = "PYICEBERG_CATALOG__LAKE__"
# PyArrow's S3 threads have hung whole runs for hours (mitodl/ol-data-platform PR 2290); s3fs has not
_FSSPEC_IO = "pyiceberg.io.fsspec.FsspecFileIO"
_LOCK_TIMEOUT_SECONDS = 60


def load_lake_catalog(lake: Lake | None = None) -> Catalog:
    """The pyiceberg catalog of a lake, by default the one at `LAKE_URI`.

    pyiceberg's own settings `PYICEBERG_CATALOG__LAKE__*` (or its configuration file) win. Without any, a lake in
    a local folder has a SQLite catalog `catalog.db` in it, with the tables below `<lake>/iceberg`. Iceberg's
    metadata holds absolute paths: after a move of the folder, rebuild the tables from the archive, or leave a
    link at the old place.

    Raises PlatformError(CONFIGURATION) for a lake elsewhere than in a local folder without a configured catalog,
    PlatformError(LAKE_UNWRITABLE) where the SQLite file cannot be written.
    """
    from pyiceberg.catalog import load_catalog
    from pyiceberg.utils.config import Config

    # the planner that is installed and proved here; without a word polars warns that another would be faster
    os.environ.setdefault("POLARS_ICEBERG_PLANNER", "pyiceberg")
    lake = lake or lake_from_env()
    if configured := Config().get_catalog_config(NAME):
        defaults = {} if lake.is_local else {"py-io-impl": _FSSPEC_IO}
        # given by hand: pyiceberg itself looks at the environment only once, when it is imported
        settings = {name: str(value) for name, value in configured.items()}
        return load_catalog(NAME, **(defaults | settings))
    if not lake.is_local:
        raise PlatformError(
            Cause.CONFIGURATION,
            f"the lake at {lake.uri} has no Iceberg catalog configured",
            advice=(
                f"Set {_VARIABLES}TYPE (rest, glue or sql), {_VARIABLES}URI and {_VARIABLES}WAREHOUSE,"
                " as in pyiceberg's documentation of catalogs."
            ),
        )
    folder = Path(lake.storage_path("").rstrip("/"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _create_sqlite_catalog(folder / "catalog.db")
    except (OSError, sqlite3.OperationalError) as error:
        raise PlatformError(
            Cause.LAKE_UNWRITABLE, f"cannot write the catalog {folder / 'catalog.db'}: {error}"
        ) from error
    return load_catalog(
        NAME,
        type="sql",
        # SQLAlchemy decodes the URL, and a folder may well hold a space or a percent sign
        uri=f"sqlite:///{quote(str(folder / 'catalog.db'))}?timeout={_LOCK_TIMEOUT_SECONDS}",
        warehouse=str(folder / "iceberg"),
    )


def _create_sqlite_catalog(file: Path) -> None:
    """Create pyiceberg's two catalog tables under SQLite's lock.

    pyiceberg looks for them and then creates them, and of two processes that do so at once one fails.
    """
    from pyiceberg.catalog.sql import SqlCatalogBaseTable
    from sqlalchemy.dialects import sqlite
    from sqlalchemy.schema import CreateTable

    connection = sqlite3.connect(file, timeout=_LOCK_TIMEOUT_SECONDS, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        for table in SqlCatalogBaseTable.metadata.sorted_tables:
            connection.execute(str(CreateTable(table, if_not_exists=True).compile(dialect=sqlite.dialect())))
        connection.execute("COMMIT")
    finally:
        connection.close()
