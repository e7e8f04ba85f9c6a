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
from raw.endpoint.requests import placeholders, render
from raw.fetch.conversation import Conversation, Position
from raw.fetch.defects import described, innermost
from raw.fetch.evidence import Evidence
from raw.fetch.judging import Judgement, judge_page
from raw.fetch.page_reader import PageReader
from resources.apis.http import Response
from resources.failures import POLICIES, Cause, PlatformError

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
        self.evidence = Evidence(endpoint)
        self._oem = oem
        self._endpoint = endpoint
        self._progress = progress
        self._reader = PageReader(endpoint)
        self._failure: PlatformError | None = None
        self._requests = 0
        self._started = self._last_progress = time.monotonic()
        self._seconds = 0.0

    @property
    def failed(self) -> bool:
        return self._failure is not None

    def fail(self, cause: Cause, detail: str, page: str | None = None) -> None:
        """Keep the first failure; a failed market asks for no further page."""
        self._failure = self._failure or self._error(cause, detail, page)

    async def run(self, conversation: Conversation) -> None:
        """Fetch the market, unless it has failed before.

        Whatever goes wrong in the market's own work is the market's failure. Raises PlatformError where the lake fails.
        """
        self._started = self._last_progress = time.monotonic()
        try:
            for parameters in slices_of(self._endpoint):
                if not self.failed:
                    await self._fetch_slice(conversation, parameters)
        except Exception as error:
            reason = innermost(error)
            if isinstance(reason, PlatformError) or not isinstance(reason, Exception):
                raise
            self.fail(Cause.DEFECT, described(reason))
        self._seconds = time.monotonic() - self._started
        self._report_progress(finished=True)

    async def _fetch_slice(self, conversation: Conversation, parameters: Mapping[str, str]) -> None:
        """The pages of one slice: the first; those that its total plans, side by side; then on while they are full.

        Workers draw the planned page numbers from one iterator, so that no more requests wait than are under way. A
        planned page that is short although others follow is no end: the stock moves while it is paged. A page that
        is empty, or past the end, or brings nothing new is the end, whatever was planned.
        """
        page_size = self._endpoint.pages.page_size
        name = "&".join(f"{key}={value}" for key, value in parameters.items())
        has_ended = False

        async def fetch(number: int) -> Judgement:
            return await self._fetch_page(conversation, parameters, Position(self.market, name, number))

        async def work() -> None:
            nonlocal has_ended
            for number in planned:
                if self.failed or has_ended:
                    return
                judgements[number] = await fetch(number)
                has_ended = has_ended or judgements[number].ends_slice

        def is_full(judgement: Judgement) -> bool:
            content = judgement.content
            return page_size is not None and content is not None and content.count >= page_size

        judgements = {0: await fetch(0)}
        following = 1
        if page_size is not None and is_full(judgements[0]):
            content = judgements[0].content
            following = max(1, math.ceil(((content and content.total) or 0) / page_size))
            planned = iter(range(1, following))
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._endpoint.limit.concurrency, following - 1)):
                    group.create_task(work())
        while not (self.failed or has_ended) and is_full(judgements[following - 1]):
            judgements = {following: await fetch(following)}
            has_ended = judgements[following].ends_slice
            following += 1
        self.evidence.end_slice(name)

    async def _fetch_page(
        self, conversation: Conversation, parameters: Mapping[str, str], position: Position
    ) -> Judgement:
        """Ask for a page; its judgement, which fails the market where the page is refused."""
        endpoint = self._endpoint
        filled_in = {**market_parameters(endpoint, self.market), **parameters}
        if unknown := sorted(placeholders(endpoint.request) - filled_in.keys()):
            detail = f"the request's templates name {', '.join(unknown)}, which the market has no parameter for"
            judgement = Judgement("refused", None, Cause.CONFIGURATION, detail)
        elif spent := self._spent():
            judgement = Judgement("refused", None, Cause.BUDGET_SPENT, spent)
        else:
            self._requests += 1
            rendered = render(endpoint.request, filled_in, endpoint.pages.parameters(position.page))
            judgement = await conversation.ask(rendered, position, lambda response: self._judge(response, position))
        if judgement.cause is not None:
            unknown_market = position.page == 0 and judgement.status == endpoint.bad_market_status is not None
            cause = Cause.BAD_MARKET if unknown_market else judgement.cause
            page = f"{position.page} ({position.slice})" if position.slice else str(position.page)
            self.fail(cause, judgement.detail, page)
        return judgement

    def _judge(self, response: Response, position: Position) -> Judgement:
        """What a response is worth, and counted as that."""
        evidence = self.evidence
        judgement = judge_page(self._endpoint, self._reader, response, position.page)
        content = judgement.content
        if content is not None and evidence.brings_nothing_new(position.slice, position.page, content, response.body):
            judgement = replace(judgement, ends_slice=True)
            if not evidence.is_reached(position.slice):
                detail = "the page brings no new listing: the OEM ignores the paging"
                judgement = replace(judgement, cause=Cause.REPEATED_PAGE, detail=detail, kind="refused", content=None)
        evidence.add_response(len(response.body), refused=judgement.kind == "refused")
        if judgement.content is not None:
            evidence.add_page(position.slice, position.page, judgement.content, response.body)
        if judgement.cause is not None and POLICIES[judgement.cause].retry:
            # the session is about to ask again
            if spent := self._spent():
                return replace(judgement, cause=Cause.BUDGET_SPENT, detail=f"{spent}; {judgement.detail}")
            self._requests += 1
        if time.monotonic() - self._last_progress >= _PROGRESS_SECONDS:
            self._report_progress(finished=False)
        return judgement

    def _spent(self) -> str | None:
        """What of the market's budget is used up, in words."""
        budget, evidence = self._endpoint.budget, self.evidence
        for spent, most, unit in (
            (self._requests, budget.requests, "requests"),
            (evidence.refusals, budget.refusals, "refusals"),
            (evidence.body_bytes, budget.decoded_bytes, "bytes"),
            (time.monotonic() - self._started, budget.seconds, "seconds"),
        ):
            if spent >= most:
                return f"no end after {most:.0f} {unit}, which is all that the market may cost"
        return None

    def seal(self, writer: ArchiveWriter, attempt: str, started_at: datetime) -> MarketSeal:
        """What this attempt saw, and whether absence from it means absence from the market."""
        evidence = self.evidence
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
            collected=evidence.collected,
            unique=evidence.unique,
            reported_total=evidence.reported_total,
            shortfall=evidence.shortfall,
            complete=failure is None,
            cause=failure.cause.value if failure else None,
            message=str(failure) if failure else None,
            started_at=started_at.isoformat(),
            seconds=round(self._seconds, 3),
            without_identity=evidence.without_identity,
            exact_duplicates=evidence.exact_duplicates,
            slices=evidence.records_by_slice(),
            content_digest=evidence.content_digest(),
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
                records=self.evidence.collected,
                reported_total=self.evidence.reported_total,
                pages=self.evidence.pages,
                elapsed_seconds=now - self._started,
                finished=finished,
            )
        )
