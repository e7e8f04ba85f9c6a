"""The one fetch loop: every market of an endpoint, every answer into the archive, the day sealed.

Belongs here: which request comes next, when a market is finished, whether it is whole. Does not belong here:
sending and retrying (`resources.http`), what an answer is worth (`raw.answers`), any car maker.

Paging is by evidence. A reported total only says which pages may be asked for at the same time; whether there
is another page is decided by the pages themselves, since totals lie (capped, moving, on the first page only).
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from raw.answers import MarketListVerdict, PageVerdict, judge_market_list, judge_page, secrets_of
from raw.archive import ArchiveWriter, Manifest, MarketSeal, new_attempt, seal
from raw.endpoint import Endpoint, SinglePage, coverage, page_parameters, render, slices_of
from raw.exchange import Exchange
from raw.pages import IdentityCounter, PageReader, fingerprint
from resources.failures import Cause, PlatformError
from resources.http import Answer, Session

if TYPE_CHECKING:
    from resources.apis import Apis, Connection
    from resources.lake import Lake

_PAGES_AT_MOST = 200_000  # of a slice; an API that never ends must not keep a step for ever
_PROGRESS_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a market is: records and pages archived so far, the total it reports, seconds since it began."""

    oem: str
    endpoint: str
    market: str
    records: int
    reported_total: int | None
    pages: int
    elapsed_seconds: float
    finished: bool


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
    """Fetch all markets of an endpoint, archive every answer as it comes, and seal the day.

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
            lake.stamp(apis.source)
            attempt = new_attempt(now())
            with ArchiveWriter(lake, oem, endpoint.name, day, attempt) as writer:
                fetch = _EndpointFetch(oem, endpoint, connection, writer, progress, now)
                asyncio.run(fetch.run())
        seals = {market.name: market.seal(attempt, writer.parts_of(market.name)) for market in fetch.markets}
        return seal(lake, Manifest(oem, endpoint.name, day.isoformat(), apis.source, seals, fetch.drift), day)
    except PlatformError as error:
        raise replace(error, oem=error.oem or oem, endpoint=error.endpoint or endpoint.name) from error
    except BaseExceptionGroup as group:
        raise _innermost(group) from group


def _innermost(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


class _EndpointFetch:
    """One attempt at an endpoint: its list of markets, then its markets side by side."""

    def __init__(
        self,
        oem: str,
        endpoint: Endpoint,
        connection: Connection,
        writer: ArchiveWriter,
        progress: Callable[[Progress], None],
        now: Callable[[], datetime],
    ) -> None:
        self._endpoint = endpoint
        self._connection = connection
        requests = [endpoint.request, *([endpoint.market_list.request] if endpoint.market_list else [])]
        credentials = {variable: connection.credential(variable) for request in requests for variable in secrets_of(request)}
        self._exchange = Exchange(writer, credentials)
        self.markets = [
            _MarketFetch(oem, endpoint, name, self._exchange, progress, now) for name in endpoint.markets
        ]
        self.drift: list[str] = []

    async def run(self) -> None:
        limit = self._endpoint.limit
        async with Session(
            self._connection, requests_per_second=limit.requests, concurrency=limit.concurrency
        ) as session:
            await self._compare_with_market_list(session)
            async with asyncio.TaskGroup() as group:
                for market in self.markets:
                    group.create_task(market.run(session))

    async def _compare_with_market_list(self, session: Session) -> None:
        """Fail the markets that the OEM does not list, note those that it lists and we do not ask for."""
        market_list = self._endpoint.market_list
        if market_list is None:
            return

        def judge(answer: Answer) -> MarketListVerdict:
            return judge_market_list(market_list, answer)

        verdict = await self._exchange.ask(session, render(market_list.request, {}), judge, market="*", slice_="", page=0)
        if verdict.cause is not None:
            # without the list the markets' own answers have to tell
            self.drift.append(f"the list of markets could not be read: {verdict.cause.value}: {verdict.detail}")
            return
        declared = {name: parameters[market_list.parameter] for name, parameters in self._endpoint.markets.items()}
        for market in self.markets:
            if declared[market.name] not in verdict.codes:
                market.fail(Cause.BAD_MARKET, f"the OEM does not list {declared[market.name]!r} among its markets")
        if undeclared := sorted(verdict.codes - set(declared.values())):
            self.drift.append(f"the OEM lists markets that are not declared: {', '.join(undeclared)}")


class _MarketFetch:
    """One attempt at a market: slice after slice, page after page, and what was counted."""

    def __init__(
        self,
        oem: str,
        endpoint: Endpoint,
        name: str,
        exchange: Exchange,
        progress: Callable[[Progress], None],
        now: Callable[[], datetime],
    ) -> None:
        self.name = name
        self._oem = oem
        self._endpoint = endpoint
        self._exchange = exchange
        self._progress = progress
        self._reader = PageReader(endpoint)
        self._identities = IdentityCounter()
        self._totals: dict[str, tuple[int, int]] = {}
        self._pages = 0
        self._failure: PlatformError | None = None
        self._started_at = now()
        self._started = time.monotonic()
        self._seconds = 0.0
        self._next_progress = self._started + _PROGRESS_SECONDS

    def fail(self, cause: Cause, detail: str, page: str | None = None) -> None:
        """Keep the first failure; a failed market asks for no further page."""
        if self._failure is None:
            self._failure = PlatformError(
                cause, self._exchange.redact(detail), self._oem, self.name, self._endpoint.name, page
            )

    async def run(self, session: Session) -> None:
        self._started = time.monotonic()
        for parameters in slices_of(self._endpoint):
            if self._failure is None:
                await _SliceFetch(self, session, parameters).run()
        self._seconds = time.monotonic() - self._started
        self._report(finished=True)
