"""The OEMs' APIs as a Dagster resource, so that a test or a program differs from production by an argument.

Annotations are not postponed in this module: Dagster reads those of a resource.
"""

import dagster as dg
from pydantic import Field

from resources.apis.apis import Apis, apis_from_env, apis_of


class ApisResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Where the OEMs' APIs are. The environment is read when a step runs, so that loading the definitions needs none
    of it."""

    oem_apis: str | None = Field(
        default=None, description="`sandbox`, `replay:<folder of captures>` or `live`; unset: the variable OEM_APIS."
    )

    def apis(self) -> Apis:
        """Raises PlatformError(CONFIGURATION), as `apis_from_env` does."""
        return apis_of(self.oem_apis) if self.oem_apis else apis_from_env()
