"""The fetch of a day: an endpoint's markets side by side, every response into the archive, the day sealed.

The order of things, from the lake's stamp to the seal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING

from raw.archive.seal import Manifest, seal, sealed_days_before
from raw.archive.writer import ArchiveWriter, new_attempt
from raw.endpoint.declaration import Endpoint, MarketList, PerSecond, credentials_of
from raw.endpoint.requests import RenderedRequest, render
from raw.endpoint.signs import Total
from raw.fetch.comparison import LOOKED_BACK_DAYS, compared_with_days_before, tell_mixed_up_markets
from raw.fetch.conversation import Conversation, Position
from raw.fetch.defects import described, innermost
from raw.fetch.judging import judge_market_list
from raw.fetch.market import MarketFetch, Progress
from raw.fetch.redaction import bounded
from resources.apis.http import Session
from resources.failures import Cause, PlatformError

if TYPE_CHECKING:
    from resources.apis.apis import Apis, Connection
    from resources.lake.lake import Lake


def _utc_now() -> datetime:
    return datetime.now(UTC)


def fetch_day(
    *,
    lake: Lake,
    oem: str,
    endpoint: Endpoint,
    day: date,
    apis: Apis,
    progress: Callable[[Progress], None],
    now: Callable[[], datetime] = _utc_now,
) -> Manifest:
    """Fetch all markets of an endpoint, archive every response as it comes, and seal the day.

    Returns the seal as it stands afterwards: a market whose `attempt` is older was landed whole by an earlier
    attempt, and this one did not better it (its own manifest lies in its folder). A market that fails is sealed
    with its cause and stops no other, so the seal may hold failed markets only.

    `progress` is called at most about once a second a market, and when a market is finished.
    Must not be called inside a running event loop.
    Raises PlatformError: NEVER_LANDED, FUTURE_DATE, CONFIGURATION, CREDENTIAL_MISSING, SOURCE_MIXED,
    LAKE_UNWRITABLE; nothing is sealed then.
    """
    try:
        apis.may_fetch(day, now().date())
        with apis.serving(day) as connection:
            credentials = _credentials(endpoint, connection)
            lake.stamp(apis.source)
            started_at = now()
            attempt = new_attempt(started_at)
            markets = [MarketFetch(oem, endpoint, market, progress) for market in endpoint.markets]
            with ArchiveWriter(lake, oem, endpoint.name, day, attempt) as writer:
                drift = asyncio.run(_fetch(endpoint, markets, connection, credentials, writer))
                tell_mixed_up_markets(endpoint, markets)
                seals = {market.market: market.seal(writer, attempt, started_at) for market in markets}
        days_before = sealed_days_before(lake, oem, endpoint.name, day, LOOKED_BACK_DAYS)
        without_list = {market.market for market in markets if market.unserved_lists}
        seals, unusual = compared_with_days_before(endpoint, seals, days_before, without_list)
        manifest = Manifest(oem, endpoint.name, day.isoformat(), apis.source, seals, [*drift, *unusual])
        return seal(lake, manifest, day)
    except PlatformError as error:
        raise replace(error, oem=error.oem or oem, endpoint=error.endpoint or endpoint.name) from error
    except BaseExceptionGroup as group:
        raise innermost(group) from group


async def _fetch(
    endpoint: Endpoint,
    markets: list[MarketFetch],
    connection: Connection,
    credentials: Mapping[str, str],
    writer: ArchiveWriter,
) -> list[str]:
    """Fetch the markets; what was unexpected but not fatal, in words."""
    totals = [endpoint.pages.total, *(way.pages.total for way in endpoint.ways)]
    keep = [total.header for total in totals if isinstance(total, Total) and total.header]
    keep += [refused.sign.header[0] for refused in endpoint.refusals if refused.sign.header]
    async with AsyncExitStack() as stack:
        conversations: dict[PerSecond, Conversation] = {}
        for limit in dict.fromkeys([endpoint.limit, *endpoint.limits.values()]):
            session = Session(
                connection,
                requests_per_second=limit.requests,
                concurrency=limit.concurrency,
                body_bytes=endpoint.budget.body_bytes,
                rest_seconds=limit.rest_seconds,
                keep_headers=keep,
            )
            conversations[limit] = Conversation(await stack.enter_async_context(session), writer, credentials)
        drift = await _compare_with_market_list(endpoint, markets, conversations[endpoint.limit])
        async with asyncio.TaskGroup() as group:
            for market in markets:
                if not market.failed:
                    conversation = conversations[endpoint.limits.get(market.market, endpoint.limit)]
                    group.create_task(market.run(conversation))
    return drift + [line for market in markets for line in market.unserved_lists]


async def _compare_with_market_list(
    endpoint: Endpoint, markets: list[MarketFetch], conversation: Conversation
) -> list[str]:
    """Fail the markets that the OEM does not list; in words, the listed markets that are not declared."""
    market_list = endpoint.market_list
    if market_list is None:
        return []
    try:
        judgement = await conversation.ask(
            partial(_of_market_list, market_list),
            Position("*"),
            lambda response: judge_market_list(market_list, response),
        )
    except Exception as error:
        if isinstance(error, PlatformError):
            raise
        return [f"the list of markets could not be read: {Cause.DEFECT.value}: {described(error)}"]
    if judgement.cause is not None:
        # without the list the markets' own answers have to tell
        return [f"the list of markets could not be read: {judgement.cause.value}: {judgement.detail}"]
    declared = {market: str(parameters[market_list.parameter]) for market, parameters in endpoint.markets.items()}
    for market in markets:
        if declared[market.market] not in judgement.market_codes:
            market.fail(Cause.BAD_MARKET, f"the OEM does not list {declared[market.market]} among its markets")
    undeclared = sorted(judgement.market_codes - set(declared.values()))
    return [f"the OEM lists markets that are not declared: {bounded(', '.join(undeclared))}"] if undeclared else []


def _of_market_list(market_list: MarketList, reveal: Callable[[str], str], once: dict[int, str]) -> RenderedRequest:
    return render(market_list.request, {}, reveal=reveal, once=once)


def _credentials(endpoint: Endpoint, connection: Connection) -> dict[str, str]:
    """The value of each credential by its variable. Raises PlatformError(CREDENTIAL_MISSING)."""
    return {variable: connection.credential(variable) for variable in credentials_of(endpoint)}
