"""One market of an endpoint: which page comes next, when there is none, and whether the market is whole.

Paging is by evidence. A reported total only says which pages may be asked for at the same time; whether there
is another page is decided by the pages themselves, since totals lie (capped, moving, on the first page only).
Does not belong here: what an answer is worth (`raw.fetch.answers`), how it is had (`raw.fetch.exchange`), the markets'
company (`raw.fetch.day`).
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from raw.archive.seal import ArchiveWriter, MarketSeal
from raw.endpoint.declaration import Endpoint, SinglePage, coverage, page_parameters, render, slices_of
from raw.fetch.answers import PageVerdict, judge_page
from raw.fetch.exchange import Exchange, Place
from raw.fetch.pages import IdentityCounter, PageReader, fingerprint
from resources.apis.http import Answer
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
        self._identities = IdentityCounter()
        self._totals: dict[str, tuple[int, int]] = {}  # slice -> (page that reported last, total)
        self._responses = 0
        self._pages = 0
        self._body_bytes = 0
        self._failure: PlatformError | None = None
        self._started = self._last_progress = time.monotonic()
        self._seconds = 0.0

    @property
    def failed(self) -> bool:
        return self._failure is not None

    def fail(self, cause: Cause, detail: str, page: str | None = None) -> None:
        """Keep the first failure; a failed market asks for no further page."""
        self._failure = self._failure or self._error(cause, detail, page)

    async def run(self, exchange: Exchange) -> None:
        """Fetch the market, unless it has failed before. Raises PlatformError(LAKE_UNWRITABLE)."""
        self._started = self._last_progress = time.monotonic()
        for parameters in slices_of(self._endpoint):
            if not self.failed:
                await _SliceFetch(self, self._endpoint, exchange, parameters).run()
        self._seconds = time.monotonic() - self._started
        self._tell(finished=True)

    def judge(self, answer: Answer, place: Place, pages_seen: set[bytes]) -> PageVerdict:
        """What an answer is worth, counted: whatever is archived as a page is in the counts, and nothing else.

        pages_seen: the fingerprints of the slice's full pages so far; a full page that comes again is refused.
        """
        verdict = judge_page(self._endpoint, self._reader, answer)
        self._responses += 1
        self._body_bytes += len(answer.body)
        if verdict.content is not None and not isinstance(self._endpoint.pages, SinglePage):
            mark = fingerprint(verdict.content, answer.body)
            if mark in pages_seen:
                detail = "the same full page came before: the OEM ignores the paging"
                return replace(verdict, cause=Cause.REPEATED_PAGE, detail=detail, kind="refused", content=None)
            if verdict.content.count >= self._endpoint.pages.step:
                pages_seen.add(mark)
        if verdict.content is not None:
            self._pages += 1
            self._identities.add(verdict.content.identities)
            if verdict.content.total is not None and place.page >= self._totals.get(place.slice, (0, 0))[0]:
                self._totals[place.slice] = place.page, verdict.content.total
            if time.monotonic() - self._last_progress >= _PROGRESS_SECONDS:
                self._tell(finished=False)
        return verdict

    def seal(self, writer: ArchiveWriter, attempt: str, started_at: datetime) -> MarketSeal:
        """What this attempt saw, and whether absence from it means absence from the market."""
        unique = self._identities.unique()
        reported = self._reported_total()
        shortfall = max(0, (reported or 0) - unique)
        failure = self._failure or self._incompleteness(unique, reported, shortfall)
        return MarketSeal(
            market=self.market,
            attempt=attempt,
            coverage=coverage(self._endpoint, self.market),
            parts=writer.parts_of(self.market),
            responses=self._responses,
            pages=self._pages,
            body_bytes=self._body_bytes,
            collected=self._identities.collected(),
            unique=unique,
            reported_total=reported,
            shortfall=shortfall,
            complete=failure is None,
            cause=failure.cause.value if failure else None,
            message=str(failure) if failure else None,
            started_at=started_at.isoformat(),
            seconds=round(self._seconds, 3),
        )

    def _incompleteness(self, unique: int, reported: int | None, shortfall: int) -> PlatformError | None:
        endpoint = self._endpoint
        if unique < endpoint.minimum_expected:
            return self._error(Cause.EMPTY_FEED, f"{unique} records, expected at least {endpoint.minimum_expected}")
        if endpoint.trusted_total and shortfall > endpoint.total_tolerance * (reported or 0):
            return self._error(Cause.SHORTFALL, f"{unique} distinct records of {reported} reported")
        return None

    def _reported_total(self) -> int | None:
        return sum(total for _, total in self._totals.values()) if self._totals else None

    def _error(self, cause: Cause, detail: str, page: str | None = None) -> PlatformError:
        return PlatformError(cause, detail, self._oem, self.market, self._endpoint.name, page)

    def _tell(self, *, finished: bool) -> None:
        self._last_progress = now = time.monotonic()
        self._progress(
            Progress(
                oem=self._oem,
                endpoint=self._endpoint.name,
                market=self.market,
                records=self._identities.collected(),
                reported_total=self._reported_total(),
                pages=self._pages,
                elapsed_seconds=now - self._started,
                finished=finished,
            )
        )


class _SliceFetch:
    """The pages of one slice: the first; those that its total plans, side by side; then on while they are full."""

    def __init__(
        self, market: MarketFetch, endpoint: Endpoint, exchange: Exchange, parameters: Mapping[str, str]
    ) -> None:
        self._market = market
        self._endpoint = endpoint
        self._exchange = exchange
        self._name = "&".join(f"{name}={value}" for name, value in parameters.items())
        self._parameters = {**endpoint.markets[market.market], **parameters}
        self._pages_seen: set[bytes] = set()

    async def run(self) -> None:
        first = await self._fetch(0)
        if isinstance(self._endpoint.pages, SinglePage) or not self._is_full(first):
            return
        assert first.content is not None
        planned = min(math.ceil((first.content.total or 0) / self._endpoint.pages.step), _PAGES_AT_MOST)
        last: PageVerdict | None = first
        if planned > 1:
            last = await self._fetch_planned(range(1, planned))
        number = max(planned, 1)
        while last is not None and self._is_full(last) and not self._market.failed:
            if number >= _PAGES_AT_MOST:
                self._market.fail(Cause.REPEATED_PAGE, f"no end after {number} full pages", self._page(number))
                return
            last = await self._fetch(number)
            number += 1

    async def _fetch_planned(self, numbers: range) -> PageVerdict | None:
        """The planned pages, as many at a time as the endpoint allows; the last one's verdict, None if given up.

        Workers draw page numbers from one iterator, so that no more requests wait than are under way. A page
        that is short although others follow is no end: the stock moves while it is paged.
        """
        remaining = iter(numbers)
        last: PageVerdict | None = None

        async def work() -> None:
            nonlocal last
            for number in remaining:
                if self._market.failed:
                    return
                verdict = await self._fetch(number)
                if number == numbers[-1]:
                    last = verdict

        async with asyncio.TaskGroup() as group:
            for _ in range(min(self._endpoint.limit.concurrency, len(numbers))):
                group.create_task(work())
        return last

    async def _fetch(self, number: int) -> PageVerdict:
        rendered = render(self._endpoint.request, self._parameters, page_parameters(self._endpoint.pages, number))
        place = Place(self._market.market, self._name, number)
        verdict = await self._exchange.ask(
            rendered, place, lambda answer: self._market.judge(answer, place, self._pages_seen)
        )
        if verdict.cause is not None:
            cause = verdict.cause
            if number == 0 and verdict.answer.status == self._endpoint.bad_market_status is not None:
                cause = Cause.BAD_MARKET
            self._market.fail(cause, verdict.detail, self._page(number))
        return verdict

    def _is_full(self, verdict: PageVerdict) -> bool:
        pages = self._endpoint.pages
        assert not isinstance(pages, SinglePage)
        return verdict.content is not None and verdict.content.count >= pages.step

    def _page(self, number: int) -> str:
        return f"{number} ({self._name})" if self._name else str(number)
