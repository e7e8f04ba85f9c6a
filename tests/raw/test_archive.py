"""The response archive: what is written is what is read, by address, and what was damaged is never served."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import raw.archive.writer
from raw.archive.reader import read_pages
from raw.archive.responses import ArchivedResponse
from raw.archive.seal import MarketSeal
from raw.archive.writer import ArchiveWriter
from resources.failures import Cause, PlatformError
from resources.lake.lake import Lake
from tests.support.hand_sealed import AT, DAY, market_seal

pytestmark = pytest.mark.slow


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


def _landed(lake: Lake, market: str = "es") -> MarketSeal:
    with ArchiveWriter(lake, "oem", "search", DAY, "20261120T060000.000000Z") as writer:
        for number in range(5):
            writer.write(response(market, number, json.dumps({"page": number, "fill": "x" * 2000}).encode()))
        parts = writer.parts_of(market)
    return market_seal(market, parts=parts)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.999])
def test_bits_that_flipped_are_damage_and_never_served(lake: Lake, share: float) -> None:
    landed = _landed(lake)
    sound = [page.body for page in read_pages(lake, landed)]
    path = Path(lake.url(landed.parts[0]))
    content = bytearray(path.read_bytes())
    content[int(share * (len(content) - 1))] ^= 0x10
    path.write_bytes(content)
    served: list[bytes] = []
    damage: PlatformError | None = None
    try:
        served.extend(page.body for page in read_pages(lake, landed))
    except PlatformError as error:
        damage = error
    assert served == sound[: len(served)]
    if damage is None:
        assert served == sound, "the bit carried no meaning"
    else:
        assert damage.cause is Cause.ARCHIVE_DAMAGED
        assert landed.parts[0] in damage.detail


def test_an_altered_body_names_its_part_and_row(lake: Lake) -> None:
    landed = _landed(lake)
    path = lake.url(landed.parts[0])
    table = pq.read_table(path)
    bodies = table.column("body").to_pylist()
    bodies[3] = bodies[3].replace(b"3", b"4")
    pq.write_table(table.set_column(table.schema.get_field_index("body"), "body", pa.array(bodies)), path)
    with pytest.raises(PlatformError, match=f"{landed.parts[0]}#3: the body is not what was written") as error:
        list(read_pages(lake, landed))
    assert error.value.cause is Cause.ARCHIVE_DAMAGED
    assert (error.value.oem, error.value.endpoint, error.value.market) == ("oem", "search", "es")


@pytest.mark.parametrize("content", [None, b"", b"PAR1", b"not parquet at all" * 100])
def test_a_part_that_is_gone_or_no_parquet_is_damage(lake: Lake, content: bytes | None) -> None:
    landed = _landed(lake)
    path = Path(lake.url(landed.parts[0]))
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    with pytest.raises(PlatformError) as error:
        list(read_pages(lake, landed))
    assert error.value.cause is Cause.ARCHIVE_DAMAGED
    assert landed.parts[0] in str(error.value)
