"""What consolidating a market's day is for vehicles and dealers alike: the ledger, and when to compute what.

Belongs here: opening the tables, an incomplete day, the choice from where history is told again. Does not belong
here: the rows of either (`inventory.py`, `dealers.py`).

The order of the commits makes a killed step harmless: the present is written last and carries the fingerprint of
what it was computed from, so until then a rerun finds the old one and does the same again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from consolidated.day.ledger import Ledger, day_row
from consolidated.tables import definitions as tables
from consolidated.tables.columns import COUNTS
from consolidated.tables.commit import read_rows, replace_rows, snapshots_by_state, state_of
from consolidated.tables.contention import with_retries
from consolidated.tables.definitions import TableDefinition, ensure_tables, open_table
from resources.failures import Cause, PlatformError
from transformed.day.report import MarketReport, Report, read_report

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table

    from resources.lake.lake import Lake

NOTHING_ACCEPTED = "nothing accepted"


@dataclass(frozen=True, slots=True)
class MarketOutcome:
    """What came of a market's day. reason: why it is not complete or not accepted. committed: whether any table
    changed."""

    market: str
    complete: bool
    accepted: bool
    reason: str | None
    vehicles: int
    committed: bool
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StartingPoint:
    """Where telling starts: after `days` accepted days, with the present of that snapshot (None: from nothing).
    since: the first day whose telling changes. is_current: the snapshot's present is the one that stands.
    state: the fingerprint of what will have been told."""

    days: int
    since: date
    snapshot_id: int | None
    is_current: bool
    state: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a fetch brought of a market's day, typed: its report, and the rows with the contract's columns."""

    report: Report
    market: MarketReport
    rows: pl.DataFrame


@dataclass
class MarketDay:
    """A market's day with the tables as they were when it was opened. table: inventory or dealers; source: whose
    data the lake holds; debounce_days: None for the one with which the tables stand."""

    catalog: Catalog
    source: str
    oem: str
    market: str
    table: str
    day: date
    debounce_days: int | None = None
    ledger: Ledger = field(init=False)
    committed: bool = False

    def __post_init__(self) -> None:
        self._runs = self.open(tables.RUNS)
        rows = list(read_rows(self._runs, self._runs_filter).iter_rows(named=True))
        if self.debounce_days is None:
            self.debounce_days = rows[0]["debounce_days"] if rows else 0
        self.ledger = Ledger(self.debounce_days, {row["date"]: row for row in rows})

    @property
    def here(self) -> pl.Expr:
        return (pl.col("oem") == self.oem) & (pl.col("market") == self.market)

    @property
    def scope(self) -> str:
        return f"{self.oem}/{self.market}"

    @property
    def _runs_filter(self) -> pl.Expr:
        return self.here & (pl.col("table") == self.table)

    def open(self, definition: TableDefinition) -> Table:
        return open_table(self.catalog, definition, self.source)

    def write(self, table: Table, where: pl.Expr, frame: pl.DataFrame, scope: str, state: str) -> None:
        self.committed |= replace_rows(table, where, frame, scope=scope, state=state)

    def enter(self, fetched: Fetched, rows: pl.DataFrame | None, vehicles: int | None = None) -> None:
        """Enter the day into the ledger, with its rows and how many they stand for if it is complete, and judge."""
        standing = self.ledger.rows.get(self.day)
        self.ledger.rows[self.day] = day_row(
            fetched.report, fetched.market, self.ledger.debounce_days, rows, vehicles, standing
        )
        self.ledger.judge()

    def write_runs(self) -> None:
        frame = self.ledger.frame(tables.RUNS.frame_schema)
        self.write(self._runs, self._runs_filter, frame, f"{self.scope}/{self.table}", "ledger")

    def starting_point(self, present: Table, events: Table | None = None) -> StartingPoint | None:
        """From where the present has to be told again; None where it tells the ledger's accepted days already.

        The nearest accepted day after which the present was once committed, in a snapshot that is still there, and
        until which nothing has changed since. events: the table committed before it, where there is one.
        """
        states, accepted = self.ledger.states(), self.ledger.accepted()
        wanted = states[-1] if states else NOTHING_ACCEPTED
        snapshots = snapshots_by_state(present, self.scope)
        current = next(iter(snapshots), None)
        if not accepted and not self.ledger.standing and current is None:
            return None
        undisturbed = self.ledger.undisturbed()
        if events is not None:
            of_events = state_of(events, self.scope)
            if current == of_events == wanted:
                return None
            standing = self.ledger.standing[-1][1] if self.ledger.standing else NOTHING_ACCEPTED
            if of_events not in (standing, wanted):
                # a step was killed after it had committed events, of rows that were replaced since
                undisturbed = 0
        elif current == wanted:
            return None
        days = undisturbed
        while days and states[days - 1] not in snapshots:
            days -= 1
        kept_until = accepted[days - 1] if days else None
        told = {*accepted, *(day for day, _ in self.ledger.standing)}
        since = min((day for day in told if kept_until is None or day > kept_until), default=self.day)
        return StartingPoint(
            days=days,
            since=since,
            snapshot_id=snapshots[states[days - 1]] if days else None,
            is_current=bool(days) and states[days - 1] == current,
            state=wanted,
        )

    def outcome(self) -> MarketOutcome:
        row = self.ledger.rows[self.day]
        reason = row["decision_reason"] if row["complete"] else row["message"]
        counts = {name: row[name] for name in COUNTS if row[name] is not None}
        return MarketOutcome(
            self.market, row["complete"], row["accepted"], reason, row["vehicles"] or 0, self.committed, counts
        )


def consolidate_markets(
    *,
    lake: Lake,
    catalog: Catalog,
    oem: str,
    sources: Sequence[tuple[str, int]],
    day: date,
    store: Callable[[MarketDay, Fetched], None],
    retell: Callable[[MarketDay], None],
    columns: Sequence[str],
) -> list[MarketOutcome]:
    """Consolidate every market of an OEM's transformed tables for a day, one after another.

    sources: transformed name, debounce in days. store: enters a complete day's rows, all `columns`, into the ledger
    and the daily table. retell: brings the other tables to what the ledger says.
    Raises PlatformError: NEVER_LANDED, SOURCE_MIXED, COMMIT_CONFLICT, LAKE_UNWRITABLE.
    """
    outcomes = []
    for name, debounce_days in sources:
        report = read_report(lake, oem, name, day)
        found = lake.source()
        if found not in (None, report.source):
            raise PlatformError(
                Cause.SOURCE_MIXED, f"the report is of {report.source} and the lake of {found}", oem=oem
            )
        ensure_tables(catalog, report.source)
        frame = pl.scan_parquet([lake.url(file) for file in report.files]) if report.files else None
        for _, market in sorted(report.markets.items()):
            fetched = Fetched(report, market, _rows_of(frame, market.market, columns))
            opened = partial(MarketDay, catalog, report.source, oem, market.market, report.table, day, debounce_days)
            action = partial(_consolidate, opened, fetched, store, retell)
            outcomes.append(with_retries(action, oem=oem, market=market.market))
    return outcomes


def _consolidate(
    opened: Callable[[], MarketDay],
    fetched: Fetched,
    store: Callable[[MarketDay, Fetched], None],
    retell: Callable[[MarketDay], None],
) -> MarketOutcome:
    """One try, from tables opened anew."""
    work = opened()
    standing = work.ledger.rows.get(work.day)
    if fetched.market.complete:
        store(work, fetched)
    elif standing is None or not standing["complete"]:
        work.enter(fetched, None)
    else:
        # a sealed day stays as it is; the debounce may be another one all the same
        work.ledger.judge()
    retell(work)
    return work.outcome()


def _rows_of(frame: pl.LazyFrame | None, market: str, columns: Sequence[str]) -> pl.DataFrame:
    if frame is None:
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.Null))
    return frame.filter(pl.col("market") == market).select(columns).collect()
