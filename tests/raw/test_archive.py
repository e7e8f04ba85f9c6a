"""The response archive: what is written is what is read, by address; which attempt of a market counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import raw.archive.writer
from raw.archive.reader import read_pages
from raw.archive.responses import ArchivedResponse
from raw.archive.seal import Manifest, MarketSeal, read_seal, seal
from raw.archive.writer import ArchiveWriter
from resources.lake.lake import Lake

DAY = date(2026, 11, 20)
AT = datetime(2026, 11, 20, 6, tzinfo=UTC)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake((tmp_path / "lake").as_uri())


def response(market: str, number: int, body: bytes, kind: str = "page") -> ArchivedResponse:
    return ArchivedResponse(
        market=market,
        slice="",
        page=number,
        kind=kind,  # type: ignore[arg-type]
        cause=None,
        attempt_number=1,
        method="GET",
        url="https://oem.example/",
        request_headers="{}",
        request_body=None,
        status=200,
        headers="{}",
        fetched_at=AT + timedelta(seconds=number),
        body=body,
    )


def market_seal(market: str = "es", attempt: str = "20261120T060000.000000Z", **fields: object) -> MarketSeal:
    seal_of_market = MarketSeal(
        market=market,
        attempt=attempt,
        coverage="c" * 16,
        parts=[],
        responses=1,
        pages=1,
        body_bytes=2,
        collected=1,
        unique=1,
        reported_total=None,
        shortfall=0,
        complete=True,
        cause=None,
        message=None,
        started_at=AT.isoformat(),
        seconds=1.0,
    )
    return replace(seal_of_market, **fields)  # type: ignore[arg-type]


def manifest(*markets: MarketSeal) -> Manifest:
    return Manifest("oem", "search", DAY.isoformat(), "sandbox", {market.market: market for market in markets})


def test_an_address_leads_to_its_page_in_every_row_group_of_every_part(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw.archive.writer, "_FLUSH_BYTES", 5_000)
    monkeypatch.setattr(raw.archive.writer, "_PART_BYTES", 30_000)
    written: dict[str, list[bytes]] = {"es": [], "gb": [], "kr": []}
    with ArchiveWriter(lake, "oem", "search", DAY, "20261120T060000.000000Z") as writer:
        for number in range(60):
            market = ("es", "gb", "es", "kr")[number % 4]
            body = f"{market} {number}".encode()
            kind = "refused" if number % 7 == 3 else "page"
            writer.write(response(market, number, body, kind))
            if kind == "page":
                written[market].append(body)
        parts = {market: writer.parts_of(market) for market in written}
    assert len(parts["es"]) > 1
    assert pq.ParquetFile(lake.url(parts["es"][0])).num_row_groups > 3
    for market, bodies in written.items():
        pages = list(read_pages(lake, market_seal(market, parts=parts[market])))
        assert [page.body for page in pages] == bodies
        for page in pages:
            part, _, row = page.address.partition("#")
            archived = pq.read_table(lake.url(part)).slice(int(row), 1).to_pylist()[0]
            assert (archived["market"], archived["body"]) == (market, page.body)
            assert archived["fetched_at"] == page.fetched_at


def test_a_later_whole_attempt_counts(lake: Lake) -> None:
    seal(lake, manifest(market_seal()), DAY)
    later = market_seal(attempt="20261120T070000.000000Z")
    assert seal(lake, manifest(later), DAY).markets["es"] == later
    assert read_seal(lake, "oem", "search", DAY).markets["es"] == later


def test_a_market_that_landed_whole_keeps_its_seal_while_it_is_asked_alike(lake: Lake) -> None:
    whole = market_seal()
    seal(lake, manifest(whole), DAY)
    refused = market_seal(attempt="20261120T070000.000000Z", complete=False, cause="blocked")
    assert seal(lake, manifest(refused), DAY).markets["es"].attempt == whole.attempt
    otherwise = replace(refused, attempt="20261120T080000.000000Z", coverage="d" * 16)
    assert seal(lake, manifest(otherwise), DAY).markets["es"] == otherwise


def test_a_market_that_was_never_whole_is_sealed_by_the_latest_attempt(lake: Lake) -> None:
    seal(lake, manifest(market_seal(complete=False, cause="blocked")), DAY)
    later = market_seal(attempt="20261120T070000.000000Z", complete=False, cause="timeout")
    assert seal(lake, manifest(later), DAY).markets["es"].cause == "timeout"


def test_a_market_that_is_not_asked_any_more_keeps_its_seal(lake: Lake) -> None:
    seal(lake, manifest(market_seal("es"), market_seal("gb")), DAY)
    later = market_seal("gb", attempt="20261120T070000.000000Z")
    sealed = seal(lake, manifest(later), DAY)
    assert sealed.markets["es"].attempt < sealed.markets["gb"].attempt
