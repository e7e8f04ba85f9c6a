"""The statements with which a DuckDB session begins: extensions, the storage's credentials, tables, views."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from consolidated.query.views import VIEWS
from resources.failures import Cause, PlatformError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pyiceberg.catalog import Catalog

    from resources.lake.lake import Lake

_EXTENSIONS = ("avro", "httpfs", "iceberg")


def opening(lake: Lake, catalog: Catalog) -> Iterator[str]:
    """The statements, in order. A table is a view on the metadata file that the catalog names now.

    Raises PlatformError(CONFIGURATION) where nothing was consolidated yet, and what `load_table` raises.
    """
    from consolidated.tables.catalog_tables import load_table, source_of_tables, table_names
    from consolidated.tables.definitions import NAMESPACE

    if source_of_tables(catalog) is None:
        raise PlatformError(
            Cause.CONFIGURATION, f"the lake at {lake.uri} has no tables yet", advice="Run `make nightly` first."
        )
    for name in _EXTENSIONS:
        yield f"LOAD {_text(str(extension_file(name)))}"
    yield "SET TimeZone = 'UTC'"  # as all times are: a day of one is another's in the zone of a laptop
    if not lake.is_local:
        yield storage_secret(os.environ)
    for name in sorted(table_names(catalog)):
        address = load_table(catalog, (NAMESPACE, name)).metadata_location.removeprefix("file://")
        yield f"CREATE VIEW {name} AS FROM iceberg_scan({_text(address)})"
    for view in VIEWS:
        yield f"CREATE VIEW {view.name} AS {' '.join(view.query.split())}"


def extension_file(name: str) -> Path:
    """A DuckDB extension's file in its installed package. Raises PlatformError(CONFIGURATION)."""
    spec = find_spec(f"duckdb_extension_{name}")
    found = list(Path(str(spec.origin)).parent.rglob("*.duckdb_extension")) if spec else []
    if not found:
        detail = f"DuckDB's extension {name} is not installed"
        raise PlatformError(Cause.CONFIGURATION, detail, advice="Run `make setup`.")
    return found[0]


def storage_secret(environment: Mapping[str, str]) -> str:
    """The statement that gives DuckDB the S3 credentials of the environment (AWS_*), as s3fs takes them."""
    settings = {
        "KEY_ID": environment.get("AWS_ACCESS_KEY_ID"),
        "SECRET": environment.get("AWS_SECRET_ACCESS_KEY"),
        "SESSION_TOKEN": environment.get("AWS_SESSION_TOKEN"),
        "REGION": environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION"),
    }
    words = ["TYPE s3", *(f"{name} {_text(value)}" for name, value in settings.items() if value)]
    if endpoint := environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL"):
        parts = urlsplit(endpoint)
        words += [f"ENDPOINT {_text(parts.netloc)}", "URL_STYLE 'path'", f"USE_SSL {parts.scheme == 'https'}"]
    return f"CREATE SECRET ({', '.join(words)})"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
