"""A conversation with no host and no archive: what a market's fetch asks is answered by a function of the test."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from raw.endpoint.declaration import Endpoint
from raw.endpoint.requests import RenderedRequest
from raw.fetch.conversation import Position, Prepare
from raw.fetch.judging import Judgement
from raw.fetch.market import MarketFetch, Progress
from resources.apis.http import Response
from resources.failures import Cause

AT = datetime(2026, 11, 20, 6, tzinfo=UTC)


@dataclass(frozen=True)
class Answered:
    """An answer that is not JSON of status 200. said: bytes as they are, all else as JSON. cause: the transport's."""

    said: Any = b""
    status: int | None = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cause: Cause | None = None
    detail: str = ""

    def response(self) -> Response:
        body = self.said if isinstance(self.said, bytes) else json.dumps(self.said).encode()
        return Response(self.status, self.headers, body, AT, self.cause, self.detail)


class Conversed:
    """Stands for a `Conversation` that asks once. answer: what the host says at a position, JSON or an `Answered`."""

    def __init__(self, answer: Callable[[Position], Any], *, paces: bool = False) -> None:
        self.paces = paces
        self.asked: list[tuple[str, int]] = []
        self.requests: list[RenderedRequest] = []
        self.judgements: list[Judgement] = []
        self.learned: dict[str, str] = {}
        self.knew_secrets: list[bool] = []
        """Of each answer that may hold secrets, whether they were all found in it, so that its body may be kept."""
        self.at_once = self.under_way = 0
        self._answer = answer

    def learn(self, name: str, value: str) -> None:
        self.learned[name] = value

    async def ask(
        self,
        prepare: Prepare,
        position: Position,
        judge: Callable[[Response], Judgement],
        learns: Callable[[Response], bool] | None = None,
    ) -> Judgement:
        self.requests.append(prepare(lambda variable: self.learned.get(variable, variable), {}))
        self.asked.append((position.slice, position.page))
        self.under_way += 1
        self.at_once = max(self.at_once, self.under_way)
        await asyncio.sleep(0)
        self.under_way -= 1
        said = self._answer(position)
        response = (said if isinstance(said, Answered) else Answered(said)).response()
        if learns is not None:
            self.knew_secrets.append(learns(response))
        self.judgements.append(judge(response))
        return self.judgements[-1]


@dataclass(frozen=True)
class Ended:
    """A market that was asked for. why: its cause and message, none where it is whole as far as it was asked."""

    fetch: MarketFetch
    conversation: Conversed
    told: list[Progress]

    @property
    def asked(self) -> list[tuple[str, int]]:
        return self.conversation.asked

    @property
    def why(self) -> tuple[Cause, str, str | None] | None:
        failure = self.fetch._failure
        return (failure.cause, failure.detail, failure.page) if failure else None


def conversed(declared: Endpoint, answer: Callable[[Position], Any], *, paces: bool = False) -> Ended:
    """Ask for the first market of an endpoint."""
    told: list[Progress] = []
    fetch = MarketFetch("yugo", declared, next(iter(declared.markets)), told.append)
    conversation: Any = Conversed(answer, paces=paces)
    asyncio.run(fetch.run(conversation))
    return Ended(fetch, conversation, told)
