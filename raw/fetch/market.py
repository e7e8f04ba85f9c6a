"""One market of an endpoint: which page comes next, when there is none, and whether the market is whole.

Paging is by evidence. A reported total only says which pages may be asked for at the same time; whether there
is another page is decided by the pages themselves, since totals lie (capped, moving, on the first page only).
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from raw.archive.seal import MarketSeal
from raw.archive.writer import ArchiveWriter
from raw.endpoint.declaration import Endpoint, coverage, market_parameters, slices_of
from raw.endpoint.requests import render
from raw.fetch.conversation import Conversation, Position
from raw.fetch.evidence import Evidence
from raw.fetch.judging import Judgement, judge_page
from raw.fetch.page_reader import PageReader
from resources.apis.http import Response
from resources.failures import Cause, PlatformError

_PAGES_AT_MOST = 200_000  # of a slice: an API without an end must not keep a step for ever
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

    def __str__(self) -> str:
        of_total = f" of {self.reported_total}" if self.reported_total is not None else ""
        state = "finished" if self.finished else "so far"
        return (
            f"{self.oem} {self.endpoint} {self.market}: {self.records}{of_total} records, {self.pages} pages "
            f"in {self.elapsed_seconds:.1f} s, {state}"
        )


class MarketFetch:
    """One attempt at a market: slice after slice, page after page, and what was counted on the way."""

    def __init__(self, oem: str, endpoint: Endpoint, market: str, progress: Callable[[Progress], None]) -> None:
        self.market = market
        self._oem = oem
        self._endpoint = endpoint
        self._progress = progress
        self._reader = PageReader(endpoint)
        self._evidence = Evidence(endpoint)
        self._failure: PlatformError | None = None
        self._started = self._last_progress = time.monotonic()
        self._seconds = 0.0

    @property
    def failed(self) -> bool:
        return self._failure is not None

    def fail(self, cause: Cause, detail: str, page: str | None = None) -> None:
        """Keep the first failure; a failed market asks for no further page."""
        self._failure = self._failure or self._error(cause, detail, page)

    async def run(self, conversation: Conversation) -> None:
        """Fetch the market, unless it has failed before. Raises PlatformError(LAKE_UNWRITABLE)."""
        self._started = self._last_progress = time.monotonic()
        for parameters in slices_of(self._endpoint):
            if not self.failed:
                await self._fetch_slice(conversation, parameters)
        self._seconds = time.monotonic() - self._started
        self._report_progress(finished=True)

    async def _fetch_slice(self, conversation: Conversation, parameters: Mapping[str, str]) -> None:
        """The pages of one slice: the first; those that its total plans, side by side; then on while they are full.

        Workers draw the planned page numbers from one iterator, so that no more requests wait than are under way. A
        planned page that is short although others follow is no end: the stock moves while it is paged.
        """
        page_size = self._endpoint.pages.page_size

        async def fetch(number: int) -> Judgement:
            return await self._fetch_page(conversation, parameters, number)

        def is_full(judgement: Judgement) -> bool:
            return page_size is not None and judgement.content is not None and judgement.content.count >= page_size

        async def work() -> None:
            for number in planned:
                if self.failed:
                    return
                judgements[number] = await fetch(number)

        first = await fetch(0)
        if page_size is None or not is_full(first):
            return
        assert first.content is not None
        following = max(1, min(math.ceil((first.content.total or 0) / page_size), _PAGES_AT_MOST))
        planned = iter(range(1, following))
        judgements = {0: first}
        async with asyncio.TaskGroup() as group:
            for _ in range(min(self._endpoint.limit.concurrency, following - 1)):
                group.create_task(work())
        while not self.failed and is_full(judgements[following - 1]):
            if following >= _PAGES_AT_MOST:
                self.fail(Cause.REPEATED_PAGE, f"no end after {following} full pages", str(following))
                return
            judgements = {following: await fetch(following)}
            following += 1

    async def _fetch_page(self, conversation: Conversation, parameters: Mapping[str, str], number: int) -> Judgement:
        """Ask for a page; its judgement, which fails the market where the page is refused."""
        endpoint = self._endpoint
        position = Position(self.market, "&".join(f"{name}={value}" for name, value in parameters.items()), number)
        rendered = render(
            endpoint.request,
            {**market_parameters(endpoint, self.market), **parameters},
            endpoint.pages.parameters(number),
        )
        judgement = await conversation.ask(rendered, position, lambda response: self._judge(response, position))
        if judgement.cause is not None:
            unknown_market = number == 0 and judgement.status == endpoint.bad_market_status is not None
            cause = Cause.BAD_MARKET if unknown_market else judgement.cause
            self.fail(cause, judgement.detail, f"{number} ({position.slice})" if position.slice else str(number))
        return judgement

    def _judge(self, response: Response, position: Position) -> Judgement:
        """What a response is worth, and counted as that."""
        evidence = self._evidence
        judgement = judge_page(self._endpoint, self._reader, response)
        evidence.add_response(response.body)
        if judgement.content is None:
            return judgement
        if evidence.is_repeated(position.slice, judgement.content, response.body):
            detail = "the same full page came before: the OEM ignores the paging"
            return replace(judgement, cause=Cause.REPEATED_PAGE, detail=detail, kind="refused", content=None)
        evidence.add_page(position.slice, position.page, judgement.content)
        if time.monotonic() - self._last_progress >= _PROGRESS_SECONDS:
            self._report_progress(finished=False)
        return judgement

    def seal(self, writer: ArchiveWriter, attempt: str, started_at: datetime) -> MarketSeal:
        """What this attempt saw, and whether absence from it means absence from the market."""
        evidence = self._evidence
        if self._failure is None and (why := evidence.incompleteness()):
            self.fail(*why)
        failure = self._failure
        return MarketSeal(
            market=self.market,
            attempt=attempt,
            coverage=coverage(self._endpoint, self.market),
            parts=writer.parts_of(self.market),
            responses=evidence.responses,
            pages=evidence.pages,
            body_bytes=evidence.body_bytes,
            collected=evidence.collected(),
            unique=evidence.unique(),
            reported_total=evidence.reported_total(),
            shortfall=evidence.shortfall(),
            complete=failure is None,
            cause=failure.cause.value if failure else None,
            message=str(failure) if failure else None,
            started_at=started_at.isoformat(),
            seconds=round(self._seconds, 3),
        )

    def _error(self, cause: Cause, detail: str, page: str | None = None) -> PlatformError:
        return PlatformError(cause, detail, self._oem, self.market, self._endpoint.name, page)

    def _report_progress(self, *, finished: bool) -> None:
        self._last_progress = now = time.monotonic()
        self._progress(
            Progress(
                oem=self._oem,
                endpoint=self._endpoint.name,
                market=self.market,
                records=self._evidence.collected(),
                reported_total=self._evidence.reported_total(),
                pages=self._evidence.pages,
                elapsed_seconds=now - self._started,
                finished=finished,
            )
        )
