"""A request reaches the host as it was rendered: its path and query byte for byte, and no redirect is followed."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from resources.apis.apis import LoopbackConnection, Patience
from resources.apis.http import Attempt, Request, Session
from tests.support.played import served


def sent(path: str, answer: web.Response) -> tuple[list[str], list[Attempt]]:
    """The raw paths that the host was asked for, and the attempts."""
    asked: list[str] = []
    made: list[Attempt] = []

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        asked.append(request.raw_path)
        return answer

    async def run(port: int) -> None:
        connection = LoopbackConnection(f"http://127.0.0.1:{port}", Patience(attempts=1))
        session = Session(connection, requests_per_second=1000, concurrency=1, body_bytes=1000, rest_seconds=0)
        async with session:
            request = Request("GET", f"https://oem.example{path}", {}, None)
            made.extend([attempt async for attempt in session.attempts(request)])

    with served(handle) as port:
        asyncio.run(run(port))
    return asked, made


@pytest.mark.parametrize("path", ["/a%2Fb?q=%7E%21&x=a+b", "/%41?q=%7B%22n%22:1%7D", "/a?b=c%20d&b=%C3%BC"])
def test_what_is_quoted_stays_quoted_as_it_is(path: str) -> None:
    asked, _ = sent(path, web.json_response([]))
    assert asked == [path]


def test_no_redirect_is_followed() -> None:
    asked, made = sent("/a", web.Response(status=302, headers={"Location": "/elsewhere"}))
    assert (asked, [one.response.status for one in made]) == (["/a"], [302])
