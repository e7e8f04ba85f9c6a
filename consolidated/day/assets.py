"""Consolidated's part of the asset graph: an OEM's vehicles and dealers into the tables that all OEMs share.

The definitions load this module, so everything heavy is imported by the step.
Annotations are not postponed in this module: Dagster reads those of a step.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import dagster as dg

from raw.endpoint.declaration import Dealers, Endpoint, Inventory
from raw.wiring.discovery import Oem
from resources.failures import Cause
from resources.graph import (
    asset_key,
    check_result,
    day_asset,
    partition_day,
    told_to_dagster,
)
from resources.lake.resource import LakeResource
from resources.shown.checks import SERVED_UNTIL, Check
from resources.shown.code import code_metadata
from resources.shown.columns import column_lineage, table_column_schema

if TYPE_CHECKING:
    from consolidated.day.market import MarketOutcome

CHECKS = (
    Check(
        "complete",
        "Every market of the day was fetched and typed whole.",
        5,
        "the market keeps its last good state, and nothing of it is delisted: mend the cause that is named, and run"
        " the day again.",
        (Cause.NEVER_LANDED, Cause.SHORTFALL),
    ),
    Check(
        "plausible",
        "Every complete market holds about as much as on its last days, of mostly the same vehicles.",
        5,
        "the day is kept and not counted: look at the source, then `make accept`, `make cover` or `make refuse` it."
        " Three such days in a row are believed.",
        (Cause.VOLUME_DROP, Cause.TURNOVER),
    ),
    Check(
        "usual",
        "Nothing about an accepted day is out of the ordinary: neither its volume nor one column changing for most"
        " vehicles at once.",
        12,
        "the day counts: look whether the maker or our mapping changed, and `make retype` where it was ours.",
    ),
)
_WRITTEN = {
    "inventory": "`inventory` (the present), `inventory_daily`, `inventory_events`, `market_daily` and `runs`",
    "dealers": "`dealers` (the present), `dealers_daily` and `runs`",
}


def consolidated_assets(oem: Oem) -> list[dg.AssetsDefinition]:
    """`<oem>/consolidated/inventory` and `<oem>/consolidated/dealers`, for what the OEM's endpoints yield."""
    subjects: list[tuple[Literal["inventory", "dealers"], tuple[Endpoint, ...]]] = [
        ("inventory", oem.yielding(Inventory)),
        ("dealers", oem.yielding(Dealers)),
    ]
    return [_consolidated_asset(oem.name, subject, endpoints) for subject, endpoints in subjects if endpoints]


def _consolidated_asset(
    oem: str, subject: Literal["inventory", "dealers"], endpoints: Sequence[Endpoint]
) -> dg.AssetsDefinition:
    """The asset `<oem>/consolidated/<subject>`: the day merged with the history of each of its markets.

    A market whose day is incomplete or implausible keeps its last good state, and a failed check says why.
    """
    own_sizes = [endpoint.sizes["consolidated"] for endpoint in endpoints if "consolidated" in endpoint.sizes]

    @day_asset(
        oem,
        "consolidated",
        subject,
        own_size=max(own_sizes, default=None),
        kinds={"polars", "iceberg"},
        description=f"The {subject} of {oem} with its history, in the Iceberg tables that all makers share:"
        f" {_WRITTEN[subject]}. A market whose day is incomplete or implausible keeps its last good state.",
        code=code_metadata(f"consolidated.day.{subject}", "def consolidate_"),
        checks=CHECKS,
        deps=[asset_key(oem, "transformed", name) for name in (endpoint.yields.name for endpoint in endpoints)],
        # all OEMs commit to the same tables: no commit is lost, but each conflict costs one more try
        pool=f"consolidated_{subject}",
    )
    def _consolidated(context: dg.AssetExecutionContext, lake: LakeResource) -> dg.MaterializeResult[None]:
        from consolidated.day.dealers import consolidate_dealers
        from consolidated.day.feeds import feeds_of
        from consolidated.day.inventory import consolidate_inventory
        from consolidated.day.market_daily import write_market_daily
        from consolidated.tables import definitions as tables
        from consolidated.tables.catalog_tables import load_table
        from consolidated.tables.columns import made_of
        from consolidated.tables.iceberg import IcebergStore

        consolidate = {"inventory": consolidate_inventory, "dealers": consolidate_dealers}[subject]
        definition = {"inventory": tables.INVENTORY, "dealers": tables.DEALERS}[subject]
        with told_to_dagster():
            catalog = lake.catalog()
            store = IcebergStore(catalog, lake.lake())
            outcomes = consolidate(
                lake=lake.lake(),
                store=store,
                oem=oem,
                feeds=feeds_of(lake.lake(), oem, endpoints),
                day=partition_day(context),
            )
            if subject == "inventory":
                write_market_daily(store, oem)
            address = load_table(catalog, definition.identifier).location()
        counts = {name: sum(one.counts.get(name, 0) for one in outcomes) for one in outcomes for name in one.counts}
        sources = {name: made_of(subject, name) for name in definition.columns}
        schema = [
            (name, str(column.dtype), (column.metadata or {}).get("doc")) for name, column in definition.columns.items()
        ]
        return dg.MaterializeResult(
            metadata={
                "dagster/partition_row_count": sum(one.vehicles for one in outcomes),
                "dagster/column_schema": table_column_schema(schema, sources),
                **column_lineage(
                    {
                        name: [
                            (asset_key(oem, "transformed", endpoint.yields.name), source)
                            for endpoint in endpoints
                            for source in of_column
                        ]
                        for name, of_column in sources.items()
                    }
                ),
                "dagster/table_name": ".".join(definition.identifier),
                "dagster/uri": address,
                "committed": [one.market for one in outcomes if one.committed],
                SERVED_UNTIL: {one.market: one.served.isoformat() if one.served else None for one in outcomes},
                **counts,
            },
            check_results=check_results(outcomes),
        )

    return _consolidated


def check_results(outcomes: "Sequence[MarketOutcome]") -> list[dg.AssetCheckResult]:
    """What the checks of `CHECKS` say of what came of the markets' day."""
    incomplete = [f"{one.market}: {one.reason}" for one in outcomes if not one.complete]
    implausible = [f"{one.market}: {one.reason}" for one in outcomes if one.complete and not one.accepted]
    unusual = [f"{one.market}: {warning}" for one in outcomes for warning in one.warnings]
    return [
        check_result("complete", incomplete, "error"),
        check_result("plausible", implausible, "error"),
        check_result("usual", unusual, "warn"),
    ]
