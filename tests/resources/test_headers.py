"""What the client calls itself towards the hosts that it asks, and what it reads and keeps of their headers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from resources.apis.headers import kept_headers, retry_after_seconds, user_agent
from resources.failures import Cause, PlatformError

VARIABLE = "OEM_USER_AGENT"
NOW = datetime(2026, 11, 25, 3, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize("value", [None, "", "  "])
def test_without_a_word_it_is_named_and_says_what_it_does(value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    if value is not None:
        monkeypatch.setenv(VARIABLE, value)
    assert user_agent().startswith("oem-stock/")


def test_the_operators_words_stand_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, " stock/2 (+mailto:data@example.org) ")
    assert user_agent() == "stock/2 (+mailto:data@example.org)"


@pytest.mark.parametrize("value", ["stöck/2", "stock\r\nCookie: a", "stock\x7f"])
def test_what_no_header_may_carry_is_refused_by_the_variables_name(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, value)
    with pytest.raises(PlatformError, match=VARIABLE) as refusal:
        user_agent()
    assert refusal.value.cause is Cause.CONFIGURATION


def test_the_usual_headers_are_kept_and_those_that_are_named() -> None:
    sent = [("ETag", "a"), ("X-Total", "12"), ("Set-Cookie", "session=1")]
    assert kept_headers(sent) == {"etag": "a"}
    assert kept_headers(sent, {"x-total"}) == {"etag": "a", "x-total": "12"}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": " 120 "}, 120.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "9" * 9}, 999_999_999.0),
        ({"retry-after": "9" * 10}, None),
        ({"retry-after": "١٢"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Wed, 25 Nov 2026 03:01:00 GMT"}, 60.0),
        ({"retry-after": "Wed, 25 Nov 2026 03:01:00 -0000"}, 60.0),
        ({"retry-after": "Wed, 25 Nov 2026 02:59:59 GMT"}, 0.0),
        ({"retry-after": "Wed, 25 Nov 2026 03:01:00 GMT", "date": "Wed, 25 Nov 2026 03:00:50 GMT"}, 10.0),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 -2359"}, None),
    ],
)
def test_what_a_host_asks_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_seconds(headers, NOW) == seconds
