"""Markets' days as figures, one row a market and day: what stood there, came, went, cost. Pure functions on frames.

Each figure follows from the other tables by plain SQL, which `tests/support/market_daily_sql.py` states.
"""

from __future__ import annotations

import polars as pl

from transformed.contract.contracts import AVAILABILITIES

NOT_STATED = "availability_not_stated"
DAY = ("market", "date")
"""What a row is of."""
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
_BASIS = ("accepted", "complete", "content_hash", "state", "rewrites_since", *_COUNTS_OF_RUNS.values())
OF_RUNS = (*DAY, *_BASIS)
"""The columns of `runs` that the figures need."""


_ON_LOT = pl.Schema(
    {"market": pl.String(), "date": pl.Date(), "days_on_lot_known": pl.Int64(), "days_on_lot_median": pl.Int64()}
)


def stale_days(runs: pl.DataFrame, standing: pl.DataFrame) -> pl.DataFrame:
    """The days that have to be computed: market, date, in order.

    They are those whose row in `runs` is another than the one that their figures were computed from; and where such
    a day rewrites earlier events of its market, now or when it was last computed, all days from the earliest of these
    on. runs: the markets' days of `runs`, OF_RUNS. standing: their rows of `market_daily`.
    """
    basis = runs.select(*DAY, "rewrites_since", basis=basis_of_day())
    before = standing.select(*DAY, "basis", "rewrites_since")
    both = basis.join(before, on=DAY, how="full", suffix="_before", coalesce=True)
    differs = both.filter(pl.col("basis").ne_missing(pl.col("basis_before"))).with_columns(is_other=True)
    rewritten = differs.group_by("market").agg(since=pl.min_horizontal("rewrites_since", "rewrites_since_before").min())
    days = basis.join(differs.select(*DAY, "is_other"), on=DAY, how="left").join(rewritten, on="market", how="left")
    return days.filter(pl.col("is_other") | (pl.col("date") >= pl.col("since"))).select(DAY).sort(DAY)


def basis_of_day() -> pl.Expr:
    """What the figures of a day are computed from, as a text: two days with the same one have the same figures."""
    return pl.concat_str([pl.col(name).cast(pl.String).fill_null("-") for name in _BASIS], separator=" ")


def market_days(days: pl.DataFrame, daily: pl.DataFrame, events: pl.DataFrame, on_lot: pl.DataFrame) -> pl.DataFrame:
    """The figures of some days, columns of the table `market_daily` but oem.

    days: their rows of `runs`, OF_RUNS. daily: the markets' rows of `inventory_daily` on these days (market, date,
    availability, price_amount, price_currency). events: their events known on these days (market, known_on, kind, and
    both prices with their currencies). on_lot: `days_on_lot` or `days_on_lot_now` of these days.
    """
    figures = days.select(
        *DAY,
        "complete",
        "accepted",
        *(pl.col(source).alias(name) for name, source in _COUNTS_OF_RUNS.items()),
        "rewrites_since",
        basis=basis_of_day(),
    )
    for more in (_price_drops(events), _prices(daily), _availability(daily), on_lot):
        figures = figures.join(more, on=DAY, how="left")
    zero = pl.when(pl.col("accepted")).then(pl.col("price_drops", "days_on_lot_known").fill_null(0))
    return figures.with_columns(zero)


def drops() -> pl.Expr:
    """Whether an event is a drop of the price: a lower one in the same currency."""
    return (
        (pl.col("kind") == "price_changed")
        & (pl.col("old_price_currency") == pl.col("new_price_currency"))
        & (pl.col("new_price_amount") < pl.col("old_price_amount"))
    )


def days_on_lot(days: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """market, date, days_on_lot_known, days_on_lot_median: the number of vehicles that, as known on each day, are not
    gone, without those that stood there before anybody looked; and the lower median of the calendar days since their
    listing. No row of a day without such a vehicle.

    days: accepted days of markets, market and date. events: all of the markets' events known until then (market,
    vehicle_id, kind, known_on, event_date).
    """
    of_spell = events.filter(pl.col("kind").is_in(["covered", "listed", "relisted", "delisted"])).sort(
        "known_on", "event_date"
    )
    found = [pl.DataFrame(schema=_ON_LOT)]
    for market, day in days.select(DAY).iter_rows():
        known = of_spell.filter((pl.col("market") == market) & (pl.col("known_on") <= day))
        last = known.group_by("vehicle_id", maintain_order=True).last()
        listed = last.filter(pl.col("kind").is_in(["listed", "relisted"]))
        found.append(_on_lot(listed.select("market", date=pl.lit(day), since="event_date")))
    return pl.concat(found)


def days_on_lot_now(days: pl.DataFrame, present: pl.DataFrame) -> pl.DataFrame:
    """The same of the markets' last accepted days, from the present as of these days.

    present: the vehicles of `inventory` that are not delisted (market, spell_started_on, spell_started_is_censored).
    """
    listed = present.filter(~pl.col("spell_started_is_censored"))
    since = listed.select("market", since="spell_started_on")
    return _on_lot(days.select(DAY).join(since, on="market"))


def _on_lot(listed: pl.DataFrame) -> pl.DataFrame:
    """listed: market, date, and `since`, the day of a vehicle's listing."""
    on_lot = (pl.col("date") - pl.col("since")).dt.total_days().sort() + 1
    median = on_lot.gather((pl.len() - 1) // 2).first()
    # polars gives the median of no groups no type
    return listed.group_by(DAY).agg(days_on_lot_known=pl.len(), days_on_lot_median=median).cast(_ON_LOT)


def _price_drops(events: pl.DataFrame) -> pl.DataFrame:
    return events.filter(drops()).group_by("market", date="known_on").agg(price_drops=pl.len().cast(pl.Int64))


def _prices(daily: pl.DataFrame) -> pl.DataFrame:
    """The currency that most listings are priced in (of several the first by name), and the median there."""
    priced = daily.filter(pl.col("price_amount").is_not_null())
    by_currency = priced.group_by(*DAY, "price_currency").agg(
        priced=pl.len().cast(pl.Int64),
        price_median=pl.col("price_amount").sort().gather((pl.len() - 1) // 2).first(),
    )
    order = by_currency.sort("priced", "price_currency", descending=[True, False])
    return order.group_by(DAY, maintain_order=True).first()


def _availability(daily: pl.DataFrame) -> pl.DataFrame:
    """The number of listings by what the source says of their availability."""
    said = pl.col("availability")
    return daily.group_by(DAY).agg(
        listings=pl.len().cast(pl.Int64),
        **{name: (said == name).sum().cast(pl.Int64) for name in AVAILABILITIES},
        **{NOT_STATED: said.is_null().sum().cast(pl.Int64)},
    )
