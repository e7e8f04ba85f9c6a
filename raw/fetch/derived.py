"""The day of an endpoint whose records lie in the answers of another one: nothing is asked, the archive is read.

Its seal names the parts of the other endpoint, so that every answer lies in the archive once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from raw.archive.reader import read_pages
from raw.archive.seal import Manifest, MarketSeal, read_seal, seal, sealed_days_before
from raw.archive.writer import new_attempt
from raw.endpoint.coverage import coverage
from raw.endpoint.declaration import Endpoint
from raw.fetch.comparison import LOOKED_BACK_DAYS, compared_with_days_before
from raw.fetch.evidence import Evidence
from raw.fetch.page_reader import PageReader
from raw.fetch.sealing import market_seal
from resources.failures import Cause, PlatformError

if TYPE_CHECKING:
    from resources.lake.lake import Lake


def derive_day(
    *, lake: Lake, oem: str, endpoint: Endpoint, day: date, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Manifest:
    """Seal a day of an endpoint with `answers_of` from the sealed day of the endpoint that it names.

    A market is complete where it is complete there, and its own records are as they have to be.
    Raises PlatformError: NEVER_LANDED where the other endpoint's day is not sealed; ARCHIVE_DAMAGED; LAKE_UNWRITABLE.
    """
    answers = read_seal(lake, oem, endpoint.answers_of, day)
    started_at = now()
    attempt = new_attempt(started_at)
    seals = {
        market: _market(lake, oem, endpoint, answers.markets[market], attempt, started_at)
        for market in endpoint.markets
        if market in answers.markets
    }
    days_before = sealed_days_before(lake, oem, endpoint.name, day, LOOKED_BACK_DAYS)
    seals, unusual = compared_with_days_before(endpoint, seals, days_before)
    return seal(lake, Manifest(oem, endpoint.name, day.isoformat(), answers.source, seals, unusual), day)


def _market(
    lake: Lake, oem: str, endpoint: Endpoint, answers: MarketSeal, attempt: str, started_at: datetime
) -> MarketSeal:
    started = time.monotonic()
    evidence = Evidence(endpoint, answers.market)
    reader = PageReader(endpoint)
    failure: tuple[Cause, str] | None = None
    if not answers.complete:
        failure = Cause(answers.cause or Cause.EMPTY_FEED), f"the answers of {endpoint.answers_of} are not whole"
    for number, page in enumerate(read_pages(lake, answers)):
        evidence.add_response(len(page.body), refused=False)
        try:
            evidence.add_page(page.slice, number, reader.read(page.body), page.body)
        except PlatformError as error:
            failure = failure or (error.cause, f"{error.detail} ({page.address})")
    failure = failure or evidence.incompleteness()
    return market_seal(
        evidence,
        market=answers.market,
        attempt=attempt,
        coverage=f"{coverage(endpoint, answers.market)}{answers.coverage}",
        parts=answers.parts,
        failure=PlatformError(*failure, oem, answers.market, endpoint.name) if failure else None,
        started_at=started_at,
        seconds=time.monotonic() - started,
    )
