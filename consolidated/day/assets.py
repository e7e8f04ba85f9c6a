"""Consolidated's part of the asset graph: an OEM's vehicles and dealers into the tables that all OEMs share.

Belongs here: Dagster wiring. Does not belong here: any history; the definitions load this, so everything heavy
is imported by the step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import dagster as dg

from raw.endpoint.declaration import Dealers, Endpoint, Inventory
from raw.wiring.discovery import Oem
from resources.graph import (
    asset_key,
    check_result,
    day_asset,
    partition_day,
    table_column_schema,
    told_to_dagster,
)

CHECKS = ("complete", "plausible")

Table = Literal["inventory", "dealers"]


def consolidated_assets(oem: Oem) -> list[dg.AssetsDefinition]:
    """`<oem>/consolidated/inventory` and `<oem>/consolidated/dealers`, for what the OEM's endpoints yield."""
    tables: list[tuple[Table, tuple[Endpoint, ...]]] = [
        ("inventory", oem.yielding(Inventory)),
        ("dealers", oem.yielding(Dealers)),
    ]
    return [_consolidated_asset(oem.name, table, endpoints) for table, endpoints in tables if endpoints]


def _consolidated_asset(oem: str, table: Table, endpoints: Sequence[Endpoint]) -> dg.AssetsDefinition:
    """The asset `<oem>/consolidated/<table>`: the day merged with the history of each of its markets.

    A market whose day is incomplete or implausible keeps its last good state, and a failed check says why.
    """
    sources = [(endpoint.yields.name, endpoint.yields.debounce_days) for endpoint in endpoints]
    own_sizes = [endpoint.sizes["consolidated"] for endpoint in endpoints if "consolidated" in endpoint.sizes]

    @day_asset(
        oem,
        "consolidated",
        table,
        own_size=max(own_sizes, default=None),
        kinds={"polars", "iceberg"},
        description=f"The {table} of {oem} in the tables that all OEMs share, with its history.",
        checks=CHECKS,
        deps=[asset_key(oem, "transformed", name) for name, _ in sources],
        # all OEMs commit to the same tables: no commit is lost, but each conflict costs one more try
        pool=f"consolidated_{table}",
    )
    def _consolidated(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        from consolidated.day.dealers import consolidate_dealers
        from consolidated.day.inventory import consolidate_inventory
        from consolidated.tables import definitions as tables
        from resources.lake.catalog import load_lake_catalog
        from resources.lake.lake import lake_from_env

        consolidate = {"inventory": consolidate_inventory, "dealers": consolidate_dealers}[table]
        definition = {"inventory": tables.INVENTORY, "dealers": tables.DEALERS}[table]
        lake = lake_from_env()
        with told_to_dagster():
            catalog = load_lake_catalog(lake)
            outcomes = consolidate(lake=lake, catalog=catalog, oem=oem, sources=sources, day=partition_day(context))
        counts = {name: sum(one.counts.get(name, 0) for one in outcomes) for one in outcomes for name in one.counts}
        schema = [
            (name, str(column.dtype), (column.metadata or {}).get("doc")) for name, column in definition.columns.items()
        ]
        return dg.MaterializeResult(
            metadata={
                "dagster/partition_row_count": sum(one.vehicles for one in outcomes),
                "dagster/column_schema": table_column_schema(schema),
                "dagster/table_name": ".".join(definition.identifier),
                "dagster/uri": catalog.load_table(definition.identifier).location(),
                "committed": [one.market for one in outcomes if one.committed],
                **counts,
            },
            check_results=[
                check_result(
                    "complete", [f"{one.market}: {one.reason}" for one in outcomes if not one.complete], "error"
                ),
                check_result(
                    "plausible",
                    [f"{one.market}: {one.reason}" for one in outcomes if one.complete and not one.accepted],
                    "error",
                ),
            ],
        )

    return _consolidated
