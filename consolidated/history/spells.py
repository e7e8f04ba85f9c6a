"""Spells: what was listed, is absent, is delisted. The same for vehicles and dealers, pure functions on frames."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from consolidated.tables.columns import SPELL

BEFORE = "_before"
WAS_THERE = pl.col(f"status{BEFORE}")
IS_NEW = WAS_THERE.is_null()
IS_RELISTED = (WAS_THERE == "delisted").fill_null(value=False)
IN_SAME_SPELL = (WAS_THERE != "delisted").fill_null(value=False)
RETURNS = (WAS_THERE == "absent").fill_null(value=False)


@dataclass(frozen=True, slots=True)
class AcceptedDay:
    """An accepted day of a market. is_covering: what is new on the day may have been listed before: the day is the
    market's first accepted one, or the first since the market is asked differently. debounce_days: accepted days of
    absence that end a spell. interpretation: of the contract and mapping that typed the day. is_retyped: the accepted
    day before it has another interpretation, and its records were typed again by this day's."""

    date: date
    is_covering: bool
    debounce_days: int
    interpretation: str = ""
    is_retyped: bool = False


def meet(state: pl.DataFrame, rows: pl.DataFrame, key: str) -> pl.DataFrame:
    """The day's rows, each beside its state before the day, whose columns have the suffix `_before`; null if new."""
    before = state.rename({name: f"{name}{BEFORE}" for name in state.columns if name != key})
    return rows.join(before, on=key, how="left")


def present_spell(day: AcceptedDay) -> dict[str, pl.Expr]:
    """The spell columns of the keys that are present, on the frame of `meet`."""

    def before(name: str) -> pl.Expr:
        return pl.col(f"{name}{BEFORE}")

    return {
        "status": pl.lit("listed"),
        "first_seen_on": pl.coalesce(before("first_seen_on"), pl.lit(day.date)),
        "first_seen_is_censored": pl.coalesce(before("first_seen_is_censored"), pl.lit(day.is_covering)),
        "spell_started_on": pl.when(IN_SAME_SPELL).then(before("spell_started_on")).otherwise(pl.lit(day.date)),
        "spell_started_is_censored": pl.when(IN_SAME_SPELL)
        .then(before("spell_started_is_censored"))
        .otherwise(pl.lit(day.is_covering)),
        "days_listed_earlier": pl.when(IN_SAME_SPELL)
        .then(before("days_listed_earlier"))
        .otherwise(
            before("days_listed_earlier").fill_null(0) + pl.when(IS_NEW).then(0).otherwise(days_of_spell(BEFORE))
        )
        .cast(pl.Int32),
        "last_seen_on": pl.lit(day.date),
        "spells": (before("spells").fill_null(0) + pl.when(IN_SAME_SPELL).then(0).otherwise(1)).cast(pl.Int32),
        "absent_since": pl.lit(None, dtype=pl.Date),
        "absent_days": pl.lit(0, dtype=pl.Int32),
    }


def days_of_spell(suffix: str = "") -> pl.Expr:
    """Calendar days from the spell's start to the last day seen, both included."""
    days = (pl.col(f"last_seen_on{suffix}") - pl.col(f"spell_started_on{suffix}")).dt.total_days() + 1
    return days.cast(pl.Int32)


def without_present(state: pl.DataFrame, rows: pl.DataFrame, key: str, day: AcceptedDay) -> pl.DataFrame:
    """The state of the keys that are not present: one more day of absence, until the debounce ends the spell."""
    gone_already = pl.col("status") == "delisted"
    absent_days = (pl.col("absent_days") + 1).cast(pl.Int32)
    return state.join(rows.select(key), on=key, how="anti").with_columns(
        pl.when(gone_already).then("absent_days").otherwise(absent_days).alias("absent_days"),
        pl.when(gone_already)
        .then("absent_since")
        .otherwise(pl.coalesce("absent_since", pl.lit(day.date)))
        .alias("absent_since"),
        pl.when(gone_already | (absent_days >= day.debounce_days))
        .then(pl.lit("delisted"))
        .otherwise(pl.lit("absent"))
        .alias("status"),
    )


def newly_gone(absentees: pl.DataFrame, state: pl.DataFrame, key: str) -> pl.DataFrame:
    """The absentees whose spell ended on this day."""
    gone_before = state.filter(pl.col("status") == "delisted").select(key)
    return absentees.filter(pl.col("status") == "delisted").join(gone_before, on=key, how="anti")


def advance_spells(
    state: pl.DataFrame, rows: pl.DataFrame, key: str, day: AcceptedDay
) -> tuple[pl.DataFrame, dict[str, int]]:
    """One accepted day of dealers, which have a spell and their last seen row, but no events.

    state: the rows' columns and `columns.SPELL`; rows: one a key. Returns the new state and the day's counts.
    """
    met = meet(state.select(key, *SPELL), rows, key)
    absentees = without_present(state, rows, key, day)
    present = met.select(*rows.columns, **present_spell(day))
    return pl.concat([present, absentees.select(present.columns)]), spell_counts(met, state, absentees, key, day)


def spell_counts(
    met: pl.DataFrame, state: pl.DataFrame, absentees: pl.DataFrame, key: str, day: AcceptedDay
) -> dict[str, int]:
    """covered, listed, relisted, returned, disappeared, delisted, as `columns.RUNS` defines them."""
    first, again = (int(met.select(one.sum()).item()) for one in (IS_NEW, IS_RELISTED))
    return {
        "covered": first + again if day.is_covering else 0,
        "listed": 0 if day.is_covering else first,
        "relisted": 0 if day.is_covering else again,
        "returned": int(met.select(RETURNS.sum()).item()),
        "disappeared": state.filter(pl.col("status") == "listed")
        .join(absentees.select(key), on=key, how="semi")
        .height,
        "delisted": newly_gone(absentees, state, key).height,
    }
