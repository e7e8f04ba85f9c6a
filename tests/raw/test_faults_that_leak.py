"""What a host gives back or says: no credential and no person is kept or shown, and all of it is bounded."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from aiohttp import web

from raw.audi import SCS_SEARCH
from raw.endpoint import Budget
from raw.fetch.day import fetch_day
from resources.lake.lake import Lake
from tests.support.lying_feed import (
    DAY,
    FEED,
    PAGE,
    TOKEN,
    Host,
    archived,
    cars,
    fetch,
    market_of,
    page,
)
from tests.support.played import PlayedApis

pytestmark = pytest.mark.slow


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
