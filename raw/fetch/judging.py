"""What a response to one of an endpoint's requests is worth: a page, the end of the pages, or a refusal and why.

Pure functions; the causes that are told from transport and status alone come with the response
(`resources.apis.http`).
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from raw.archive.json_fields import value_at, without_byte_order_mark
from raw.archive.responses import Kind
from raw.endpoint.declaration import Endpoint, MarketList
from raw.endpoint.requests import Get, GraphQL, secrets_of
from raw.fetch.page_reader import PageContent, PageReader, excerpt
from resources.apis.http import Response
from resources.failures import Cause, PlatformError


@dataclass(frozen=True, slots=True)
class Judgement:
    """kind: as what the response is archived. cause, detail: why it is refused. status: the response's.
    content: of a `page`. market_codes: of a `market_list`, the pseudo-markets left out."""

    kind: Kind
    status: int | None
    cause: Cause | None = None
    detail: str = ""
    content: PageContent | None = None
    market_codes: frozenset[str] = frozenset()


def judge_page(endpoint: Endpoint, reader: PageReader, response: Response) -> Judgement:
    """What the response to the request for a page is worth."""
    if response.status is not None and response.status == endpoint.pages.end_status:
        return Judgement("end", response.status)
    failure = _failure(endpoint.request, response)
    if failure is None:
        try:
            return Judgement("page", response.status, content=reader.read(response.body))
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
        failure = (
            Cause.SCHEMA_DRIFT,
            f"no markets at {market_list.codes}[].{market_list.code} in {excerpt(response.body)}",
        )
    return Judgement("refused", response.status, *failure)


def _failure(request: Get | GraphQL, response: Response) -> tuple[Cause, str] | None:
    """Why no body needs to be read: the transport's cause, or a status outside 2xx."""
    if response.cause is not None or response.status is None:
        return response.cause or Cause.CONNECTION, f"{response.detail}{_said(response)}"
    status = response.status
    if 200 <= status < 300:
        return None
    if status == HTTPStatus.UNAUTHORIZED and (variables := secrets_of(request)):
        return Cause.CREDENTIAL_REJECTED, f"status 401 with the credential of {', '.join(variables)}{_said(response)}"
    blocked = status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
    return (Cause.BLOCKED if blocked else Cause.BAD_REQUEST), f"status {status}{_said(response)}"


def _said(response: Response) -> str:
    return f", it says {excerpt(response.body)}" if response.body else ""


def _codes(market_list: MarketList, body: bytes) -> frozenset[str]:
    import msgspec

    try:
        decoded: Any = msgspec.json.decode(without_byte_order_mark(body))
    except (ValueError, RecursionError):
        return frozenset()
    listed = value_at(decoded, market_list.codes.split("."))
    entries = listed if isinstance(listed, list) else []
    codes = {str(entry[market_list.code]) for entry in entries if isinstance(entry, dict) and market_list.code in entry}
    return frozenset(codes) - market_list.ignore
