"""Raw's part of the asset graph: one asset an (OEM, endpoint), all its markets in one step.

Annotations are not postponed in this module: Dagster reads those of a step.
"""

import dagster as dg

from raw.archive.responses import MEANINGS, archive_schema, day_folder
from raw.archive.seal import Manifest, read_seal
from raw.endpoint.declaration import Endpoint
from raw.wiring.host_pools import limit_pools, pool_of
from resources.apis.apis import Apis
from resources.apis.resource import ApisResource
from resources.ecs.task_environment import in_ecs_task
from resources.failures import POLICIES, Cause, PlatformError
from resources.graph import (
    asset_key,
    check_result,
    day_asset,
    ends_only_its_own,
    partition_day,
    told_to_dagster,
)
from resources.lake.days import today
from resources.lake.lake import Lake
from resources.lake.resource import LakeResource
from resources.shown.checks import Check
from resources.shown.code import code_metadata
from resources.shown.columns import table_column_schema
from resources.source.named import literal_arguments, passes, source_of

CHECKS = (
    Check(
        "complete",
        "Every market of the endpoint was fetched whole, by evidence, so that absence from this day means absence from"
        " the market.",
        11,
        "the markets that failed keep their last good state; run the day again, and what landed stays.",
        (Cause.TIMEOUT, Cause.BLOCKED, Cause.CREDENTIAL_REJECTED, Cause.SHORTFALL, Cause.EMPTY_FEED, Cause.WINDOW),
    ),
    Check(
        "drift",
        "The answers say nothing that the endpoint's declaration does not expect.",
        13,
        "nothing is lost: compare the archived answer with the endpoint's declaration, and adapt that.",
        (Cause.SCHEMA_DRIFT,),
    ),
)
_SANDBOX = "resources/sandbox"


def raw_asset(oem: str, endpoint: Endpoint, *, shares_table: bool) -> dg.AssetsDefinition:
    """The asset `<oem>/raw/<endpoint>`: the day's responses, sealed in the archive.

    The step fails when no market landed; a market that failed while others landed is a failed check, so that
    the others' day goes on. shares_table: another endpoint yields rows of the same table; then a day on which no market
    landed is a failed check too.
    Raises PlatformError(CONFIGURATION) where the sandbox does not play the endpoint.
    """
    _check_played(oem, endpoint)

    @day_asset(
        oem,
        "raw",
        endpoint.name,
        own_size=endpoint.sizes.get("raw"),
        kinds={"http", "parquet"},
        description=_description(oem, endpoint),
        code=code_metadata(f"raw.{oem}", f'"{endpoint.name}"'),
        checks=CHECKS,
        deps=[asset_key(oem, "raw", endpoint.answers_of)] if endpoint.answers_of else [],
        # a host is asked by one step at a time
        pool=pool_of(endpoint),
    )
    def _raw(context: dg.AssetExecutionContext, lake: LakeResource, apis: ApisResource) -> dg.MaterializeResult[None]:
        day = partition_day(context)
        if in_ecs_task():
            limit_pools(context.instance, [pool_of(endpoint)])
        with told_to_dagster():
            the_lake = lake.lake()
            try:
                manifest = _land(context, oem, endpoint, the_lake, apis.apis())
            except PlatformError as error:
                if not ends_only_its_own(context, error, shares_table=shares_table):
                    raise
                return _nothing_landed(endpoint, error)
            if not any(market.complete for market in manifest.markets.values()):
                failure = _failure_of_all(manifest)
                if not ends_only_its_own(context, failure, shares_table=shares_table):
                    raise failure
        markets = manifest.markets.values()
        schema = [(field.name, str(field.type), MEANINGS[field.name]) for field in archive_schema()]
        return dg.MaterializeResult(
            metadata={
                "dagster/partition_row_count": sum(market.responses for market in markets),
                "dagster/column_schema": table_column_schema(schema),
                "dagster/uri": the_lake.url(day_folder(oem, endpoint.name, day)),
                "incomplete_markets": sum(not market.complete for market in markets),
                "body_bytes": sum(market.body_bytes for market in markets),
                "collected": sum(market.collected for market in markets),
                "unique": sum(market.unique for market in markets),
                "source": manifest.source,
                "markets": dg.MetadataValue.table(
                    [
                        dg.TableRecord(
                            {
                                "market": market.market,
                                "complete": market.complete,
                                "collected": market.collected,
                                "unique": market.unique,
                                "reported": market.reported_total,
                                "shortfall": market.shortfall,
                                "without_identity": market.without_identity,
                                "exact_duplicates": market.exact_duplicates,
                                "responses": market.responses,
                                "bytes": market.body_bytes,
                                "seconds": round(market.seconds, 2),
                                "attempt": market.attempt,
                                "cause": market.cause,
                                "last_refusal": market.last_refusal,
                            }
                        )
                        for market in markets
                    ],
                    schema=_MARKETS_SCHEMA,
                ),
            },
            check_results=[
                complete_check(manifest),
                check_result("drift", manifest.drift, "warn", causes=[Cause.SCHEMA_DRIFT]),
            ],
        )

    return _raw


def _description(oem: str, endpoint: Endpoint) -> str:
    """The declaration's own words first, then what the asset holds."""
    said = f"{endpoint.description}\n\n" if endpoint.description else ""
    markets = ", ".join(sorted(endpoint.markets))
    return (
        f"{said}Every HTTP response of {oem}'s endpoint `{endpoint.name}` on a day, bytes unchanged, for the markets"
        f" {markets}. A market is complete only on evidence."
    )


def _check_played(oem: str, endpoint: Endpoint) -> None:
    """Refuse an endpoint that the maker's module of the sandbox does not play, as far as its source tells."""
    if endpoint.answers_of:
        return
    module = f"{_SANDBOX}/{oem}.py"
    source = source_of(f"{_SANDBOX}/{oem}".replace("/", "."))
    if source is not None and passes(source, "endpoint", endpoint.name):
        return
    played = frozenset[str]() if source is None else literal_arguments(source, "endpoint")
    if played is not None and endpoint.name not in played:
        lacks = f"{module} plays {', '.join(sorted(played))}" if played else f"there is no {module} for raw/{oem}.py"
        raise PlatformError(
            Cause.CONFIGURATION,
            f"the sandbox does not play {endpoint.name}: {lacks}",
            oem=oem,
            endpoint=endpoint.name,
            advice=f'Write a feed with endpoint="{endpoint.name}" in {module}, or correct the endpoint\'s name.',
        )


def _nothing_landed(endpoint: Endpoint, failure: PlatformError) -> dg.MaterializeResult[None]:
    """The day of an endpoint of which nothing was sealed."""
    markets = sorted(endpoint.markets)
    return dg.MaterializeResult(
        metadata={"dagster/partition_row_count": 0, "incomplete_markets": len(markets)},
        check_results=[
            check_result(
                "complete",
                [str(failure)],
                "error",
                {"incomplete": markets, "refused_later": []},
                causes=[failure.cause],
            ),
            check_result("drift", [], "warn"),
        ],
    )


def complete_check(manifest: Manifest) -> dg.AssetCheckResult:
    """An error where a market is incomplete; a warning where a market stands only by an earlier attempt."""
    markets = manifest.markets.values()
    incomplete = [market for market in markets if not market.complete]
    refused = [market for market in markets if market.last_refusal]
    return check_result(
        "complete",
        [
            *(market.message or market.market for market in incomplete),
            *(f"{market.market} stays as it was sealed before; {market.last_refusal}" for market in refused),
        ],
        "error" if incomplete else "warn",
        {
            "incomplete": [market.market for market in incomplete],
            "refused_later": [market.market for market in refused],
        },
        causes=[Cause(market.cause) for market in incomplete if market.cause],
    )


_MARKETS_SCHEMA = table_column_schema(
    [
        ("market", "string", None),
        ("complete", "bool", "absence from this day means absence from the market"),
        ("collected", "int", "records in the pages"),
        ("unique", "int", "distinct listings among them"),
        ("reported", "int", "what the OEM said there is"),
        ("shortfall", "int", "reported less unique and exact duplicates"),
        ("without_identity", "int", "records that prove nothing"),
        ("exact_duplicates", "int", "records that stand twice on a page"),
        ("responses", "int", "archived, refusals included"),
        ("bytes", "int", "of their bodies"),
        ("seconds", "float", None),
        ("attempt", "string", "the attempt whose responses count"),
        ("cause", "string", "why it is not complete"),
        ("last_refusal", "string", "why a later attempt did not take this one's place"),
    ]
)


def _land(context: dg.AssetExecutionContext, oem: str, endpoint: Endpoint, lake: Lake, apis: Apis) -> Manifest:
    """Fetch the day, or read it from the archive where it is past and the source serves only the present."""
    from raw.fetch.day import fetch_day
    from raw.fetch.derived import derive_day
    from raw.fetch.market import Progress

    day = partition_day(context)
    if endpoint.answers_of:
        return derive_day(lake=lake, oem=oem, endpoint=endpoint, day=day)
    try:
        apis.may_fetch(day, today())
    except PlatformError as error:
        if error.cause is not Cause.NEVER_LANDED:
            raise
        context.log.info(
            f"{oem} {endpoint.name}: {day} is past and {apis.source} serves only the present; reading the archive"
        )
        return read_seal(lake, oem, endpoint.name, day)

    def tell(progress: Progress) -> None:
        context.log.info(str(progress))

    return fetch_day(lake=lake, oem=oem, endpoint=endpoint, day=day, apis=apis, progress=tell)


def _failure_of_all(manifest: Manifest) -> PlatformError:
    """The first market's failure, speaking for all of them; worth a retry if any of them is."""
    markets = list(manifest.markets.values())
    causes = [Cause(market.cause) for market in markets if market.cause]
    retryable = [cause for cause in causes if POLICIES[cause].retry]
    spokesman = next(market for market in markets if not retryable or market.cause == retryable[0])
    others = f" (and {len(markets) - 1} more markets)" if len(markets) > 1 else ""
    return PlatformError(
        Cause(spokesman.cause or Cause.EMPTY_FEED),
        f"no market landed{others}: {spokesman.message}",
        oem=manifest.oem,
        endpoint=manifest.endpoint,
        market=spokesman.market,
        advice="",
    )
