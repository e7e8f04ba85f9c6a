"""A market's day, for vehicles and dealers alike: the ledger, what is to be written, and where computing starts.

Everything of a market is computed before anything of it is written, and all markets of the OEM are committed together.
The order of the commits makes a killed step harmless: the present is written last and carries the fingerprint of what
it was computed from, so until then the next run finds the old fingerprint and does the same again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from consolidated.day.ledger import Ledger, Row, SealedContent, Subject, day_row
from consolidated.history.acceptance import unusual
from consolidated.tables import definitions
from consolidated.tables.columns import COUNTS
from consolidated.tables.months import month_of
from consolidated.tables.store import CONTENT, scope_of
from consolidated.tables.told import short

if TYPE_CHECKING:
    from consolidated.day.typed import Retype
    from consolidated.tables.definitions import TableDefinition
    from consolidated.tables.store import Tables
    from transformed.day.report import MarketReport, Report

NOTHING_ACCEPTED = "nothing accepted"


@dataclass(frozen=True, slots=True)
class MarketOutcome:
    """What came of a market's day. reason: why it is not complete or not accepted. committed: whether any table
    changed. warnings: what is unusual about an accepted day. words: the operator's, on all days of the market.
    served: the last accepted day, whose state is the present; None where none was."""

    market: str
    complete: bool
    accepted: bool
    reason: str | None
    vehicles: int
    committed: bool
    counts: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    words: dict[date, Row] = field(default_factory=dict)
    served: date | None = None


@dataclass(frozen=True, slots=True)
class StartingPoint:
    """Computing starts after `days` accepted days (0: from nothing), from the present as of `version` (None: as it
    stands, which is `is_current`).

    since: the first day whose history changes. state: the fingerprint of what will have been computed.
    """

    days: int
    since: date
    version: int | None
    is_current: bool
    state: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a fetch brought of a market's day: its report, its rows with the contract's columns, one a listing, and its
    sightings (identity, vin, outcome), one a listing too."""

    report: Report
    market: MarketReport
    rows: pl.DataFrame
    sightings: pl.DataFrame


def read_runs(tables: Tables, oem: str, subject: Subject) -> pl.DataFrame:
    """The rows of `runs` of an OEM's subject, of all its markets."""
    return tables.read(definitions.RUNS, (pl.col("oem") == oem) & (pl.col("table") == subject))


@dataclass(frozen=True, slots=True)
class _Replacement:
    table: TableDefinition
    where: pl.Expr
    rows: pl.DataFrame
    state: str


@dataclass
class MarketDay:
    """A market's day in one try. subject: what its rows are of. retype: types a past day of the market again."""

    tables: Tables
    oem: str
    market: str
    subject: Subject
    day: date
    ledger: Ledger
    retype: Retype | None = None
    rows: pl.DataFrame | None = None
    """The day's rows where this try brings them; they need not be read back."""
    sightings: pl.DataFrame | None = None
    """Likewise the day's sightings of listings that have no row: listing_id, vin, outcome."""
    warnings: list[str] = field(default_factory=list)
    """What is unusual about the day, beside its volume."""
    _replacements: list[_Replacement] = field(default_factory=list)

    @classmethod
    def open(
        cls,
        tables: Tables,
        oem: str,
        market: str,
        subject: Subject,
        day: date,
        debounce_days: int | None = None,
        *,
        runs: pl.DataFrame | None = None,
    ) -> MarketDay:
        """With the ledger as it stands in `runs`. debounce_days: None for the number with which the tables stand.
        runs: the OEM's, where they have been read (`read_runs`)."""
        runs = read_runs(tables, oem, subject) if runs is None else runs
        rows = list(runs.filter(pl.col("market") == market).iter_rows(named=True))
        if debounce_days is None:
            debounce_days = next((row["debounce_days"] for row in rows), 0)
        return cls(tables, oem, market, subject, day, Ledger(debounce_days, {row["date"]: row for row in rows}))

    @property
    def here(self) -> pl.Expr:
        """The filter of the market's rows."""
        return (pl.col("oem") == self.oem) & (pl.col("market") == self.market)

    @property
    def scope(self) -> str:
        return scope_of(self.oem, self.market)

    def read(
        self,
        table: TableDefinition,
        where: pl.Expr | None = None,
        columns: list[str] | None = None,
        *,
        version: int | None = None,
    ) -> pl.DataFrame:
        """The market's rows that match `where`, all by default."""
        return self.tables.read(table, self.here if where is None else self.here & where, columns, version=version)

    def enter(self, fetched: Fetched, content: SealedContent | None) -> None:
        """Enter the day into the ledger. content: what a complete day holds."""
        standing = self.ledger.rows.get(self.day)
        self.ledger.rows[self.day] = day_row(
            fetched.report, fetched.market, self.ledger.debounce_days, content, standing
        )

    def keep_standing(self, standing: Row | None) -> None:
        """Let the day's row say of history what it said before: its history is computed later, from what changed.

        standing: the day's row as it was before the day was entered.
        """
        row = self.ledger.rows[self.day]
        if row is not standing and standing is not None:
            row |= {name: standing[name] for name in ("accepted", "state", "rewrites_since", *COUNTS)}

    def will_replace(self, table: TableDefinition, where: pl.Expr | None, rows: pl.DataFrame, *, state: str) -> None:
        """Note rows that `stage` puts in the place of the market's rows that match `where`, None for all of them."""
        where = self.here if where is None else self.here & where
        self._replacements.append(_Replacement(table, where, rows, state))

    def will_replace_runs(self) -> None:
        """Note the market's rows of `runs` from the first month on of which a day differs: a night writes its month's
        again, in the place of the month's file, and no earlier ones."""
        changed = self.ledger.first_changed()
        if changed is not None:
            since = month_of(changed)
            rows = self.ledger.frame(definitions.RUNS.frame_schema, since)
            of_days = (pl.col("table") == self.subject) & (pl.col("date") >= since)
            self.will_replace(definitions.RUNS, of_days, rows, state=CONTENT)

    def stage(self) -> MarketOutcome:
        """Give what was noted to the tables, which commit it with the OEM's other markets, and say what came of the
        day."""
        differs = False
        for one in self._replacements:
            differs |= self.tables.replace(one.table, one.where, one.rows, scope=self.scope, state=one.state)
        self._replacements.clear()
        row = self.ledger.rows[self.day]
        reason = row["decision_reason"] if row["complete"] else row["message"]
        counts = {name: row[name] for name in COUNTS if row[name] is not None}
        vehicles = row["vehicles"] or 0
        warnings = list(self.warnings)
        if row["accepted"]:
            warnings += unusual(vehicles, row["disappeared"] or 0, self.ledger.before(self.day))
        return MarketOutcome(
            self.market,
            row["complete"],
            row["accepted"],
            reason,
            vehicles,
            differs,
            counts,
            warnings,
            self.ledger.words(),
            served=max((day for day, one in self.ledger.rows.items() if one["accepted"]), default=None),
        )

    def starting_point(self, present: TableDefinition, events: TableDefinition | None = None) -> StartingPoint | None:
        """Where computing has to start; None if the tables hold the ledger's accepted days already.

        That is after the last accepted day up to which nothing has changed and whose present can still be read.
        events: the table that is written before the present, where there is one.
        """
        states, accepted = self.ledger.states(), self.ledger.accepted()
        wanted = states[-1] if states else NOTHING_ACCEPTED
        current = self.tables.state(present, self.scope)
        if not accepted and not self.ledger.standing and current is None:
            return None
        undisturbed = self.ledger.undisturbed()
        if events is not None:
            of_events = self.tables.state(events, self.scope)
            if current == of_events == short(wanted):
                return None
            standing = self.ledger.standing[-1][1] if self.ledger.standing else NOTHING_ACCEPTED
            if of_events not in (short(standing), short(wanted)):
                # a step was killed after it had committed events, of rows that were replaced since
                undisturbed = 0
        elif current == short(wanted):
            return None
        days, version = undisturbed, None
        if days and short(states[days - 1]) != current:
            # a day of the past has changed: the present as it was before that day, as long as it can be read
            versions = self.tables.versions(present, self.scope)
            readable = [0, *(n for n, one in enumerate(states, start=1) if short(one) in (current, *versions))]
            while days not in readable:
                days = self.ledger.undisturbed(at_most=max(n for n in readable if n < days))
            state = short(states[days - 1]) if days else None
            version = versions[state] if state is not None and state != current else None
        kept_until = accepted[days - 1] if days else None
        touched = {*accepted, *(day for day, _ in self.ledger.standing)}
        since = min((day for day in touched if kept_until is None or day > kept_until), default=self.day)
        return StartingPoint(
            days=days,
            since=since,
            version=version,
            is_current=bool(days) and short(states[days - 1]) == current,
            state=wanted,
        )
