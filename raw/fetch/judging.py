"""What a response to one of an endpoint's requests is worth: a page, the end of the pages, or a refusal and why.

Pure functions; the causes that are told from transport and status alone come with the response
(`resources.apis.http`). No detail quotes a body: it may hold a person or a credential.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from raw.archive.json_fields import value_at, without_byte_order_mark
from raw.archive.responses import Kind
from raw.endpoint.declaration import Endpoint, MarketList
from raw.endpoint.paging import Pages
from raw.endpoint.requests import Get, GraphQL, secrets_of
from raw.fetch.page_reader import PageContent, PageReader
from resources.apis.http import Response
from resources.failures import Cause, PlatformError


@dataclass(frozen=True, slots=True)
class Judgement:
    """kind: as what the response is archived. cause, detail: why it is refused. status: the response's.
    content: of a `page`. market_codes: of a `market_list`, the pseudo-markets left out.
    ends_slice: no page of the slice follows."""

    kind: Kind
    status: int | None
    cause: Cause | None = None
    detail: str = ""
    content: PageContent | None = None
    market_codes: frozenset[str] = frozenset()
    ends_slice: bool = False


def judge_page(endpoint: Endpoint, reader: PageReader, response: Response, number: int) -> Judgement:
    """What the response to the request for the `number`-th page is worth."""
    failure = _failure(endpoint.request, response)
    if response.cause is None and response.status is not None and response.status == endpoint.pages.end_status:
        if _is_end(endpoint.pages, response, number):
            return Judgement("end", response.status, ends_slice=True)
        failure = Cause.BAD_REQUEST, f"status {response.status} without the OEM's own sign that the pages end"
    if failure is None:
        try:
            content = reader.read(response.body)
            return Judgement("page", response.status, content=content, ends_slice=not content.count)
        except PlatformError as error:
            failure = error.cause, error.detail
    return Judgement("refused", response.status, *failure)


def judge_market_list(market_list: MarketList, response: Response) -> Judgement:
    """What the response to the request for the list of markets is worth. An empty list is worth nothing."""
    failure = _failure(market_list.request, response)
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


def _is_end(pages: Pages, response: Response, number: int) -> bool:
    """Whether a response with the status that ends the pages is the OEM's own word, and not that of a gateway or of a
    wrong path."""
    if pages.end_sign is not None:
        path, value = pages.end_sign
        return bool(value_at(_json(response.body), path.split(".")) == value)
    # an end has pages before it; an API that speaks JSON does not end its pages with a page for people
    return number > 0 and kind_of_body(response.body) != "HTML or XML"


def _failure(request: Get | GraphQL, response: Response) -> tuple[Cause, str] | None:
    """Why no body needs to be read: the transport's cause, or a status outside 2xx."""
    if response.cause is not None or response.status is None:
        return response.cause or Cause.CONNECTION, response.detail
    status = response.status
    if 200 <= status < 300:
        return None
    if status == HTTPStatus.UNAUTHORIZED and (variables := secrets_of(request)):
        return Cause.CREDENTIAL_REJECTED, f"status 401 with the credential of {', '.join(variables)}"
    blocked = status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
    return (Cause.BLOCKED if blocked else Cause.BAD_REQUEST), f"status {status}"


def _codes(market_list: MarketList, body: bytes) -> frozenset[str]:
    listed = value_at(_json(body), market_list.codes.split("."))
    entries = listed if isinstance(listed, list) else []
    codes = {str(entry[market_list.code]) for entry in entries if isinstance(entry, dict) and market_list.code in entry}
    return frozenset(codes) - market_list.ignore


def _json(body: bytes) -> Any:
    """The body decoded; None where it is not JSON."""
    import msgspec

    try:
        return msgspec.json.decode(without_byte_order_mark(body))
    except (ValueError, RecursionError):
        return None
