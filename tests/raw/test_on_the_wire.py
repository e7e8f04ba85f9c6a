"""A request reaches the host as it was rendered: its path and query byte for byte, and no redirect is followed. What
comes back is bounded on the wire too."""

from __future__ import annotations

import asyncio
import gzip
import random
from contextlib import suppress

import pytest
from aiohttp import web

from resources.apis.apis import LoopbackConnection, Patience
from resources.apis.http import Attempt, Request, Session
from resources.failures import Cause
from resources.sandbox.serving.credentials import PLAYED_SAYS
from tests.support.played import served
from tests.support.servers import free_ports

BODY_BYTES = 1000


def sent(path: str, answer: web.Response) -> tuple[list[str], list[Attempt]]:
    """The raw paths that the host was asked for, and the attempts."""
    asked: list[str] = []

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        asked.append(request.raw_path)
        return answer

    with served(handle) as port:
        made = asyncio.run(attempts_at(port, path))
    return asked, made


async def attempts_at(port: int, path: str) -> list[Attempt]:
    connection = LoopbackConnection(f"http://127.0.0.1:{port}", Patience(attempts=1))
    session = Session(connection, requests_per_second=1000, concurrency=1, body_bytes=BODY_BYTES, rest_seconds=0)
    async with session:
        request = Request("GET", f"https://oem.example{path}", {}, None)
        return [attempt async for attempt in session.attempts(request)]


@pytest.mark.parametrize("path", ["/a%2Fb?q=%7E%21&x=a+b", "/%41?q=%7B%22n%22:1%7D", "/a?b=c%20d&b=%C3%BC"])
def test_what_is_quoted_stays_quoted_as_it_is(path: str) -> None:
    asked, _ = sent(path, web.json_response([]))
    assert asked == [path]


def test_no_redirect_is_followed() -> None:
    asked, made = sent("/a", web.Response(status=302, headers={"Location": "/elsewhere"}))
    assert (asked, [one.response.status for one in made]) == (["/a"], [302])


def test_a_body_whose_text_fits_and_whose_coding_does_not_is_too_large() -> None:
    body = gzip.compress(random.Random(1).randbytes(BODY_BYTES))  # noqa: S311 - bytes that do not compress
    assert len(body) > BODY_BYTES
    _, made = sent("/a", web.Response(body=body, headers={"Content-Encoding": "gzip"}))
    assert [one.cause for one in made] == [Cause.TOO_LARGE]


@pytest.mark.parametrize(("length", "cause"), [(BODY_BYTES, None), (BODY_BYTES + 1, Cause.TOO_LARGE)])
def test_a_body_of_the_bounds_length_is_read(length: int, cause: Cause | None) -> None:
    _, made = sent("/a", web.Response(body=b"x" * length))
    assert [one.cause for one in made] == [cause]


def test_a_host_that_takes_no_connection_is_named() -> None:
    (port,) = free_ports(1)
    (attempt,) = asyncio.run(attempts_at(port, "/a"))
    assert attempt.cause is Cause.CONNECTION
    assert attempt.response.detail.startswith(f"ClientConnectorError: Cannot connect to host 127.0.0.1:{port} ")


def test_what_a_replay_says_of_itself_is_quoted_and_no_hosts_words() -> None:
    _, (attempt,) = sent("/a", web.json_response({}, status=404, headers={PLAYED_SAYS: "no capture of it"}))
    assert (attempt.cause, attempt.response.detail) == (Cause.BAD_REQUEST, "status 404: no capture of it")
    assert sent("/a", web.json_response({}, status=404))[1][0].cause is None


def test_a_body_that_does_not_end_is_not_read_to_its_end() -> None:
    pieces, written = 500, 0

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal written
        response = web.StreamResponse()
        await response.prepare(request)
        with suppress(ConnectionError):
            for _ in range(pieces):
                await response.write(b"x" * 2**16)
                written += 1
        return response

    with served(handle) as port:
        (attempt,) = asyncio.run(attempts_at(port, "/a"))
    assert attempt.cause is Cause.TOO_LARGE
    assert written < pieces, "the rest was not taken"
