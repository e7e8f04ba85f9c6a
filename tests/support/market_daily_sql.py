"""The SQL over the other tables that says what each column of `market_daily` is."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import polars as pl

from transformed.contract.contracts import AVAILABILITIES

SQL = f"""
WITH of_runs AS (SELECT * FROM runs WHERE "table" = 'inventory'),
drops AS (
    SELECT oem, market, known_on AS date, count(*) AS price_drops FROM inventory_events
    WHERE kind = 'price_changed' AND old_price_currency = new_price_currency AND new_price_amount < old_price_amount
    GROUP BY ALL
),
by_currency AS (
    SELECT oem, market, date, price_currency, count(*) AS priced, quantile_disc(price_amount, 0.5) AS price_median
    FROM inventory_daily WHERE price_amount IS NOT NULL GROUP BY ALL
),
prices AS (
    SELECT * FROM by_currency
    QUALIFY row_number() OVER (PARTITION BY oem, market, date ORDER BY priced DESC, price_currency) = 1
),
stated AS (
    SELECT oem, market, date, count(*) AS listings,
        {", ".join(f"count(*) FILTER (availability = '{name}') AS {name}" for name in AVAILABILITIES)},
        count(*) FILTER (availability IS NULL) AS availability_not_stated
    FROM inventory_daily GROUP BY ALL
),
last_spell AS (
    SELECT r.oem, r.market, r.date, e.vehicle_id, arg_max(e.kind, (e.known_on, e.event_date)) AS kind,
        arg_max(e.event_date, (e.known_on, e.event_date)) AS since
    FROM of_runs r JOIN inventory_events e ON e.oem = r.oem AND e.market = r.market AND e.known_on <= r.date
    WHERE r.accepted AND e.kind IN ('covered', 'listed', 'relisted', 'delisted') GROUP BY ALL
),
lot AS (
    SELECT oem, market, date, count(*) AS days_on_lot_known,
        quantile_disc(date_diff('day', since, date) + 1, 0.5) AS days_on_lot_median
    FROM last_spell WHERE kind IN ('listed', 'relisted') GROUP BY ALL
)
SELECT r.oem, r.market, r.date, r.complete, r.accepted, r.vehicles AS listed, r.covered, r.listed AS arrivals,
    r.relisted AS relistings, r.disappeared AS absent, r.returned, r.delisted AS departures, r.price_changes,
    CASE WHEN r.accepted THEN coalesce(price_drops, 0) END AS price_drops, price_currency, priced, price_median,
    CASE WHEN r.accepted THEN coalesce(days_on_lot_known, 0) END AS days_on_lot_known, days_on_lot_median, listings,
    {", ".join(AVAILABILITIES)}, availability_not_stated
FROM of_runs r LEFT JOIN drops USING (oem, market, date) LEFT JOIN prices USING (oem, market, date)
LEFT JOIN stated USING (oem, market, date) LEFT JOIN lot USING (oem, market, date)
ORDER BY r.oem, r.market, r.date
"""  # noqa: S608


def by_sql(table: Callable[[str], pl.DataFrame]) -> pl.DataFrame:
    with duckdb.connect() as duck:
        for name in ("runs", "inventory_daily", "inventory_events"):
            duck.register(name, table(name).to_arrow())
        return pl.DataFrame(duck.sql(SQL).arrow())
