"""One exchange with an OEM: the declared request with its credentials filled in, every answer archived.

Belongs here: what goes out, what is kept of it, and that no credential is. Does not belong here: which request
comes next (`raw.fetch.market`), sending and retrying (`resources.apis.http`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote, urlencode

from raw.archive.seal import ArchivedResponse, ArchiveWriter
from raw.endpoint.declaration import RenderedRequest, Secret
from raw.fetch.answers import RawVerdict
from resources.apis.http import Answer, Request

if TYPE_CHECKING:
    from resources.apis.http import Session

VerdictT = TypeVar("VerdictT", bound=RawVerdict)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the feed a request belongs: as in `raw.archive.seal.ArchivedResponse`."""

    market: str
    slice: str = ""
    page: int = 0


class Exchange:
    """Sends an endpoint's requests and archives every answer, those to retried attempts too.

    `credentials`: the value of each environment variable that the endpoint's secrets name.
    """

    def __init__(self, session: Session, writer: ArchiveWriter, credentials: Mapping[str, str]) -> None:
        self._session = session
        self._writer = writer
        self._credentials = credentials

    async def ask(self, rendered: RenderedRequest, place: Place, judge: Callable[[Answer], VerdictT]) -> VerdictT:
        """The last verdict on a request; `judge` sees every answer, right before it is archived.

        Credentials are taken out of the verdict's detail, out of the headers that are kept, and out of the body
        of a refusal, where some hosts repeat them; a page's bytes stay as they came.
        Raises PlatformError(LAKE_UNWRITABLE).
        """
        request = self._outgoing(rendered)
        attempt_numbers = count(1)

        def judge_and_archive(answer: Answer) -> VerdictT:
            verdict = judge(answer)
            verdict = replace(verdict, detail=self._without_credentials(verdict.detail))
            body = answer.body
            if verdict.kind == "refused":
                for variable, value in self._credentials.items():
                    body = body.replace(value.encode(), f"<{variable}>".encode())
            self._writer.write(
                ArchivedResponse(
                    market=place.market,
                    slice=place.slice,
                    page=place.page,
                    kind=verdict.kind,
                    cause=verdict.cause.value if verdict.cause else None,
                    attempt_number=next(attempt_numbers),
                    method=request.method,
                    url=request.url,
                    request_headers=_named_headers(rendered),
                    request_body=request.body,
                    status=answer.status,
                    headers=self._without_credentials(json.dumps(dict(answer.headers), sort_keys=True)),
                    fetched_at=answer.fetched_at,
                    body=body,
                )
            )
            return verdict

        return await self._session.ask(request, judge_and_archive)

    def _outgoing(self, rendered: RenderedRequest) -> Request:
        headers = {
            name: self._credentials[value.variable] if isinstance(value, Secret) else value
            for name, value in rendered.headers
        }
        return Request(rendered.method, wire_url(rendered), headers, rendered.body)

    def _without_credentials(self, text: str) -> str:
        for variable, value in self._credentials.items():
            text = text.replace(value, f"<{variable}>")
        return text


def wire_url(rendered: RenderedRequest) -> str:
    """The URL with its query, encoded as browsers do: `:` and `,` stay, a space is `%20`."""
    query = urlencode(rendered.params, safe=":,/", quote_via=quote)
    return f"{rendered.url}?{query}" if query else rendered.url


def _named_headers(rendered: RenderedRequest) -> str:
    """The request's headers as JSON, each credential by its variable's name."""
    return json.dumps(
        {name: f"<{value.variable}>" if isinstance(value, Secret) else value for name, value in rendered.headers}
    )
