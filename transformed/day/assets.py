"""Transformed's part of the asset graph: one asset a raw endpoint, its day's records typed.

The definitions load this module, so the step imports everything heavy when it runs.
"""

from __future__ import annotations

from typing import Literal

import dagster as dg

from raw.endpoint.declaration import Endpoint
from resources.failures import Cause, PlatformError
from resources.graph import (
    asset_key,
    check_result,
    day_asset,
    ends_only_its_own,
    partition_day,
    told_to_dagster,
)
from resources.shown.checks import Check
from resources.shown.code import code_metadata
from resources.shown.columns import column_lineage, table_column_schema
from resources.source.named import defines, source_of

CHECKS = (
    Check(
        "conservation",
        "Every received record is accounted for: received = accepted + quarantined + duplicates, in every market.",
        1,
        "the named market is incomplete that day and keeps its last good state.",
        (Cause.CONSERVATION_BROKEN, Cause.NOT_JSON, Cause.DEFECT),
    ),
    Check(
        "contract",
        "Every record keeps the contract that all makers share; more than 5 % in quarantine is an error, less a"
        " warning.",
        11,
        "look at the metadata `quarantine_worst`, mend the mapping, and run this step again: nothing is fetched."
        " A quarantined record's vehicle counts as seen.",
        (Cause.CONTRACT_BROKEN,),
    ),
    Check(
        "drift",
        "The records have no field, type, code or text that the mapping does not know.",
        13,
        "the value is null and the row stays: add the code or the field to the mapping, and run this step again.",
        (Cause.SCHEMA_DRIFT,),
    ),
    Check(
        "attributes",
        "No column that was filled on earlier days is empty, and most codes of the source are known.",
        12,
        "the maker renamed a field or changed its codes: compare an archived record with the mapping, mend it, and"
        " `make retype` the days.",
        (Cause.SCHEMA_DRIFT,),
    ),
)
_MAKERS = "transformed"
_QUARANTINE_ALARM = 0.05  # a few bad rows are the source's everyday life; more of them is our mapping


def transformed_asset(oem: str, endpoint: Endpoint, *, shares_table: bool) -> dg.AssetsDefinition:
    """The asset `<oem>/transformed/<name>`: the day's rows that keep the contract, the others in quarantine.

    The step fails where no market could be typed. shares_table: another endpoint yields rows of the same table; then
    that is a failed check.

    Raises PlatformError(CONFIGURATION) where the maker has no module here, or the module has no mapping of that name,
    so that the definitions do not load. The module itself is imported by the step: it needs Polars.
    """
    mapping = endpoint.yields.name.upper()
    source = source_of(f"{_MAKERS}.{oem}")
    if source is None or not defines(source, mapping):
        lacks = f"no {_MAKERS}/{oem}.py for raw/{oem}.py" if source is None else f"no {mapping} in {_MAKERS}/{oem}.py"
        raise PlatformError(
            Cause.CONFIGURATION,
            f"there is {lacks}",
            oem=oem,
            endpoint=endpoint.name,
            advice=f"Write {_MAKERS}/{oem}.py with the mapping {mapping}, or correct the endpoint's `yields`.",
        )
    name = endpoint.yields.name

    @day_asset(
        oem,
        "transformed",
        name,
        own_size=endpoint.sizes.get("transformed"),
        kinds={"polars", "parquet"},
        description=f"The {endpoint.yields.table} of {oem} as `{endpoint.name}` publishes them, one typed row a record,"
        " with the columns and units of the contract that all makers share. Records that break it are in quarantine.",
        code=code_metadata(f"{_MAKERS}.{oem}", mapping),
        checks=CHECKS,
        deps=[asset_key(oem, "raw", endpoint.name)],
    )
    def _transformed(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        from resources.lake.lake import lake_from_env
        from transformed.contract.contracts import contract_columns
        from transformed.day import shown
        from transformed.day.attributes import earlier_reports, faded
        from transformed.day.report import report_folder
        from transformed.day.transform import transform_day
        from transformed.mapping.loading import mapping_of

        lake = lake_from_env()
        day = partition_day(context)
        with told_to_dagster():
            try:
                report = transform_day(lake=lake, oem=oem, endpoint=endpoint, day=day)
            except PlatformError as error:
                if not ends_only_its_own(context, error, shares_table=shares_table):
                    raise
                return _nothing_typed(error)
        markets = report.markets.values()
        sources = shown.lineage(oem, endpoint)
        by_design = mapping_of(oem, endpoint).exclusions  # counted, and nobody is warned of them
        received = sum(market.received for market in markets)
        accepted = sum(market.accepted for market in markets)
        quarantined = sum(market.quarantined for market in markets)
        duplicates = sum(market.duplicates for market in markets)
        lost = [
            f"{market.market}: received {market.received}, accounted for "
            f"{market.accepted + market.quarantined + market.duplicates}"
            for market in markets
            if market.received != market.accepted + market.quarantined + market.duplicates
        ]
        broken = [
            f"{Cause.CONTRACT_BROKEN.value}: {rule}, {count} of {received}"
            for rule, count in report.quarantined_by_rule.items()
            if rule not in by_design
        ]
        excluded = sum(count for rule, count in report.quarantined_by_rule.items() if rule in by_design)
        return dg.MaterializeResult(
            metadata={
                "dagster/partition_row_count": accepted,
                "dagster/column_schema": table_column_schema(contract_columns(report.table), sources),
                "dagster/uri": lake.url(report_folder(oem, name, day)),
                "received": received,
                "accepted": accepted,
                "quarantined": quarantined,
                "excluded": excluded,
                "duplicates": duplicates,
                "sightings": sum(market.sightings for market in markets),
                "without_identity": sum(market.without_identity for market in markets),
                "interpretation": report.interpretation,
                "contract_version": report.contract_version,
                **column_lineage(
                    {
                        column: [(asset_key(oem, "raw", endpoint.name), field) for field in fields]
                        for column, fields in sources.items()
                    }
                ),
                "drift_lines": len(report.drift),
                "quarantine_worst": dg.MetadataValue.md(shown.quarantine_worst(lake, report)),
                "drift": dg.MetadataValue.md(shown.drift(report)),
                "filled": dg.MetadataValue.md(shown.filled(report)),
                "quarantine": lake.url(report.quarantine_file) if report.quarantine_file else "none",
            },
            check_results=[
                check_result(
                    "conservation",
                    [*lost, *report.failed.values()],
                    "error",
                    causes=[
                        *([Cause.CONSERVATION_BROKEN] if lost else []),
                        *(Cause(report.markets[name].cause or Cause.DEFECT) for name in report.failed),
                    ],
                ),
                check_result(
                    "contract", broken, _severity(quarantined - excluded, received), causes=[Cause.CONTRACT_BROKEN]
                ),
                check_result("drift", report.drift, "warn", causes=[Cause.SCHEMA_DRIFT]),
                check_result(
                    "attributes",
                    faded(report, earlier_reports(lake, report, day)),
                    "warn",
                    causes=[Cause.SCHEMA_DRIFT],
                ),
            ],
        )

    return _transformed


def _nothing_typed(failure: PlatformError) -> dg.MaterializeResult[None]:
    """The day of an endpoint of which nothing was typed; an earlier report of the day stays."""
    return dg.MaterializeResult(
        metadata={"dagster/partition_row_count": 0},
        check_results=[
            check_result("conservation", [str(failure)], "error", causes=[failure.cause]),
            *(check_result(name, [], "warn") for name in ("contract", "drift", "attributes")),
        ],
    )


def _severity(broken: int, received: int) -> Literal["warn", "error"]:
    return "error" if broken > received * _QUARANTINE_ALARM else "warn"
