"""What a response to one of an endpoint's requests is worth: a page, the end of the pages, or a refusal and why.

Pure functions; the causes that are told from transport and status alone come with the response
(`resources.apis.http`). No detail quotes a body: it may hold a person or a credential.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any

from raw.archive.json_fields import value_at, without_byte_order_mark
from raw.archive.responses import Kind
from raw.endpoint.declaration import Endpoint, MarketList
from raw.endpoint.paging import Pages
from raw.endpoint.requests import Request, secrets_of
from raw.fetch.page_reader import PageContent, PageReader
from raw.fetch.signs import Answer, decoded, holds, listed_counts
from resources.apis.http import Response
from resources.failures import Cause, PlatformError


@dataclass(frozen=True, slots=True)
class Judgement:
    """kind: as what the response is archived. cause, detail: why it is refused. status: the response's.
    content: of a `page`. market_codes: of a `market_list`, the pseudo-markets left out.
    ends_slice: no page of the slice follows. listed: of a `list`, values with their counts. first: of a `first`, its
    values by parameter."""

    kind: Kind
    status: int | None
    cause: Cause | None = None
    detail: str = ""
    content: PageContent | None = None
    market_codes: frozenset[str] = frozenset()
    ends_slice: bool = False
    listed: tuple[tuple[str, int | None], ...] = ()
    first: Mapping[str, str] = field(default_factory=dict)


def judge_page(endpoint: Endpoint, market: str, reader: PageReader, response: Response, number: int) -> Judgement:
    """What the response to the request for the `number`-th page of a market is worth."""
    declared = _declared_refusal(endpoint, response)
    failure = declared or _failure(endpoint, market, response)
    if declared is None and _ending(endpoint.pages, response):
        if _is_end(endpoint.pages, response, number):
            return Judgement("end", response.status, ends_slice=True)
        failure = Cause.BAD_REQUEST, f"status {response.status} without the OEM's own sign that the pages end"
    if failure is None:
        try:
            content = reader.read(response.body, headers=response.headers, status=response.status, number=number)
            if content.is_end and not content.count:
                return Judgement("end", response.status, ends_slice=True)
            return Judgement(
                "page", response.status, content=content, ends_slice=not content.count and content.token is None
            )
        except PlatformError as error:
            failure = error.cause, error.detail
    return Judgement("refused", response.status, *failure)


def judge_market_list(market_list: MarketList, response: Response) -> Judgement:
    """What the response to the request for the list of markets is worth. An empty list is worth nothing."""
    failure = _failure_of(market_list.request, response)
    if failure is None:
        codes = _codes(market_list, response.body)
        if codes:
            return Judgement("market_list", response.status, market_codes=codes)
        failure = Cause.SCHEMA_DRIFT, f"no markets at {market_list.codes}[].{market_list.code}"
    return Judgement("refused", response.status, *failure)


def kind_of_body(body: bytes) -> str:
    """What a body looks like, in a word for a message."""
    begin = without_byte_order_mark(body[:100]).lstrip()[:1]
    if not body:
        return "empty"
    if begin == b"<":
        return "HTML or XML"
    if begin in (b"{", b"["):
        return "JSON"
    return "text" if body[:100].isascii() else "bytes"


def _ending(pages: Pages, response: Response) -> bool:
    """Whether a response has the status that ends the pages, where the end is told by one."""
    statuses = {pages.ends_with, pages.ends.status if pages.ends else None} - {None}
    return response.cause is None and response.status in statuses


def _declared_refusal(endpoint: Endpoint, response: Response) -> tuple[Cause, str] | None:
    """What the declared refusals say of an answer, but for those in the body of a good one: the reader finds these."""
    if response.cause is not None or response.status is None:
        return None
    answer = Answer(response.status, response.headers, response.body)
    for refused in endpoint.refusals:
        body = None
        if refused.sign.path:
            body = None if 200 <= response.status < 300 else decoded(response.body)
            if body is None:
                continue
        if holds(refused.sign, answer, partial(value_at, body)):
            return Cause(refused.cause), f"status {response.status} with the sign of a refusal"
    return None


def _is_end(pages: Pages, response: Response, number: int) -> bool:
    """Whether a response with the status that ends the pages is the OEM's own word, and not that of a gateway or of a
    wrong path."""
    if pages.ends is not None and pages.ends.path:
        body = decoded(response.body)
        answer = Answer(response.status, response.headers, response.body)
        return body is not None and holds(pages.ends, answer, partial(value_at, body))
    if pages.end_sign is not None:
        path, value = pages.end_sign
        return bool(value_at(decoded(response.body), path.split(".")) == value)
    # an end has pages before it; an API that speaks JSON does not end its pages with a page for people
    return number > 0 and kind_of_body(response.body) != "HTML or XML"


def judge_listed(request: Request, values: str, count: str | None, response: Response) -> Judgement:
    """What the response to the request for the values of a slice is worth. No value is worth nothing."""
    failure = _failure_of(request, response)
    if failure is None:
        found = listed_counts(decoded(response.body), values, count)
        if found:
            return Judgement("list", response.status, listed=tuple(found))
        failure = Cause.SCHEMA_DRIFT, f"no values at {values}"
    return Judgement("refused", response.status, *failure)


def judge_first(request: Request, values: Mapping[str, str], response: Response) -> Judgement:
    """What the response to a first request is worth: its values by parameter. A value that is missing is worth
    nothing."""
    failure = _failure_of(request, response)
    if failure is None:
        body = decoded(response.body)
        found = {name: value_at(body, path.split(".")) for name, path in values.items()}
        missing = [path for name, path in values.items() if not isinstance(found[name], (str, int))]
        if not missing:
            return Judgement("first", response.status, first={name: str(value) for name, value in found.items()})
        failure = Cause.SCHEMA_DRIFT, f"nothing at {', '.join(missing)}"
    return Judgement("refused", response.status, *failure)


def _failure(endpoint: Endpoint, market: str, response: Response) -> tuple[Cause, str] | None:
    """Why no body needs to be read: the transport's cause, or a status that is not one of success."""
    is_success = not endpoint.success or response.status in endpoint.success
    found = _failure_of(endpoint.request_in(market), response, endpoint.markets[market])
    return found or (None if is_success else (Cause.BAD_REQUEST, f"status {response.status}"))


def _failure_of(
    request: Request, response: Response, parameters: Mapping[str, Any] | None = None
) -> tuple[Cause, str] | None:
    """parameters: of the market, which may hold a credential too."""
    if response.cause is not None or response.status is None:
        return response.cause or Cause.CONNECTION, response.detail
    status = response.status
    if 200 <= status < 300:
        return None
    if status == HTTPStatus.UNAUTHORIZED and (variables := secrets_of(request, parameters)):
        return Cause.CREDENTIAL_REJECTED, f"status 401 with the credential of {', '.join(variables)}"
    blocked = status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
    return (Cause.BLOCKED if blocked else Cause.BAD_REQUEST), f"status {status}"


def _codes(market_list: MarketList, body: bytes) -> frozenset[str]:
    listed = value_at(decoded(body), market_list.codes.split("."))
    entries = listed if isinstance(listed, list) else []
    codes = {str(entry[market_list.code]) for entry in entries if isinstance(entry, dict) and market_list.code in entry}
    return frozenset(codes) - market_list.ignore
