"""The response archive: what is written is what is read, by address; which attempt of a market counts."""

from __future__ import annotations

import itertools
import json
import os
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import raw.archive.writer
from raw.archive.reader import read_pages
from raw.archive.responses import ArchivedResponse, day_folder
from raw.archive.seal import Manifest, MarketSeal, merged, read_seal, seal, sealed_days_before
from raw.archive.swap import swap
from raw.archive.writer import ArchiveWriter
from resources.failures import Cause, PlatformError
from resources.lake.lake import Lake
from tests.support.servers import S3Server

pytestmark = pytest.mark.slow

DAY = date(2026, 11, 20)
AT = datetime(2026, 11, 20, 6, tzinfo=UTC)


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


# several attempts, damage and versions


def attempt_at(hour: int, **fields: object) -> MarketSeal:
    return market_seal("es", f"20261120T{hour:02d}0000.000000Z", **fields)


OUTCOMES = [
    attempt_at(6),
    attempt_at(7, complete=False, cause="blocked", message="blocked: no"),
    attempt_at(8, coverage="d" * 16, complete=False, cause="timeout", message="timeout: no"),
    attempt_at(9, coverage="d" * 16),
    attempt_at(10, coverage="d" * 16, complete=False, cause="shortfall", message="shortfall: no"),
]


def test_a_seal_is_the_same_in_whatever_order_its_attempts_are_sealed(tmp_path: Path) -> None:
    seen = set()
    for number, order in enumerate(itertools.permutations(OUTCOMES)):
        if number % 7:
            continue
        of_order = Lake((tmp_path / str(number)).as_uri())
        for outcome in order:
            seal(of_order, manifest(outcome), DAY)
        seen.add(json.dumps(read_seal(of_order, "oem", "search", DAY).to_json(), sort_keys=True))
    assert len(seen) == 1
    market = Manifest.from_json(json.loads(seen.pop())).markets["es"]
    assert market.attempt == OUTCOMES[3].attempt
    assert market.last_refusal == f"attempt {OUTCOMES[4].attempt}: shortfall: no"


def test_a_refused_rerun_is_told_until_another_attempt_lands(lake: Lake) -> None:
    seal(lake, manifest(attempt_at(6)), DAY)
    sealed = seal(lake, manifest(attempt_at(7, complete=False, message="blocked: no")), DAY)
    assert sealed.markets["es"].last_refusal == "attempt 20261120T070000.000000Z: blocked: no"
    assert seal(lake, manifest(attempt_at(8)), DAY).markets["es"].last_refusal is None


def _seal_one(uri: str, environment: dict[str, str], number: int, start: float) -> None:
    os.environ.update(environment)
    time.sleep(max(0, start - time.time()))
    seal(Lake(uri), manifest(market_seal(f"m{number}", attempt_at(number).attempt)), DAY)


def _race(uri: str, environment: dict[str, str]) -> Manifest:
    """Eight processes seal one day at once, each a market of its own; the seal afterwards.

    They are forked from one that has loaded this module and s3fs.
    """
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__, "s3fs"])
    with ProcessPoolExecutor(8, context) as pool:
        start = time.time() + 3
        list(pool.map(_seal_one, [uri] * 8, [environment] * 8, range(8), [start] * 8))
    return read_seal(Lake(uri), "oem", "search", DAY)


def test_attempts_that_seal_at_once_all_count_in_a_folder(lake: Lake) -> None:
    sealed = _race(lake.uri, {})
    assert sorted(sealed.markets) == [f"m{number}" for number in range(8)]
    assert sealed == merged([manifest(market_seal(f"m{one}", attempt_at(one).attempt)) for one in range(8)])


@pytest.mark.slow
def test_attempts_that_seal_at_once_all_count_on_s3(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3.environment().items():
        monkeypatch.setenv(name, value)
    sealed = _race(s3.new_lake_uri(), s3.environment())
    assert sorted(sealed.markets) == [f"m{number}" for number in range(8)]


def test_a_swap_in_a_folder_waits_for_the_swap_under_way(lake: Lake) -> None:
    seen: list[bytes | None] = []

    def second(content: bytes | None) -> bytes:
        seen.append(content)
        return b"second"

    other = threading.Thread(target=swap, args=(lake, "folder/file", second))

    def first(content: bytes | None) -> bytes:
        other.start()
        other.join(0.3)  # time in which it would have come in between
        return b"first"

    swap(lake, "folder/file", first)
    other.join()
    assert seen == [b"first"]
    assert lake.read_bytes("folder/file") == b"second"


def test_a_swap_on_s3_sees_what_another_writer_wrote_in_between(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3.environment().items():
        monkeypatch.setenv(name, value)
    lake = Lake(s3.new_lake_uri())
    seen: list[bytes | None] = []

    def renewed(content: bytes | None) -> bytes:
        seen.append(content)
        if len(seen) in (1, 3):
            lake.write_atomic("file", b"another's %d" % len(seen))
        return b"ours %d" % len(seen)

    swap(lake, "file", renewed)
    assert seen == [None, b"another's 1"]
    swap(lake, "file", renewed)
    assert seen[2:] == [b"ours 2", b"another's 3"]
    assert lake.read_bytes("file") == b"ours 4"


@pytest.mark.parametrize("content", [b"", b'{"oem": "oem", "mark', b"null", b"[]", b'{"markets": {"es": {}}}', b"\xff"])
def test_a_seal_that_cannot_be_read_is_made_again_from_its_attempts(lake: Lake, content: bytes) -> None:
    seal(lake, manifest(attempt_at(6)), DAY)
    sealed = seal(lake, manifest(attempt_at(7, complete=False, message="no")), DAY)
    path = f"{day_folder('oem', 'search', DAY)}/manifest.json"
    lake.write_atomic(path, content)
    assert read_seal(lake, "oem", "search", DAY) == sealed
    # and the next attempt's seal replaces it
    assert seal(lake, manifest(attempt_at(8)), DAY).markets["es"].attempt == attempt_at(8).attempt
    assert read_seal(lake, "oem", "search", DAY).markets["es"].attempt == attempt_at(8).attempt


def test_a_seal_that_cannot_be_read_and_has_no_attempts_is_damage(lake: Lake) -> None:
    lake.write_atomic(f"{day_folder('oem', 'search', DAY)}/manifest.json", b"{")
    with pytest.raises(PlatformError, match=r"raw/oem/search/2026-11-20/manifest\.json: the manifest is not") as error:
        read_seal(lake, "oem", "search", DAY)
    assert error.value.cause is Cause.ARCHIVE_DAMAGED


@pytest.mark.parametrize("version", [3, 4, 1000])
def test_a_seal_of_a_newer_version_is_named_and_left_alone(lake: Lake, version: int) -> None:
    path = f"{day_folder('oem', 'search', DAY)}/manifest.json"
    content = json.dumps({"version": version, "shelves": {}}).encode()
    lake.write_atomic(path, content)
    with pytest.raises(PlatformError, match=f"version {version}") as error:
        read_seal(lake, "oem", "search", DAY)
    assert error.value.cause is Cause.FORMAT_UNKNOWN
    with pytest.raises(PlatformError, match=f"version {version}") as error:
        seal(lake, manifest(market_seal()), DAY)
    assert error.value.cause is Cause.FORMAT_UNKNOWN
    assert lake.read_bytes(path) == content


OF_VERSION_1 = (
    "market",
    "attempt",
    "coverage",
    "parts",
    "responses",
    "pages",
    "body_bytes",
    "collected",
    "unique",
    "reported_total",
    "shortfall",
    "complete",
    "cause",
    "message",
    "started_at",
    "seconds",
)


def test_a_seal_of_version_1_still_reads_and_is_taken_over(lake: Lake) -> None:
    """As the project wrote it on 2026-11-25."""
    fields = market_seal(collected=300, unique=299, reported_total=300, shortfall=1)
    of_version_1 = {
        "oem": "oem",
        "endpoint": "search",
        "date": "2026-11-20",
        "source": "sandbox",
        "drift": [],
        "version": 1,
        "markets": {"es": {name: getattr(fields, name) for name in OF_VERSION_1}},
    }
    folder = day_folder("oem", "search", DAY)
    lake.write_json(f"{folder}/manifest.json", of_version_1)
    lake.write_json(f"{folder}/{fields.attempt}/manifest.json", of_version_1)
    assert read_seal(lake, "oem", "search", DAY).markets["es"] == fields
    sealed = seal(lake, manifest(attempt_at(7, complete=False, message="no")), DAY)
    assert sealed.markets["es"].attempt == fields.attempt
    assert sealed.markets["es"].last_refusal is not None


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


def test_folders_that_are_no_days_and_damaged_seals_are_passed_over(lake: Lake) -> None:
    for number in (1, 2, 3):
        seal(lake, manifest(market_seal()), DAY - timedelta(days=number))
    lake.write_atomic("raw/oem/search/2026-11-19-copy/manifest.json", b"{}")
    lake.write_atomic("raw/oem/search/2026-11-18/manifest.json", b"{")
    lake.write_atomic("raw/oem/search/2026-11-18/20261120T060000.000000Z/manifest.json", b"{")
    found = sealed_days_before(lake, "oem", "search", DAY, 5)
    assert len(found) == 2
    assert len(sealed_days_before(lake, "oem", "search", DAY, 1)) == 1
