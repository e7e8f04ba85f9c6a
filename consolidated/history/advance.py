"""What happened to each vehicle on an accepted day: prices, dealers, other changes, as events and as the present.

Pure functions on frames, from the state before a day and the day's rows to the state after it. Spells are
computed in `spells.py`, and which listings are one vehicle in `identity.py`.
"""

from __future__ import annotations

import polars as pl

from consolidated.history.spells import (
    BEFORE,
    IN_SAME_SPELL,
    IS_NEW,
    IS_RELISTED,
    RETURNS,
    AcceptedDay,
    days_of_spell,
    meet,
    newly_gone,
    present_spell,
    spell_counts,
    without_present,
)
from consolidated.tables.columns import EVENTS, TRACKED, VEHICLE, VEHICLE_STATE

KEY = "vehicle_id"

_PRICE, _CURRENCY = pl.col("price_amount"), pl.col("price_currency")
_OLD_PRICE, _OLD_CURRENCY = pl.col(f"price_amount{BEFORE}"), pl.col(f"price_currency{BEFORE}")
# unknown is no price: null to 5 and 5 to null change nothing, and the next known price meets the last known one
_BOTH_KNOWN = IN_SAME_SPELL & _PRICE.is_not_null() & _OLD_PRICE.is_not_null()
_OTHER_CURRENCY = (_BOTH_KNOWN & (_CURRENCY != _OLD_CURRENCY)).fill_null(value=False)
_OTHER_PRICE = _BOTH_KNOWN & ((_PRICE != _OLD_PRICE) | _OTHER_CURRENCY)
_NEW_LOWEST = _BOTH_KNOWN & ~_OTHER_CURRENCY & (pl.col(f"price_lowest{BEFORE}") > _PRICE)
_OTHER_DEALER = IN_SAME_SPELL & pl.col("dealer_id").ne_missing(pl.col(f"dealer_id{BEFORE}"))
_IS_COMPARABLE = IN_SAME_SPELL & pl.col("interpretation").eq_missing(pl.col(f"interpretation{BEFORE}"))
_OTHERWISE_CHANGED = _IS_COMPARABLE & pl.any_horizontal(
    pl.col(name).ne_missing(pl.col(f"{name}{BEFORE}")) for name in TRACKED
)
_OLD_TERMS = {"old_price_amount": _OLD_PRICE, "old_price_currency": _OLD_CURRENCY}
_NEW_TERMS = {"new_price_amount": _PRICE, "new_price_currency": _CURRENCY}


def empty_state(schema: pl.Schema) -> pl.DataFrame:
    """The state before a market's first accepted day; schema: that of the table `inventory`."""
    return pl.DataFrame(schema={name: schema[name] for name in VEHICLE_STATE})


def advance(
    state: pl.DataFrame,
    rows: pl.DataFrame,
    day: AcceptedDay,
    *,
    sighted: pl.Series | None = None,
    base: pl.DataFrame | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame, dict[str, int]]:
    """One accepted day of a market.

    state: `columns.VEHICLE_STATE`, one row a vehicle ever seen. rows: the contract's columns, vehicle_id and
    is_identified_by_vin, one row a vehicle that has one. sighted: vehicle ids that were seen, with or without a row; a
    vehicle without a row is present with its last known one, if it ever had one, and has no event. base: rows of the
    accepted day before, typed again by the day's interpretation, columns as in `rows`; the day is compared with them.
    Returns the state after the day, the events known on it (columns of `columns.EVENTS`), and its counts
    (`columns.COUNTS`).
    """
    state = state.select(VEHICLE_STATE)
    if base is not None and not base.is_empty():
        state = _typed_again(state, base, day)
    met = meet(state, rows.with_columns(interpretation=pl.lit(day.interpretation)), KEY)
    without_row = _sighted_without_row(state, rows, sighted)
    met_without_row = meet(state, without_row, KEY)
    keys = pl.concat([rows.select(KEY), without_row.select(KEY)])
    absentees = without_present(state, keys, KEY, day)
    happened = _events_of_present(met, day)
    present = pl.concat(
        [
            _present(met, happened.select(KEY).unique(), day).select(VEHICLE_STATE),
            _present(met_without_row, happened.select(KEY).clear(), day).select(VEHICLE_STATE),
        ]
    )
    events = pl.concat([happened, _delistings(newly_gone(absentees, state, KEY), day)])
    kinds = dict(events.group_by("kind").len().iter_rows())
    counts = spell_counts(met, state, absentees, KEY, day) | {
        "price_changes": int(kinds.get("price_changed", 0)),
        "dealer_changes": int(kinds.get("dealer_changed", 0)),
        "changes": int(kinds.get("changed", 0)),
        "compared": int(met.select(IN_SAME_SPELL.sum()).item()),
    }
    counts["returned"] += int(met_without_row.select(RETURNS.sum()).item())
    return pl.concat([present, absentees.select(VEHICLE_STATE)]), events, counts


def with_days_listed(state: pl.DataFrame) -> pl.DataFrame:
    """The state with `days_listed` and `days_listed_total`."""
    days = days_of_spell()
    return state.with_columns(days_listed=days, days_listed_total=pl.col("days_listed_earlier") + days)


def _typed_again(state: pl.DataFrame, base: pl.DataFrame, day: AcceptedDay) -> pl.DataFrame:
    """The state with the vehicles' last seen rows as the day's interpretation reads them.

    The prices of a spell start anew where the new interpretation reads another price: a price of one interpretation is
    not lower than a price of another.
    """
    known = state.select(KEY, "price_amount", "price_currency", "price_first", "price_lowest")
    again = base.select(KEY, *VEHICLE).join(known, on=KEY, suffix=BEFORE)
    other = _PRICE.is_not_null() & (_PRICE.ne_missing(_OLD_PRICE) | _CURRENCY.ne_missing(_OLD_CURRENCY))
    again = again.with_columns(
        price_amount=pl.when(other).then(_PRICE).otherwise(_OLD_PRICE),
        price_currency=pl.when(other).then(_CURRENCY).otherwise(_OLD_CURRENCY),
        price_first=pl.when(other).then(_PRICE).otherwise("price_first"),
        price_lowest=pl.when(other).then(_PRICE).otherwise("price_lowest"),
        interpretation=pl.lit(day.interpretation),
    ).drop(f"price_amount{BEFORE}", f"price_currency{BEFORE}")
    replaced = [name for name in again.columns if name != KEY]
    rest = state.drop(replaced).join(again, on=KEY)
    return pl.concat([state.join(again.select(KEY), on=KEY, how="anti"), rest.select(state.columns)])


def _sighted_without_row(state: pl.DataFrame, rows: pl.DataFrame, sighted: pl.Series | None) -> pl.DataFrame:
    """The last known rows of the vehicles that were seen without a row of the day."""
    columns = [*VEHICLE, KEY, "is_identified_by_vin", "interpretation"]
    if sighted is None or sighted.is_empty():
        return state.select(columns).clear()
    found = state.select(columns).filter(pl.col(KEY).is_in(sighted.implode()))
    return found.join(rows.select(KEY), on=KEY, how="anti")


def _present(met: pl.DataFrame, happened: pl.DataFrame, day: AcceptedDay) -> pl.DataFrame:
    """The state of the vehicles that are present. happened: the vehicles with an event."""
    keeps_price = IN_SAME_SPELL & _PRICE.is_null()
    starts_prices = ~IN_SAME_SPELL | pl.col(f"price_first{BEFORE}").is_null() | _OTHER_CURRENCY
    changed_today = met.select(KEY).join(happened.with_columns(changed=True), on=KEY, how="left", maintain_order="left")
    return met.with_columns(changed_today["changed"].fill_null(value=False)).select(
        *(name for name in VEHICLE if name not in ("price_amount", "price_currency")),
        KEY,
        "is_identified_by_vin",
        price_amount=pl.when(keeps_price).then(_OLD_PRICE).otherwise(_PRICE),
        price_currency=pl.when(keeps_price).then(_OLD_CURRENCY).otherwise(_CURRENCY),
        price_first=pl.when(starts_prices).then(_PRICE).otherwise(pl.col(f"price_first{BEFORE}")),
        price_lowest=pl.when(starts_prices)
        .then(_PRICE)
        .otherwise(pl.min_horizontal(_PRICE, pl.col(f"price_lowest{BEFORE}"))),
        price_drops=pl.when(IN_SAME_SPELL)
        .then(pl.col(f"price_drops{BEFORE}") + _NEW_LOWEST.fill_null(value=False).cast(pl.Int32))
        .otherwise(0)
        .cast(pl.Int32),
        interpretation=pl.col("interpretation"),
        last_changed_on=pl.when(pl.col("changed")).then(pl.lit(day.date)).otherwise(pl.col(f"last_changed_on{BEFORE}")),
        **present_spell(day),
    )


def _events_of_present(met: pl.DataFrame, day: AcceptedDay) -> pl.DataFrame:
    first = pl.lit("covered" if day.is_covering else "listed")
    again = pl.lit("covered" if day.is_covering else "relisted")
    terms_again = _NEW_TERMS if day.is_covering else _OLD_TERMS | _NEW_TERMS
    changed = met.filter(_OTHERWISE_CHANGED)
    return pl.concat(
        [
            _events(met.filter(IS_NEW), first, pl.lit(day.date), day, **_NEW_TERMS),
            _events(met.filter(IS_RELISTED), again, pl.lit(day.date), day, **terms_again),
            _events(
                met.filter(_OTHER_PRICE), pl.lit("price_changed"), pl.lit(day.date), day, **_OLD_TERMS, **_NEW_TERMS
            ),
            _events(
                met.filter(_OTHER_DEALER),
                pl.lit("dealer_changed"),
                pl.lit(day.date),
                day,
                old_dealer_id=pl.col(f"dealer_id{BEFORE}"),
                new_dealer_id=pl.col("dealer_id"),
            ),
            _events(changed, pl.lit("changed"), pl.lit(day.date), day, changes=_changes()),
        ]
    )


def _delistings(gone: pl.DataFrame, day: AcceptedDay) -> pl.DataFrame:
    terms = {"old_price_amount": _PRICE, "old_price_currency": _CURRENCY}
    return _events(gone, pl.lit("delisted"), pl.col("absent_since"), day, **terms)


def _events(frame: pl.DataFrame, kind: pl.Expr, on: pl.Expr, day: AcceptedDay, **details: pl.Expr) -> pl.DataFrame:
    """Events of one kind, one a row of `frame`, with every column of the table."""
    given: dict[str, pl.Expr] = {
        "event_id": pl.concat_str("oem", "market", KEY, kind, on.cast(pl.String), separator="/"),
        "oem": pl.col("oem"),
        "market": pl.col("market"),
        KEY: pl.col(KEY),
        "listing_id": pl.col("listing_id"),
        "vin": pl.col("vin"),
        "kind": kind,
        "event_date": on,
        "known_on": pl.lit(day.date),
        **details,
    }
    return frame.select(given.get(name, pl.lit(None)).cast(column.dtype).alias(name) for name, column in EVENTS.items())


def _changes() -> pl.Expr:
    """The tracked columns that differ, each with its old and new value as text."""
    differences = []
    for name in TRACKED:
        old, new = pl.col(f"{name}{BEFORE}"), pl.col(name)
        entry = pl.struct(field=pl.lit(name), old=old.cast(pl.String), new=new.cast(pl.String))
        differences.append(pl.when(old.ne_missing(new)).then(entry))
    return pl.concat_list(differences).list.drop_nulls()
