"""The headers that matter: those that are archived, when a host wants to be asked again, and what this client calls
itself."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from resources.failures import Cause, PlatformError

_USER_AGENT = "oem-stock/0.1 (nightly reader of published stock)"
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
        "x-amzn-waf-action",
        "x-amzn-requestid",
        "x-correlation-id",
        "x-request-id",
    }
)

_MOST_DIGITS = 9  # thirty years; a longer number is no number of seconds
_LONGEST_DATE = 60


def kept_headers(headers: Iterable[tuple[str, str]], more: Collection[str] = ()) -> dict[str, str]:
    """The headers of a response that are archived, names in lower case. more: names beside the usual ones."""
    return {name.lower(): value for name, value in headers if name.lower() in _KEPT_HEADERS or name.lower() in more}


def retry_after_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """The seconds that a `Retry-After` asks for, given in seconds or as an HTTP date (RFC 9110, 10.2.3).

    A date is measured against the host's own `Date`, where it sends one, since clocks differ. None where there
    is no such header or it cannot be read.
    """
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value) if len(value) <= _MOST_DIGITS else None
    until = _http_date(value)
    if until is None:
        return None
    return max(0.0, (until - (_http_date(headers.get("date", "")) or now)).total_seconds())


def _http_date(value: str) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(value[:_LONGEST_DATE])
        parsed.astimezone(UTC)  # a date that has no UTC time cannot be compared
    except (ValueError, TypeError, OverflowError, IndexError):
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
