"""Consolidated's part of the asset graph: an OEM's vehicles and dealers into the tables that all OEMs share.

Belongs here: Dagster wiring. Does not belong here: any history; the definitions load this, so everything heavy
is imported by the step.
"""

from __future__ import annotations

from typing import Literal

import dagster as dg

from raw.endpoint import Dealers, Endpoint, Inventory
from raw.registry import Oem

CHECKS = ("complete", "plausible")


def consolidated_assets(oem: Oem) -> list[dg.AssetsDefinition]:
    """`<oem>/consolidated/inventory` and `<oem>/consolidated/dealers`, for what the OEM's endpoints yield."""
    tables: list[tuple[Literal["inventory", "dealers"], tuple[Endpoint, ...]]] = [
        ("inventory", oem.yielding(Inventory)),
        ("dealers", oem.yielding(Dealers)),
    ]
    return [_consolidated_asset(oem.name, table, endpoints) for table, endpoints in tables if endpoints]
