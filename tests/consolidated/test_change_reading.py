"""What `make diff` says of archived days: rows, quarantine, events; and the tables of a trial, which nothing keeps."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from consolidated.change import reading
from consolidated.change.reading import differences
from consolidated.change.trial import TrialStore
from consolidated.tables.definitions import INVENTORY, INVENTORY_EVENTS
from resources.failures import Cause, PlatformError
from resources.lake.lake import Lake
from tests.support.consolidated_support import MemoryHistory
from tests.support.memory_tables import MemoryStore
from tests.support.typed_days import FULL, MARKET, NAME, OEM, day_number, market_report, stock, vehicle
from transformed.day.report import Report

pytestmark = pytest.mark.slow

HERE = (pl.col("oem") == OEM) & (pl.col("market") == MARKET)
FIRST, SECOND, THIRD = (day_number(number) for number in range(3))


@dataclass
class Days(MemoryHistory):
    """Typed days as `retyped_rows` gives them, and as they were published."""

    again: dict[date, SimpleNamespace] = field(default_factory=dict)

    def land_typed(self, report: Report, frame: pl.DataFrame, sightings: pl.DataFrame, day: date) -> None:
        super().land_typed(report, frame, sightings, day)
        self.again[day] = SimpleNamespace(report=report, rows=frame, sightings=sightings)


@dataclass
class Archive:
    """published: what the lake holds. now: what the code as it is makes of the archived days."""

    lake: Lake
    published: Days = field(default_factory=Days)
    now: Days = field(default_factory=Days)
    days: list[date] = field(default_factory=list)
    gone: Cause = Cause.NEVER_LANDED
    table: str = "inventory"

    def lines(self, since: date = FIRST, endpoints: int = 1) -> list[str]:
        """The lines; `!` stands before one that tells of a difference."""
        endpoint = SimpleNamespace(name="search", yields=SimpleNamespace(name=NAME, table=self.table))
        maker: Any = SimpleNamespace(name=OEM, endpoints=(endpoint,) * endpoints)
        return [f"{'!' * line.differs}{line.text}" for line in differences(self.lake, maker, since)]

    def report(self, day: date) -> Report:
        if day not in self.published.again:
            raise PlatformError(self.gone, "it cannot be read")
        found: Report = self.published.again[day].report
        return found


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    of = Archive(Lake(tmp_path.as_uri()))
    monkeypatch.setattr(reading, "load_lake_catalog", lambda _: None)
    monkeypatch.setattr(reading, "IcebergStore", lambda *_: of.published.store)
    monkeypatch.setattr(reading, "archived_days", lambda *_: of.days or sorted(of.now.again))
    monkeypatch.setattr(reading, "retyped_rows", lambda _lake, _oem, _endpoint, day: of.now.again.get(day))
    monkeypatch.setattr(reading, "read_report", lambda _lake, _oem, _name, day: of.report(day))
    monkeypatch.setattr(
        reading, "read_rows", lambda _, report: of.published.again[date.fromisoformat(report.date)].rows
    )
    monkeypatch.setattr(reading, "feeds_of", lambda *_: [of.now.feed(dealers=of.table == "dealers")])
    return of


def test_days_that_are_read_as_they_were_published_differ_in_nothing(archive: Archive) -> None:
    for day in (FIRST, SECOND):
        archive.published.day(day, stock(day))
        archive.now.land(day, stock(day))
    assert archive.lines() == [
        f"== {OEM} search {FIRST}",
        "rows      published 30, now 30",
        "values    the same",
        f"== {OEM} search {SECOND}",
        "rows      published 30, now 30",
        "values    the same",
        "events    none added, none taken away",
    ]


def test_events_that_would_come_and_go_are_counted_by_their_kinds_and_nothing_is_written(archive: Archive) -> None:
    for day, amount, end in ((FIRST, "100.00", FULL + 2), (SECOND, "90.00", FULL + 3)):
        archive.published.day(day, stock(day, amount=amount))
        archive.now.land(day, stock(day, range(1, end)))  # one car less, two more, and another on the second day
    before = {name: list(versions) for name, versions in archive.published.memory.versions.items()}
    told = archive.lines()
    assert told[-1] == "!events    added: 2 covered, 1 listed, taken away: 1 covered, 30 price_changed"
    assert "!  1 gone: car 000" in told
    assert "!price_amount: 29 rows read otherwise" in told
    assert archive.published.memory.versions == before


def test_events_of_several_markets_are_counted_once_each(archive: Archive) -> None:
    reports = [market_report(1, market=market) for market in ("es", "it")]
    for archived, price in ((archive.published, None), (archive.now, Decimal(9))):
        for day, amount in ((FIRST, Decimal(8)), (SECOND, price or Decimal(8))):
            rows = [
                vehicle("a", day, market=market, price_amount=amount, price_currency="EUR") for market in ("es", "it")
            ]
            archived.land_markets(day, rows, reports)
    for day in (FIRST, SECOND):
        archive.published.consolidate_markets(day)
    assert archive.lines()[-1] == "!events    added: 2 price_changed, none taken away"


def test_a_day_that_was_published_without_rows_is_compared_too(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    for archived in (archive.published, archive.now):
        archived.land(FIRST, [vehicle("a", FIRST)])
    monkeypatch.setattr(reading, "read_rows", lambda *_: pl.DataFrame())
    assert archive.lines()[1:3] == ["!rows      published 0, now 1", "!  1 new: a"]


def test_rows_that_say_where_a_record_was_archived_are_no_difference(archive: Archive) -> None:
    archive.published.day(FIRST, stock(FIRST))
    archive.now.land(FIRST, stock(FIRST))
    of = archive.now.again[FIRST]
    of.rows = of.rows.with_columns(archive_address=pl.lit("another part#1/2"))
    assert archive.lines()[2:] == ["values    the same", "events    none added, none taken away"]


def test_a_day_that_was_not_published_yet_is_a_difference_and_what_follows_from_it_is_told(archive: Archive) -> None:
    archive.published.day(FIRST, stock(FIRST))
    for number, day in enumerate((FIRST, SECOND)):
        archive.now.land(day, stock(day, range(FULL + number * 2)))
    assert archive.lines()[3:] == [
        f"== {OEM} search {SECOND}",
        "!not published yet; 32 rows",
        "!events    added: 2 listed, none taken away",
    ]


def test_a_report_that_cannot_be_read_stops_the_comparison(archive: Archive) -> None:
    archive.now.land(FIRST, stock(FIRST))
    archive.gone = Cause.TRANSFORMED_DAMAGED
    with pytest.raises(PlatformError, match="it cannot be read"):
        archive.lines()


def test_another_number_of_refused_records_is_a_difference(archive: Archive) -> None:
    markets = {market: market_report(1, market=market, quarantined=1000) for market in ("es", "it")}
    rows = [vehicle("a", FIRST, market=market) for market in markets]
    archive.published.land_markets(FIRST, rows, markets.values())
    archive.now.land_markets(FIRST, rows, [markets["es"], market_report(1, market="it", quarantined=200)])
    told = archive.lines()
    assert told == [
        f"== {OEM} search {FIRST}",
        "rows      published 2, now 2",
        "values    the same",
        "!quarantine published 2,000, now 1,200",
    ]
    archive.now.land_markets(FIRST, rows, [market_report(1, market=market, quarantined=1000) for market in markets])
    assert archive.lines() == told[:3]


def test_days_before_the_one_that_is_asked_for_are_left_out(archive: Archive) -> None:
    for day in (FIRST, SECOND, THIRD):
        archive.now.land(day, [vehicle("a", day)])
    told = [line for line in archive.lines(SECOND) if line.startswith("==")]
    assert told == [f"== {OEM} search {day}" for day in (SECOND, THIRD)]
    with pytest.raises(PlatformError) as refused:
        archive.lines(THIRD.replace(day=28))
    assert refused.value.cause is Cause.NEVER_LANDED
    assert str(refused.value) == (
        f"{OEM}: never_landed: the archive has no day of it since 2026-01-28. Give another DATE."
    )


def test_a_day_that_leaves_the_archive_meanwhile_is_passed_over(archive: Archive) -> None:
    archive.days = [FIRST, SECOND]
    archive.published.day(FIRST, stock(FIRST))
    assert archive.lines() == [], "no day was read, so there are no events either"
    archive.now.land(SECOND, stock(SECOND))
    assert archive.lines()[:2] == [f"== {OEM} search {SECOND}", "!not published yet; 30 rows"]


def test_every_endpoint_is_told_and_one_with_a_day_is_enough(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    archive.now.land(FIRST, [vehicle("a", FIRST)])
    days = iter([[FIRST], []])
    monkeypatch.setattr(reading, "archived_days", lambda *_: next(days))
    assert len(archive.lines(endpoints=2)) == 2
    monkeypatch.undo()


def test_dealers_have_no_events(archive: Archive) -> None:
    archive.table = "dealers"
    dealer = {"oem": OEM, "market": MARKET, "dealer_id": "north", "name": "Calle 1", "date": FIRST}
    archive.published.day(FIRST, [dealer], dealers=True)
    archive.now.land(FIRST, [dealer | {"dealer_id": "south"}], dealers=True)
    told = archive.lines()
    assert told == [f"== {OEM} search {FIRST}", "!rows      published 1, now 1", "!  1 gone: north", "!  1 new: south"]


@pytest.fixture
def kept() -> MemoryHistory:
    of = MemoryHistory()
    of.day(FIRST, stock(FIRST))
    of.day(SECOND, stock(SECOND, range(FULL + 5)))
    return of


def test_what_a_trial_wrote_twice_reads_as_it_was_written_last(kept: MemoryHistory) -> None:
    tables = TrialStore(kept.store).open("sandbox")
    events = tables.read(INVENTORY_EVENTS, HERE).sort("vehicle_id")
    for rows in (events.head(5), events.head(3), events.tail(2)):
        tables.replace(INVENTORY_EVENTS, HERE, rows, scope="a", state="b")
        tables.commit()
    assert tables.read(INVENTORY_EVENTS, HERE).sort("vehicle_id").equals(events.tail(2))
    car = pl.col("vehicle_id") == events["vehicle_id"][-1]
    assert tables.read(INVENTORY_EVENTS, car, ["vehicle_id", "oem"]).rows() == [(events["vehicle_id"][-1], OEM)]


def test_a_trial_keeps_the_rows_of_others_and_the_columns_of_a_table_alone(kept: MemoryHistory) -> None:
    tables = TrialStore(kept.store).open("sandbox")
    stood = tables.read(INVENTORY, HERE)
    other = stood.head(1).with_columns(oem=pl.lit("other"), more=pl.lit("of a try"))
    tables.replace(INVENTORY, pl.col("oem") == "other", other, scope="other/es", state="b")
    tables.commit()
    found = tables.read(INVENTORY, pl.lit(value=True))
    assert found.columns == list(INVENTORY.frame_schema)
    assert found.height == stood.height + 1


def test_rows_of_an_earlier_version_are_the_lakes(kept: MemoryHistory) -> None:
    tables = TrialStore(kept.store).open("sandbox")
    assert tables.read(INVENTORY, HERE, version=0).height == FULL
    assert tables.read(INVENTORY, HERE).height == FULL + 5
    tables.replace(INVENTORY, HERE, tables.read(INVENTORY, HERE).clear(), scope="a", state="b")
    tables.commit()
    assert tables.read(INVENTORY, HERE).is_empty()
    assert tables.read(INVENTORY, HERE, version=0).height == FULL
    assert tables.read(INVENTORY, HERE, ["oem"], version=0).columns == ["oem"]


def test_a_trial_reads_no_state_of_its_own_and_knows_the_lakes(kept: MemoryHistory) -> None:
    trial = TrialStore(kept.store)
    assert trial.source() == "sandbox"
    tables, base = trial.open("sandbox"), kept.store.open("sandbox")
    scope = f"{OEM}/{MARKET}"
    assert tables.state(INVENTORY, scope) == base.state(INVENTORY, scope) is not None
    assert tables.versions(INVENTORY, scope) == base.versions(INVENTORY, scope) != {}
    assert TrialStore(MemoryStore()).source() is None
