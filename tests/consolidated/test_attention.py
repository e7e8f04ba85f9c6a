"""What of a night needs a person, in which order, and what the person is advised to do."""

from __future__ import annotations

from typing import Any

import pytest

from consolidated.night.attention import advice_for, matters
from consolidated.night.failures import Failure
from resources.failures import POLICIES, Cause

STAYS = "Its last good state stays served"
LINE = POLICIES[Cause.BLOCKED].runbook


def market(code: str, *, table: str = "inventory", endpoint: str = "stock", **values: Any) -> dict[str, Any]:
    """A row of `runs` of a market of Audi that is whole and accepted."""
    return {
        "oem": "audi", "market": code, "table": table, "endpoint": endpoint, "complete": True, "accepted": True,
        "cause": None, "message": None, "decision": None, "decision_reason": None, **values,
    }  # fmt: skip


def broken(code: str, cause: str | None, message: str | None = None, **values: Any) -> dict[str, Any]:
    return market(code, complete=False, accepted=False, cause=cause, message=message, **values)


def failed(asset: str, *causes: Cause, check: str | None = None, words: str = "it failed") -> Failure:
    return Failure(asset, check, causes, words, "a run")


def test_a_night_that_is_whole_and_accepted_needs_nobody() -> None:
    assert matters([market("de"), market("de", table="dealers")], []) == []


def test_failed_steps_come_before_markets_and_these_before_checks() -> None:
    rows = [
        market("es", accepted=False, decision_reason="volume_drop: 10 vehicles"),
        broken("de", "timeout", "no answer."),
    ]
    contract = failed("audi/transformed/stock", Cause.CONTRACT_BROKEN, check="contract", words="one\ntwo")
    step = failed("bmw/raw/stock", Cause.BLOCKED, Cause.TIMEOUT)
    found = matters(rows, [contract, step])
    assert [(one.kind, one.oem, one.place, one.words, one.cause, one.run_id) for one in found] == [
        ("FAILED", "bmw", "bmw/raw/stock", "it failed", Cause.BLOCKED, "a run"),
        ("DOUBTFUL", "audi", "audi es inventory", f"volume_drop: 10 vehicles. {STAYS}", Cause.VOLUME_DROP, ""),
        ("NOT WHOLE", "audi", "audi de inventory", f"no answer. {STAYS}", Cause.TIMEOUT, ""),
        ("FAILED", "audi", "audi/transformed/stock contract", "one; two", Cause.CONTRACT_BROKEN, "a run"),
    ]
    assert [one.advice for one in found] == [advice_for(one.cause, one.words) for one in found]


def test_a_failure_that_names_no_cause_is_told_all_the_same() -> None:
    (found,) = matters([], [failed("audi/raw/stock")])
    assert (found.kind, found.cause, found.advice) == ("FAILED", None, "docs/failures.md")


@pytest.mark.parametrize(
    ("asset", "check", "is_told"),
    [
        ("audi/raw/stock", None, False),
        ("audi/raw/stock", "complete", True),
        ("audi/raw/other", None, True),
        ("bmw/raw/stock", None, True),
    ],
)
def test_a_market_whose_step_failed_is_not_told_once_more(asset: str, check: str | None, is_told: bool) -> None:
    found = matters([broken("de", "blocked")], [failed(asset, check=check)])
    assert ("NOT WHOLE" in [one.kind for one in found]) is is_told


@pytest.mark.parametrize("check", ["complete", "plausible", "fresh"])
def test_a_check_that_the_markets_tell_is_no_matter_of_its_own(check: str) -> None:
    assert matters([], [failed("audi/raw/stock", check=check)]) == []


@pytest.mark.parametrize(
    ("cause", "message", "words", "named"),
    [
        ("blocked", "de: refused.", "de: refused", Cause.BLOCKED),
        ("blocked", None, "blocked", Cause.BLOCKED),
        ("of_tomorrow", "de: new", "de: new", None),
    ],
)
def test_a_market_that_is_not_whole_says_why(cause: str, message: str | None, words: str, named: Cause | None) -> None:
    (found,) = matters([broken("de", cause, message)], [])
    assert (found.kind, found.words, found.cause) == ("NOT WHOLE", f"{words}. {STAYS}", named)


@pytest.mark.parametrize(("decision", "kinds"), [(None, ["DOUBTFUL"]), ("accept", []), ("refuse", [])])
def test_a_doubtful_market_is_told_until_an_operator_has_decided(decision: str | None, kinds: list[str]) -> None:
    row = market("de", accepted=False, decision=decision, decision_reason="volume_drop: 10 vehicles")
    assert [one.kind for one in matters([row], [])] == kinds
    assert matters([market("de", decision="accept", decision_reason="operator: fine")], []) == []


@pytest.mark.parametrize("cause", ["credential_missing", "credential_rejected"])
@pytest.mark.parametrize(
    ("codes", "others"), [("a", ""), ("ab", " (and 1 more market)"), ("abc", " (and 2 more markets)")]
)
def test_a_credential_is_told_once_with_how_many_markets_want_it(cause: str, codes: str, others: str) -> None:
    rows = [broken(code, cause, "audi: 401.") for code in codes]
    rows += [market("x", cause=cause), broken("y", "blocked", "no"), broken("z", cause, "no.", endpoint="other")]
    assert [(one.place, one.words) for one in matters(rows, [])] == [
        ("audi/raw/stock", f"audi: 401{others}. {STAYS}"),
        ("audi y inventory", f"no. {STAYS}"),
        ("audi/raw/other", f"no. {STAYS}"),
    ]


@pytest.mark.parametrize(
    ("cause", "words", "advice"),
    [
        (None, "it failed", "docs/failures.md"),
        (Cause.BLOCKED, "it failed", f"{LINE} docs/failures.md#blocked"),
        (Cause.BLOCKED, f"it failed. {LINE}", "docs/failures.md#blocked"),
    ],
)
def test_the_runbooks_line_is_advised_unless_the_words_hold_it(cause: Cause | None, words: str, advice: str) -> None:
    assert advice_for(cause, words) == advice
