"""What a market's days show: rows, everything that was seen, the past of some vehicles, turnover, rows typed again."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, cast

import polars as pl
import pytest

from consolidated.day.evidence import Evidence, vehicles_seen
from consolidated.day.ledger import Boundary, Ledger
from consolidated.day.market import MarketDay
from consolidated.history.acceptance import Shares
from consolidated.history.seen import IDS
from consolidated.history.spells import AcceptedDay
from consolidated.tables import definitions as tables
from consolidated.tables.columns import VEHICLE
from tests.support.typed_days import day_number, vehicle

FIRST, SECOND, THIRD = (day_number(number) for number in range(3))
RETYPED_KEYS = ("date", "interpretation", "content_hash")


def rows(table: tables.TableDefinition, *found: dict[str, Any]) -> pl.DataFrame:
    schema = table.frame_schema
    return pl.DataFrame([{name: one.get(name) for name in schema} for one in found], schema=schema, orient="row")


def car(
    listing_id: str, day: date, vin: str | None = None, *, temporary: bool = False, **values: Any
) -> dict[str, Any]:
    return vehicle(listing_id, day, vin=vin, vin_is_temporary=temporary, **values) | {"brand": "Maker"}


def sighting(listing_id: str, day: date, vin: str | None = None) -> dict[str, Any]:
    return {"oem": "maker", "market": "es", "date": day, "listing_id": listing_id, "vin": vin, "outcome": "quarantined"}


@dataclass
class Work:
    """A market's third day in a try, on tables of a few rows. read: which were looked at."""

    kept: dict[str, pl.DataFrame]
    day: date = THIRD
    market: str = "es"
    rows: pl.DataFrame | None = None
    sightings: pl.DataFrame | None = None
    retype: Any = None
    ledger: Any = None
    looked_at: list[str] = field(default_factory=list)
    replaced: list[tuple[Any, ...]] = field(default_factory=list)

    def read(self, table: tables.TableDefinition, where: pl.Expr, names: list[str] | None = None) -> pl.DataFrame:
        self.looked_at.append(table.name)
        found = self.kept.get(table.name, rows(table)).filter(where)
        return found.select(names or found.columns)

    def will_replace(self, table: tables.TableDefinition, where: pl.Expr, frame: pl.DataFrame, *, state: str) -> None:
        self.replaced.append((table, where, frame, state))


def evidence_of(*daily: dict[str, Any], seen: tuple[dict[str, Any], ...] = (), **of_work: Any) -> tuple[Evidence, Work]:
    kept = {"inventory_daily": rows(tables.INVENTORY_DAILY, *daily)}
    kept["inventory_sightings"] = rows(tables.INVENTORY_SIGHTINGS, *seen)
    work = Work(kept | of_work.pop("kept", {}), **of_work)
    return Evidence(cast("MarketDay", work)), work


def of_try(*found: dict[str, Any]) -> pl.DataFrame:
    return rows(tables.INVENTORY_DAILY, *found).select(list(VEHICLE))


def listings(frame: pl.DataFrame) -> list[str]:
    return sorted(frame["listing_id"])


def test_a_days_rows_are_read_once_and_those_of_two_days_are_kept() -> None:
    evidence, work = evidence_of(*(car(f"a{day.day}", day) for day in (FIRST, SECOND, THIRD)))
    for day in (FIRST, SECOND, FIRST, SECOND):
        assert listings(evidence.rows(day)) == [f"a{day.day}"]
    assert work.looked_at == ["inventory_daily"] * 2
    assert evidence.rows(FIRST).columns == list(VEHICLE)
    evidence.rows(THIRD)
    evidence.rows(SECOND)
    assert work.looked_at == ["inventory_daily"] * 3
    evidence.rows(FIRST)
    assert work.looked_at == ["inventory_daily"] * 4, "the day that was read first was let go"


def test_the_rows_that_the_try_brings_stand_for_those_of_its_day_alone() -> None:
    evidence, work = evidence_of(car("old", SECOND), car("stale", THIRD), rows=of_try(car("new", THIRD)))
    assert (listings(evidence.rows(THIRD)), listings(evidence.rows(SECOND))) == (["new"], ["old"])
    assert work.looked_at == ["inventory_daily"]
    evidence.work.rows = None
    assert listings(evidence.rows(THIRD)) == ["stale"]


def test_the_ids_of_a_day_are_those_of_its_rows_and_of_its_sightings() -> None:
    seen = (sighting("q", THIRD, "V9"), sighting("old", SECOND))
    evidence, work = evidence_of(car("a", THIRD, "V1", temporary=True), car("b", SECOND), seen=seen)
    ids = [("a", "V1", True), ("q", "V9", False)]
    assert sorted(evidence.ids(THIRD).rows()) == ids
    assert work.looked_at == ["inventory_daily", "inventory_sightings"]
    evidence.ids(THIRD)
    assert work.looked_at.count("inventory_daily") == 2, "for ids alone the rows are not kept"
    evidence.rows(THIRD)
    assert work.looked_at.count("inventory_daily") == 3
    assert sorted(evidence.ids(THIRD).rows()) == ids
    assert work.looked_at.count("inventory_daily") == 3, "rows that are kept are not read again for their ids"
    brought, work = evidence_of(car("stale", THIRD), rows=of_try(car("new", THIRD)))
    assert listings(brought.ids(THIRD)) == ["new"]
    assert "inventory_daily" not in work.looked_at


def accepted(day: date, *, retyped: bool = False) -> AcceptedDay:
    return AcceptedDay(day, False, 2, "1", retyped)


def test_what_was_seen_on_a_day_has_its_sightings_and_what_it_is_compared_with() -> None:
    again = of_try(car("b", FIRST))
    evidence, _ = evidence_of(car("a", SECOND))
    evidence._retyped[FIRST] = again
    sightings = pl.DataFrame({"date": [FIRST, SECOND], "listing_id": ["x", "y"], "vin": [None, "V2"]})
    for day, before, base in (
        (accepted(SECOND, retyped=True), FIRST, ["b"]),
        (accepted(SECOND, retyped=True), None, []),
        (accepted(SECOND), FIRST, []),
    ):
        seen = evidence.seen(day, before, sightings)
        assert (listings(seen.rows), seen.sightings.rows(), listings(seen.base)) == (["a"], [("y", "V2")], base)


DAYS = [accepted(FIRST), accepted(SECOND, retyped=True), accepted(THIRD, retyped=True)]


def past(evidence: Evidence, until: date, since: date, *ids: str) -> dict[str, list[tuple[Any, ...]]]:
    seen = evidence.past(DAYS, until, since, pl.Series(ids))
    frames = {"rows": seen.rows, "sightings": seen.sightings, "base": seen.base}
    return {name: sorted(frame.select("date", "listing_id").rows()) for name, frame in frames.items()}


def test_the_past_of_some_ids_are_their_rows_from_a_day_on_and_all_their_sightings() -> None:
    stock = [car(name, day, vin) for day in (FIRST, SECOND, THIRD) for name, vin in (("a", "V1"), ("b", "V2"))]
    seen = (sighting("q", FIRST, "V1"), sighting("q2", FIRST, "V2"), sighting("a", THIRD), sighting("a", day_number(9)))
    evidence, _ = evidence_of(*stock, car("t", SECOND, "V1", temporary=True), car("V1", SECOND), seen=seen)
    evidence._retyped[FIRST] = of_try(car("a", FIRST, "V1"), car("b", FIRST, "V2"))
    evidence._retyped[SECOND] = of_try(car("a", SECOND, "V1"))
    assert past(evidence, THIRD, SECOND, "V1") == {
        "rows": [(SECOND, "V1"), (SECOND, "a")],
        "sightings": [(FIRST, "q")],
        "base": [],
    }, "neither a temporary VIN, nor what a day is compared with that begins the rows"
    assert past(evidence, THIRD, FIRST, "V1", "b") == {
        "rows": [(FIRST, "a"), (FIRST, "b"), (SECOND, "V1"), (SECOND, "a"), (SECOND, "b")],
        "sightings": [(FIRST, "q")],
        "base": [(SECOND, "a"), (SECOND, "b")],
    }
    assert past(evidence, day_number(3), FIRST, "a") == {
        "rows": [(FIRST, "a"), (SECOND, "a"), (THIRD, "a")],
        "sightings": [(THIRD, "a")],
        "base": [(SECOND, "a"), (THIRD, "a")],
    }


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [
        (FIRST, day_number(3), [(SECOND, "a"), (THIRD, "a")]),
        (THIRD, day_number(3), [(THIRD, "a")]),
        (day_number(3), day_number(4), []),
        (FIRST, THIRD, [(SECOND, "a")]),
    ],
    ids=["among others", "alone", "before the first day", "not before the day"],
)
def test_the_rows_of_the_try_are_in_the_past_of_its_days(since: date, until: date, found: list[Any]) -> None:
    stale = [car("a", SECOND), car("a", THIRD, "V7"), car("gone", THIRD, "V8")]
    evidence, _ = evidence_of(*stale, rows=of_try(car("a", THIRD), car("c", THIRD)))
    evidence._retyped |= {FIRST: of_try(), SECOND: of_try()}
    assert past(evidence, until, since, "a", "V8")["rows"] == found


@pytest.mark.parametrize(
    ("today", "seen", "shares"),
    [
        ([f"a{n}" for n in range(4, 10)], (), Shares(0.4, None)),
        ([f"a{n}" for n in range(6, 10)], (), Shares(0.6, None)),
        (["a8", "a9", "x", "y"], (), Shares(0.8, 0.5)),
        (["a9", "ever", "x", "y"], (), Shares(0.9, 0.5)),
        (["a9", "x"], (sighting("q", THIRD, "VIN3"), sighting("a2", THIRD)), Shares(0.7, 0.25)),
        (["x", "y"], (), Shares(1, 1)),
        (["a9", "x", "y"], (sighting("x", FIRST), sighting("y", day_number(9))), Shares(0.9, 1 / 3)),
    ],
    ids=[
        "few are gone",
        "just as many",
        "many are gone",
        "seen earlier",
        "sighted today",
        "all are others",
        "sighted earlier",
    ],
)
def test_turnover_are_the_vehicles_that_are_gone_and_those_that_were_never_seen(
    today: list[str], seen: tuple[dict[str, Any], ...], shares: Shares
) -> None:
    """Ten vehicles the day before, of which the listing a3 has the VIN VIN3; one was there only on the first day."""
    before = [car(f"a{n}", SECOND, f"VIN{n}" if n == 3 else None) for n in range(10)]
    stock = [car("ever", FIRST), *before, *(car(one, THIRD) for one in today), car("y", day_number(9))]
    evidence, _ = evidence_of(*stock, seen=seen)
    brought, _ = evidence_of(*stock, seen=seen, rows=of_try(*(car(one, THIRD) for one in today)))
    for one in (evidence, brought):
        found = one.shares(THIRD, [FIRST, SECOND])
        assert found.absent == pytest.approx(shares.absent)
        assert found.unseen == (shares.unseen if shares.unseen is None else pytest.approx(shares.unseen))


def test_turnover_after_the_day_of_the_try_is_measured_against_what_the_try_brings() -> None:
    later = day_number(3)
    today = [car(one, later) for one in ("stale", "w", "x", "y", "z")]
    stock = [car("w", FIRST), car("x", FIRST), car("stale", THIRD), *today]
    evidence, _ = evidence_of(*stock, rows=of_try(*(car(one, THIRD) for one in "abcdeyz")))
    found = evidence.shares(later, [FIRST, THIRD])
    assert [found.absent, found.unseen] == pytest.approx([5 / 7, 1 / 5])


def test_a_vehicle_is_known_by_each_of_its_ids() -> None:
    ids = pl.DataFrame(
        [("a", "V1", False), ("b", "V1", False), ("c", "T", True), ("d", None, False)],
        schema=dict(zip(IDS, (pl.String, pl.String, pl.Boolean), strict=True)),
        orient="row",
    )
    known = [("V1", "V1"), ("V1", "a"), ("V1", "b"), ("c", "c"), ("d", "d")]
    assert sorted(vehicles_seen(ids).select("vehicle_id", "id").rows()) == known


class Days(Ledger):
    """Two days of two interpretations."""

    def __init__(self) -> None:
        common = {"accepted": True, "state": "x", "rewrites_since": None, "reinterpreted": None, "retyped_as": None}
        super().__init__(2, {day: {"date": day, "content_hash": f"of {day}", **common} for day in (FIRST, SECOND)})


BOUNDARY = Boundary(FIRST, SECOND, "2")


def retyped_row(name: str, *, day: date = FIRST, interpretation: str = "2", of: date = FIRST) -> dict[str, Any]:
    return car(name, day) | {"interpretation": interpretation, "content_hash": f"of {of}"}


def test_rows_that_are_kept_from_an_earlier_typing_are_used_while_they_are_of_the_same_day() -> None:
    kept = rows(
        tables.INVENTORY_RETYPED, retyped_row("a"), retyped_row("b", interpretation="3"), retyped_row("c", of=SECOND),
        retyped_row("d", day=SECOND),
    )  # fmt: skip
    evidence, work = evidence_of(
        *(car(one, FIRST) for one in "abcd"), kept={"inventory_retyped": kept}, ledger=Days(), retype=None
    )
    evidence.type_again(BOUNDARY)
    assert listings(evidence.retyped(FIRST)) == ["a"]
    assert (work.ledger.rows[SECOND]["reinterpreted"], work.ledger.rows[FIRST]["retyped_as"]) == (0, "2")
    ((table, where, frame, state),) = work.replaced
    assert (table, state) == (tables.INVENTORY_RETYPED, "content")
    assert frame.select("listing_id", *RETYPED_KEYS).rows() == [("a", FIRST, "2", f"of {FIRST}")]
    assert listings(kept.filter(where)) == ["a", "b", "c"]

    another, _ = evidence_of(kept={"inventory_retyped": kept}, ledger=work.ledger)
    assert listings(another.retyped(FIRST)) == ["a"], "another try reads them from the table"


def test_what_is_not_kept_is_typed_from_the_archive_for_the_listings_that_had_a_row() -> None:
    before = [car(one, FIRST, price_amount=Decimal("9.00"), mileage_km=5) for one in "abc"]
    again = [car("a", FIRST, price_amount=Decimal("9.00"), mileage_km=5), car("b", FIRST, price_amount=Decimal("8.00")),
             car("new", FIRST), car("c", FIRST) | {"market": "fr"}]  # fmt: skip
    asked = []

    def retype(day: date, interpretation: str) -> pl.DataFrame:
        asked.append((day, interpretation))
        return rows(tables.INVENTORY_DAILY, *again)

    evidence, work = evidence_of(*before, ledger=Days(), retype=retype)
    evidence.type_again(BOUNDARY)
    assert asked == [(FIRST, "2")]
    assert listings(evidence.retyped(FIRST)) == ["a", "b"], "of this market, and with a row of that day"
    assert work.ledger.rows[SECOND]["reinterpreted"] == 1
    assert work.ledger.rows[FIRST]["retyped_hash"]


@pytest.mark.parametrize("retype", [None, lambda *_: None], ids=["no archive", "the archive has it no more"])
def test_what_cannot_be_typed_again_is_entered_as_such(retype: Any) -> None:
    evidence, work = evidence_of(car("a", FIRST), ledger=Days(), retype=retype)
    evidence.type_again(BOUNDARY)
    assert work.replaced == []
    row = work.ledger.rows[FIRST]
    assert (row["retyped_as"], row["retyped_hash"], work.ledger.rows[SECOND]["reinterpreted"]) == ("2", None, None)
