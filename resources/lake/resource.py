"""The lake and its catalog as Dagster resources, so that tests and programs differ from production by an argument.

Annotations are not postponed in this module: Dagster reads those of a resource.
"""

from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from resources.lake.lake import Lake, lake_at, lake_from_env

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog


class LakeResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Where the lake is. The environment is read when a step runs, so that loading the definitions needs none of it."""

    uri: str | None = Field(default=None, description="Any fsspec URL or a folder; unset: the variable LAKE_URI.")
    catalog_settings: dict[str, str] = Field(
        default={},
        description="pyiceberg's settings of the catalog (type, uri, warehouse, ...); none: those of the environment,"
        " PYICEBERG_CATALOG__LAKE__*, and without any a SQLite file in a lake that is a folder.",
    )

    def lake(self) -> Lake:
        return lake_at(self.uri) if self.uri else lake_from_env()

    def catalog(self) -> "Catalog":
        """The catalog of the lake's tables. Raises PlatformError, as `load_lake_catalog` does."""
        from resources.lake.catalog import load_lake_catalog

        lake = self.lake()
        lake.source()  # a copy of a lake must not work on the original's files
        return load_lake_catalog(lake, self.catalog_settings or None)
