"""An OEM's day: what each market's failure costs, which days are entered, and what a feed that is not there leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from consolidated.day import consolidate
from consolidated.day.consolidate import Procedure, consolidate_feeds, consolidate_typed_day, fetched_of
from consolidated.day.ledger import SealedContent
from consolidated.day.market import Fetched, MarketDay
from consolidated.day.typed import Feed, TypedDay
from consolidated.tables.store import RowsChanged
from resources.failures import Cause, PlatformError
from resources.lake.lake import Lake
from tests.support.memory_tables import MemoryStore
from tests.support.typed_days import day_number, market_report
from transformed.contract.contracts import CONTRACT_VERSION
from transformed.day.report import MarketReport, Report

SCHEMA = pl.Schema({"market": pl.String, "listing_id": pl.String})
DAY, NEXT = day_number(0), day_number(1)


@dataclass
class Night:
    """A procedure that enters days and does what a test wants of a market. store: the tables."""

    store: MemoryStore = field(default_factory=MemoryStore)
    fails: dict[str, BaseException] = field(default_factory=dict)
    updated: list[str] = field(default_factory=list)

    @property
    def procedure(self) -> Procedure:
        return Procedure("inventory", SCHEMA, self._store, self._update)

    def _store(self, work: MarketDay, fetched: Fetched) -> None:
        work.enter(fetched, SealedContent(len(fetched.rows), len(fetched.sightings), f"of {work.day}"))

    def _update(self, work: MarketDay) -> None:
        self.updated.append(work.market)
        if error := self.fails.get(work.market):
            raise error
        work.ledger.judge(None)
        work.will_replace_runs()

    def consolidate(self, day: date, *markets: MarketReport, feed: Feed | None = None) -> Any:
        return consolidate_typed_day(self.store, typed(day, *markets), day, feed or Feed("stock", 2), self.procedure)

    def rows(self) -> dict[tuple[str, date], dict[str, Any]]:
        return {(row["market"], row["date"]): row for row in self.store.rows("runs").to_dicts()}


def typed(day: date, *markets: MarketReport, source: str = "sandbox", name: str = "stock") -> TypedDay:
    report = Report(
        oem="maker", name=name, endpoint="search", table="inventory", date=day.isoformat(), source=source,
        contract_version=CONTRACT_VERSION, files=[], quarantine_file=None, quarantined_by_rule={},
        markets={one.market: one for one in markets}, interpretation="1",
    )  # fmt: skip
    rows = {one.market: pl.DataFrame({"market": one.market, "listing_id": ["a", "b"]}) for one in markets}
    return TypedDay(report, lambda market: rows.get(market) if rows[market].height else None, {})


def market(name: str, **values: Any) -> MarketReport:
    return market_report(2, market=name, **values)


NOT_WHOLE = {"complete": False, "cause": "blocked", "message": "no"}


def test_every_market_is_entered_and_committed_with_the_others() -> None:
    night = Night()
    feed = Feed("stock", 2, debounce_days_in={"de": 5})
    done = night.consolidate(DAY, market("es"), market("de", **NOT_WHOLE), feed=feed)
    assert [(one.market, one.complete, one.accepted, one.reason, one.committed) for one in done] == [
        ("de", False, False, "no", True),
        ("es", True, True, None, True),
    ]
    found = {name: (row["complete"], row["debounce_days"], row["vehicles"]) for (name, _), row in night.rows().items()}
    assert found == {"de": (False, 5, None), "es": (True, 2, 2)}
    assert len(night.store.versions["runs"]) == 1, "in one commit"
    again = night.consolidate(DAY, market("es"), market("de", **NOT_WHOLE), feed=feed)
    assert not any(one.committed for one in again)


def test_a_whole_day_is_not_replaced_by_one_that_is_not_and_the_other_way_round() -> None:
    night = Night()
    night.consolidate(DAY, market("es", **NOT_WHOLE))
    night.consolidate(DAY, market("es", **NOT_WHOLE | {"message": "still no"}))
    assert night.rows()["es", DAY]["message"] == "still no"
    night.consolidate(DAY, market("es"))
    night.consolidate(DAY, market("es", **NOT_WHOLE))
    assert night.rows()["es", DAY]["complete"]


@pytest.mark.parametrize(
    ("failure", "cause", "said"),
    [
        (PlatformError(Cause.LAKE_DAMAGED, "broken"), Cause.LAKE_DAMAGED, "maker de: lake_damaged: broken"),
        (PlatformError(Cause.COMMIT_CONFLICT, "lost"), Cause.COMMIT_CONFLICT, "maker de: commit_conflict: lost"),
        (
            PlatformError(Cause.ARCHIVE_DAMAGED, "x", oem="other", market="fr"),
            Cause.ARCHIVE_DAMAGED,
            "other fr: archive_damaged: x",
        ),
        (ValueError("a record of a person"), Cause.DEFECT, r"maker de: defect: ValueError( at \S+:\d+)?\."),
    ],
)
def test_a_market_that_fails_ends_no_other(failure: Exception, cause: Cause, said: str) -> None:
    night = Night(fails={"de": failure})
    with pytest.raises(PlatformError, match=said) as raised:
        night.consolidate(DAY, market("de"), market("es"), market("at"))
    assert raised.value.cause is cause
    assert "person" not in str(raised.value)
    assert night.updated == ["at", "de", "es"]
    assert {name for name, _ in night.rows()} == {"at", "es"}


def test_the_first_failure_names_the_others() -> None:
    fails = {
        "de": PlatformError(Cause.LAKE_DAMAGED, "broken"),
        "es": KeyError("x"),
        "fr": PlatformError(Cause.ARCHIVE_DAMAGED, "y"),
    }
    night = Night(fails=fails)  # type: ignore[arg-type]
    with pytest.raises(PlatformError, match=r"maker de: lake_damaged: broken \(and es: defect, fr: archive_damaged\)"):
        night.consolidate(DAY, *map(market, fails))


def test_an_unforeseen_error_names_our_line_and_not_that_of_a_library() -> None:
    def fails(work: MarketDay) -> None:
        work.read(None)  # type: ignore[arg-type]

    night = Night()
    procedure = replace(night.procedure, update=fails)
    with pytest.raises(PlatformError, match=r"maker es: defect: AttributeError at market\.py:\d+") as raised:
        consolidate_typed_day(night.store, typed(DAY, market("es")), DAY, Feed("stock", 2), procedure)
    assert isinstance(raised.value.__cause__, AttributeError)


def test_a_storage_that_does_not_answer_ends_the_day_at_once() -> None:
    night = Night(fails={"de": PlatformError(Cause.CONNECTION, "no answer")})
    with pytest.raises(PlatformError, match="no answer"):
        night.consolidate(DAY, market("de"), market("es"))
    assert night.updated == ["de"]
    assert night.rows() == {}


def test_where_another_writer_was_faster_the_day_is_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    night = Night(fails={"es": RowsChanged("a rival")})

    def once(work: MarketDay) -> None:
        try:
            night._update(work)
        except RowsChanged:
            night.fails.clear()
            raise

    consolidate_typed_day(
        night.store,
        typed(DAY, market("de"), market("es")),
        DAY,
        Feed("stock", 2),
        replace(night.procedure, update=once),
    )
    assert night.updated == ["de", "es", "de", "es"]
    assert {name for name, _ in night.rows()} == {"de", "es"}


def test_a_market_without_rows_or_sightings_has_none_of_the_columns_missing() -> None:
    day = typed(DAY, market("es"))
    day = TypedDay(day.report, lambda _: None, {})
    fetched = fetched_of(day, market("es"), SCHEMA)
    assert (fetched.rows.schema, fetched.rows.height) == (SCHEMA, 0)
    assert fetched.sightings.columns == ["identity", "vin", "outcome"]
    seen = pl.DataFrame({"identity": ["q"]})
    assert fetched_of(TypedDay(day.report, lambda _: None, {"es": seen}), market("es"), SCHEMA).sightings is seen


Read = Callable[..., TypedDay]


@pytest.fixture
def feeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Consolidates feeds, each of which is a typed day or the error by which it cannot be read."""
    kept: list[tuple[str, str]] = []
    lake = Lake(tmp_path.as_uri())
    lake.stamp("sandbox")

    def run(night: Night, day: date = DAY, **found: TypedDay | PlatformError) -> Any:
        def read(_lake: Lake, _oem: str, feed: Feed, *_: object) -> TypedDay:
            one = found[feed.name]
            if isinstance(one, PlatformError):
                raise one
            return one

        monkeypatch.setattr(consolidate, "read_typed_day", read)
        monkeypatch.setattr(consolidate, "keep_words", lambda *about: kept.append((about[2], about[3])))
        wanted = [Feed(name, 2, markets=frozenset({f"{name}2", f"{name}1"})) for name in found]
        return consolidate_feeds(
            lake=lake, store=night.store, oem="maker", feeds=wanted, day=day, procedure=night.procedure
        )

    run.kept = kept  # type: ignore[attr-defined]
    return run


NEVER = PlatformError(Cause.NEVER_LANDED, "not typed")


def test_a_feed_that_was_not_typed_leaves_its_markets_as_they_are(feeds: Callable[..., Any]) -> None:
    night = Night()
    feeds(night, a=typed(DAY, market("a1")), b=typed(DAY, market("b1")))
    done = feeds(night, NEXT, a=NEVER, b=typed(NEXT, market("b1")))
    assert [(one.market, one.complete, one.accepted, one.committed, one.vehicles, one.served) for one in done] == [
        ("b1", True, True, True, 2, NEXT),
        ("a1", False, False, False, 0, DAY),
        ("a2", False, False, False, 0, None),
    ]
    assert all("not typed" in (one.reason or "") for one in done[1:])
    assert set(night.rows()) == {("a1", DAY), ("b1", DAY), ("b1", NEXT)}


def test_where_no_feed_was_typed_that_is_the_failure(feeds: Callable[..., Any]) -> None:
    with pytest.raises(PlatformError, match="not typed") as failure:
        feeds(Night(), a=NEVER, b=PlatformError(Cause.NEVER_LANDED, "neither", endpoint="b"))
    assert failure.value.cause is Cause.NEVER_LANDED
    assert "(and b: never_landed)" in str(failure.value)


def test_a_feed_that_cannot_be_read_ends_no_other_and_one_that_may_be_read_later_does(
    feeds: Callable[..., Any],
) -> None:
    night = Night()
    with pytest.raises(PlatformError, match="cut short") as failure:
        feeds(night, a=PlatformError(Cause.TRANSFORMED_DAMAGED, "cut short"), b=typed(DAY, market("b1")), c=NEVER)
    assert "never_landed" not in str(failure.value)
    assert set(night.rows()) == {("b1", DAY)}
    with pytest.raises(PlatformError, match="no answer"):
        feeds(night, b=typed(NEXT, market("b1")), a=PlatformError(Cause.CONNECTION, "no answer"))
    assert set(night.rows()) == {("b1", DAY)}


def test_a_typed_day_of_another_source_than_the_lakes_is_refused(feeds: Callable[..., Any]) -> None:
    with pytest.raises(PlatformError, match=r"maker: .*the report is of live and the lake of sandbox") as failure:
        feeds(Night(), a=typed(DAY, market("a1"), source="live"))
    assert failure.value.cause is Cause.SOURCE_MIXED


def test_the_operators_words_are_kept_beside_the_archive(feeds: Callable[..., Any]) -> None:
    night = Night()
    feeds(night, a=typed(DAY, market("a1"), market("a2")))
    assert feeds.kept == []  # type: ignore[attr-defined]
    runs = night.store.versions["runs"][-1]
    said = runs.rows.with_columns(decision=pl.when(pl.col("market") == "a1").then(pl.lit("accept")))
    night.store.versions["runs"].append(replace(runs, rows=said))
    feeds(night, a=typed(DAY, market("a1"), market("a2")))
    assert feeds.kept == [("a1", "inventory")]  # type: ignore[attr-defined]
