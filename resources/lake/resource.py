"""The lake as a Dagster resource, so that a test or a program differs from production by an argument.

Annotations are not postponed in this module: Dagster reads those of a resource.
"""

import dagster as dg
from pydantic import Field

from resources.lake.lake import Lake, lake_at, lake_from_env


class LakeResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Where the lake is. The environment is read when a step runs, so that loading the definitions needs none of it."""

    uri: str | None = Field(default=None, description="Any fsspec URL or a folder; unset: the variable LAKE_URI.")

    def lake(self) -> Lake:
        return lake_at(self.uri) if self.uri else lake_from_env()
