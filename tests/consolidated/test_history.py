"""The history of days that are consolidated, on tables in memory: what may not change anything (laws 3, 5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest

from consolidated.history import fold
from consolidated.history.advance import advance
from consolidated.tables.columns import COUNTS
from resources.failures import Cause, PlatformError
from tests.support.acceptance_model import Row, Sighting
from tests.support.consolidated_support import MemoryHistory, assert_same_rows, nights, run, statuses
from tests.support.typed_days import FULL, day_number, market_report, stock, vehicle


@pytest.fixture
def kept() -> MemoryHistory:
    return MemoryHistory()


def test_law_3_a_day_again_changes_nothing_and_makes_no_snapshot(kept: MemoryHistory) -> None:
    nights(kept, 3)
    content, snapshots = kept.content(), kept.snapshots()
    for number in (2, 0, 1):
        assert not kept.consolidate(day_number(number)).committed
    assert kept.snapshots() == snapshots
    assert_same_rows(kept.content(), content)


def test_law_3_another_attempt_with_the_same_rows_changes_nothing(kept: MemoryHistory) -> None:
    nights(kept, 2)
    snapshots = kept.snapshots()
    day = day_number(1)
    rows = [*stock(day, range(1, FULL)), *stock(day, range(500, 501), "91.00")]
    assert not kept.day(day, reversed(rows), attempt="20260102T060000.000000Z", fetch_seconds=9.9).committed
    assert kept.snapshots() == snapshots


def test_law_5_half_a_feed_retires_nothing_and_the_next_good_day_continues(kept: MemoryHistory) -> None:
    for number in range(2):
        kept.day(day_number(number), stock(day_number(number)))
    content = kept.content()
    outcome = kept.day(day_number(2), stock(day_number(2), range(FULL // 2)))
    assert (outcome.complete, outcome.accepted) == (True, False)
    assert outcome.reason == "volume_drop: 15 vehicles, under 60 % of 30, the median of the last 2 accepted days"
    after = kept.content()
    for name in ("inventory", "inventory_events"):
        assert after[name] == content[name]
    assert kept.table("inventory_daily").filter(date=day_number(2)).height == FULL // 2
    assert [run(kept, day_number(2))[name] for name in ("complete", "accepted", "state")] == [True, False, None]

    outcome = kept.day(day_number(3), stock(day_number(3), range(1, FULL + 1)))
    assert outcome.accepted
    assert {name: outcome.counts[name] for name in ("listed", "disappeared", "returned", "delisted")} == {
        "listed": 1,
        "disappeared": 1,
        "returned": 0,
        "delisted": 0,
    }
    assert statuses(kept) == {"listed": FULL, "absent": 1}


def test_law_5_vehicles_are_counted_and_not_their_advertisements(kept: MemoryHistory) -> None:
    def advertised(day: date, times: int) -> list[Row]:
        vins = [f"WMAKER00000000{number:03}" for number in range(24)]
        return [vehicle(f"{vin} {time}", day, vin=vin) for vin in vins for time in range(times)]

    assert kept.day(day_number(0), advertised(day_number(0), 2)).vehicles == 24
    outcome = kept.day(day_number(1), advertised(day_number(1), 1))
    assert (outcome.accepted, outcome.vehicles) == (True, 24)
    assert statuses(kept) == {"listed": 24}


def test_law_5_an_incomplete_feed_is_in_runs_and_nowhere_else(kept: MemoryHistory) -> None:
    nights(kept, 2)
    content, snapshots = kept.content(), kept.snapshots()
    fault = {"complete": False, "cause": "shortfall", "message": "1 of 30 came"}
    outcome = kept.day(day_number(2), stock(day_number(2), range(1)), **fault)
    assert (outcome.complete, outcome.accepted, outcome.reason) == (False, False, "1 of 30 came")
    row = run(kept, day_number(2))
    assert (row["complete"], row["accepted"], row["cause"], row["received"]) == (False, False, "shortfall", 1)
    assert {row[name] for name in ("vehicles", "content_hash", "state", *COUNTS)} == {None}
    assert_same_rows(kept.content() | {"runs": content["runs"]}, content)
    assert {name: ids for name, ids in kept.snapshots().items() if name != "runs"} == {
        name: ids for name, ids in snapshots.items() if name != "runs"
    }


def test_a_complete_day_is_not_replaced_by_an_incomplete_one_but_the_other_way_round(kept: MemoryHistory) -> None:
    nights(kept, 2)
    content = kept.content()
    fault = {"complete": False, "cause": "timeout", "message": "too slow"}
    kept.day(day_number(1), [], **fault)
    assert_same_rows(kept.content(), content)
    kept.day(day_number(2), [], **fault)
    nights(kept, 3)
    row = run(kept, day_number(2))
    assert (row["complete"], row["accepted"], row["cause"]) == (True, True, None)


@pytest.mark.slow
@pytest.mark.parametrize(
    "happens",
    [(0, 2, 4, 1, 3), (0, 2, 3, 1, "refuse 3"), (1, 3, 5, 2, 4, 0), (0, 2, 4, 1, "refuse 4", 3), (0, 1, 3, 2, 4)],
)
def test_law_4_what_a_day_says_of_the_past_is_counted_once(happens: tuple[int | str, ...]) -> None:
    """Day 2 shows that two vehicles of day 0 are one. A late day or a word lets days be computed again that stand as
    they are, because the present before them was never written and cannot be read."""
    vin = "WMAKER00000000001"
    kept, in_order = MemoryHistory(), MemoryHistory()
    for one, order in ((kept, happens), (in_order, sorted(happens, key=str))):
        for what in order:
            if isinstance(what, str):
                one.decide(day_number(int(what.split()[1])), "refuse")
                continue
            day = day_number(what)
            rows = [vehicle(name, day, vin=vin if what >= 2 else None, mileage_km=what) for name in ("a", "b")]
            one.day(day, [*rows, *stock(day, range(what, what + FULL))])
    ours, theirs = kept.content(), in_order.content()
    for runs in (ours["runs"], theirs["runs"]):
        runs[:] = [row | {"decided_at": None} for row in runs]
    assert_same_rows(ours, theirs)
    assert run(kept, min(kept.table("runs")["date"]))["covered"] == FULL + 1


@pytest.mark.slow
def test_a_changed_debounce_computes_everything_again(kept: MemoryHistory) -> None:
    nights(kept, 4)
    kept.debounce_days = 1
    kept.consolidate(day_number(3))
    afresh = MemoryHistory(debounce_days=1)
    nights(afresh, 4)
    assert_same_rows(kept.content() | {"runs": []}, afresh.content() | {"runs": []})


def test_a_return_at_another_price_is_no_price_change() -> None:
    kept = MemoryHistory(debounce_days=1)
    for number, price in enumerate(("90.00", None, None, "80.00")):
        day = day_number(number)
        returned = stock(day, range(1), price) if price else []
        kept.day(day, [*stock(day, range(1, FULL)), *returned])
    events = kept.table("inventory_events").filter(pl.len().over("vehicle_id") > 1).sort("event_date", "kind")
    terms = events.select("kind", "old_price_amount", "new_price_amount").rows()
    assert [kind for kind, *_ in terms] == ["covered", "delisted", "relisted"]
    assert [str(amount) for amount in terms[-1][1:]] == ["90.00", "80.00"]
    (car,) = kept.table("inventory").filter(pl.col("spells") == 2).to_dicts()
    assert [str(car[f"price_{name}"]) for name in ("first", "lowest")] == ["80.00", "80.00"]
    assert car["price_drops"] == 0


def test_dealers_come_go_and_return(kept: MemoryHistory) -> None:
    def network(*ids: str) -> list[Row]:
        return [{"oem": "maker", "market": "es", "dealer_id": one, "name": one, "services": ["sales"]} for one in ids]

    weeks = [network("a", "b"), network("a"), network("a", "c"), network("a", "b", "c"), network("c")]
    outcomes = [kept.day(day_number(number), rows, dealers=True) for number, rows in enumerate(weeks)]
    assert [outcome.counts["relisted"] for outcome in outcomes] == [0, 0, 0, 1, 0]
    assert [outcome.counts["delisted"] for outcome in outcomes] == [0, 0, 1, 0, 0]
    dealers = {row["dealer_id"]: row for row in kept.table("dealers").to_dicts()}
    assert {one: row["status"] for one, row in dealers.items()} == {"a": "absent", "b": "absent", "c": "listed"}
    assert [dealers["b"][name] for name in ("first_seen_on", "spell_started_on", "last_seen_on", "spells")] == [
        day_number(0),
        day_number(3),
        day_number(3),
        2,
    ]
    assert dealers["c"]["services"] == ["sales"]
    snapshots = kept.snapshots()
    kept.consolidate(day_number(4), dealers=True)
    assert kept.snapshots() == snapshots

    shuffled = MemoryHistory()
    for number in (3, 0, 4, 2, 1):
        shuffled.land(day_number(number), weeks[number], dealers=True)
        shuffled.consolidate(day_number(number), dealers=True)
    assert_same_rows(shuffled.content(), kept.content())


def test_law_11_a_dealer_that_was_received_is_there_whatever_became_of_its_record() -> None:
    """One in six is refused for four days, `new` from its first day on; `gone` is received no more."""

    def network(*left_out: str) -> list[Row]:
        ids = ({f"d{number:02d}" for number in range(24)} | {"gone"}) - set(left_out)
        return [{"oem": "maker", "market": "es", "dealer_id": one, "name": one, "services": []} for one in sorted(ids)]

    refused = tuple((f"d{number:02d}", None) for number in range(4))
    days: dict[int, tuple[list[Row], tuple[Sighting, ...]]] = {0: (network(), ())}
    days |= {number: (network("gone", *dict(refused)), (*refused, ("new", None))) for number in range(1, 5)}
    days[5] = (network("gone"), ())
    kept, shuffled = MemoryHistory(), MemoryHistory()
    for one, order in ((kept, (0, 1, 2, 3, 4)), (shuffled, (4, 2, 0, 3, 1))):
        for number in order:
            rows, sightings = days[number]
            one.day(day_number(number), rows, dealers=True, sightings=sightings)
    assert_same_rows(shuffled.content(), kept.content())
    dealers = {row["dealer_id"]: row for row in kept.table("dealers").to_dicts()}
    assert {one for one, row in dealers.items() if row["status"] != "listed"} == {"gone"}
    assert dealers["gone"]["status"] == "delisted"
    assert (dealers["d00"]["last_seen_on"], dealers["d00"]["spells"]) == (day_number(4), 1)
    assert "new" not in dealers, "one that never had a row does not exist yet"
    assert run(kept, day_number(4))["vehicles"] == 25

    # without a word of the refused, the day is another: seen again, and computed again
    kept.day(day_number(4), days[4][0], dealers=True)
    assert {row["status"] for row in kept.table("dealers").to_dicts() if row["dealer_id"] in dict(refused)} == {
        "absent"
    }
    kept.day(day_number(5), *days[5][:1], dealers=True)
    assert {row["spells"] for row in kept.table("dealers").to_dicts()} == {1}


@pytest.mark.parametrize("foreseen", [True, False])
def test_law_14_a_market_that_fails_ends_no_other(
    kept: MemoryHistory, monkeypatch: pytest.MonkeyPatch, foreseen: bool
) -> None:
    """The failure is raised when every market has had its turn, and names its own."""
    day = day_number(0)
    rows = [row | {"market": market} for market in ("at", "es", "pl") for row in stock(day)]
    kept.land_markets(day, rows, [replace(market_report(FULL), market=market) for market in ("at", "es", "pl")])

    def fails(state: pl.DataFrame, rows: pl.DataFrame, *arguments: Any, **options: Any) -> Any:
        if "at" in rows["market"]:
            raise PlatformError(Cause.LAKE_DAMAGED, "a file") if foreseen else ZeroDivisionError("nobody foresaw")
        return advance(state, rows, *arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(fold, "advance", fails)
        with pytest.raises(PlatformError) as failure:
            kept.consolidate_markets(day)
    assert failure.value.cause is (Cause.LAKE_DAMAGED if foreseen else Cause.DEFECT)
    assert (failure.value.oem, failure.value.market) == ("maker", "at")
    assert foreseen or "ZeroDivisionError at " in failure.value.detail
    assert set(kept.table("inventory")["market"]) == {"es", "pl"}
