"""An operator's word on a day, and many days at once: on tables in memory."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from consolidated.day import feeds, many
from consolidated.day.decision import decide_day
from consolidated.day.inventory import INVENTORY
from consolidated.day.many import consolidate_many, enter_day, update_history
from consolidated.day.words import keep_words, path_of, read_words
from resources.failures import Cause, PlatformError
from resources.lake.lake import Lake
from tests.support.consolidated_support import MemoryHistory, run, statuses
from tests.support.declared import SMALL
from tests.support.typed_days import FULL, NAME, day_number, stock
from transformed.day.interpretation import interpretation

pytestmark = pytest.mark.slow

DAYS = [day_number(number) for number in range(8)]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path.as_uri())


@pytest.fixture
def kept() -> MemoryHistory:
    """Two full days, a third that the rule leaves out, a fourth that was not whole."""
    kept = MemoryHistory()
    for day, size in zip(DAYS, (FULL, FULL, 10), strict=False):
        kept.day(day, stock(day, range(size)))
    kept.day(DAYS[3], [], complete=False, cause="timeout", message="too slow")
    return kept


def decide(kept: MemoryHistory, day: date, decision: Any = "accept", note: str = "a recall", **more: Any) -> Any:
    about: dict[str, Any] = {"oem": kept.oem, "market": "es", "by": "ana", "feeds": {}} | more
    return decide_day(store=kept.store, day=day, decision=decision, note=note, **about)


def test_a_word_is_entered_followed_kept_and_taken_back(kept: MemoryHistory, lake: Lake) -> None:
    assert decide(kept, DAYS[2], lake=lake).accepted
    row = run(kept, DAYS[2])
    assert [row[name] for name in ("decision", "decision_note", "decided_by")] == ["accept", "a recall", "ana"]
    assert statuses(kept) == {"listed": 10, "absent": FULL - 10}
    (word,) = read_words(lake, kept.oem, "es", "inventory").values()
    assert (word["decision"], word["decided_at"]) == ("accept", row["decided_at"])

    versions = kept.snapshots()
    decide(kept, DAYS[2], lake=lake)
    assert kept.snapshots() == versions, "the same word again, and its time stays"
    decide(kept, DAYS[2], note="another reason")
    assert run(kept, DAYS[2])["decision_note"] == "another reason"
    assert read_words(lake, kept.oem, "es", "inventory")[DAYS[2]]["decision_note"] == "a recall", "without the lake"

    assert not decide(kept, DAYS[2], None, lake=lake).accepted
    row = run(kept, DAYS[2])
    assert {row[name] for name in ("decision", "decision_note", "decided_by", "decided_at")} == {None}
    assert statuses(kept) == {"listed": FULL}
    assert read_words(lake, kept.oem, "es", "inventory") == {}


@pytest.mark.parametrize(
    ("about", "day", "said"),
    [
        ({"oem": "makr"}, DAYS[2], "makr es: configuration: `runs` has no inventory of that OEM. The OEMs: maker."),
        ({"market": "fr"}, DAYS[2], "maker fr: configuration: `runs` has no inventory of that market. The markets: es"),
        ({"subject": "dealers"}, DAYS[2], "maker es: configuration: `runs` has no dealers of that OEM. The OEMs: none"),
        ({}, DAYS[3], "2026-01-28 was fetched, but not whole, so it is not sealed. The sealed days nearest to it:"
                      " 2026-01-25, 2026-01-26, 2026-01-27."),
        ({}, DAYS[7], "2026-02-01 was never consolidated. The sealed days nearest to it: 2026-01-25"),
    ],
)  # fmt: skip
def test_a_word_on_nothing_is_refused_with_what_there_is(
    kept: MemoryHistory, about: dict[str, str], day: date, said: str
) -> None:
    versions = kept.snapshots()
    with pytest.raises(PlatformError) as failure:
        decide(kept, day, **about)
    assert (failure.value.cause, said in str(failure.value)) == (Cause.CONFIGURATION, True), str(failure.value)
    assert kept.snapshots() == versions


def test_of_many_sealed_days_the_five_nearest_are_named_and_of_none_that_none_is() -> None:
    kept = MemoryHistory()
    with pytest.raises(PlatformError, match=r"nothing is consolidated in this lake yet\. Run a night first\."):
        decide(kept, DAYS[0])
    kept.day(DAYS[3], [], complete=False, cause="timeout", message="x")
    with pytest.raises(PlatformError, match=r"never consolidated\. No day is\."):
        decide(kept, DAYS[0])
    for day in (*DAYS[:3], *DAYS[4:]):
        kept.day(day, stock(day))
    with pytest.raises(PlatformError) as failure:
        decide(kept, day_number(9))
    nearest = "2026-01-27, 2026-01-29, 2026-01-30, 2026-01-31, 2026-02-01"
    assert str(failure.value).endswith(f"The sealed days nearest to it: {nearest}.")


def test_words_beside_the_archive_are_read_as_they_were_written_and_damage_is_named(lake: Lake) -> None:
    at = datetime.fromisoformat("2026-01-27T06:00:00+00:00")
    words = {DAYS[2]: {"decision": "refuse", "decision_note": None, "decided_by": "ana", "decided_at": at}}
    keep_words(lake, "maker", "es", "inventory", {})
    assert not Path(lake.storage_path(path_of("maker", "es", "inventory"))).exists()
    keep_words(lake, "maker", "es", "inventory", words)
    path = Path(lake.storage_path("decisions/maker/es/inventory.json"))
    written = path.stat().st_mtime_ns, path.stat().st_ino
    keep_words(lake, "maker", "es", "inventory", words)
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == written, "what is kept is not written again"
    assert read_words(lake, "maker", "es", "inventory") == words
    for damaged in ("{", "[]", '{"2026-01-27": {}}', '{"soon": {"decided_at": "x"}}', '{"2026-01-27": 5}'):
        path.write_text(damaged)
        with pytest.raises(PlatformError, match=r"maker es: .*inventory\.json cannot be read") as failure:
            read_words(lake, "maker", "es", "inventory")
        assert failure.value.cause is Cause.LAKE_DAMAGED


def test_many_days_are_entered_first_and_give_the_tables_of_the_days_in_order(lake: Lake) -> None:
    word = {"decision": "accept", "decision_note": "a recall", "decided_by": "ana"}
    word["decided_at"] = datetime.fromisoformat("2026-01-27T06:00:00+00:00")  # type: ignore[assignment]
    keep_words(lake, "maker", "es", "inventory", {DAYS[2]: word})
    nightly, at_once = MemoryHistory(), MemoryHistory()
    for kept in (nightly, at_once):
        for day, size in zip(DAYS, (FULL, FULL, 10, 12), strict=False):
            kept.land(day, stock(day, range(size)))
        kept.land(DAYS[4], [], complete=False, cause="timeout", message="x")
    for day in DAYS[:5]:
        nightly.consolidate(day)
    decide(nightly, DAYS[2])
    feed = at_once.feed(dealers=False)
    at_once.memory.prepare("sandbox")
    for day in DAYS[:5]:
        enter_day(lake, at_once.memory, at_once.typed[False, day], day, feed, INVENTORY)
    assert at_once.table("inventory").is_empty(), "no history is computed yet"
    assert at_once.table("runs").height == 5
    versions = at_once.snapshots()
    enter_day(lake, at_once.memory, at_once.typed[False, DAYS[1]], DAYS[1], feed, INVENTORY)
    assert at_once.snapshots() == versions, "a day that is entered already commits nothing"
    (outcome,) = update_history(at_once.memory, "maker", {"es": (DAYS[4], "sandbox")}, feed, INVENTORY)
    assert (outcome.complete, outcome.served) == (False, DAYS[2])
    for name in ("inventory", "inventory_events", "inventory_daily"):
        assert at_once.content()[name] == nightly.content()[name]
    # a whole day is not taken away by the same day that is not whole
    at_once.land(DAYS[1], [], complete=False, cause="timeout", message="x")
    enter_day(lake, at_once.memory, at_once.typed[False, DAYS[1]], DAYS[1], feed, INVENTORY)
    assert run(at_once, DAYS[1])["complete"]


def test_many_days_of_a_maker_are_those_since_a_day_and_each_is_told(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = MemoryHistory()
    said: list[str] = []
    for day in DAYS[:3]:
        kept.land(day, stock(day))
    feed = kept.feed(dealers=False)
    maker = SimpleNamespace(name="maker", yielding=lambda kind: [kind.__name__])
    monkeypatch.setattr(many, "feeds_of", lambda _lake, _oem, endpoints: [feed] if endpoints == ["Inventory"] else [])
    monkeypatch.setattr(many, "typed_days", lambda *_: DAYS[:3])
    monkeypatch.setattr(many, "read_typed_day", lambda _lake, _oem, _feed, day, _schema: kept.typed[False, day])

    def consolidated(since: date | None) -> list[Any]:
        return consolidate_many(lake=lake, store=kept.memory, maker=maker, since=since, progress=said.append)  # type: ignore[arg-type]

    assert [one.accepted for one in consolidated(DAYS[1])] == [True]
    assert said == [
        f"maker {NAME} {DAYS[1]}: entered (1 of 2)", f"maker {NAME} {DAYS[2]}: entered (2 of 2)",
        f"maker {NAME} es: history computed until {DAYS[2]}",
    ]  # fmt: skip
    assert kept.table("runs")["date"].to_list() == DAYS[1:3]
    said.clear()
    consolidated(None)
    assert said[0] == f"maker {NAME} {DAYS[0]}: entered (1 of 3)"
    assert statuses(kept) == {"listed": FULL}
    assert consolidated(DAYS[5]) == []


def test_a_day_that_another_interpretation_typed_is_typed_again_or_named(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker = SMALL[0]
    endpoint = maker.endpoints[0]
    [feed] = feeds.feeds_of(lake, maker.name, [endpoint])
    assert feed.refresh is not None
    assert (feed.name, feed.debounce_days) == (endpoint.yields.name, endpoint.yields.debounce_days)
    assert feed.markets == frozenset(endpoint.markets)
    asked: list[Any] = []
    failure: list[PlatformError] = []

    def transform_day(**about: Any) -> None:
        asked.append((about["oem"], about["endpoint"], about["day"]))
        if failure:
            raise failure[0]

    monkeypatch.setattr(feeds, "transform_day", transform_day)
    for standing, again in ((interpretation(maker.name, endpoint), 0), ("another", 1), (None, 2)):
        monkeypatch.setattr(
            feeds, "read_report", lambda *_, standing=standing: SimpleNamespace(interpretation=standing)
        )
        feed.refresh(DAYS[0])
        assert len(asked) == again
    assert asked[0] == (maker.name, endpoint, DAYS[0])
    failure.append(PlatformError(Cause.NEVER_LANDED, "gone"))
    with pytest.raises(PlatformError, match="typed by the interpretation of an older version, the code's is") as raised:
        feed.refresh(DAYS[0])
    assert raised.value.cause is Cause.CONFIGURATION
    failure[:] = [PlatformError(Cause.ARCHIVE_DAMAGED, "broken")]
    with pytest.raises(PlatformError, match="broken"):
        feed.refresh(DAYS[0])


def test_a_makers_feeds_are_named_by_their_endpoints(lake: Lake) -> None:
    maker = SMALL[0]
    found = feeds.feeds_of_maker(lake, maker.name)
    assert {name: feed.name for name, feed in found.items()} == {one.name: one.yields.name for one in maker.endpoints}
    assert feeds.feeds_of_maker(lake, "nobody") == {}
