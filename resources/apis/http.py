"""HTTP: one session a step, polite, patient and bounded.

Belongs here: sending, timeouts, retries, Retry-After, rate and concurrency, the causes that can be told from
transport and status alone. Does not belong here: what a body means and what is asked (`raw`), where the hosts
are (`resources.apis.apis`).

Bodies sent with gzip or deflate are handed on decoded; the header `content-encoding` says how they came.
Redirects are not followed: a credential belongs to the host it was declared for, and in the sandbox a redirect
would leave loopback. Cookies are not kept, so that a request does not depend on the ones before it.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from resources.failures import POLICIES, Cause, PlatformError

if TYPE_CHECKING:
    from types import TracebackType

    import aiohttp
    from aiolimiter import AsyncLimiter
    from tenacity import RetryCallState

    from resources.apis.apis import Connection

_USER_AGENT = "oem-stock/0.1 (nightly reader of published stock)"
_NOT_JSON_ATTEMPTS = 3  # a page of HTML is rarely a hiccup
_KEPT_HEADERS = frozenset(
    {
        "cf-ray",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "etag",
        "last-modified",
        "location",
        "request-id",
        "retry-after",
        "server",
        "x-amz-cf-id",
        "x-amzn-requestid",
        "x-correlation-id",
        "x-request-id",
    }
)


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it goes out, credentials filled in. `url` is encoded as it stands on the wire."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What one attempt brought. status: None where no answer came. headers: those worth keeping, names in lower
    case. body: as far as it arrived. cause, detail: why it is no good, told from transport and status alone;
    a 4xx other than 408 and 429 is an answer. retry_after_seconds: what the host asked for."""

    status: int | None
    headers: Mapping[str, str]
    body: bytes
    fetched_at: datetime
    cause: Cause | None = None
    detail: str = ""
    retry_after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer is worth; `cause` None means that it is good."""

    answer: Answer
    cause: Cause | None
    detail: str


Judged = TypeVar("Judged", bound=Verdict)


class Session:
    """Sends requests through a connection, at most `requests_per_second` to a host where the connection
    paces, at most `concurrency` at a time. Use as an async context manager."""

    def __init__(self, connection: Connection, *, requests_per_second: float, concurrency: int) -> None:
        self._connection = connection
        self._patience = connection.patience
        self._requests_per_second = requests_per_second
        self._concurrency = concurrency
        self._slots = asyncio.Semaphore(concurrency)
        self._limiters: dict[str, AsyncLimiter] = {}
        self._quiet_until: dict[str, float] = {}

    async def __aenter__(self) -> Session:
        import aiohttp

        patience = self._patience
        self._client: aiohttp.ClientSession = aiohttp.ClientSession(
            connector=self._connection.connector(self._concurrency),
            cookie_jar=aiohttp.DummyCookieJar(),
            # named rather than left to aiohttp, which offers what happens to be installed
            headers={"User-Agent": user_agent(), "Accept-Encoding": "gzip, deflate"},
            skip_auto_headers=("Content-Type",),
            timeout=aiohttp.ClientTimeout(
                total=patience.total_seconds, connect=patience.connect_seconds, sock_read=patience.read_seconds
            ),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._client.close()

    async def ask(self, request: Request, judge: Callable[[Answer], Judged]) -> Judged:
        """Send a request until its answer is good or asking again cannot better it; the last verdict.

        `judge` is called with every answer, also those that are followed by another attempt.
        """
        from tenacity import AsyncRetrying, stop_after_attempt, stop_before_delay

        async def attempt() -> Judged:
            async with self._slots:
                return judge(await self._send(request))

        retrying = AsyncRetrying(
            retry=self._is_worth_another_attempt,
            wait=self._seconds_before_next_attempt,
            stop=stop_after_attempt(self._patience.attempts) | stop_before_delay(self._patience.budget_seconds),
            retry_error_callback=_last_verdict,
        )
        return await retrying(attempt)

    def _is_worth_another_attempt(self, state: RetryCallState) -> bool:
        if state.outcome is None or state.outcome.failed:
            return False
        verdict: Verdict = state.outcome.result()
        if verdict.cause is None or not POLICIES[verdict.cause].retry:
            return False
        if (verdict.answer.retry_after_seconds or 0) > self._patience.retry_after_max_seconds:
            return False
        return verdict.cause is not Cause.NOT_JSON or state.attempt_number < _NOT_JSON_ATTEMPTS

    def _seconds_before_next_attempt(self, state: RetryCallState) -> float:
        patience = self._patience
        ceiling = min(patience.backoff_max_seconds, patience.backoff_seconds * 2 ** (state.attempt_number - 1))
        jitter = random.uniform(0, ceiling)  # noqa: S311 - spreads load, guards nothing
        verdict = _last_verdict(state)
        return jitter + (verdict.answer.retry_after_seconds or 0)

    async def _send(self, request: Request) -> Answer:
        host = urlsplit(request.url).netloc
        await self._wait_for(host)
        answer = await self._exchange(request)
        wanted = answer.retry_after_seconds
        if wanted and wanted <= self._patience.retry_after_max_seconds:
            # the host speaks to all our requests, not only to the one it refused
            self._quiet_until[host] = max(self._quiet_until.get(host, 0), time.monotonic() + wanted)
        return answer

    async def _wait_for(self, host: str) -> None:
        while (quiet := self._quiet_until.get(host, 0) - time.monotonic()) > 0:
            await asyncio.sleep(quiet)
        if self._connection.paces:
            from aiolimiter import AsyncLimiter

            if host not in self._limiters:
                # one request each 1/n seconds rather than n in a burst each second
                self._limiters[host] = AsyncLimiter(1, 1 / self._requests_per_second)
            await self._limiters[host].acquire()

    async def _exchange(self, request: Request) -> Answer:
        import aiohttp
        from yarl import URL

        url, headers = self._connection.reach(request.url)
        status: int | None = None
        kept: dict[str, str] = {}
        chunks: list[bytes] = []
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
                kept = {
                    name.lower(): value for name, value in response.headers.items() if name.lower() in _KEPT_HEADERS
                }
                # piece by piece, so that what arrived before a cut is kept
                async for chunk in response.content.iter_any():
                    chunks.append(chunk)  # noqa: PERF401 - a comprehension would lose all of them
        except TimeoutError:
            failure = Cause.TIMEOUT, "no complete answer in time"
        except aiohttp.ClientError as error:
            cut = status is not None
            failure = (Cause.TRUNCATED if cut else Cause.CONNECTION), f"{type(error).__name__}: {error}"
        body = b"".join(chunks)
        if failure and failure[0] is Cause.TRUNCATED:
            failure = Cause.TRUNCATED, f"the body ended after {len(body)} bytes ({failure[1]})"
        fetched_at = datetime.now(UTC)
        retry_after = retry_after_seconds(kept, fetched_at)
        cause, detail = failure or self._status_failure(status, retry_after) or (None, "")
        return Answer(status, kept, body, fetched_at, cause, detail, retry_after)

    def _status_failure(self, status: int | None, retry_after: float | None) -> tuple[Cause, str] | None:
        if status is None or (status < 500 and status not in (408, 429)):
            return None
        most = self._patience.retry_after_max_seconds
        if retry_after is not None and retry_after > most:
            detail = f"status {status}, Retry-After {retry_after:.0f} s, more than the {most:.0f} s that a step waits"
            return Cause.RATE_LIMITED, detail
        if status == 429:
            return Cause.RATE_LIMITED, "status 429"
        if status == 408:
            return Cause.TIMEOUT, "status 408"
        return Cause.SERVER_ERROR, f"status {status}"


def _last_verdict(state: RetryCallState) -> Any:
    assert state.outcome is not None
    return state.outcome.result()


def retry_after_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """The seconds that a `Retry-After` asks for, given in seconds or as an HTTP date (RFC 9110, 10.2.3).

    A date is measured against the host's own `Date`, where it sends one, since clocks differ. None where there
    is no such header or it cannot be read.
    """
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    until = _http_date(value)
    if until is None:
        return None
    return max(0.0, (until - (_http_date(headers.get("date", "")) or now)).total_seconds())


def _http_date(value: str) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(value)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def user_agent() -> str:
    """What this client calls itself: `OEM_USER_AGENT` (say there who runs it and where to complain), or its name.

    Raises PlatformError(CONFIGURATION).
    """
    value = os.environ.get("OEM_USER_AGENT", "").strip() or _USER_AGENT
    if not (value.isascii() and value.isprintable()):
        raise PlatformError(
            Cause.CONFIGURATION, f"OEM_USER_AGENT={value!r} holds characters that no HTTP header may carry"
        )
    return value
