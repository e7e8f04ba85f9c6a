"""Faulty answers, each of which is its market's own: costs, bodies and headers that cannot be read, exceptions."""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

import raw.fetch.market
from raw.endpoint import Budget, Endpoint
from raw.fetch.day import fetch_day
from raw.fetch.judging import judge_page
from resources.lake.lake import Lake
from tests.support.lying_feed import (
    DAY,
    FEED,
    PAGE,
    Answer,
    Host,
    archived,
    cars,
    feed_of,
    fetch,
    market_of,
    page,
)
from tests.support.played import PlayedApis

pytestmark = pytest.mark.slow


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
    assert "OverflowError at tests/raw/test_faults_of_answers.py:" in str(market.message)
    assert "Kate" not in str(market.message)


def test_a_template_without_its_parameter_is_the_markets_own(lake: Lake) -> None:
    request = replace(FEED.request, url="https://oem.example/{path}")
    manifest, _ = fetch(lake, endless, replace(FEED, request=request, markets={"es": {}, "gb": {"path": "gb"}}))
    assert manifest.markets["es"].cause == "configuration"
    assert "path" in str(manifest.markets["es"].message)
    assert manifest.markets["gb"].complete
