"""The control table `runs` of one (oem, market, subject): its days, which are accepted, what was computed from them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import polars as pl

from consolidated.history.acceptance import Judgement, SealedDay, judge_days
from consolidated.history.spells import AcceptedDay
from consolidated.tables.columns import COUNTS
from transformed.day.report import MarketReport, Report

Row = dict[str, Any]
Subject = Literal["inventory", "dealers"]
"""What the rows of a table are of; the column `table` of `runs`."""
# what another attempt at the same day changes although the day stays as it was
_OF_THE_ATTEMPT = ("attempt", "fetch_seconds")
_OF_THE_OPERATOR = ("decision", "decision_note", "decided_by", "decided_at")
_OF_THE_HISTORY = ("accepted", "decision_reason", "state", "rewrites_since")


@dataclass
class Ledger:
    """The days of a market, by date. judgements: of the sealed days. standing: the accepted days as they were read,
    in order, each with its fingerprint: what the tables were last computed from."""

    debounce_days: int
    rows: dict[date, Row]
    judgements: dict[date, Judgement] = field(default_factory=dict)
    standing: list[tuple[date, str]] = field(init=False)
    _standing_rewrites: dict[date, date] = field(init=False)
    _computed: set[date] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.standing = [(day, row["state"]) for day, row in sorted(self.rows.items()) if row["accepted"]]
        self._standing_rewrites = {
            day: row["rewrites_since"] for day, row in self.rows.items() if row["rewrites_since"] is not None
        }

    def judge(self) -> None:
        """Judge every sealed day and write the judgement and the fingerprints into the rows."""
        sealed = [row for row in self.rows.values() if row["complete"]]
        self.judgements = judge_days(SealedDay(row["date"], row["vehicles"], row["decision"]) for row in sealed)
        states = dict(zip(self.accepted(), self.states(), strict=True))
        for day, row in self.rows.items():
            judgement = self.judgements.get(day, Judgement(False))
            row["debounce_days"] = self.debounce_days
            row["accepted"] = judgement.accepted
            row["decision_reason"] = judgement.reason
            row["state"] = states.get(day)
            if not judgement.accepted:
                row.update(dict.fromkeys((*COUNTS, "rewrites_since")))

    def accepted(self) -> list[date]:
        return sorted(day for day, judgement in self.judgements.items() if judgement.accepted)

    def states(self) -> list[str]:
        """After each accepted day, the fingerprint of all that the tables are computed from until then."""
        states = []
        state = f"debounce {self.debounce_days}"
        for day in self.accepted():
            row = self.rows[day]
            text = f"{state} {day.isoformat()} {row['content_hash']} {row['coverage']}"
            state = hashlib.sha256(text.encode()).hexdigest()
            states.append(state)
        return states

    def days(self) -> list[AcceptedDay]:
        days: list[AcceptedDay] = []
        coverage = None
        for day in self.accepted():
            days.append(AcceptedDay(day, self.rows[day]["coverage"] != coverage, self.debounce_days))
            coverage = self.rows[day]["coverage"]
        return days

    def enter_counts(self, day: date, counts: dict[str, int], rewrites_since: date | None) -> None:
        """Enter what happened on a day, as it has just been computed."""
        self.rows[day] |= counts | {"rewrites_since": rewrites_since}
        self._computed.add(day)

    def correct(self, differences: dict[date, dict[str, int]]) -> None:
        """Add what a later day changed of earlier days' counts, unless a killed step has added it already."""
        for day, counts in differences.items():
            if day in self._computed or not self._stands_as_it_is:
                self.rows[day] |= {name: self.rows[day][name] + gained for name, gained in counts.items()}

    @property
    def _stands_as_it_is(self) -> bool:
        """Whether `runs` was written for exactly these accepted days: a killed step wrote it before the present."""
        return [state for _, state in self.standing] == self.states()

    def undisturbed(self) -> int:
        """How many accepted days, from the first on, stand in the tables as they would be computed now.

        These are the days that have the fingerprint with which they stand. A day whose events a later day has
        changed is not among them, unless that later day is: without it the events might be others.
        """
        accepted, common = self.accepted(), 0
        for (_, before), now in zip(self.standing, self.states(), strict=False):
            if before != now:
                break
            common += 1
        for day, since in sorted(self._standing_rewrites.items(), reverse=True):
            if common and day > accepted[common - 1]:
                common = min(common, sum(one < since for one in accepted))
        return common

    def frame(self, schema: pl.Schema) -> pl.DataFrame:
        return pl.DataFrame([self.rows[day] for day in sorted(self.rows)], schema=schema, orient="row")


def day_row(
    report: Report,
    market: MarketReport,
    debounce_days: int,
    rows: pl.DataFrame | None,
    vehicles: int | None,
    standing: Row | None,
) -> Row:
    """A day's own row of `runs`. rows: those of a complete day, None for another;
    vehicles: how many vehicles (or dealers) they stand for. standing: its row so far.

    Another attempt that brought the same leaves the standing row as it is.
    """
    row: Row = {
        "oem": report.oem,
        "market": market.market,
        "table": report.table,
        "date": date.fromisoformat(report.date),
        "endpoint": report.endpoint,
        "debounce_days": debounce_days,
        "attempt": market.attempt,
        "coverage": market.coverage,
        "complete": rows is not None,
        "cause": market.cause,
        "message": market.message,
        "received": market.received,
        "accepted_rows": market.accepted,
        "quarantined": market.quarantined,
        "duplicates": market.duplicates,
        "reported_total": market.reported_total,
        "shortfall": market.shortfall,
        "fetch_seconds": market.fetch_seconds,
        "vehicles": vehicles,
        "content_hash": content_hash(rows) if rows is not None else None,
        "accepted": False,
        **{name: standing[name] if standing else None for name in _OF_THE_OPERATOR},
        "decision_reason": None,
        "state": None,
        "rewrites_since": None,
        **dict.fromkeys(COUNTS),
    }
    if standing is None:
        return row
    if row["content_hash"] == standing["content_hash"] and row["coverage"] == standing["coverage"]:
        row |= {name: standing[name] for name in (*COUNTS, "rewrites_since")}
    compared = [name for name in row if name not in (*_OF_THE_ATTEMPT, *_OF_THE_HISTORY)]
    same = all(row[name] == standing[name] for name in compared)
    return standing if same else row


def content_hash(rows: pl.DataFrame) -> str:
    """SHA-256 of rows, whatever their order: of their text, which does not depend on a library's version."""
    lists = [name for name, dtype in rows.schema.items() if dtype.is_nested()]
    flat = rows.with_columns(pl.col(lists).list.join("\x1f")) if lists else rows
    return hashlib.sha256(flat.sort(flat.columns).write_csv().encode()).hexdigest()
