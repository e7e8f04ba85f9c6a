"""The events of one accepted day, as rows of `inventory_events`.

Belongs here: which event a transition or a difference is, and its columns. Does not belong here: how spells and
prices come about (`history.py`).
"""

from __future__ import annotations

from datetime import date

import polars as pl

from consolidated.columns import TRACKED

_WHO = ("oem", "market", "vehicle_id", "listing_id", "vin")
_CHANGE = pl.Struct({"field": pl.String, "old": pl.String, "new": pl.String})


def day_events(seen: pl.DataFrame, unseen: pl.DataFrame, before: pl.DataFrame, day: date) -> pl.DataFrame:
    """All events known on a day; the columns of `inventory_events` in any order.

    seen: the day's rows with `transition`, `is_price_changed`, `old_dealer_id` and the spell's old price;
    unseen: the other vehicles with `transition`; before: the state before the day.
    """
    first = seen.filter(pl.col("transition").is_in(["covered", "listed"])).select(
        *_WHO,
        kind="transition",
        event_date=pl.lit(day),
        new_price_amount="price_amount",
        new_price_currency=_currency("price_amount", "price_currency"),
    )
    relisted = seen.filter(pl.col("transition") == "relisted").select(
        *_WHO,
        kind="transition",
        event_date=pl.lit(day),
        old_price_amount="spell_old_amount",
        old_price_currency="spell_old_currency",
        new_price_amount="price_amount",
        new_price_currency=_currency("price_amount", "price_currency"),
    )
    priced = seen.filter("is_price_changed").select(
        *_WHO,
        kind=pl.lit("price_changed"),
        event_date=pl.lit(day),
        old_price_amount="old_price_amount",
        old_price_currency="old_price_currency",
        new_price_amount="price_amount",
        new_price_currency="price_currency",
    )
    staying = seen.filter(pl.col("transition").is_in(["continued", "returned"]))
    dealers = staying.filter(pl.col("dealer_id").ne_missing(pl.col("old_dealer_id"))).select(
        *_WHO,
        kind=pl.lit("dealer_changed"),
        event_date=pl.lit(day),
        old_dealer_id="old_dealer_id",
        new_dealer_id="dealer_id",
    )
    changed = _changes(staying, before).select(
        *_WHO, kind=pl.lit("changed"), event_date=pl.lit(day), changes="changes"
    )
    delisted = unseen.filter(pl.col("transition") == "delisted").select(
        *_WHO,
        kind=pl.lit("delisted"),
        event_date="absent_since",
        old_price_amount="price_amount",
        old_price_currency="price_currency",
    )
    events = pl.concat([first, relisted, priced, dealers, changed, delisted], how="diagonal")
    event_id = pl.concat_str("oem", "market", "vehicle_id", "kind", pl.col("event_date").cast(pl.String), separator="/")
    return events.with_columns(event_id=event_id, known_on=pl.lit(day))


def _currency(amount: str, currency: str) -> pl.Expr:
    return pl.when(pl.col(amount).is_not_null()).then(pl.col(currency))


def _changes(staying: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The rows of `staying` in which a tracked column differs from before, with `changes`.

    By a hash of the tracked columns first: a join of the wide rows would hold everything twice.
    """
    tracked = pl.struct(TRACKED).hash()
    different = (
        staying.select("vehicle_id", after=tracked)
        .join(before.select("vehicle_id", before=tracked), on="vehicle_id")
        .filter(pl.col("after") != pl.col("before"))
        .select("vehicle_id")
    )
    pairs = staying.join(different, on="vehicle_id", how="semi").join(
        before.select("vehicle_id", *TRACKED), on="vehicle_id", suffix="_before"
    )
    one_each = [
        pl.when(pl.col(name).ne_missing(pl.col(f"{name}_before"))).then(
            pl.struct(
                pl.lit(name).alias("field"),
                pl.col(f"{name}_before").cast(pl.String).alias("old"),
                pl.col(name).cast(pl.String).alias("new"),
            )
        )
        for name in TRACKED
    ]
    return pairs.with_columns(changes=pl.concat_list(one_each).list.drop_nulls().cast(pl.List(_CHANGE)))
