"""Hosts that lie or are unlucky, over real HTTP: each a case by which a market was once believed, or took others along.

A market is complete only on evidence; whatever goes wrong has a cause, costs no more than its budget and ends no other
market.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from aiohttp import web

import raw.fetch.market
from raw.archive.seal import Manifest, MarketSeal
from raw.audi import SCS_SEARCH
from raw.endpoint import Budget, Endpoint, Get, Inventory, Offset, PerSecond, SinglePage, secret
from raw.fetch.day import fetch_day
from raw.fetch.judging import judge_page
from raw.mercedes import MBUSA_SEARCH
from resources.lake.lake import Lake
from tests.support.played import PlayedApis

pytestmark = pytest.mark.slow

DAY = date(2026, 11, 20)
PAGE = 96

FEED = Endpoint(
    name="feed",
    yields=Inventory("inventory"),
    request=Get("https://oem.example/{code}", headers={"Token": secret("FEED_TOKEN")}),
    pages=Offset("from", "size", PAGE, total="total", ends_with=400),
    records="cars",
    identity="id",
    markets={"es": {}, "gb": {}},
    limit=PerSecond(1000),
)
TOKEN = "sandbox-FEED_TOKEN"

Answer = Callable[[int], "web.StreamResponse | Awaitable[web.StreamResponse]"]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake((tmp_path / "lake").as_uri())


@dataclass
class Host:
    """Serves sound feeds of 100 cars, but for the market `es`, which `answer` serves by the position asked for."""

    answer: Answer
    asked: list[str] = field(default_factory=list)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        market = request.path.strip("/").split("/")[0]
        self.asked.append(market)
        start = int(request.query.get("from", "0"))
        if market == "es":
            answered = self.answer(start)
            return answered if isinstance(answered, web.StreamResponse) else await answered
        return page(cars(100, market)[start : start + PAGE], 100)


def cars(number: int, prefix: str = "es") -> list[dict[str, Any]]:
    return [{"id": f"{prefix}{one}"} for one in range(number)]


def page(records: Sequence[Any], total: Any = None, **headers: str) -> web.Response:
    body = {"cars": list(records)} | ({} if total is None else {"total": total})
    return web.Response(body=json.dumps(body).encode(), headers=headers, content_type="application/json")


def feed_of(records: Sequence[Any], total: Any) -> Answer:
    return lambda start: page(records[start : start + PAGE], total)


def fetch(lake: Lake, answer: Answer, endpoint: Endpoint = FEED, day: date = DAY) -> tuple[Manifest, Host]:
    host = Host(answer)
    apis = PlayedApis("sandbox", handler=host.handle)
    manifest = fetch_day(lake=lake, oem="any", endpoint=endpoint, day=day, apis=apis, progress=lambda _: None)
    return manifest, host


def market_of(lake: Lake, answer: Answer, endpoint: Endpoint = FEED) -> MarketSeal:
    """What became of the market `es`; the market `gb` landed whole beside it."""
    manifest, _ = fetch(lake, answer, endpoint)
    assert manifest.markets["gb"].complete, manifest.markets["gb"].message
    return manifest.markets["es"]


def archived(lake: Lake, market: MarketSeal) -> list[dict[str, Any]]:
    rows = [row for part in market.parts for row in pq.read_table(lake.url(part)).to_pylist()]
    return [row for row in rows if row["market"] == market.market]


# what proves that a market is whole


def test_a_sound_feed_is_complete(lake: Lake) -> None:
    market = market_of(lake, feed_of(cars(300), 300))
    assert market.complete
    assert (market.collected, market.unique, market.without_identity, market.exact_duplicates) == (300, 300, 0, 0)


@pytest.mark.parametrize(
    "total", [None, "many", "9" * 400, 10**400, -1, True, [300], 3.5, {"value": 300}, "1.000", "1,000"]
)
def test_a_trusted_total_that_cannot_be_read_is_drift(lake: Lake, total: Any) -> None:
    market = market_of(lake, feed_of(cars(192), total))
    assert market.cause == "schema_drift"
    assert "total" in str(market.message)


@pytest.mark.parametrize("total", ["192", 192.0, "192.0", " 192 "])
def test_a_total_may_come_as_text_or_as_a_float(lake: Lake, total: Any) -> None:
    assert market_of(lake, feed_of(cars(192), total)).complete


@pytest.mark.parametrize("totals", [(300, 300, 0, 0), (300, 192, 192, 192), (192, 300, 192, 192)])
def test_the_largest_total_counts(lake: Lake, totals: Sequence[int]) -> None:
    market = market_of(lake, lambda start: page(cars(192)[start : start + PAGE], totals[min(start // PAGE, 3)]))
    assert not market.complete
    assert market.reported_total == 300
    assert market.cause == "shortfall"


def test_totals_that_disagree_contradict_each_other_though_all_is_there(lake: Lake) -> None:
    market = market_of(lake, lambda start: page(cars(300)[start : start + PAGE], 300 if start == 0 else 200))
    assert market.unique == 300
    assert market.cause == "contradiction"


@pytest.mark.parametrize("missing", [None, "", "  ", {"nested": 1}, 1.5])
def test_a_record_without_identity_proves_nothing(lake: Lake, missing: Any) -> None:
    records = cars(96) + [{"id": missing, "price": price} for price in range(204)]
    market = market_of(lake, feed_of(records, 300))
    assert not market.complete
    assert (market.unique, market.without_identity, market.collected) == (96, 204, 300)


def test_records_without_identity_are_drift_where_no_total_tells(lake: Lake) -> None:
    endpoint = replace(FEED, trusted_total=False, pages=Offset("from", "size", PAGE))
    market = market_of(lake, feed_of([*cars(90), {"x": 1}], None), endpoint)
    assert market.cause == "schema_drift"


@pytest.mark.parametrize("identity", ["carid", "car.id", "ID"])
def test_an_identity_that_no_record_has_is_drift(lake: Lake, identity: str) -> None:
    manifest, _ = fetch(lake, feed_of(cars(50), 50), replace(FEED, identity=identity))
    assert {market.cause for market in manifest.markets.values()} == {"schema_drift"}


@pytest.mark.parametrize(("served", "total", "complete"), [(40, 40, True), (0, 40, False), (10, 40, False)])
@pytest.mark.parametrize("trusted", [True, False])
def test_a_page_that_lacks_what_its_own_total_says(
    lake: Lake, served: int, total: int, complete: bool, trusted: bool
) -> None:
    endpoint = replace(FEED, trusted_total=trusted, minimum_expected=0)
    market = market_of(lake, feed_of(cars(served), total), endpoint)
    assert market.complete == complete
    assert market.cause in (None, "shortfall" if trusted else "contradiction")


def test_one_answer_that_lacks_what_it_says(lake: Lake) -> None:
    endpoint = replace(FEED, pages=SinglePage(total="total"), trusted_total=False)
    manifest, _ = fetch(lake, lambda _: page(cars(30), 40), endpoint)
    assert manifest.markets["es"].cause == "contradiction"


def test_slices_that_answer_empty_although_their_total_says_more(lake: Lake) -> None:
    endpoint = replace(MBUSA_SEARCH, slices={"class": ("A", "C", "E")})

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        name, number = request.query["class"], int(request.query["start"])
        records = [{"vin": f"{name}{one}"} for one in range(30)][number * 12 : number * 12 + 12]
        paging = {"totalCount": 30}
        if name == "C":
            records = []
        body = {"success": True, "result": {"pagedVehicles": {"records": records, "paging": paging}}}
        return web.json_response(body)

    apis = PlayedApis("sandbox", handler=handle)
    manifest = fetch_day(lake=lake, oem="any", endpoint=endpoint, day=DAY, apis=apis, progress=lambda _: None)
    market = manifest.markets["us"]
    assert market.cause == "contradiction"
    assert "class=C" in str(market.message)
    assert market.slices == {"class=A": 30, "class=C": 0, "class=E": 30}


@pytest.mark.parametrize("number", [82, 13, 97])
def test_an_exact_duplicate_on_a_page_explains_the_difference(lake: Lake, number: int) -> None:
    records = cars(number - 1)
    records.insert(5, records[4])
    market = market_of(lake, feed_of(records, number))
    assert market.complete, market.message
    assert (market.collected, market.unique, market.exact_duplicates, market.shortfall) == (number, number - 1, 1, 0)


def test_another_record_with_the_same_identity_explains_nothing(lake: Lake) -> None:
    records = [*cars(81), {"id": "es4", "price": 1}]
    assert market_of(lake, feed_of(records, 82)).cause == "shortfall"


def test_a_record_that_comes_again_on_the_next_page_explains_nothing(lake: Lake) -> None:
    """The stock moved between the two pages, so another record was passed over."""
    records = cars(110)
    records[PAGE] = records[PAGE - 1]
    market = market_of(lake, feed_of(records, 110))
    assert market.cause == "shortfall"
    assert (market.unique, market.exact_duplicates) == (109, 0)


# where the pages end


def test_a_total_of_a_billion_plans_no_more_than_there_is(lake: Lake) -> None:
    manifest, host = fetch(
        lake,
        lambda start: page(cars(192)[start : start + PAGE], 10**9) if start < 192 else web.Response(status=400),
    )
    assert manifest.markets["es"].cause == "shortfall"
    assert host.asked.count("es") <= 2 + 2 * FEED.limit.concurrency


@pytest.mark.parametrize("total", [None, 10**6])
@pytest.mark.parametrize("varying", [0, 1, 5])
def test_pages_that_bring_nothing_new_end(lake: Lake, total: int | None, varying: int) -> None:
    """Shuffled, and with a few records that are new on every page."""

    def answer(start: int) -> web.StreamResponse:
        records = [*cars(PAGE - varying), *({"id": f"new {start} {one}"} for one in range(varying))]
        return page(records[start % 7 :] + records[: start % 7], total)

    manifest, host = fetch(lake, answer, replace(FEED, trusted_total=total is not None))
    assert manifest.markets["es"].cause == "repeated_page"
    assert manifest.markets["gb"].complete
    assert host.asked.count("es") < 20


def test_a_last_page_that_is_repeated_for_ever_ends_where_all_is_there(lake: Lake) -> None:
    records = cars(2 * PAGE)

    def answer(start: int) -> web.StreamResponse:
        start = min(start, PAGE)
        return page(records[start : start + PAGE], 2 * PAGE)

    market = market_of(lake, answer)
    assert market.complete, market.message


@pytest.mark.parametrize(
    ("body", "is_end"),
    [
        (b'{"message": "from is past the end"}', True),
        (b"bad request", True),
        (b"", True),
        (b"<!DOCTYPE html><html>not found</html>", False),
        (b"\xef\xbb\xbf  <html>", False),
    ],
)
def test_a_status_ends_the_pages_only_in_the_apis_own_language(lake: Lake, body: bytes, is_end: bool) -> None:
    endpoint = replace(FEED, trusted_total=False, pages=Offset("from", "size", PAGE, ends_with=404))

    def answer(start: int) -> web.StreamResponse:
        return page(cars(PAGE)) if start == 0 else web.Response(status=404, body=body)

    market = market_of(lake, answer, endpoint)
    assert market.complete == is_end
    assert market.cause in (None, "bad_request")


def test_a_status_ends_the_pages_only_with_the_declared_sign(lake: Lake) -> None:
    pages = Offset("from", "size", PAGE, ends_with=404, end_sign=("error.code", "NO_MORE"))
    endpoint = replace(FEED, trusted_total=False, pages=pages)
    for number, (sign, complete) in enumerate([({"code": "NO_MORE"}, True), ({"code": "GONE"}, False), (None, False)]):

        def answer(start: int, sign: Any = sign) -> web.StreamResponse:
            return page(cars(PAGE)) if start == 0 else web.json_response({"error": sign}, status=404)

        manifest, _ = fetch(lake, answer, endpoint, DAY + timedelta(days=number))
        assert manifest.markets["es"].complete == complete


def test_a_first_page_is_no_end(lake: Lake) -> None:
    market = market_of(lake, lambda _: web.json_response({"message": "unknown market"}, status=400))
    assert market.cause == "bad_request"


# what a market may cost


def endless(start: int) -> web.StreamResponse:
    return page([{"id": str(one)} for one in range(start, start + PAGE)], None)


@pytest.mark.parametrize(
    ("budget", "unit"),
    [
        (Budget(requests=30), "30 requests"),
        (Budget(decoded_bytes=60_000), "60000 bytes"),
        (Budget(seconds=0.3), "seconds"),
    ],
)
def test_a_feed_without_an_end_costs_its_budget(lake: Lake, budget: Budget, unit: str) -> None:
    endpoint = replace(FEED, budget=budget, trusted_total=False)
    manifest, host = fetch(lake, endless, endpoint)
    market = manifest.markets["es"]
    assert market.cause == "budget_spent"
    assert unit in str(market.message)
    assert manifest.markets["gb"].complete
    if budget.requests == 30:
        assert host.asked.count("es") == 30


def test_refusals_are_part_of_the_budget(lake: Lake) -> None:
    refused: set[int] = set()

    def answer(start: int) -> web.StreamResponse:
        if start in refused:
            return endless(start)
        refused.add(start)
        return web.Response(status=503)

    endpoint = replace(FEED, budget=Budget(refusals=7), trusted_total=False)
    manifest, host = fetch(lake, answer, endpoint)
    assert manifest.markets["es"].cause == "budget_spent"
    assert "7 refusals" in str(manifest.markets["es"].message)
    assert host.asked.count("es") <= 15


@pytest.mark.parametrize("requests", [1, 2])
def test_a_request_that_is_repeated_is_part_of_the_budget(lake: Lake, requests: int) -> None:
    endpoint = replace(FEED, budget=Budget(requests=requests), markets={"es": {}})
    host = Host(lambda _: web.Response(status=503))
    apis = PlayedApis("sandbox", handler=host.handle)
    fetch_day(
        lake=lake,
        oem="any",
        endpoint=replace(endpoint, markets={"es": {}}),
        day=DAY,
        apis=apis,
        progress=lambda _: None,
    )
    assert host.asked.count("es") == requests


# bodies that are too large or cannot be read


def bomb(coding: str) -> Answer:
    text = b'{"cars": [' + b" " * 8_000_000
    packed = gzip.compress(text) if coding == "gzip" else zlib.compress(text)
    return lambda _: web.Response(body=packed, headers={"Content-Encoding": coding})


@pytest.mark.parametrize("answer", [bomb("gzip"), bomb("deflate"), lambda _: web.Response(body=b" " * 3_000_000)])
def test_a_body_is_bounded_as_it_comes_and_decoded(lake: Lake, answer: Answer) -> None:
    market = market_of(lake, answer, replace(FEED, budget=Budget(body_bytes=2_000_000)))
    assert market.cause == "too_large"
    rows = archived(lake, market)
    assert len(rows) == 1
    assert 0 < len(rows[0]["body"]) <= 1024 * 1024, "the beginning is kept"


def test_a_body_without_an_end_is_cut(lake: Lake) -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        if request.path != "/es":
            return page(cars(50, "gb"), 50)
        response = web.StreamResponse()
        await response.prepare(request)
        sent = 0
        while sent < 50_000_000:  # more than the system's buffers take from a connection that was closed
            await response.write(b" " * 65_536)
            sent += 65_536
        return response

    endpoint = replace(FEED, budget=Budget(body_bytes=1_000_000))
    apis = PlayedApis("sandbox", handler=handle)
    manifest = fetch_day(lake=lake, oem="any", endpoint=endpoint, day=DAY, apis=apis, progress=lambda _: None)
    assert manifest.markets["es"].cause == "too_large"
    assert manifest.markets["gb"].complete


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("br", b"\x0b\x02\x80{}\x03"),
        ("zstd", b"\x28\xb5\x2f\xfd\x04\x00"),
        ("x-gzip", gzip.compress(b"{}", mtime=0)),
        ("gzip", gzip.compress(b'{"cars": []}', mtime=0) + b"tail"),
        ("gzip", b'{"cars": []}'),
        ("deflate", zlib.compress(b'{"cars": []}') + b"tail"),
        ("gzip, br", b"\x0b\x02\x80{}\x03"),
    ],
    ids=["br", "zstd", "x-gzip", "gzip-with-tail", "no-gzip", "deflate-with-tail", "two-codings"],
)
def test_an_encoding_that_was_not_asked_for_is_named_and_its_bytes_kept(lake: Lake, coding: str, body: bytes) -> None:
    market = market_of(lake, lambda _: web.Response(body=body, headers={"Content-Encoding": coding}))
    assert market.cause == "unreadable_encoding"
    assert [row["body"] for row in archived(lake, market)] == [body]


@pytest.mark.parametrize("coding", ["gzip", "deflate", "GZIP", "identity", "raw deflate", "two members"])
def test_encodings_that_were_asked_for_are_read(lake: Lake, coding: str) -> None:
    text = json.dumps({"cars": cars(50), "total": 50}).encode()
    raw_deflate = zlib.compressobj(wbits=-15)
    packed = {
        "gzip": gzip.compress(text),
        "deflate": zlib.compress(text),
        "GZIP": gzip.compress(text),
        "identity": text,
        "raw deflate": raw_deflate.compress(text) + raw_deflate.flush(),
        "two members": gzip.compress(text[:100]) + gzip.compress(text[100:]),
    }[coding]
    header = {"raw deflate": "deflate", "two members": "gzip"}.get(coding, coding)
    market = market_of(lake, lambda _: web.Response(body=packed, headers={"Content-Encoding": header}))
    assert market.complete, market.message
    assert archived(lake, market)[0]["body"] == text


def test_a_gzip_body_that_ends_early_is_truncated_and_asked_for_again(lake: Lake) -> None:
    packed = gzip.compress(json.dumps({"cars": cars(50), "total": 50}).encode())[:-20]
    market = market_of(lake, lambda _: web.Response(body=packed, headers={"Content-Encoding": "gzip"}))
    assert market.cause == "truncated"
    assert market.responses > 1


@pytest.mark.parametrize(
    "record",
    [
        b'{"id": "es1", "name": "LEIOA \\ud83d WAGEN"}',
        b'{"id": "es1", "price": NaN}',
        b'{"id": "es1", "price": -Infinity, "mileage": 1e999}',
        b'{"id": "es1", "name": "\xff\xfe"}',
    ],
)
def test_a_value_that_json_does_not_know_costs_no_page(lake: Lake, record: bytes) -> None:
    body = b'{"total": 3, "cars": [{"id": "es0"}, ' + record + b', {"id": "es2"}]}'
    market = market_of(lake, lambda _: web.Response(body=body))
    assert market.complete, market.message
    assert market.unique == 3
    assert archived(lake, market)[0]["body"] == body


# headers and exceptions


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After": "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"},
        {"Retry-After": "9" * 400},
        {"Retry-After": "Mon, 01 Jan 2027 00:00:00 +99999999"},
        {"Retry-After": "Mon, 99 Jan 2027 99:99:99 GMT", "Date": "yesterday"},
        {"Date": "Mon, 01 Jan 99999999999999999999 00:00:00 GMT", "Retry-After": "Mon, 01 Jan 2026 00:00:00 GMT"},
        {"Retry-After": "-5"},
        {"Retry-After": "Mon, 01 Jan 0001 00:00:00 +2359"},
    ],
)
def test_a_header_that_cannot_be_read_is_none(lake: Lake, headers: dict[str, str]) -> None:
    market = market_of(lake, lambda start: page(cars(50)[start : start + PAGE], 50, **headers))
    assert market.complete, market.message


def test_an_exception_in_one_markets_work_is_its_own(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:

    def failing(endpoint: Endpoint, market: str, reader: Any, response: Any, number: int) -> Any:
        if b"es0" in response.body:
            raise OverflowError("Kate Miller, kate@oem.example")
        return judge_page(endpoint, market, reader, response, number)

    monkeypatch.setattr(raw.fetch.market, "judge_page", failing)
    market = market_of(lake, feed_of(cars(300), 300))
    assert market.cause == "defect"
    assert "OverflowError at tests/raw/test_faults.py:" in str(market.message)
    assert "Kate" not in str(market.message)


def test_a_template_without_its_parameter_is_the_markets_own(lake: Lake) -> None:
    request = replace(FEED.request, url="https://oem.example/{path}")
    manifest, _ = fetch(lake, endless, replace(FEED, request=request, markets={"es": {}, "gb": {"path": "gb"}}))
    assert manifest.markets["es"].cause == "configuration"
    assert "path" in str(manifest.markets["es"].message)
    assert manifest.markets["gb"].complete


# what is kept and shown

PERSON = "Kate Miller, kate.miller@oem.example, +34 600 000 000"


def everything_under(folder: Path) -> bytes:
    """Every byte that the lake holds, the archive's parts decoded."""
    found = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    parts = [pq.read_table(path).to_pylist() for path in folder.rglob("*.parquet")]
    return b"".join(found) + repr(parts).encode()


@pytest.mark.parametrize("form", ["plain", "json", "percent", "percent lower", "base64", "hex", "html"])
@pytest.mark.parametrize("status", [200, 400, 403, 302])
def test_a_credential_that_comes_back_is_kept_nowhere(
    lake: Lake, status: int, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import base64
    import html
    from urllib.parse import quote

    from resources.apis.apis import LoopbackConnection

    token = 'se/cret "T0ken"+é&'.replace("é", "e")
    monkeypatch.setattr(LoopbackConnection, "credential", lambda *_: token)
    echoed = {
        "plain": token,
        "json": json.dumps(token)[1:-1],
        "percent": quote(token, safe=""),
        "percent lower": quote(token, safe="").replace("%2F", "%2f").replace("%2B", "%2b"),
        "base64": base64.b64encode(f"Token: {token}\n".encode()).decode(),
        "hex": token.encode().hex(),
        "html": html.escape(token),
    }[form]

    def answer(start: int) -> web.StreamResponse:
        headers = {"Location": f"https://oem.example/?t={quote(token, safe='')}", "X-Request-Id": token}
        if status == 200:
            text = json.dumps({"cars": cars(50), "total": 50, "debug": "@"})
            in_json = echoed if form == "json" else json.dumps(echoed)[1:-1]
            return web.Response(text=text.replace("@", in_json), headers=headers)
        if start == 0 and status == 400:
            return page(cars(PAGE), 2 * PAGE)
        return web.Response(status=status, text=f"bad header Token: {echoed}", headers=headers)

    manifest, _ = fetch(lake, answer)
    kept = everything_under(Path(lake.storage_path("")))
    core = {"base64": base64.b64encode(token.encode())[:16], "hex": token.encode().hex()[:20].encode()}
    for leak in (token.encode(), b"T0ken", *core.values()):
        assert leak not in kept
        assert leak.decode() not in str(manifest)
    assert b"<FEED_TOKEN>" in kept


def test_a_credential_at_the_edge_of_a_cut_goes_too(lake: Lake) -> None:
    body = b"x" * 999_990 + TOKEN.encode() + b"x" * 100
    market = market_of(lake, lambda _: web.Response(body=body), replace(FEED, budget=Budget(body_bytes=1_000_000)))
    assert market.cause == "too_large"
    assert TOKEN.encode()[:10] not in archived(lake, market)[0]["body"]


@pytest.mark.parametrize(
    "response",
    [
        lambda: web.Response(status=403, text=f"{PERSON} has no access"),
        lambda: web.Response(text=f"{PERSON} is on holiday"),
        lambda: web.json_response({"contact": PERSON, "cars": {"by": PERSON}}),
        lambda: web.Response(status=500, text=PERSON, reason="Miller"),
        lambda: web.json_response({"cars": [], "total": PERSON}),
        lambda: web.Response(body=PERSON.encode(), headers={"Content-Encoding": "br"}),
    ],
)
def test_a_person_in_a_refusal_is_quoted_nowhere(lake: Lake, response: Callable[[], web.Response]) -> None:
    told: list[str] = []
    host = Host(lambda _: response())
    manifest = fetch_day(
        lake=lake,
        oem="any",
        endpoint=FEED,
        day=DAY,
        apis=PlayedApis("sandbox", handler=host.handle),
        progress=lambda progress: told.append(str(progress)),
    )
    market = manifest.markets["es"]
    assert not market.complete
    assert "Miller" not in json.dumps(manifest.to_json()) + "".join(told)
    if market.cause != "empty_feed" and "total" not in str(market.message):
        assert f"archived in raw/any/feed/{DAY}/{market.attempt}, page 0" in str(market.message)
    assert any(PERSON.encode() in row["body"] or b"Miller" in row["body"] for row in archived(lake, market))


def test_what_a_host_says_in_headers_is_bounded(lake: Lake) -> None:
    market = market_of(lake, lambda _: web.Response(status=403, headers={"Server": "x" * 7000}))
    headers = json.loads(archived(lake, market)[0]["headers"])
    assert len(headers["server"]) == 200
    assert len(str(market.message)) < 500


def test_the_token_in_the_end_of_the_pages_of_a_real_endpoint(lake: Lake) -> None:
    """A host that repeats the credential in the response that ends its pages."""
    endpoint = replace(SCS_SEARCH, markets={"gb": SCS_SEARCH.markets["gb"]})

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        if request.query["from"] == "0":
            records = [{"carId": f"GBR{one}"} for one in range(PAGE)]
            return web.json_response({"totalCount": PAGE, "vehicleBasic": records})
        return web.Response(status=400, text=f"bad header Token: {request.headers['Token']}")

    apis = PlayedApis("sandbox", handler=handle)
    manifest = fetch_day(lake=lake, oem="audi", endpoint=endpoint, day=DAY, apis=apis, progress=lambda _: None)
    market = manifest.markets["gb"]
    assert market.complete, market.message
    end = next(row for row in archived(lake, market) if row["kind"] == "end")
    assert end["body"] == b"bad header Token: <AUDI_SCS_TOKEN>"
