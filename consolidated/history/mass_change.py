"""Columns that change for most of a market in one night: more often the source's doing, or ours, than the dealers'."""

from __future__ import annotations

import polars as pl

SHARE = 0.5
VEHICLES = 20


def may_hold(counts: dict[str, int]) -> bool:
    """Whether a day's counts (`columns.COUNTS`) leave room for a mass change, so that its events are worth a look."""
    changes = max(counts.get(name) or 0 for name in ("price_changes", "dealer_changes", "changes"))
    return changes >= VEHICLES and changes > SHARE * (counts.get("compared") or 0)


def mass_changes(events: pl.DataFrame, compared: int) -> list[str]:
    """Each column that changed for more than half of the compared vehicles, and for 20 at least, in words.

    events: of one day, columns of `columns.EVENTS`. compared: the day's count of that name.
    """
    prices = events.filter(kind="price_changed")
    changed = {
        "price_amount": _differ(prices, "price_amount"),
        "price_currency": _differ(prices, "price_currency"),
        "dealer_id": events.filter(kind="dealer_changed").height,
    }
    fields = events.filter(kind="changed").select(pl.col("changes").list.explode().struct.field("field"))
    changed |= dict(fields.group_by("field").len().sort("field").iter_rows())
    return [
        f"mass_change: {column} changed for {count} of {compared} vehicles ({count / compared:.0%})".replace("%", " %")
        for column, count in changed.items()
        if count >= VEHICLES and count > SHARE * compared
    ]


def _differ(events: pl.DataFrame, column: str) -> int:
    return events.filter(pl.col(f"old_{column}").ne_missing(pl.col(f"new_{column}"))).height
