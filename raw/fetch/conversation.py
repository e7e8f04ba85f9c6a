"""The conversation with a host: requests go out with their credentials, every response is judged and archived."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from raw.archive.responses import ArchivedResponse
from raw.archive.writer import ArchiveWriter
from raw.endpoint.requests import RenderedRequest, Secret
from raw.fetch.judging import Judgement
from resources.apis.http import Attempt, Request, Response

if TYPE_CHECKING:
    from resources.apis.http import Session


@dataclass(frozen=True, slots=True)
class Position:
    """Where in the feed a request belongs: as in `raw.archive.responses.ArchivedResponse`."""

    market: str
    slice: str = ""
    page: int = 0


class Conversation:
    """Asks an endpoint's host. `credentials`: the value of each environment variable that a secret names."""

    def __init__(self, session: Session, writer: ArchiveWriter, credentials: Mapping[str, str]) -> None:
        self._session = session
        self._writer = writer
        self._credentials = credentials

    async def ask(
        self, rendered: RenderedRequest, position: Position, judge: Callable[[Response], Judgement]
    ) -> Judgement:
        """Send a request until its response is good or asking again cannot better it; the last judgement.

        `judge` sees every attempt's response, and every response is archived with what it was judged to be.
        Credentials are taken out of the judgement's detail, out of the headers that are kept, and out of the body
        of a refusal, where some hosts repeat them; a page's bytes stay as they came.
        Raises PlatformError(LAKE_UNWRITABLE).
        """
        judgement: Judgement | None = None
        async for attempt in self._session.attempts(self._outgoing(rendered)):
            judgement = judge(attempt.response)
            judgement = replace(judgement, detail=self._without_credentials(judgement.detail))
            self._writer.write(self._archived(rendered, position, attempt, judgement))
            attempt.cause = judgement.cause
        assert judgement is not None
        return judgement

    def _outgoing(self, rendered: RenderedRequest) -> Request:
        headers = {
            name: self._credentials[value.variable] if isinstance(value, Secret) else value
            for name, value in rendered.headers
        }
        return Request(rendered.method, rendered.url, headers, rendered.body)

    def _archived(
        self, rendered: RenderedRequest, position: Position, attempt: Attempt, judgement: Judgement
    ) -> ArchivedResponse:
        response = attempt.response
        body = response.body
        if judgement.kind == "refused":
            for variable, value in self._credentials.items():
                body = body.replace(value.encode(), f"<{variable}>".encode())
        return ArchivedResponse(
            market=position.market,
            slice=position.slice,
            page=position.page,
            kind=judgement.kind,
            cause=judgement.cause.value if judgement.cause else None,
            attempt_number=attempt.number,
            method=rendered.method,
            url=rendered.url,
            request_headers=_named_headers(rendered),
            request_body=rendered.body,
            status=response.status,
            headers=self._without_credentials(json.dumps(dict(response.headers), sort_keys=True)),
            fetched_at=response.fetched_at,
            body=body,
        )

    def _without_credentials(self, text: str) -> str:
        for variable, value in self._credentials.items():
            text = text.replace(value, f"<{variable}>")
        return text


def _named_headers(rendered: RenderedRequest) -> str:
    """The request's headers as JSON, each credential by its variable's name."""
    return json.dumps(
        {name: f"<{value.variable}>" if isinstance(value, Secret) else value for name, value in rendered.headers}
    )
