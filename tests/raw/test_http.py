"""The HTTP session: how often, how fast and how long it asks. Waits are recorded by a clock that does not wait."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import pytest
from aiohttp import web

from resources.apis.apis import LoopbackConnection, Patience
from resources.apis.http import Attempt, Clock, Request, Session
from resources.failures import Cause
from tests.support.played import served

PATIENCE = Patience(attempts=4, backoff_seconds=1.0, backoff_max_seconds=3.0, budget_seconds=600.0)
BODY_BYTES = 1_000_000
REQUEST = Request("GET", "https://oem.example/cars", {"Token": "t"}, None)


@dataclass
class RecordingClock(Clock):
    """A clock on which a sleep is over at once, and recorded."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


@dataclass
class Host:
    """Answers each request with the next of `replies` (the last one for ever), and remembers what it was asked."""

    replies: list[tuple[int, dict[str, str], bytes]]
    asked: list[web.BaseRequest] = field(default_factory=list)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        status, headers, body = self.replies[min(len(self.asked), len(self.replies) - 1)]
        self.asked.append(request)
        return web.Response(status=status, headers=headers, body=body)


def ask(
    host: Host,
    conversation: Callable[[Session, RecordingClock], Awaitable[None]],
    patience: Patience = PATIENCE,
    *,
    paces: bool = False,
    requests_per_second: float = 1000.0,
    rest_seconds: float = 0.0,
) -> RecordingClock:
    """Hold a conversation with a host on loopback; the clock afterwards."""
    clock = RecordingClock()

    async def run(port: int) -> None:
        connection = replace(LoopbackConnection(f"http://127.0.0.1:{port}", patience), paces=paces)
        async with Session(
            connection,
            requests_per_second=requests_per_second,
            concurrency=2,
            body_bytes=BODY_BYTES,
            clock=clock,
            rest_seconds=rest_seconds,
        ) as session:
            await conversation(session, clock)

    with served(host.handle) as port:
        asyncio.run(run(port))
    return clock


def attempts_at(host: Host, patience: Patience = PATIENCE) -> tuple[list[Attempt], RecordingClock]:
    made: list[Attempt] = []

    async def conversation(session: Session, _: RecordingClock) -> None:
        made.extend([attempt async for attempt in session.attempts(REQUEST)])

    return made, ask(host, conversation, patience)


def test_the_clock_of_production_is_the_machines() -> None:
    clock = Clock()
    began = clock.monotonic()
    asyncio.run(clock.sleep(0.05))
    assert clock.monotonic() - began >= 0.05


def test_attempts_end_with_the_first_good_response() -> None:
    made, clock = attempts_at(Host([(503, {}, b""), (502, {}, b""), (200, {}, b"[]")]))
    assert [(attempt.number, attempt.response.status) for attempt in made] == [(1, 503), (2, 502), (3, 200)]
    assert [attempt.cause for attempt in made] == [Cause.SERVER_ERROR, Cause.SERVER_ERROR, None]
    assert len(clock.slept) == 2


def test_the_backoff_doubles_up_to_its_bound_and_attempts_are_bounded() -> None:
    longest = [0.0, 0.0, 0.0]
    for _ in range(30):
        made, clock = attempts_at(Host([(500, {}, b"")]))
        assert len(made) == 4
        assert all(0 <= slept <= most for slept, most in zip(clock.slept, (1.0, 2.0, 3.0), strict=True))
        longest = [max(pair) for pair in zip(longest, clock.slept, strict=True)]
    # full jitter: some of thirty waits come near the bound of their turn
    assert longest[0] > 0.6
    assert longest[1] > 1.2
    assert longest[2] > 2.1


def test_a_connection_that_is_lost_costs_one_request_an_attempt() -> None:
    class Dropping(Host):
        async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
            answer = await super().handle(request)
            assert request.transport is not None
            request.transport.close()
            return answer

    host = Dropping([(200, {}, b"[]")])
    made, _ = attempts_at(host)
    assert [attempt.cause for attempt in made] == [Cause.CONNECTION] * 4
    assert {attempt.response.detail for attempt in made} == {"ServerDisconnectedError"}
    assert len(host.asked) == 4


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
def test_a_4xx_is_an_answer(status: int) -> None:
    made, clock = attempts_at(Host([(status, {}, b"no")]))
    assert [attempt.cause for attempt in made] == [None]
    assert clock.slept == []


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "40"}, 40.0),
        ({"Retry-After": "Fri, 20 Nov 2026 06:01:15 GMT", "Date": "Fri, 20 Nov 2026 06:00:00 GMT"}, 75.0),
    ],
)
def test_retry_after_is_waited_for(headers: dict[str, str], seconds: float) -> None:
    made, clock = attempts_at(Host([(429, headers, b""), (200, {}, b"[]")]))
    assert [attempt.response.status for attempt in made] == [429, 200]
    assert seconds <= clock.slept[0] <= seconds + PATIENCE.backoff_seconds


@pytest.mark.parametrize(("seconds", "left"), [(40, 25), (40, 0.5), (PATIENCE.retry_after_max_seconds, 25)])
def test_a_host_that_asks_for_quiet_hears_nothing_of_any_request(seconds: float, left: float) -> None:
    host = Host([(429, {"Retry-After": f"{seconds:.0f}"}, b""), (200, {}, b"[]")])

    async def conversation(session: Session, clock: RecordingClock) -> None:
        async for attempt in session.attempts(REQUEST):
            assert attempt.response.status == 429
            break
        clock.now += seconds - left
        async for attempt in session.attempts(replace(REQUEST, url="https://other.example/")):
            assert attempt.response.status == 200
        assert clock.slept == [], "the quiet is that host's alone"
        async for attempt in session.attempts(replace(REQUEST, url="https://oem.example/another")):
            assert attempt.response.status == 200

    assert ask(host, conversation).slept == [pytest.approx(left)]


@pytest.mark.parametrize(
    ("status", "seconds", "cause", "detail"),
    [
        (408, None, Cause.TIMEOUT, "status 408"),
        (429, "120", Cause.RATE_LIMITED, "status 429"),
        (429, "121", Cause.RATE_LIMITED, "status 429, Retry-After 121 s, more than the 120 s that a step waits"),
        (503, "120", Cause.SERVER_ERROR, "status 503"),
        (503, "121", Cause.RATE_LIMITED, "status 503, Retry-After 121 s, more than the 120 s that a step waits"),
        (500, None, Cause.SERVER_ERROR, "status 500"),
    ],
)
def test_a_status_that_is_no_answer_has_its_cause(status: int, seconds: str | None, cause: Cause, detail: str) -> None:
    made, _ = attempts_at(Host([(status, {"Retry-After": seconds} if seconds else {}, b"")]))
    assert (made[0].response.cause, made[0].response.detail) == (cause, detail)


def test_a_session_that_ends_closes_its_connections() -> None:
    sessions: list[Session] = []

    async def conversation(session: Session, _: RecordingClock) -> None:
        sessions.append(session)
        assert not session._client.closed

    ask(Host([(200, {}, b"[]")]), conversation)
    assert sessions[0]._client.closed


def test_a_wait_beyond_the_bound_ends_the_attempts() -> None:
    made, clock = attempts_at(Host([(429, {"Retry-After": "121"}, b"")]))
    assert len(made) == 1
    assert clock.slept == []
    assert made[0].cause is Cause.RATE_LIMITED
    made, _ = attempts_at(Host([(429, {"Retry-After": "120"}, b""), (200, {}, b"")]))
    assert len(made) == 2


def test_a_wait_beyond_what_is_left_of_the_budget_ends_the_attempts() -> None:
    made, clock = attempts_at(Host([(503, {"Retry-After": "31"}, b"")]), replace(PATIENCE, budget_seconds=30.0))
    assert len(made) == 1
    assert clock.slept == []


def test_the_callers_cause_decides_whether_another_attempt_follows() -> None:
    host = Host([(200, {}, b"<html>")])

    async def conversation(session: Session, _: RecordingClock) -> None:
        async for attempt in session.attempts(REQUEST):
            attempt.cause = Cause.NOT_JSON

    ask(host, conversation)
    assert len(host.asked) == 3, "a page of HTML is asked for three times at most"


def test_a_redirect_is_not_followed_and_its_target_sees_no_credential() -> None:
    target = Host([(200, {}, b"[]")])
    with served(target.handle) as port:
        made, _ = attempts_at(Host([(302, {"Location": f"http://127.0.0.1:{port}/elsewhere"}, b"")]))
    assert [attempt.response.status for attempt in made] == [302]
    assert target.asked == []


def test_the_declared_rate_is_kept() -> None:
    """A lower bound on real time: a busy machine can only take longer."""
    host = Host([(200, {}, b"[]")])

    async def conversation(session: Session, _: RecordingClock) -> None:
        async def one() -> None:
            async for attempt in session.attempts(REQUEST):
                assert attempt.cause is None

        await asyncio.gather(*(one() for _ in range(13)))
        assert [(one.max_rate, one.time_period) for one in session._limiters.values()] == [(1, 1 / 20)]

    started = time.monotonic()
    ask(host, conversation, paces=True, requests_per_second=20.0)
    assert time.monotonic() - started >= 12 / 20
    assert len(host.asked) == 13


def test_no_more_requests_are_under_way_than_declared() -> None:
    under_way: Counter[str] = Counter()
    most = 0

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal most
        under_way["now"] += 1
        most = max(most, under_way["now"])
        await asyncio.sleep(0.02)
        under_way["now"] -= 1
        return web.Response(body=b"[]")

    async def run(port: int) -> None:
        connection = LoopbackConnection(f"http://127.0.0.1:{port}", PATIENCE)
        async with Session(
            connection, requests_per_second=1, concurrency=3, body_bytes=BODY_BYTES, rest_seconds=0
        ) as session:

            async def one() -> None:
                async for attempt in session.attempts(REQUEST):
                    assert attempt.cause is None

            await asyncio.gather(*(one() for _ in range(12)))

    with served(handle) as port:
        asyncio.run(run(port))
    assert most == 3


@pytest.mark.parametrize(
    ("headers", "paces", "rested"),
    [({}, True, True), ({"Retry-After": "1"}, True, False), ({}, False, False)],
)
def test_a_host_is_left_alone_after_a_429_that_names_no_time(
    headers: dict[str, str], paces: bool, rested: bool
) -> None:
    """For as long as its maker declares, by every request under way; on loopback nobody has to be spared."""
    host = Host([(429, headers, b""), (200, {}, b"[]")])

    async def conversation(session: Session, _: RecordingClock) -> None:
        async for _attempt in session.attempts(REQUEST):
            pass

    clock = ask(host, conversation, paces=paces, rest_seconds=75.0)
    assert len(host.asked) == 2
    assert (sum(clock.slept) >= 75) == rested
    assert paces or sum(clock.slept) <= PATIENCE.backoff_seconds
