"""HTTP: one session a step, polite, patient and bounded.

A session sends a request as often as it is worth sending and hands on each attempt; what a body means is the caller's
to judge. Bodies sent with gzip or deflate are handed on decoded; the header `content-encoding` says how they came. A
body is bounded, whatever a host sends.
Redirects are not followed: a credential belongs to the host it was declared for, and in the sandbox a redirect
would leave loopback. Cookies are not kept, so that a request does not depend on the requests before it.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from resources.apis.bodies import ACCEPTED, decoded
from resources.apis.headers import kept_headers, retry_after_seconds, user_agent
from resources.failures import POLICIES, Cause

if TYPE_CHECKING:
    from types import TracebackType

    import aiohttp
    from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
    from aiolimiter import AsyncLimiter
    from tenacity import AsyncRetrying, RetryCallState

    from resources.apis.apis import Connection, Patience

_NOT_JSON_ATTEMPTS = 3  # a page of HTML is rarely a hiccup


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it goes out, credentials filled in. `url` is encoded as it stands on the wire."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Response:
    """What came back. status: None where no response came. headers: those worth keeping, names in lower case.
    body: as far as it arrived. cause, detail: why the response is no good, told from transport and status alone;
    a 4xx other than 408 and 429 is an answer. retry_after_seconds: what the host asked for."""

    status: int | None
    headers: Mapping[str, str]
    body: bytes
    fetched_at: datetime
    cause: Cause | None = None
    detail: str = ""
    retry_after_seconds: float | None = None


@dataclass(slots=True)
class Attempt:
    """One sending of a request, the `number`-th, counted from 1.

    `cause` decides whether another attempt follows: the transport's, until the caller, who knows what the body means,
    sets another one. None: the response is good.
    """

    number: int
    response: Response
    cause: Cause | None


class Clock:
    """The time that a session goes by; a test puts another in its place."""

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Session:
    """Sends requests through a connection, at most `requests_per_second` to a host where the connection
    paces, at most `concurrency` at a time. Use as an async context manager.

    body_bytes: bound of a body, as it comes and decoded; a larger one is TOO_LARGE and cut there. rest_seconds: for how
    long a host is left alone after a 429 that names no time. keep_headers: headers that are kept beside the usual.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        requests_per_second: float,
        concurrency: int,
        body_bytes: int,
        rest_seconds: float,
        keep_headers: Collection[str] = (),
        clock: Clock | None = None,
    ) -> None:
        self._connection = connection
        self._patience = connection.patience
        self._requests_per_second = requests_per_second
        self._concurrency = concurrency
        self._body_bytes = body_bytes
        # nobody is spared on loopback
        self._rest_seconds = rest_seconds if connection.paces else 0.0
        self._keep_headers = frozenset(name.lower() for name in keep_headers)
        self._clock = clock or Clock()
        self._slots = asyncio.Semaphore(concurrency)
        self._limiters: dict[str, AsyncLimiter] = {}
        self._quiet_until: dict[str, float] = {}

    @property
    def paces(self) -> bool:
        """Whether the declared politeness is kept."""
        return self._connection.paces

    async def __aenter__(self) -> Session:
        import aiohttp

        patience = self._patience
        self._client: aiohttp.ClientSession = aiohttp.ClientSession(
            connector=self._connection.connector(self._concurrency),
            cookie_jar=aiohttp.DummyCookieJar(),
            # named rather than left to aiohttp, which offers what happens to be installed
            headers={"User-Agent": user_agent(), "Accept-Encoding": ACCEPTED},
            auto_decompress=False,
            skip_auto_headers=("Content-Type",),
            middlewares=(_sent_once,),
            timeout=aiohttp.ClientTimeout(
                total=patience.total_seconds, connect=patience.connect_seconds, sock_read=patience.read_seconds
            ),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._client.close()

    async def attempts(self, request: Request | Callable[[], Request]) -> AsyncIterator[Attempt]:
        """Send a request until an attempt's response is good or asking again cannot better it; every attempt made.

        request: or what makes it anew for each attempt, since some hosts refuse the same one twice.
        """
        async for turn in retrying(self._patience, self._clock):
            async with self._slots:
                response = await self._send(request() if callable(request) else request)
            attempt = Attempt(turn.retry_state.attempt_number, response, response.cause)
            yield attempt
            turn.retry_state.set_result(attempt)

    async def _send(self, request: Request) -> Response:
        host = urlsplit(request.url).netloc
        await self._wait_for(host)
        response = await self._exchange(request)
        wanted = response.retry_after_seconds
        if wanted and wanted <= self._patience.retry_after_max_seconds:
            # the host speaks to all our requests, not only to the one it refused
            self._quiet_until[host] = max(self._quiet_until.get(host, 0), self._clock.monotonic() + wanted)
        return response

    async def _wait_for(self, host: str) -> None:
        while (quiet := self._quiet_until.get(host, 0) - self._clock.monotonic()) > 0:
            await self._clock.sleep(quiet)
        if self._connection.paces:
            from aiolimiter import AsyncLimiter

            if host not in self._limiters:
                # one request each 1/n seconds rather than n in a burst each second
                self._limiters[host] = AsyncLimiter(1, 1 / self._requests_per_second)
            await self._limiters[host].acquire()

    async def _exchange(self, request: Request) -> Response:
        import aiohttp
        from yarl import URL

        url, headers = self._connection.reach(request.url)
        status: int | None = None
        kept: dict[str, str] = {}
        coding = ""
        wire = bytearray()
        failure: tuple[Cause, str] | None = None
        try:
            async with self._client.request(
                request.method,
                URL(url, encoded=True),
                headers={**request.headers, **headers},
                data=request.body,
                allow_redirects=False,
            ) as response:
                status = response.status
                kept = kept_headers(response.headers.items(), self._keep_headers)
                if words := self._connection.own_words(response.headers):
                    failure = Cause.BAD_REQUEST, f"status {status}: {words}"
                coding = response.headers.get("Content-Encoding", "")
                # piece by piece, so that what arrived before a cut is kept
                async for chunk in response.content.iter_any():
                    wire += chunk
                    if len(wire) > self._body_bytes:
                        response.close()
                        break
        except TimeoutError:
            failure = Cause.TIMEOUT, "no complete answer in time"
        except aiohttp.ClientError as error:
            if status is None:
                failure = Cause.CONNECTION, _said_of(error)
            else:
                failure = Cause.TRUNCATED, f"the body ended after {len(wire)} bytes ({_said_of(error)})"
        body, unreadable = decoded(bytes(wire), coding, self._body_bytes)
        if len(wire) > self._body_bytes:
            unreadable = Cause.TOO_LARGE, f"the body is larger than {self._body_bytes} bytes"
        fetched_at = datetime.now(UTC)
        retry_after = retry_after_seconds(kept, fetched_at)
        if status == 429 and retry_after is None and self._rest_seconds:
            retry_after = self._rest_seconds
        cause, detail = failure or _status_failure(status, retry_after, self._patience) or unreadable or (None, "")
        return Response(status, kept, body, fetched_at, cause, detail, retry_after)


def retrying(patience: Patience, clock: Clock) -> AsyncRetrying:
    """The policy by which a request is sent again: whether, after how long, and when no more.

    A loop whose turns are given the attempt that they made as their result.
    """
    from tenacity import AsyncRetrying, stop_after_attempt, stop_before_delay

    def is_worth_another(state: RetryCallState) -> bool:
        attempt = _attempt(state)
        if attempt.cause is None or not POLICIES[attempt.cause].retry:
            return False
        if (attempt.response.retry_after_seconds or 0) > patience.retry_after_max_seconds:
            return False
        return attempt.cause is not Cause.NOT_JSON or state.attempt_number < _NOT_JSON_ATTEMPTS

    def seconds_before_next(state: RetryCallState) -> float:
        ceiling = min(patience.backoff_max_seconds, patience.backoff_seconds * 2 ** (state.attempt_number - 1))
        jitter = random.uniform(0, ceiling)  # noqa: S311 - spreads load, guards nothing
        return jitter + (_attempt(state).response.retry_after_seconds or 0)

    return AsyncRetrying(
        retry=is_worth_another,
        wait=seconds_before_next,
        stop=stop_after_attempt(patience.attempts) | stop_before_delay(patience.budget_seconds),
        sleep=clock.sleep,
        retry_error_callback=_attempt,  # the last attempt stands; nothing is raised
    )


def _attempt(state: RetryCallState) -> Attempt:
    assert state.outcome is not None
    attempt = state.outcome.result()
    assert isinstance(attempt, Attempt)
    return attempt


async def _sent_once(request: ClientRequest, send: ClientHandlerType) -> ClientResponse:
    """A middleware of aiohttp that hides a lost connection behind another error.

    Where a connection is lost before an answer, aiohttp sends a GET again by itself: a request that no declared rate,
    no budget and no archive would know of.
    """
    import aiohttp

    try:
        return await send(request)
    except aiohttp.ClientConnectorError:  # never connected, and never sent again
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as lost:
        raise aiohttp.ClientConnectionError from lost


def _said_of(error: Exception) -> str:
    """What may be said of a failure of the transport: other messages of aiohttp quote what the host sent."""
    import aiohttp

    lost = error.__cause__ if type(error) is aiohttp.ClientConnectionError else None
    error = lost if isinstance(lost, aiohttp.ClientError) else error
    name = type(error).__name__
    return f"{name}: {error}" if isinstance(error, aiohttp.ClientConnectorError) else name


def _status_failure(status: int | None, retry_after: float | None, patience: Patience) -> tuple[Cause, str] | None:
    if status is None or (status < 500 and status not in (408, 429)):
        return None
    most = patience.retry_after_max_seconds
    if retry_after is not None and retry_after > most:
        detail = f"status {status}, Retry-After {retry_after:.0f} s, more than the {most:.0f} s that a step waits"
        return Cause.RATE_LIMITED, detail
    if status == 429:
        return Cause.RATE_LIMITED, "status 429"
    if status == 408:
        return Cause.TIMEOUT, "status 408"
    return Cause.SERVER_ERROR, f"status {status}"
