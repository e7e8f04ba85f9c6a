"""`make accept`, `refuse`, `undecide`: an operator's word is kept, followed at once, and taken back."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path

import pytest

from consolidated.day.decide import main
from consolidated.day.market import MarketDay
from consolidated.day.market_daily import write_market_daily
from resources.failures import Cause, PlatformError
from resources.lake.lake import CHECKOUT
from tests.support.acceptance_model import Row
from tests.support.consolidated_support import History, assert_same_rows, run, statuses
from tests.support.laid_down import LaidDown
from tests.support.typed_days import FULL, day_number, stock

pytestmark = pytest.mark.slow


def three_days(folder: Path) -> History:
    """Two full days, and a third with a third of the stock, which the rule leaves out."""
    kept = History(folder)
    for number, size in enumerate((FULL, FULL, 10)):
        kept.day(day_number(number), stock(day_number(number), range(size)))
    write_market_daily(kept.store, kept.oem)
    return kept


@pytest.fixture(scope="module")
def laid_down(tmp_path_factory: pytest.TempPathFactory) -> LaidDown:
    return LaidDown(three_days(tmp_path_factory.mktemp("decide") / "lake"))


@pytest.fixture
def kept(laid_down: LaidDown, monkeypatch: pytest.MonkeyPatch) -> History:
    monkeypatch.setenv("LAKE_URI", str(laid_down.history.folder))
    return laid_down.put_back()


@pytest.fixture(scope="module")
def and_one_not_whole(tmp_path_factory: pytest.TempPathFactory) -> History:
    kept = three_days(tmp_path_factory.mktemp("refusing") / "lake")
    kept.day(day_number(3), [], complete=False, cause="timeout", message="too slow")
    return kept


@pytest.fixture
def refusing(and_one_not_whole: History, monkeypatch: pytest.MonkeyPatch) -> History:
    """Three days, and a fourth that was not fetched whole, for words that change nothing."""
    monkeypatch.setenv("LAKE_URI", str(and_one_not_whole.folder))
    return and_one_not_whole


def said(decision: str, day: date, *more: str, oem: str = "maker", market: str = "es") -> int:
    where = ["--oem", oem, "--market", market, "--date", day.isoformat()]
    return main([decision, *where, *more])


def test_an_operators_word_is_kept_followed_and_taken_back(kept: History, capsys: pytest.CaptureFixture[str]) -> None:
    before = kept.content()
    assert statuses(kept) == {"listed": FULL}
    assert said("accept", day_number(2), "--reason", "a recall: they are gone", "--by", "ana") == 0
    assert "maker es 2026-01-27 inventory: accepted (operator: accepted); the tables follow" in capsys.readouterr().out
    assert statuses(kept) == {"listed": 10, "absent": FULL - 10}
    row = run(kept, day_number(2))
    assert [row[name] for name in ("decision", "decision_note", "decided_by")] == [
        "accept",
        "a recall: they are gone",
        "ana",
    ]
    assert row["decided_at"] is not None

    # the word is kept beside the archive too, where the next night brings it if it is missing
    words = kept.folder / "decisions" / "maker" / "es" / "inventory.json"
    written = words.read_text()
    assert "a recall: they are gone" in written
    words.unlink()
    kept.consolidate(day_number(2))
    assert words.read_text() == written

    # said twice, or the day run again: nothing changes, and the word stays
    snapshots = kept.snapshots()
    assert said("accept", day_number(2), "--reason", "a recall: they are gone", "--by", "ana") == 0
    assert "nothing changed" in capsys.readouterr().out
    kept.consolidate(day_number(2))
    assert kept.snapshots() == snapshots

    # it is on the day, whatever lands on it
    kept.day(day_number(2), stock(day_number(2), range(12)))
    assert run(kept, day_number(2))["decision"] == "accept"
    assert statuses(kept) == {"listed": 12, "absent": FULL - 12}
    kept.day(day_number(2), stock(day_number(2), range(10)))

    assert said("undecide", day_number(2)) == 0
    assert_same_rows(kept.content(), before)


def test_a_refused_day_is_as_if_it_had_not_been(kept: History, tmp_path: Path) -> None:
    assert said("refuse", day_number(1), "--reason", "another country's stock", "--by", "ana") == 0
    without = History(tmp_path / "without")
    for number, size in ((0, FULL), (2, 10)):
        without.day(day_number(number), stock(day_number(number), range(size)))
    for name in ("inventory", "inventory_events"):
        assert kept.content()[name] == without.content()[name]


def test_dealers_days_are_decided_too(kept: History) -> None:
    def network(size: int) -> list[Row]:
        return [
            {"oem": "maker", "market": "es", "dealer_id": str(one), "name": "A", "services": []} for one in range(size)
        ]

    for number, size in enumerate((FULL, FULL, 5)):
        kept.day(day_number(number), network(size), dealers=True)
    assert said("accept", day_number(2), "--table", "dealers", "--reason", "a new network", "--by", "ana") == 0
    assert dict(kept.table("dealers")["status"].value_counts().iter_rows()) == {"listed": 5, "absent": FULL - 5}
    assert statuses(kept) == {"listed": FULL}, "the vehicles' day is another"


@pytest.mark.parametrize(
    ("where", "more", "words"),
    [
        ({"oem": "makr"}, (), ["makr", "configuration", "The OEMs: maker"]),
        ({"market": "fr"}, (), ["maker fr", "The markets: es"]),
        ({}, ("--table", "dealers"), ["no dealers of that OEM"]),
        ({"day": 9}, (), ["2026-02-03 was never consolidated", "nearest to it: 2026-01-25, 2026-01-26, 2026-01-27"]),
        ({"day": 3}, (), ["2026-01-28 was fetched, but not whole"]),
    ],
    ids=["unknown OEM", "unknown market", "unknown table", "unknown day", "unsealed day"],
)
def test_what_cannot_be_decided_says_why_and_what_there_is(
    refusing: History,
    capsys: pytest.CaptureFixture[str],
    where: dict[str, object],
    more: tuple[str, ...],
    words: list[str],
) -> None:
    snapshots = refusing.snapshots()
    number = where.pop("day", 2)
    assert isinstance(number, int)
    assert said("accept", day_number(number), "--reason", "why not", *more, **where) == 2  # type: ignore[arg-type]
    told = capsys.readouterr().err
    assert all(word in told for word in words), told
    assert refusing.snapshots() == snapshots


@pytest.mark.parametrize("cause", [Cause.ARCHIVE_DAMAGED, Cause.LAKE_UNWRITABLE])
def test_a_word_that_could_not_be_followed_does_not_come_back_with_a_rebuild(
    refusing: History, monkeypatch: pytest.MonkeyPatch, cause: Cause
) -> None:
    def fail(work: MarketDay) -> None:
        raise PlatformError(cause, "a page of the day before cannot be read")

    monkeypatch.setattr(MarketDay, "stage", fail)
    assert said("refuse", day_number(1), "--reason", "another country's stock", "--by", "ana") == 2
    assert not (refusing.folder / "decisions" / "maker" / "es" / "inventory.json").exists()


@pytest.mark.usefixtures("refusing")
def test_a_decision_needs_a_reason_and_a_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert said("refuse", day_number(2), "--reason", " ", "--by", "ana") == 2
    assert "a decision needs a reason" in capsys.readouterr().err
    assert main(["refuse", "--oem", "maker", "--market", "es", "--date", "yesterday", "--reason", "x"]) == 2
    assert "DATE=yesterday is not a date" in capsys.readouterr().err


def test_an_empty_lake_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LAKE_URI", str(tmp_path / "empty"))
    assert said("accept", day_number(0), "--reason", "x", "--by", "ana") == 2
    assert "nothing is consolidated in this lake yet" in capsys.readouterr().err


def test_make_hands_the_words_over_as_they_are(kept: History) -> None:
    words = 'it\'s a "recall"; $HOME `x`'
    settings = ["OEM=maker", "MARKET=es", f"DATE={day_number(2)}", f"REASON={words.replace('$', '$$')}", "BY=ana"]
    command = ["make", "--no-print-directory", "accept", *settings]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert run(kept, day_number(2))["decision_note"] == words
