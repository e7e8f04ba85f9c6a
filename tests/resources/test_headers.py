"""What the client calls itself towards the hosts that it asks."""

from __future__ import annotations

import pytest

from resources.apis.headers import user_agent
from resources.failures import Cause, PlatformError

VARIABLE = "OEM_USER_AGENT"


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
