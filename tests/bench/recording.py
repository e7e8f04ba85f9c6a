"""The answers of a day, recorded once and then served as they are: `python -m tests.bench.recording <lake> <date>`.

The sandbox makes every answer anew, which costs more than to fetch it. A recording is the response archive of a night
against the sandbox; the server of this module answers each request with the bytes that were archived for it. It
prints `listening on <origin>` and plays until its standard input ends.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pyarrow.parquet as pq
from aiohttp import web

from raw.archive.seal import read_seal
from raw.fetch.day import fetch_day
from raw.wiring.discovery import Oem
from resources.apis.apis import Apis
from resources.apis.sandbox_process import ORIGIN_VARIABLE
from resources.lake.lake import CHECKOUT, Lake, lake_at

Key = tuple[str, str, str, tuple[tuple[str, str], ...], str]


def record(folder: Path, oem: Oem, day: date, vehicles: int) -> None:
    """Fetch a day of `vehicles` vehicles from the sandbox into a lake of its own at `folder`."""
    os.environ["SANDBOX_VEHICLES"] = str(vehicles)
    os.environ.pop(ORIGIN_VARIABLE, None)
    lake, apis = lake_at(str(folder)), Apis("sandbox")
    with apis.played(day) as origin:
        os.environ[ORIGIN_VARIABLE] = origin
        for endpoint in oem.endpoints:
            fetch_day(lake=lake, oem=oem.name, endpoint=endpoint, day=day, apis=apis, progress=lambda _: None)
    del os.environ[ORIGIN_VARIABLE]


def recorded_vehicles(folder: Path, oem: Oem, endpoint: str, day: date) -> int:
    """The records of a recorded endpoint, of all its markets."""
    return sum(market.collected for market in read_seal(lake_at(str(folder)), oem.name, endpoint, day).markets.values())


@contextmanager
def served(folder: Path, day: date) -> Iterator[str]:
    """The origin of a server of a recorded day, a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, str(folder), day.isoformat()],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield process.stdout.readline().strip().removeprefix("listening on ")
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


def responses(lake: Lake, columns: list[str]) -> Iterator[dict[str, object]]:
    """The archived responses of a recording, in the order in which they were written."""
    root = Path(lake.storage_path("raw"))
    for part in sorted(root.rglob("part-*.parquet")):
        yield from pq.read_table(part, columns=columns).to_pylist()


def _key(method: str, host: str, path: str, query: str, body: bytes) -> Key:
    # clients write a query in the order that they like
    return method, host, path, tuple(sorted(parse_qsl(query, keep_blank_values=True))), hashlib.sha256(body).hexdigest()


def _answers(lake: Lake) -> dict[Key, tuple[int, bytes]]:
    found: dict[Key, tuple[int, bytes]] = {}
    for one in responses(lake, ["method", "url", "request_body", "status", "body"]):
        url = urlsplit(str(one["url"]))
        status, body, asked = one["status"], one["body"], one["request_body"] or b""
        if status is None:  # no answer came, and the page was asked for again
            continue
        assert isinstance(status, int)
        assert isinstance(body, bytes)
        assert isinstance(asked, bytes)
        found[_key(str(one["method"]), url.netloc, url.path, url.query, asked)] = status, body
    return found


async def _serve(lake: Lake, day: str) -> None:
    answers = _answers(lake)

    async def answer(request: web.BaseRequest) -> web.Response:
        if request.path == "/" and request.method == "GET":
            return web.json_response({"date": day})  # what `resources.apis` asks before a night
        body = await request.read()
        key = _key(request.method, request.host, request.path, request.query_string, body)
        status, content = answers.get(key, (404, b"{}"))
        return web.Response(status=status, body=content, content_type="application/json")

    stopped = asyncio.Event()
    runner = web.ServerRunner(web.Server(answer, access_log=None))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    loop = asyncio.get_running_loop()

    def wait_for_the_end() -> None:
        while os.read(0, 65_536):
            pass
        loop.call_soon_threadsafe(stopped.set)

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    print(f"listening on http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await stopped.wait()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(_serve(lake_at(sys.argv[1]), sys.argv[2]))
