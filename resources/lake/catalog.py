"""The Iceberg catalog `lake`: where it is configured, and what it is where no setting names one."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from resources.failures import Cause, PlatformError
from resources.lake.lake import S3_CREDENTIAL_SETTINGS, Lake, lake_from_env
from resources.lake.storage_failures import Place, storage_errors, without_secrets
from resources.retries import retrying

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog

NAME = "lake"
SQLITE_FILE = "catalog.db"
"""The catalog of a lake in a folder for which no other is configured."""
_VARIABLES = "PYICEBERG_CATALOG__LAKE__"
# PyArrow's S3 threads have hung whole runs for hours (mitodl/ol-data-platform PR 2290); s3fs has not
_FSSPEC_IO = "pyiceberg.io.fsspec.FsspecFileIO"
_LOCK_TIMEOUT_SECONDS = 60
_CONNECT_SECONDS = 10
_OPENINGS = 5


def load_lake_catalog(lake: Lake | None = None, settings: Mapping[str, Any] | None = None) -> Catalog:
    """The pyiceberg catalog of a lake, by default the one at `LAKE_URI`.

    settings: pyiceberg's settings of the catalog, in the place of those of the environment.

    pyiceberg's own settings `PYICEBERG_CATALOG__LAKE__*` (or its configuration file) win. Without any, a lake in
    a local folder has a SQLite catalog `catalog.db` in it, with the tables below `<lake>/iceberg`. Iceberg's
    metadata holds absolute paths: after a move of the folder, rebuild the tables from the archive, or leave a
    link at the old place.

    Raises PlatformError(LAKE_MOVED) for a lake that its stamp says lies elsewhere,
    PlatformError(CONFIGURATION) for a lake elsewhere than in a local folder without a configured catalog and for
    settings that name none, PlatformError(LAKE_UNWRITABLE) where the SQLite file cannot be written, and for a
    configured catalog what `storage_failures` recognises: CONNECTION, CREDENTIAL_MISSING, CREDENTIAL_REJECTED.
    """
    from pyiceberg.catalog import load_catalog
    from pyiceberg.utils.config import Config

    from resources.lake.avro import read_within_bounds

    read_within_bounds()
    # the planner that is installed and proved here; without a word polars warns that another would be faster
    os.environ.setdefault("POLARS_ICEBERG_PLANNER", "pyiceberg")
    lake = lake or lake_from_env()
    # an empty setting is none: templates of deployments have such
    configured = {key: value for key, value in (settings or Config().get_catalog_config(NAME) or {}).items() if value}
    if configured:
        return _load_configured(lake, configured)
    if not lake.is_local:
        raise PlatformError(
            Cause.CONFIGURATION,
            f"the lake at {lake.uri} has no Iceberg catalog configured",
            advice=(
                f"Set {_VARIABLES}TYPE (rest, glue or sql), {_VARIABLES}URI and {_VARIABLES}WAREHOUSE,"
                " as in pyiceberg's documentation of catalogs."
            ),
        )
    lake.source()  # a copy of a lake must not work on the original's files
    folder = Path(lake.storage_path("").rstrip("/"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _create_sqlite_catalog(folder / SQLITE_FILE)
    except (OSError, sqlite3.OperationalError) as error:
        raise PlatformError(
            Cause.LAKE_UNWRITABLE, f"cannot write the catalog {folder / SQLITE_FILE}: {error}"
        ) from error
    except sqlite3.DatabaseError as error:
        raise PlatformError(
            Cause.LAKE_DAMAGED, f"the catalog {folder / SQLITE_FILE} cannot be read: {error}"
        ) from error
    return load_catalog(
        NAME,
        type="sql",
        # SQLAlchemy decodes the URL, and a folder may well hold a space or a percent sign
        uri=f"sqlite:///{quote(str(folder / SQLITE_FILE))}?timeout={_LOCK_TIMEOUT_SECONDS}",
        warehouse=str(folder / "iceberg"),
    )


def _load_configured(lake: Lake, configured: dict[str, Any]) -> Catalog:
    """The catalog of pyiceberg's own settings, with what production needs where they leave it open."""
    from pyiceberg.catalog import load_catalog
    from sqlalchemy.exc import IntegrityError, ProgrammingError

    # given by hand: pyiceberg itself looks at the environment only once, when it is imported
    settings: dict[str, Any] = {}
    settings |= {name: value if isinstance(value, dict) else str(value) for name, value in configured.items()}
    if not lake.is_local or str(settings.get("warehouse", "")).startswith("s3"):
        settings.setdefault("py-io-impl", _FSSPEC_IO)
    uri = str(settings.get("uri", ""))
    if settings.get("type") == "rest" and "credential" in settings:
        # what pyiceberg itself falls back on, with a warning
        settings.setdefault("oauth2-server-uri", f"{uri.rstrip('/')}/v1/oauth/tokens")
    elif uri.startswith("postgres"):
        # a step works for minutes between two commits, and what lies on the way forgets connections that are idle
        settings.setdefault("pool_pre_ping", "true")
        if "connect_timeout=" not in uri:
            settings["uri"] = f"{uri}{'&' if '?' in uri else '?'}connect_timeout={_CONNECT_SECONDS}"

    def opened() -> Catalog:
        place = place_of(settings)
        try:
            with storage_errors(place):
                if settings.get("type") == "rest":
                    from resources.lake.rest_catalog import TimedRestCatalog

                    return TimedRestCatalog(NAME, **settings)
                return load_catalog(NAME, **settings)
        except (PlatformError, IntegrityError, ProgrammingError):
            raise
        except Exception as error:  # pyiceberg, SQLAlchemy and botocore each have their own for a setting that is wrong
            said = without_secrets(f"{type(error).__name__}: {str(error).partition(chr(10))[0]}")
            detail = f"{place.name} cannot be opened with the settings {', '.join(sorted(configured))}: {said}"
            advice = f"Correct {_VARIABLES}*, as in pyiceberg's documentation of catalogs."
            raise PlatformError(Cause.CONFIGURATION, detail, advice=advice) from error

    # of the processes that open a new catalog at once one creates its tables, and then the others find them
    return retrying((IntegrityError, ProgrammingError), attempts=_OPENINGS)(opened)


def place_of(settings: Mapping[str, Any]) -> Place:
    """The catalog of these pyiceberg settings, for error messages."""
    uri = without_secrets(str(settings.get("uri", "")))
    if uri.startswith("http"):
        return Place(
            f"the Iceberg catalog at {uri}", f"{_VARIABLES}URI and {_VARIABLES}WAREHOUSE",
            f"{_VARIABLES}CREDENTIAL or {_VARIABLES}TOKEN", ("requests", "urllib3", "pyiceberg"),
        )  # fmt: skip
    if settings.get("type") == "glue":
        return Place("the Iceberg catalog in AWS Glue", "AWS_REGION", S3_CREDENTIAL_SETTINGS, ("botocore",))
    return Place(
        f"the Iceberg catalog at {uri or 'no address'}", f"{_VARIABLES}URI", f"user and password in {_VARIABLES}URI",
        ("sqlalchemy", "psycopg2"),
    )  # fmt: skip


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
