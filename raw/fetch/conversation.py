"""The conversation with a host: requests go out with their credentials, every response is judged and archived."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from raw.archive.responses import ArchivedResponse
from raw.archive.writer import ArchiveWriter
from raw.endpoint.requests import RenderedRequest, named
from raw.fetch.judging import Judgement, kind_of_body
from raw.fetch.redaction import Redaction
from resources.apis.http import Request, Response
from resources.failures import Cause

if TYPE_CHECKING:
    from resources.apis.http import Session

_KEPT_OF_TOO_LARGE = 1024 * 1024  # enough to see what it is
_CUT = (Cause.TRUNCATED, Cause.TOO_LARGE, Cause.TIMEOUT)


@dataclass(frozen=True, slots=True)
class Position:
    """Where in the feed a request belongs: as in `raw.archive.responses.ArchivedResponse`."""

    market: str
    slice: str = ""
    page: int = 0


Prepare = Callable[[Callable[[str], str], dict[int, str]], RenderedRequest]
"""Renders a request, given what stands for a credential and where computed values are remembered."""


class Conversation:
    """Asks an endpoint's host. `credentials`: the value of each environment variable that a secret names."""

    def __init__(self, session: Session, writer: ArchiveWriter, credentials: Mapping[str, str]) -> None:
        self._session = session
        self._writer = writer
        self._credentials = dict(credentials)
        self._redaction = Redaction(credentials)
        self._earlier: list[tuple[str, str]] = []

    @property
    def paces(self) -> bool:
        """Whether the declared politeness is kept."""
        return self._session.paces

    def learn(self, name: str, value: str) -> None:
        """Take a value for a credential from now on: a token that was minted, say. It stands as `<name>` in whatever is
        kept, and so does the value before it, which an answer under way may still hold."""
        if name in self._credentials:
            self._earlier.append((name, self._credentials[name]))
        self._credentials[name] = value
        self._redaction = Redaction(self._credentials, self._earlier)

    async def ask(
        self,
        prepare: Prepare,
        position: Position,
        judge: Callable[[Response], Judgement],
        learns: Callable[[Response], bool] | None = None,
    ) -> Judgement:
        """Send a request until its response is good or asking again cannot better it; the last judgement.

        prepare is called for each attempt. learns takes the secrets of a response for credentials before it is judged
        and kept, and says whether it found them; the body of a good answer in which it did not is not kept.
        `judge` sees every attempt's response, and every response is archived with what it was judged to be. No
        credential is in what is judged, archived or said. A refusal's detail says where the response lies.
        Raises PlatformError(LAKE_UNWRITABLE).
        """
        judgement: Judgement | None = None
        once: dict[int, str] = {}

        def outgoing() -> Request:
            once.clear()
            rendered = prepare(self._credentials.__getitem__, once)
            return Request(rendered.method, rendered.url, dict(rendered.headers), rendered.body)

        async for attempt in self._session.attempts(outgoing):
            rendered = prepare(named, once)
            is_known = learns is None or learns(attempt.response)
            response = self._without_credentials(attempt.response)
            judgement = judge(response)
            if not is_known and 200 <= (response.status or 200) < 300:
                response = replace(response, body=b"<%d bytes that may hold a secret>" % len(response.body))
            if judgement.kind == "refused":
                judgement = replace(judgement, detail=self._told(judgement.detail, response, position, attempt.number))
            self._writer.write(_archived(rendered, position, attempt.number, response, judgement))
            attempt.cause = judgement.cause
        assert judgement is not None
        return judgement

    def _without_credentials(self, response: Response) -> Response:
        """The response as it is kept. Headers and a body that is too large are cut, after credentials have gone."""
        redaction = self._redaction
        body = redaction.body(response.body, was_cut=response.cause in _CUT)
        if response.cause is Cause.TOO_LARGE:
            body = body[:_KEPT_OF_TOO_LARGE]
        headers = {name: redaction.shown(value) for name, value in response.headers.items()}
        return replace(response, body=body, headers=headers, detail=redaction.text(response.detail))

    def _told(self, detail: str, response: Response, position: Position, attempt_number: int) -> str:
        body = f"{kind_of_body(response.body)}, {len(response.body)} bytes" if response.body else "no body"
        slice_name = f" of {position.slice}" if position.slice else ""
        place = f"{self._writer.folder}, page {position.page}{slice_name}, attempt {attempt_number}"
        return f"{detail} ({body}; archived in {place})"


def _archived(
    rendered: RenderedRequest, position: Position, attempt_number: int, response: Response, judgement: Judgement
) -> ArchivedResponse:
    return ArchivedResponse(
        market=position.market,
        slice=position.slice,
        page=position.page,
        kind=judgement.kind,
        cause=judgement.cause.value if judgement.cause else None,
        attempt_number=attempt_number,
        method=rendered.method,
        url=rendered.url,
        request_headers=json.dumps(dict(rendered.headers)),
        request_body=rendered.body,
        status=response.status,
        headers=json.dumps(dict(response.headers), sort_keys=True),
        fetched_at=response.fetched_at,
        body=response.body,
    )
