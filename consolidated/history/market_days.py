"""A market's days as figures, one row a day: what stood there, came, went, cost. Pure functions on frames.

Each figure follows from the other tables by plain SQL, which `tests/support/market_daily_sql.py` states.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import polars as pl

from transformed.contract.contracts import AVAILABILITIES

NOT_STATED = "availability_not_stated"
_COUNTS_OF_RUNS = {
    "listed": "vehicles",
    "covered": "covered",
    "arrivals": "listed",
    "relistings": "relisted",
    "absent": "disappeared",
    "returned": "returned",
    "departures": "delisted",
    "price_changes": "price_changes",
}
"""Column -> the column of `runs` that it takes over."""
_ON_LOT = {"date": pl.Date, "days_on_lot_known": pl.Int64, "days_on_lot_median": pl.Int64}


def stale_days(runs: pl.DataFrame, standing: pl.DataFrame) -> list[date]:
    """The days of a market that have to be computed, in order.

    They are those whose row in `runs` is another than the one that their figures were computed from; and where such
    a day rewrites earlier events, now or when it was last computed, all days from the earliest of these on.
    runs: the market's days of `runs` (date, state, content_hash, accepted, complete, rewrites_since). standing: its
    rows of `market_daily`.
    """
    basis = runs.select("date", "rewrites_since", basis=basis_of_day())
    before = standing.select("date", "basis", "rewrites_since")
    both = basis.join(before, on="date", how="full", suffix="_before", coalesce=True)
    differs = both.filter(pl.col("basis").ne_missing(pl.col("basis_before")))
    rewritten = differs.select(pl.min_horizontal("rewrites_since", "rewrites_since_before").min()).item()
    stale = pl.col("date").is_in(differs["date"].implode())
    if rewritten is not None:
        stale |= pl.col("date") >= rewritten
    return basis.filter(stale)["date"].sort().to_list()


def basis_of_day() -> pl.Expr:
    """What the figures of a day are computed from, as a text: two days with the same one have the same figures."""
    names = ("accepted", "complete", "content_hash", "state", "rewrites_since", *_COUNTS_OF_RUNS.values())
    return pl.concat_str([pl.col(name).cast(pl.String).fill_null("-") for name in names], separator=" ")


def market_days(
    days: Iterable[date],
    runs: pl.DataFrame,
    daily: pl.DataFrame,
    events: pl.DataFrame,
    present: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """The figures of some days of a market, columns of the table `market_daily` but oem and market.

    runs: the rows of the market's inventory. daily: its rows of `inventory_daily` on these days. events: its rows of
    `inventory_events` known until the last of them. present: where no accepted day but the last one is among them, the
    vehicles of `inventory` that are not delisted (spell_started_on, spell_started_is_censored); events of these days
    suffice then.
    """
    wanted = runs.filter(pl.col("date").is_in(list(days))).sort("date")
    figures = wanted.select(
        "date",
        "complete",
        "accepted",
        *(pl.col(source).alias(name) for name, source in _COUNTS_OF_RUNS.items()),
        "rewrites_since",
        basis=basis_of_day(),
    )
    accepted = wanted.filter("accepted")["date"]
    on_lot = _days_on_lot(accepted, events) if present is None else _days_on_lot_now(accepted, present)
    for more in (_price_drops(events), _prices(daily), _availability(daily), on_lot):
        figures = figures.join(more, on="date", how="left")
    zero_where_accepted = pl.when(pl.col("accepted")).then(pl.col("price_drops").fill_null(0))
    return figures.with_columns(price_drops=zero_where_accepted)


def drops() -> pl.Expr:
    """Whether an event is a drop of the price: a lower one in the same currency."""
    return (
        (pl.col("kind") == "price_changed")
        & (pl.col("old_price_currency") == pl.col("new_price_currency"))
        & (pl.col("new_price_amount") < pl.col("old_price_amount"))
    )


def _price_drops(events: pl.DataFrame) -> pl.DataFrame:
    return events.filter(drops()).group_by(date="known_on").agg(price_drops=pl.len().cast(pl.Int64))


def _prices(daily: pl.DataFrame) -> pl.DataFrame:
    """The currency that most listings are priced in (of several the first by name), and the median there."""
    priced = daily.filter(pl.col("price_amount").is_not_null())
    by_currency = priced.group_by("date", "price_currency").agg(
        priced=pl.len().cast(pl.Int64),
        price_median=pl.col("price_amount").sort().gather((pl.len() - 1) // 2).first(),
    )
    order = by_currency.sort("date", "priced", "price_currency", descending=[False, True, False])
    return order.group_by("date", maintain_order=True).first()


def _availability(daily: pl.DataFrame) -> pl.DataFrame:
    """The number of listings by what the source says of their availability."""
    said = pl.col("availability")
    return daily.group_by("date").agg(
        listings=pl.len().cast(pl.Int64),
        **{name: (said == name).sum().cast(pl.Int64) for name in AVAILABILITIES},
        **{NOT_STATED: said.is_null().sum().cast(pl.Int64)},
    )


def _days_on_lot(accepted: pl.Series, events: pl.DataFrame) -> pl.DataFrame:
    """The lower median of the calendar days since their listing of the vehicles that, as known on each accepted day,
    are not gone; without those that stood there before anybody looked."""
    of_spell = events.filter(pl.col("kind").is_in(["covered", "listed", "relisted", "delisted"]))
    rows = []
    for day in accepted:
        last = of_spell.filter(pl.col("known_on") <= day).sort("known_on", "event_date").group_by("vehicle_id").last()
        rows.append(_on_lot(day, last.filter(pl.col("kind").is_in(["listed", "relisted"]))["event_date"]))
    return pl.DataFrame(rows, schema=_ON_LOT)


def _days_on_lot_now(accepted: pl.Series, present: pl.DataFrame) -> pl.DataFrame:
    """The same of the last accepted day, from the present as of that day. accepted: that day, or none."""
    since = present.filter(~pl.col("spell_started_is_censored"))["spell_started_on"]
    return pl.DataFrame([_on_lot(day, since) for day in accepted], schema=_ON_LOT)


def _on_lot(day: date, since: pl.Series) -> dict[str, object]:
    """since: the day of each vehicle's listing."""
    on_lot = (pl.lit(day) - pl.col("since")).dt.total_days() + 1
    days = since.to_frame("since").select(on_lot).to_series().sort()
    median = days[(days.len() - 1) // 2] if days.len() else None
    return {"date": day, "days_on_lot_known": days.len(), "days_on_lot_median": median}
