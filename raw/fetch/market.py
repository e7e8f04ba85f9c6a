"""One market of an endpoint: which page comes next, when there is none, and whether the market is whole.

Paging is by evidence. A reported total only says which pages may be asked for at the same time; whether there
is another page is decided by the pages themselves, since totals lie (capped, moving, on the first page only).
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from raw.archive.seal import MarketSeal
from raw.archive.writer import ArchiveWriter
from raw.endpoint.coverage import coverage
from raw.endpoint.declaration import Endpoint, asked_for, following_from, market_parameters
from raw.endpoint.places import InUrl
from raw.endpoint.requests import GraphQL, RenderedRequest, placeholders, render
from raw.endpoint.slicing import Quarters, Split
from raw.fetch.conversation import Conversation, Position
from raw.fetch.defects import described, innermost
from raw.fetch.evidence import Evidence
from raw.fetch.judging import Judgement, judge_page
from raw.fetch.page_reader import PageReader
from raw.fetch.prelude import Prelude, PreludeError
from raw.fetch.sealing import market_seal
from raw.fetch.slices import cut_off, finer_slices, has_next, is_past_window, name_of, past_window
from raw.fetch.spending import Spending
from resources.apis.http import Response
from resources.failures import Cause, PlatformError

_PROGRESS_SECONDS = 1.0
# of the first answers for one page: pages side by side may use up a token that was just renewed for one of them
_MOST_RENEWALS = 2


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
        self.evidence = Evidence(endpoint, market)
        self._oem = oem
        self._endpoint = endpoint
        self._progress = progress
        self._readers: dict[tuple[int, bool], PageReader] = {}
        self._spending = Spending(endpoint.budget, self.evidence)
        self._prelude = Prelude(endpoint, market, self.evidence, self._spending)
        self._failure: PlatformError | None = None
        self._started = self._last_progress = time.monotonic()
        self._seconds = 0.0

    @property
    def failed(self) -> bool:
        return self._failure is not None

    @property
    def unserved_lists(self) -> list[str]:
        """The lists of slices that the host does not serve, in whose place the known ones were asked for, in words."""
        return self._prelude.unserved_lists

    def fail(self, cause: Cause, detail: str, page: str | None = None) -> None:
        """Keep the first failure; a failed market asks for no further page."""
        self._failure = self._failure or self._error(cause, detail, page)

    async def run(self, conversation: Conversation) -> None:
        """Fetch the market, unless it has failed before.

        Whatever goes wrong in the market's own work is the market's failure. Raises PlatformError where the lake fails.
        """
        self._started = self._last_progress = time.monotonic()
        self._spending.start()
        try:
            await self._prelude.ask_first(conversation)
            for parameters in await self._prelude.slices(conversation):
                if not self.failed:
                    await self._fetch_slice(conversation, parameters, self._endpoint.splits)
        except PreludeError as refused:
            self.fail(refused.cause, refused.detail, refused.what)
        except Exception as error:
            reason = innermost(error)
            if isinstance(reason, PlatformError) or not isinstance(reason, Exception):
                raise
            self.fail(Cause.DEFECT, described(reason))
        self._seconds = time.monotonic() - self._started
        self._report_progress(finished=True)

    async def _fetch_slice(
        self,
        conversation: Conversation,
        parameters: Mapping[str, Any],
        splits: Sequence[Split | Quarters],
        within: str | None = None,
    ) -> None:
        """The pages of one slice, or of finer ones where its answer is cut off. within: the slice in whose place it is
        asked."""
        name = name_of(parameters)
        first = await self._fetch_page(conversation, parameters, Position(self.market, name, 0))
        asked = asked_for(self._endpoint, parameters)
        cut = cut_off(asked.pages, first.content)
        if cut is None and not self.failed:
            cut = await self._fetch_following(conversation, parameters, name, first)
        if cut is not None and first.content is not None and not self.failed:
            finer, rest = finer_slices(parameters, splits, first.content)
            if not finer:
                self.fail(*cut, f"0 ({name})" if name else "0")
            self.evidence.split(name, [name_of(one) for one in finer], is_capped=cut[0] is Cause.CAPPED)
            for one in finer:
                if not self.failed:
                    await self._fetch_slice(conversation, one, rest, name)
        self.evidence.end_slice(name, within)

    async def _fetch_following(
        self, conversation: Conversation, parameters: Mapping[str, Any], name: str, first: Judgement
    ) -> tuple[Cause, str] | None:
        """The pages after the first: those that its total plans, side by side; then on while they are full. Why there
        are more pages than can be asked for, None where there are not.

        Workers draw the planned page numbers from one iterator, so that no more requests wait than are under way. A
        planned page that is short although others follow is no end: the stock moves while it is paged. A page that
        is empty, or past the end, or brings nothing new is the end, whatever was planned. Pages that depend on the
        page before them are planned by none.
        """
        pages = asked_for(self._endpoint, parameters).pages
        page_size = pages.page_size
        has_ended = first.ends_slice

        async def fetch(number: int, before: Judgement | None = None) -> Judgement:
            if number and conversation.paces:
                await asyncio.sleep(pages.delay_seconds)
            token = before.content.token if before and before.content else None
            return await self._fetch_page(conversation, parameters, Position(self.market, name, number), token)

        async def work() -> None:
            nonlocal has_ended
            for number in planned:
                if self.failed or has_ended:
                    return
                judgements[number] = await fetch(number)
                has_ended = has_ended or judgements[number].ends_slice

        def may_follow(judgement: Judgement) -> bool:
            return has_next(pages, judgement.content, lacks_records=self.evidence.lacks_records(name))

        judgements = {0: first}
        tokens: set[str] = set()
        following = 1
        if page_size is not None and not pages.is_sequential and may_follow(first):
            content = first.content
            following = max(1, math.ceil(((content and content.total) or 0) / page_size))
            planned = iter(range(1, following))
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._endpoint.limit.concurrency, following - 1)):
                    group.create_task(work())
        while not (self.failed or has_ended) and may_follow(judgements[following - 1]):
            if is_past_window(pages, following):
                # a total that is reached says that the last page was full by chance
                return None if self.evidence.is_reached(name) else past_window(pages)
            before = judgements[following - 1].content
            token = before.token if before else None
            if token is not None and repr(token) in tokens:
                self.fail(Cause.REPEATED_PAGE, "a page names as the next one a page that came before", f"{following}")
                break
            tokens.add(repr(token))
            judgements = {following: await fetch(following, judgements[following - 1])}
            has_ended = judgements[following].ends_slice
            following += 1
        return None

    async def _fetch_page(
        self, conversation: Conversation, parameters: Mapping[str, Any], position: Position, token: Any = None
    ) -> Judgement:
        """Ask for a page; its judgement, which fails the market where the page is refused."""
        for renewals in range(_MOST_RENEWALS + 1):
            generation = self._prelude.generation
            judgement = await self._ask(conversation, parameters, position, token)
            if not self._prelude.is_used_up(judgement):
                break
            if renewals == _MOST_RENEWALS:
                judgement = replace(judgement, cause=Cause.CREDENTIAL_REJECTED)
            else:
                await self._prelude.renew(conversation, generation)
        if judgement.cause is not None:
            unknown_market = position.page == 0 and judgement.status == self._endpoint.bad_market_status is not None
            cause = Cause.BAD_MARKET if unknown_market else judgement.cause
            page = f"{position.page} ({position.slice})" if position.slice else str(position.page)
            self.fail(cause, judgement.detail, page)
        return judgement

    async def _ask(
        self, conversation: Conversation, parameters: Mapping[str, Any], position: Position, token: Any
    ) -> Judgement:
        endpoint = asked_for(self._endpoint, parameters)
        request = endpoint.request_in(self.market)
        self.evidence.note_pages(position.slice, endpoint.pages)
        filled_in = {**market_parameters(endpoint, self.market), **self._prelude.values}
        filled_in |= following_from(endpoint, parameters)
        paging = endpoint.pages.parameters(position.page, self.evidence.received(position.slice), token)
        in_url = {place.name for place in paging if isinstance(place, InUrl)}
        if unknown := sorted(placeholders(request) - filled_in.keys() - in_url):
            detail = f"the request's templates name {', '.join(unknown)}, which the market has no parameter for"
            return Judgement("refused", None, Cause.CONFIGURATION, detail)
        if refusal := self._spending.refusal():
            return refusal

        def prepare(reveal: Callable[[str], str], once: dict[int, str]) -> RenderedRequest:
            return render(request, filled_in, paging, reveal=reveal, once=once)

        return await conversation.ask(prepare, position, lambda response: self._judge(endpoint, response, position))

    def _reader_of(self, endpoint: Endpoint) -> PageReader:
        """The reader of the pages of the endpoint as it is asked."""
        is_graphql = isinstance(endpoint.request_in(self.market), GraphQL)
        key = id(endpoint.pages), is_graphql
        if key not in self._readers:
            self._readers[key] = PageReader(endpoint, is_graphql=is_graphql)
        return self._readers[key]

    def _judge(self, endpoint: Endpoint, response: Response, position: Position) -> Judgement:
        """What a response is worth, and counted as that. endpoint: as it was asked."""
        evidence = self.evidence
        judgement = judge_page(endpoint, self.market, self._reader_of(endpoint), response, position.page)
        content = judgement.content
        is_good = judgement.status is not None and 200 <= judgement.status < 300
        if judgement.kind == "end" and is_good and evidence.promises(position.slice, position.page):
            detail = "the sign of the end although the total says that the page holds something"
            judgement = Judgement("refused", judgement.status, Cause.SERVER_ERROR, detail)
        if content is not None and evidence.brings_nothing_new(position.slice, position.page, content, response.body):
            judgement = replace(judgement, ends_slice=True)
            if endpoint.pages.repeats_last_page:
                judgement = replace(judgement, kind="end", content=None)
            elif not evidence.is_reached(position.slice):
                detail = "the page brings no new listing: the OEM ignores the paging"
                judgement = replace(judgement, cause=Cause.REPEATED_PAGE, detail=detail, kind="refused", content=None)
        if judgement.content is not None:
            evidence.add_page(position.slice, position.page, judgement.content, response.body)
        judgement = self._spending.counted(judgement, response)
        if time.monotonic() - self._last_progress >= _PROGRESS_SECONDS:
            self._report_progress(finished=False)
        return judgement

    def seal(self, writer: ArchiveWriter, attempt: str, started_at: datetime) -> MarketSeal:
        """What this attempt saw, and whether absence from it means absence from the market."""
        evidence = self.evidence
        if self._failure is None and (why := evidence.incompleteness()):
            self.fail(*why)
        return market_seal(
            evidence,
            market=self.market,
            attempt=attempt,
            coverage=coverage(self._endpoint, self.market),
            parts=writer.parts_of(self.market),
            failure=self._failure,
            started_at=started_at,
            seconds=self._seconds,
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
