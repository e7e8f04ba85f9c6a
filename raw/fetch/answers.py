"""What an answer to one of an endpoint's requests is worth: a page, the end of the pages, or a refusal and why.

Belongs here: the endpoint's own reading of a status, and the reading of the list of markets. Pure functions.
Does not belong here: causes told from the transport (`resources.apis.http`), what to ask next (`raw.fetch.day`).
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from raw.archive.seal import Kind
from raw.endpoint.declaration import Endpoint, Get, GraphQL, MarketList, Secret
from raw.fetch.pages import PageContent, PageReader, excerpt
from resources.apis.http import Answer, Verdict
from resources.failures import Cause, PlatformError


@dataclass(frozen=True, slots=True)
class RawVerdict(Verdict):
    """kind: as what the answer is archived."""

    kind: Kind


@dataclass(frozen=True, slots=True)
class PageVerdict(RawVerdict):
    """content is there for the kind `page` only."""

    content: PageContent | None


@dataclass(frozen=True, slots=True)
class MarketListVerdict(RawVerdict):
    """codes: the markets that the OEM serves, pseudo-markets left out; empty where the answer is no good."""

    codes: frozenset[str]


def judge_page(endpoint: Endpoint, reader: PageReader, answer: Answer) -> PageVerdict:
    """What the answer to the request for a page is worth."""
    if answer.status is not None and answer.status == getattr(endpoint.pages, "ends_with", None):
        return PageVerdict(answer, None, "", "end", None)
    failure = _failure(endpoint.request, answer)
    if failure is None:
        try:
            return PageVerdict(answer, None, "", "page", reader.read(answer.body))
        except PlatformError as error:
            failure = error.cause, error.detail
    return PageVerdict(answer, *failure, "refused", None)


def judge_market_list(market_list: MarketList, answer: Answer) -> MarketListVerdict:
    """What the answer to the request for the list of markets is worth. An empty list is worth nothing."""
    failure = _failure(market_list.request, answer)
    if failure is None:
        codes = _codes(market_list, answer.body)
        if codes:
            return MarketListVerdict(answer, None, "", "market_list", codes)
        failure = (
            Cause.SCHEMA_DRIFT,
            f"no markets at {market_list.codes}[].{market_list.code} in {excerpt(answer.body)}",
        )
    return MarketListVerdict(answer, *failure, "refused", frozenset())


def secrets_of(request: Get | GraphQL) -> list[str]:
    """The environment variables of a request's credentials."""
    return [value.variable for value in request.headers.values() if isinstance(value, Secret)]


def _failure(request: Get | GraphQL, answer: Answer) -> tuple[Cause, str] | None:
    """Why no body needs to be read: the transport's cause, or a status outside 2xx."""
    if answer.cause is not None or answer.status is None:
        return answer.cause or Cause.CONNECTION, f"{answer.detail}{_said(answer)}"
    status = answer.status
    if 200 <= status < 300:
        return None
    if status == HTTPStatus.UNAUTHORIZED and (variables := secrets_of(request)):
        return Cause.CREDENTIAL_REJECTED, f"status 401 with the credential of {', '.join(variables)}{_said(answer)}"
    blocked = status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
    return (Cause.BLOCKED if blocked else Cause.BAD_REQUEST), f"status {status}{_said(answer)}"


def _said(answer: Answer) -> str:
    return f", it says {excerpt(answer.body)}" if answer.body else ""


def _codes(market_list: MarketList, body: bytes) -> frozenset[str]:
    import msgspec

    try:
        node: Any = msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError):
        return frozenset()
    for key in market_list.codes.split("."):
        node = node.get(key) if isinstance(node, dict) else None
    entries = node if isinstance(node, list) else []
    codes = {str(entry[market_list.code]) for entry in entries if isinstance(entry, dict) and market_list.code in entry}
    return frozenset(codes) - market_list.ignore
