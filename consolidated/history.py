"""What one more accepted day makes of what is known: spells, prices, events.

Belongs here: pure functions from (state, day) to (state, events), on frames of one (oem, market). Does not belong
here: which days count (`acceptance.py`), which listings are one vehicle (`identity.py`), any table.

The same `advance` serves the nightly step, which adds a last day, and the recomputation, which folds it over all
accepted days: so both give the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import polars as pl

from consolidated.columns import COUNTS, EVENTS, SPELL, VEHICLE_STATE
from consolidated.events import day_events
from consolidated.tables import DEALERS, INVENTORY, INVENTORY_EVENTS

EVENT_SCHEMA = INVENTORY_EVENTS.frame_schema
STATE_SCHEMA = pl.Schema({name: INVENTORY.frame_schema[name] for name in VEHICLE_STATE})
DEALER_SCHEMA = DEALERS.frame_schema

FIRST = ("covered", "listed")
"""Transitions that begin the first spell."""
FRESH = (*FIRST, "relisted")
"""Transitions that begin a spell."""


@dataclass(frozen=True, slots=True)
class AcceptedDay:
    """`is_covered`: the market's first accepted day, or the first under a new coverage, so that what appears on
    it stood there before. `debounce_days`: accepted days of absence that end a spell."""

    date: date
    is_covered: bool
    debounce_days: int


def advance_spells(spells: pl.DataFrame, present: pl.DataFrame, day: AcceptedDay, key: str) -> pl.DataFrame:
    """The spells after one more accepted day.

    spells: `key` and the columns of Spell. present: `key` of what was seen on the day, each once.
    Returns the same columns for everything in either, and `transition`: covered or listed (first seen),
    continued, returned (within the debounce), relisted; disappeared (first day of absence), absent, delisted
    (the absence reached the debounce), gone (delisted before).
    """
    both = spells.join(present.with_columns(is_present=pl.lit(True)), on=key, how="full", coalesce=True)
    here = pl.col("is_present").fill_null(False)
    status = pl.col("status")
    today = pl.lit(day.date)
    first = status.is_null()
    fresh = first | (here & (status == "delisted"))
    waiting = ~here & (status != "delisted")
    absent_days = (
        pl.when(here).then(0).when(waiting).then(pl.col("absent_days") + 1).otherwise("absent_days").cast(pl.Int32)
    )
    transition = (
        pl.when(first)
        .then(pl.lit("covered" if day.is_covered else "listed"))
        .when(here)
        .then(status.replace_strict({"listed": "continued", "absent": "returned", "delisted": "relisted"}))
        .when(status == "delisted")
        .then(pl.lit("gone"))
        .when(absent_days >= day.debounce_days)
        .then(pl.lit("delisted"))
        .when(status == "listed")
        .then(pl.lit("disappeared"))
        .otherwise(pl.lit("absent"))
    )
    return both.select(
        key,
        first_seen_on=pl.coalesce("first_seen_on", today),
        first_seen_is_censored=pl.coalesce("first_seen_is_censored", pl.lit(day.is_covered)),
        spell_started_on=pl.when(fresh).then(today).otherwise("spell_started_on"),
        last_seen_on=pl.when(here).then(today).otherwise("last_seen_on"),
        spells=(pl.col("spells").fill_null(0) + fresh.cast(pl.Int32)).cast(pl.Int32),
        absent_since=pl.when(here).then(None).when(status == "listed").then(today).otherwise("absent_since"),
        absent_days=absent_days,
        status=pl.when(here)
        .then(pl.lit("listed"))
        .when(absent_days >= day.debounce_days)
        .then(pl.lit("delisted"))
        .otherwise(pl.lit("absent")),
        transition=transition,
    )


def advance(
    state: pl.DataFrame, rows: pl.DataFrame, day: AcceptedDay
) -> tuple[pl.DataFrame, pl.DataFrame, dict[str, int]]:
    """One more accepted day: (state, events, counts as in `runs`).

    state: STATE_SCHEMA, one row a vehicle; delisted ones may be missing where they are not in `rows`.
    rows: the day's rows, one a vehicle: the contract's columns, vehicle_id, is_identified_by_vin.
    Events have EVENT_SCHEMA. The state that comes back holds the vehicles of both.
    """
    spells = advance_spells(
        state.select("vehicle_id", *SPELL), rows.select("vehicle_id"), day, "vehicle_id"
    )
    seen = _prices(rows.join(_priced_before(state), on="vehicle_id", how="left").join(spells, on="vehicle_id"))
    here = spells["last_seen_on"] == day.date
    unseen = state.drop(SPELL).join(spells.filter(~here), on="vehicle_id")
    events = day_events(seen, unseen, state, day.date)
    changed = events.filter(pl.col("kind") != "delisted").select(pl.col("vehicle_id").unique())
    seen = (
        seen.join(changed.with_columns(has_changed=pl.lit(True)), on="vehicle_id", how="left")
        .with_columns(
            pl.when("has_changed").then(pl.lit(day.date)).otherwise("last_changed_on").alias("last_changed_on"),
            price_amount=pl.coalesce("price_amount", "old_price_amount"),
            price_currency=pl.when(pl.col("price_amount").is_null())
            .then("old_price_currency")
            .otherwise("price_currency"),
        )
    )
    after = pl.concat([frame.select(VEHICLE_STATE).cast(dict(STATE_SCHEMA)) for frame in (seen, unseen)])
    return after, events.select(EVENTS).cast(dict(EVENT_SCHEMA)), _counts(spells, events)


def fold(
    days: Iterable[tuple[AcceptedDay, pl.DataFrame]],
) -> tuple[pl.DataFrame, pl.DataFrame, dict[date, dict[str, int]]]:
    """All accepted days in date order: (state of all vehicles, all events, counts of each day)."""
    state, gone = STATE_SCHEMA.to_frame(), STATE_SCHEMA.to_frame()
    events, counts = [EVENT_SCHEMA.to_frame()], {}
    for day, rows in days:
        # what is gone is set aside, so that a day costs what it holds and not all that ever was
        state = pl.concat([state, gone.join(rows, on="vehicle_id", how="semi")])
        gone = gone.join(rows, on="vehicle_id", how="anti")
        state, new_events, counts[day.date] = advance(state, rows, day)
        events.append(new_events)
        gone = pl.concat([gone, state.filter(pl.col("status") == "delisted")])
        state = state.filter(pl.col("status") != "delisted")
    return pl.concat([state, gone]), pl.concat(events), counts


def present_table(state: pl.DataFrame) -> pl.DataFrame:
    """A state with the column that follows from it: `days_listed`."""
    days = (pl.col("last_seen_on") - pl.col("spell_started_on")).dt.total_days() + 1
    return state.with_columns(days_listed=days.cast(pl.Int32))


def advance_dealers(
    state: pl.DataFrame, rows: pl.DataFrame, day: AcceptedDay
) -> tuple[pl.DataFrame, dict[str, int]]:
    """One more accepted day of dealers: (state, counts). state and result: the columns of table `dealers`;
    rows: the contract's columns, one row a dealer."""
    spells = advance_spells(state.select("dealer_id", *SPELL), rows.select("dealer_id"), day, "dealer_id")
    here = pl.col("last_seen_on") == day.date
    after = [
        rows.join(spells.filter(here), on="dealer_id"),
        state.drop(SPELL).join(spells.filter(~here), on="dealer_id"),
    ]
    columns = list(DEALER_SCHEMA)
    return (
        pl.concat([frame.select(columns).cast(dict(DEALER_SCHEMA)) for frame in after]),
        _counts(spells, None),
    )


def _priced_before(state: pl.DataFrame) -> pl.DataFrame:
    """What the prices of a vehicle's next day are compared with, narrow."""
    return state.select(
        "vehicle_id",
        "price_first",
        "price_lowest",
        "price_drops",
        "last_changed_on",
        old_price_amount="price_amount",
        old_price_currency="price_currency",
        old_dealer_id="dealer_id",
    )


def _prices(seen: pl.DataFrame) -> pl.DataFrame:
    """Bring the spell's price columns to today's price; `is_price_changed` besides.

    An unknown price is no price. Amounts in different currencies do not compare: a new currency begins
    price_first and price_lowest anew and is no drop. A new spell begins all of them.
    """
    today, before = pl.col("price_amount"), pl.col("old_price_amount")
    known = today.is_not_null()
    other_currency = known & before.is_not_null() & (pl.col("price_currency") != pl.col("old_price_currency"))
    seen = seen.with_columns(is_fresh=pl.col("transition").is_in(FRESH))
    changed = ~pl.col("is_fresh") & known & before.is_not_null() & ((today != before) | other_currency)
    begins = pl.col("is_fresh") | other_currency
    priced = seen.with_columns(
        is_price_changed=changed,
        price_first=pl.when(begins).then(today).otherwise(pl.coalesce("price_first", today)),
        price_lowest=pl.when(begins).then(today).otherwise(pl.min_horizontal("price_lowest", today)),
        price_drops=pl.when("is_fresh").then(0).otherwise("price_drops")
        + (changed & ~other_currency & (today < before)).fill_null(False).cast(pl.Int32),
        spell_old_amount=before,
        spell_old_currency="old_price_currency",
    )
    # the last spell's price is the old price of `relisted`, but not the last known one of this spell
    return priced.with_columns(
        pl.when(~pl.col("is_fresh")).then("old_price_amount").alias("old_price_amount"),
        pl.when(~pl.col("is_fresh")).then("old_price_currency").alias("old_price_currency"),
    )


def _counts(spells: pl.DataFrame, events: pl.DataFrame | None) -> dict[str, int]:
    """The columns of `runs` that count what became of the day."""
    counts = dict.fromkeys(COUNTS, 0)
    transitions = dict(spells["transition"].value_counts().iter_rows())
    for name in ("covered", "listed", "relisted", "returned", "delisted"):
        counts[name] = transitions.get(name, 0)
    counts["disappeared"] = spells.select(
        (pl.col("transition").is_in(["disappeared", "delisted"]) & (pl.col("absent_days") == 1)).sum()
    ).item()
    if events is not None:
        kinds = dict(events["kind"].value_counts().iter_rows())
        counts["price_changes"] = kinds.get("price_changed", 0)
        counts["dealer_changes"] = kinds.get("dealer_changed", 0)
        counts["changes"] = kinds.get("changed", 0)
    return counts
