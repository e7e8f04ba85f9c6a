"""Many days at once: what a day that is entered says until its history is computed, whose words it is given, and what
is said on the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from consolidated.day import many
from consolidated.day.inventory import INVENTORY
from consolidated.day.many import consolidate_many, enter_day, update_history
from consolidated.day.words import keep_words
from consolidated.tables.store import RowsChanged
from resources.failures import Cause, PlatformError
from resources.lake.lake import Lake
from tests.support.consolidated_support import MemoryHistory, run
from tests.support.typed_days import FULL, NAME, day_number, market_report, stock, vehicle

DAYS = [day_number(number) for number in range(4)]
NOT_WHOLE: dict[str, Any] = {"complete": False, "cause": "timeout", "message": "too slow"}
AT = datetime.fromisoformat("2026-01-27T06:00:00+00:00")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path.as_uri())


@pytest.fixture
def kept() -> MemoryHistory:
    """Two days with their history."""
    kept = MemoryHistory()
    for day in DAYS[:2]:
        kept.day(day, stock(day))
    return kept


def entered(kept: MemoryHistory, lake: Lake, day: date) -> dict[str, Any]:
    enter_day(lake, kept.memory, kept.typed[False, day], day, kept.feed(dealers=False), INVENTORY)
    return run(kept, day)


def word(decision: str) -> dict[str, Any]:
    return {"decision": decision, "decision_note": "a recall", "decided_by": "ana", "decided_at": AT}


def test_a_day_that_is_entered_again_says_of_history_what_it_said_until_that_is_computed(
    kept: MemoryHistory, lake: Lake
) -> None:
    before = run(kept, DAYS[1])
    kept.land(DAYS[1], stock(DAYS[1], range(FULL + 2)))
    after = entered(kept, lake, DAYS[1])
    assert (after["vehicles"], before["vehicles"]) == (FULL + 2, FULL)
    assert (after["accepted"], after["state"]) == (True, before["state"])
    assert after["content_hash"] != before["content_hash"]
    update_history(kept.memory, kept.oem, {"es": (DAYS[1], "sandbox")}, kept.feed(dealers=False), INVENTORY)
    computed = run(kept, DAYS[1])
    assert (computed["listed"], computed["state"] == before["state"]) == (2, False)


def test_the_words_beside_the_archive_are_given_to_whole_days_that_the_tables_do_not_have(
    kept: MemoryHistory, lake: Lake
) -> None:
    """A day that stands has the operator's last word in its own row; one that is not whole cannot be decided."""
    keep_words(lake, kept.oem, "es", "inventory", {day: word("accept") for day in DAYS})
    kept.land(DAYS[1], stock(DAYS[1], range(FULL + 2)))
    kept.land(DAYS[2], [], **NOT_WHOLE)
    kept.land(DAYS[3], stock(DAYS[3]))
    assert [entered(kept, lake, day)["decision"] for day in DAYS[1:]] == [None, None, "accept"]


def test_the_markets_of_a_day_are_entered_by_their_own_number_of_days_in_one_commit(lake: Lake) -> None:
    kept = MemoryHistory()
    kept.memory.prepare("sandbox")
    rows = [vehicle("a", DAYS[0], market="de"), vehicle("b", DAYS[0])]
    kept.land_markets(DAYS[0], rows, [market_report(1), market_report(1, market="de")])
    feed = replace(kept.feed(dealers=False), debounce_days_in={"de": 5})
    enter_day(lake, kept.memory, kept.typed[False, DAYS[0]], DAYS[0], feed, INVENTORY)
    assert len(kept.memory.versions["runs"]) == 1
    last = {"es": (DAYS[0], "sandbox"), "de": (DAYS[0], "sandbox")}
    kept.memory.read_tables.clear()
    done = update_history(kept.memory, kept.oem, last, feed, INVENTORY)
    assert [(one.market, one.accepted, one.served) for one in done] == [("de", True, DAYS[0]), ("es", True, DAYS[0])]
    assert kept.memory.read_tables.count("runs") == 1, "a maker's days are read once for all its markets"
    assert len(kept.memory.versions["inventory"]) == 1
    found = kept.table("runs").select("market", "debounce_days", "accepted").sort("market").rows()
    assert found == [("de", 5, True), ("es", 2, True)]


def test_a_day_that_lost_against_another_writer_is_entered_again_and_an_error_names_the_maker(
    kept: MemoryHistory, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    feed = kept.feed(dealers=False)
    maker: Any = SimpleNamespace(name=kept.oem, yielding=lambda kind: [kind.__name__])
    monkeypatch.setattr(many, "feeds_of", lambda _lake, _oem, endpoints: [feed] if endpoints == ["Inventory"] else [])
    monkeypatch.setattr(many, "typed_days", lambda *_: DAYS[:1])
    tries: list[date] = []
    rivals = [RowsChanged("a rival was faster")]

    def read(_lake: Lake, _oem: str, _feed: object, day: date, _schema: object) -> Any:
        tries.append(day)
        if rivals:
            raise rivals.pop()
        return kept.typed[False, day]

    monkeypatch.setattr(many, "read_typed_day", read)
    said: list[str] = []
    (done,) = consolidate_many(lake=lake, store=kept.memory, maker=maker, since=None, progress=said.append)
    assert (tries, done.market, said[0]) == (DAYS[:1] * 2, "es", f"maker {NAME} {DAYS[0]}: entered (1 of 1)")
    rivals += [RowsChanged("a rival was faster")] * 12
    with pytest.raises(PlatformError, match=r"^maker: commit_conflict") as failure:
        consolidate_many(lake=lake, store=kept.memory, maker=maker, since=None, progress=said.append)
    assert failure.value.cause is Cause.COMMIT_CONFLICT
