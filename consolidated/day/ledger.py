"""The control table `runs` of one (oem, market, subject): its days, which are accepted, what was computed from them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise, takewhile
from typing import Any, Literal

import polars as pl

from consolidated.day.content_hash import content_hash
from consolidated.history.acceptance import Judgement, SealedDay, Shares, judge_days
from consolidated.history.spells import AcceptedDay
from consolidated.tables.columns import COUNTS
from transformed.day.report import MarketReport, Report

Row = dict[str, Any]
Subject = Literal["inventory", "dealers"]
"""What the rows of a table are of; the column `table` of `runs`."""
RULES = 3
"""Moves when the rules of history change, or when a mended fault may have left wrong rows: every market is then
computed again from its sealed days."""
# what another attempt at the same day changes although the day stays as it was
_OF_THE_ATTEMPT = ("attempt", "fetch_seconds")
_OF_THE_OPERATOR = ("decision", "decision_note", "decided_by", "decided_at")
_OF_TURNOVER = ("judged_after", "absent_share", "unseen_share")
_OF_RETYPING = ("retyped_as", "retyped_hash", "reinterpreted")
_OF_THE_HISTORY = ("accepted", "decision_reason", "state", "rewrites_since", *_OF_TURNOVER, *_OF_RETYPING)

MeasureTurnover = Callable[[date, Sequence[date]], Shares]
"""Of a day against the accepted days before it, in order."""


@dataclass(frozen=True, slots=True)
class Boundary:
    """Two accepted days, one after the other, that were typed by different interpretations. The records of `before`
    are typed again by the interpretation of `day`, and `day` is compared with these."""

    before: date
    day: date
    interpretation: str


@dataclass
class Ledger:
    """The days of a market, by date. judgements: of the sealed days. standing: the accepted days as they were read,
    in order, each with its fingerprint: what the tables were last computed from. `rows` are changed in place."""

    debounce_days: int
    rows: dict[date, Row]
    judgements: dict[date, Judgement] = field(default_factory=dict)
    standing: list[tuple[date, str]] = field(init=False)
    _standing_rewrites: dict[date, date] = field(init=False)
    _computed: set[date] = field(default_factory=set)
    _as_read: dict[date, Row] = field(init=False)

    def __post_init__(self) -> None:
        self._as_read = {day: dict(row) for day, row in self.rows.items()}
        self.standing = [(day, row["state"]) for day, row in sorted(self.rows.items()) if row["accepted"]]
        self._standing_rewrites = {
            day: row["rewrites_since"] for day, row in self.rows.items() if row["rewrites_since"] is not None
        }

    def judge(self, measure: MeasureTurnover | None) -> None:
        """Judge every sealed day and write the judgements into the rows. measure: None where nothing turns over."""
        fingerprints = [""]
        measured: dict[date, Row] = {}

        def turnover(day: SealedDay, accepted: Sequence[SealedDay]) -> Shares | None:
            if measure is None:
                return None
            for one in accepted[len(fingerprints) - 1 :]:
                fingerprints.append(_hash(f"{fingerprints[-1]} {one.date} {self.rows[one.date]['content_hash']}"))
            after, row = fingerprints[len(accepted)], self.rows[day.date]
            if row["judged_after"] == after:
                shares = Shares(row["absent_share"], row["unseen_share"])
            else:
                shares = measure(day.date, [one.date for one in accepted])
            measured[day.date] = dict(zip(_OF_TURNOVER, (after, shares.absent, shares.unseen), strict=True))
            return shares

        sealed = [row for row in self.rows.values() if row["complete"]]
        self.judgements = judge_days(
            (SealedDay(row["date"], row["vehicles"], row["decision"]) for row in sealed), turnover
        )
        for day, row in self.rows.items():
            judgement = self.judgements.get(day, Judgement(False))
            row["debounce_days"] = self.debounce_days
            row["accepted"] = judgement.accepted
            row["decision_reason"] = judgement.reason
            row.update(measured.get(day, dict.fromkeys(_OF_TURNOVER)))
            if not judgement.accepted:
                row.update(dict.fromkeys((*COUNTS, "rewrites_since")))

    def boundaries(self) -> list[Boundary]:
        return [
            Boundary(before, day, self.interpretation(day))
            for before, day in pairwise(self.accepted())
            if self.interpretation(before) != self.interpretation(day)
        ]

    def enter_boundaries(self) -> list[Boundary]:
        """Forget what was typed again for days that are no boundaries any more. Returns the boundaries of which the
        earlier day has not been typed again as the later one needs it."""
        boundaries = self.boundaries()
        kept_before = {one.before: one for one in boundaries}
        kept_day = {one.day for one in boundaries}
        missing = []
        for day, row in self.rows.items():
            boundary = kept_before.get(day)
            if boundary is None:
                row |= {"retyped_as": None, "retyped_hash": None}
            elif row["retyped_as"] != boundary.interpretation or (
                row["retyped_hash"] is not None and self.rows[boundary.day]["reinterpreted"] is None
            ):
                missing.append(boundary)
            if day not in kept_day:
                row["reinterpreted"] = None
        return missing

    def enter_retyped(self, boundary: Boundary, rows: pl.DataFrame | None, reinterpreted: int | None) -> None:
        """Enter with which rows a boundary's day is compared; None where its records cannot be typed again."""
        retyped_hash = None if rows is None else content_hash(rows)
        self.rows[boundary.before] |= {"retyped_as": boundary.interpretation, "retyped_hash": retyped_hash}
        self.rows[boundary.day]["reinterpreted"] = reinterpreted

    def enter_states(self) -> None:
        """Write into the rows, for each accepted day, the fingerprint of all that the tables are computed from until
        then."""
        retyped = {one.day: self.rows[one.before]["retyped_hash"] for one in self.boundaries()}
        state = f"rules {RULES} debounce {self.debounce_days}"
        states = {}
        for day in self.accepted():
            row = self.rows[day]
            covers = "cover" if row["decision"] == "cover" else ""
            parts = (state, day, row["content_hash"], row["coverage"], covers, row["interpretation"], retyped.get(day))
            states[day] = state = _hash(" ".join(map(str, parts)))
        for day, row in self.rows.items():
            row["state"] = states.get(day)

    def accepted(self) -> list[date]:
        return sorted(day for day, judgement in self.judgements.items() if judgement.accepted)

    def interpretation(self, day: date) -> str:
        """Of the contract and the mapping that typed the day; empty for a day typed before there were fingerprints."""
        return self.rows[day]["interpretation"] or ""

    def states(self) -> list[str]:
        """The fingerprint after each accepted day, as `enter_states` has written them."""
        return [self.rows[day]["state"] for day in self.accepted()]

    def days(self) -> list[AcceptedDay]:
        retyped = {one.day for one in self.boundaries() if self.rows[one.before]["retyped_hash"] is not None}
        days: list[AcceptedDay] = []
        coverage = None
        for day in self.accepted():
            row = self.rows[day]
            is_covering = row["coverage"] != coverage or row["decision"] == "cover"
            days.append(AcceptedDay(day, is_covering, self.debounce_days, self.interpretation(day), day in retyped))
            coverage = row["coverage"]
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

    def undisturbed(self, at_most: int | None = None) -> int:
        """How many accepted days, from the first on, stand in the tables as they would be computed now.

        These are the days that have the fingerprint with which they stand, and no more than `at_most`. A day whose
        history a later day has changed is not among them, unless that later day is: computing the later day again
        would change the earlier day's counts a second time, and without the later day its events might be others.
        """
        accepted, standing, now = self.accepted(), [state for _, state in self.standing], self.states()
        common = sum(1 for _ in takewhile(lambda both: both[0] == both[1], zip(standing, now, strict=False)))
        if at_most is not None:
            common = min(common, at_most)
        if standing == now:  # `runs` is written: what is computed again then corrects no earlier day (`correct`)
            return common
        for day, since in sorted(self._standing_rewrites.items(), reverse=True):
            if common and day > accepted[common - 1]:
                common = min(common, sum(one < since for one in accepted))
        return common

    def words(self) -> dict[date, Row]:
        """The operator's words: decision, decision_note, decided_by and decided_at of each day that has a decision."""
        return {
            day: {name: row[name] for name in _OF_THE_OPERATOR}
            for day, row in sorted(self.rows.items())
            if row["decision"] is not None
        }

    def before(self, day: date) -> list[tuple[int, int]]:
        """Vehicles and newly absent vehicles of the accepted days before a day, in order."""
        rows = [self.rows[one] for one in self.accepted() if one < day]
        return [(row["vehicles"] or 0, row["disappeared"] or 0) for row in rows]

    def first_changed(self) -> date | None:
        """The first day whose row is another than the one that was read; None where all are as they were."""
        return min((day for day, row in self.rows.items() if row != self._as_read.get(day)), default=None)

    def frame(self, schema: pl.Schema, since: date) -> pl.DataFrame:
        """The rows from a day on."""
        days = sorted(day for day in self.rows if day >= since)
        return pl.DataFrame([self.rows[day] for day in days], schema=schema, orient="row")


@dataclass(frozen=True, slots=True)
class SealedContent:
    """What a complete day holds. vehicles: distinct vehicles (or dealers) seen; sightings: distinct listings (or
    dealers) seen. hash: of its rows and its sightings. without_row: the dealers that were seen and have no row;
    listings of vehicles have a table for that."""

    vehicles: int
    sightings: int
    hash: str
    without_row: tuple[str, ...] = ()


def day_row(
    report: Report,
    market: MarketReport,
    debounce_days: int,
    content: SealedContent | None,
    standing: Row | None,
) -> Row:
    """A day's own row of `runs`. content: of a complete day, None for another. standing: the day's row so far.

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
        "complete": content is not None,
        "cause": market.cause,
        "message": market.message,
        "received": market.received,
        "accepted_rows": market.accepted,
        "quarantined": market.quarantined,
        "duplicates": market.duplicates,
        "reported_total": market.reported_total,
        "shortfall": market.shortfall,
        "fetch_seconds": market.fetch_seconds,
        "vehicles": content.vehicles if content else None,
        "sightings": content.sightings if content else None,
        "content_hash": content.hash if content else None,
        "seen_without_row": "\n".join(content.without_row) or None if content else None,
        "interpretation": report.interpretation,
        "accepted": False,
        **{name: standing[name] if standing else None for name in _OF_THE_OPERATOR},
        "decision_reason": None,
        "state": None,
        "rewrites_since": None,
        **dict.fromkeys((*_OF_TURNOVER, *_OF_RETYPING, *COUNTS)),
    }
    if standing is None:
        return row
    if row["content_hash"] == standing["content_hash"] and row["coverage"] == standing["coverage"]:
        row |= {name: standing[name] for name in (*COUNTS, "rewrites_since")}
    compared = [name for name in row if name not in (*_OF_THE_ATTEMPT, *_OF_THE_HISTORY)]
    same = all(row[name] == standing[name] for name in compared)
    return standing if same else row


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
