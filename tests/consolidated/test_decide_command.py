"""The command of an operator's word: what it hands over, what it says, and what it refuses before anything is read."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from consolidated.day import decide
from consolidated.day.decide import main
from consolidated.day.market import MarketOutcome

WHERE = ("--oem", "maker", "--market", "es", "--date", "2026-06-21")
COUNTS = {"listed": 0, "disappeared": 3, "delisted": 1}


@pytest.fixture
def handed_over(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the word is entered with; after it the day's figures are written."""
    calls: list[dict[str, Any]] = []

    def decide_day(**about: Any) -> MarketOutcome:
        calls.append(about)
        return outcome()

    lake = SimpleNamespace(uri="the lake")
    monkeypatch.setattr("resources.lake.lake.lake_from_env", lambda: lake)
    monkeypatch.setattr("resources.lake.catalog.load_lake_catalog", lambda _: "the catalog")
    monkeypatch.setattr("consolidated.tables.iceberg.IcebergStore", lambda catalog, _: f"the store of {catalog}")
    monkeypatch.setattr("consolidated.day.feeds.feeds_of_maker", lambda _, oem: f"the feeds of {oem}")
    monkeypatch.setattr("consolidated.day.decision.decide_day", decide_day)
    monkeypatch.setattr(
        "consolidated.day.market_daily.write_market_daily",
        lambda store, oem: calls.append({"written": (store, oem)}),
    )
    monkeypatch.setattr("getpass.getuser", lambda: "ana")
    return calls


def outcome(**more: Any) -> MarketOutcome:
    usual: dict[str, Any] = {"reason": None, "vehicles": 10, "committed": True, "counts": COUNTS}
    return MarketOutcome("es", True, more.pop("accepted", True), **(usual | more))


def test_a_word_is_handed_over_and_what_came_of_it_is_said(
    handed_over: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["accept", *WHERE, "--reason", " a recall "]) == 0
    word, written = handed_over
    assert (word.pop("lake").uri, word) == ("the lake", {
        "store": "the store of the catalog", "oem": "maker", "market": "es", "day": date(2026, 6, 21),
        "decision": "accept", "note": "a recall", "by": "ana", "subject": "inventory", "feeds": "the feeds of maker",
    })  # fmt: skip
    assert written == {"written": ("the store of the catalog", "maker")}
    assert capsys.readouterr().out == (
        "maker es 2026-06-21 inventory: accepted; the tables follow: 3 disappeared, 1 delisted\n"
    )


def test_a_word_that_is_taken_back_needs_no_reason_and_keeps_none(handed_over: list[dict[str, Any]]) -> None:
    assert main(["undecide", *WHERE, "--by", "bob", "--table", "dealers", "--reason", "x"]) == 0
    assert main(["undecide", *WHERE]) == 0
    words = [one for one in handed_over if "decision" in one]
    assert [(one["decision"], one["note"], one["by"], one["subject"]) for one in words] == [
        (None, None, "bob", "dealers"), (None, None, "ana", "inventory"),
    ]  # fmt: skip


@pytest.mark.parametrize("given", [(), ("--reason", ""), ("--reason", "  ")])
@pytest.mark.parametrize("decision", ["accept", "refuse", "cover"])
def test_a_decision_without_a_reason_is_refused(
    decision: str, given: tuple[str, ...], handed_over: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([decision, *WHERE, *given]) == 2
    said = capsys.readouterr().err
    assert "a decision needs a reason" in said
    assert 'Give it as REASON="what you found out".' in said
    assert handed_over == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["decide", *WHERE], "argument decision: invalid choice: 'decide'"),
        (["undecide", *WHERE[2:]], "the following arguments are required: --oem"),
        (["undecide", *WHERE[:2], *WHERE[4:]], "the following arguments are required: --market"),
        (["undecide", *WHERE[:4]], "the following arguments are required: --date"),
        (["undecide", *WHERE, "--table", "runs"], "argument --table: invalid choice: 'runs'"),
    ],
)
def test_arguments_that_are_missing_or_unknown_are_named(
    arguments: list[str], said: str, handed_over: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
    assert handed_over == []


@pytest.mark.parametrize("error", [KeyError("getpwuid(): uid not found"), OSError("no user")])
def test_who_has_no_name_on_the_system_is_asked_for_one(
    error: Exception, handed_over: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def nobody() -> str:
        raise error

    monkeypatch.setattr("getpass.getuser", nobody)
    assert main(["undecide", *WHERE]) == 2
    assert "the system does not know who you are" in (said := capsys.readouterr().err)
    assert "Give your name as BY=name." in said
    assert handed_over == []
    assert main(["undecide", *WHERE, "--by", "ana"]) == 0


@pytest.mark.parametrize(
    ("came", "said"),
    [
        ({"accepted": False, "reason": "operator: refused"}, "not accepted (operator: refused); the tables follow: "),
        ({"committed": False, "counts": {}}, "accepted; nothing changed"),
        ({"counts": {"listed": 0}}, "accepted; the tables follow"),
    ],
)
def test_what_is_said_names_the_judgement_its_reason_and_whether_anything_changed(
    came: dict[str, Any], said: str
) -> None:
    told = decide._summary(outcome(**came), "maker", "2026-06-21", "inventory")
    start = f"maker es 2026-06-21 inventory: {said}"
    assert told == start + ("3 disappeared, 1 delisted" if said.endswith(": ") else "")
