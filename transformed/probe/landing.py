"""Pages of one market in a lake of their own: the first ones of a host, or those of a capture."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from raw.archive.responses import ArchivedResponse
from raw.archive.seal import Manifest, seal
from raw.archive.writer import ArchiveWriter, new_attempt
from raw.endpoint.coverage import coverage
from raw.fetch.day import fetch_day
from raw.fetch.derived import derive_day
from raw.fetch.evidence import Evidence
from raw.fetch.page_reader import PageReader
from raw.fetch.sealing import market_seal

if TYPE_CHECKING:
    from raw.endpoint.declaration import Endpoint
    from raw.wiring.discovery import Oem
    from resources.apis.apis import Apis
    from resources.lake.lake import Lake
    from transformed.probe.capture import Capture

_ROBOTS_SECONDS = 20


def land_first_pages(
    lake: Lake, maker: Oem, endpoint: Endpoint, market: str, *, pages: int, apis: Apis, day: date
) -> Manifest:
    """Fetch a market until it is whole or `pages` pages were asked for, and seal it as it is then.

    Raises PlatformError as `fetch_day` does.
    """
    if endpoint.answers_of:
        answers = maker.endpoint(endpoint.answers_of)
        land_first_pages(lake, maker, answers, market, pages=pages, apis=apis, day=day)
        return derive_day(lake=lake, oem=maker.name, endpoint=_narrowed(endpoint, market), day=day)
    # the list of markets would tell of every other market
    narrowed = replace(_narrowed(endpoint, market), market_list=None)
    of_pages = 1 + len(narrowed.request_of_market) + len(narrowed.ways)
    before_the_pages = len(narrowed.requests()) - of_pages
    narrowed = replace(narrowed, budget=replace(endpoint.budget, requests=pages + before_the_pages))
    return fetch_day(lake=lake, oem=maker.name, endpoint=narrowed, day=day, apis=apis, progress=lambda _: None)


def _narrowed(endpoint: Endpoint, market: str) -> Endpoint:
    return replace(endpoint, markets={market: endpoint.markets[market]})


def land_capture(lake: Lake, oem: str, endpoint: Endpoint, market: str, capture: Capture, day: date) -> Manifest:
    """Archive and seal the pages of a capture as if a host had sent them.

    Raises PlatformError as `PageReader.read` does, for a body in which the endpoint's signs of a good one are missing.
    """
    now = datetime.now(UTC)
    attempt, bodies = new_attempt(now), capture.bodies
    # a body that was made of records lacks what a host says beside them
    reader = PageReader(endpoint if capture.are_answers else replace(endpoint, succeeds_when=None))
    contents = [reader.read(body) for body in bodies]
    with ArchiveWriter(lake, oem, endpoint.name, day, attempt) as writer:
        for number, body in enumerate(bodies):
            writer.write(
                ArchivedResponse(
                    market=market,
                    slice="",
                    page=number,
                    kind="page",
                    cause=None,
                    attempt_number=1,
                    method="GET",
                    url="capture",
                    request_headers="{}",
                    request_body=None,
                    status=200,
                    headers="{}",
                    fetched_at=now,
                    body=body,
                )
            )
        parts = writer.parts_of(market)
    evidence = Evidence(endpoint, market)
    for number, (body, content) in enumerate(zip(bodies, contents, strict=True)):
        evidence.add_response(len(body), refused=False)
        evidence.add_page("", number, content, body)
    sealed = market_seal(
        evidence,
        market=market,
        attempt=attempt,
        coverage=coverage(endpoint, market),
        parts=parts,
        failure=None,  # a capture proves nothing of the market, and is shown as it is
        started_at=now,
        seconds=0.0,
    )
    return seal(lake, Manifest(oem, endpoint.name, day.isoformat(), "replay", {market: sealed}), day)


def robots_txt(url: str) -> str:
    """What a URL's host asks of programs: its robots.txt, or why there is none to be read."""
    from urllib.error import URLError
    from urllib.request import Request, urlopen

    from resources.apis.headers import user_agent

    parts = urlsplit(url)
    address = f"https://{parts.netloc}/robots.txt"
    if not parts.netloc or "{" in parts.netloc:
        return f"the host of {url} is only known when it is asked"
    request = Request(address, headers={"User-Agent": user_agent()})
    try:
        with urlopen(request, timeout=_ROBOTS_SECONDS) as answer:  # noqa: S310
            return f"{address}:\n{answer.read(20_000).decode(errors='replace').strip()}"
    except (URLError, OSError, ValueError) as error:
        return f"{address} cannot be read: {error}"
