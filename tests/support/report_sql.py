"""The SQL over the tables that says what each figure of the morning report is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import duckdb
import polars as pl

from consolidated.night.report.figures import NIGHTS

TONIGHT = """
SELECT listed, arrivals, relistings, departures, price_drops FROM market_daily
WHERE date = $day ORDER BY oem, market
"""
DROPS = """
SELECT oem, market, vehicle_id, round(100 * (1 - new_price_amount::DOUBLE / old_price_amount::DOUBLE), 1) AS percent
FROM inventory_events
WHERE kind = 'price_changed' AND known_on = $day AND old_price_currency = new_price_currency
  AND new_price_amount < old_price_amount
ORDER BY percent DESC, oem, market, vehicle_id
"""
NIGHTS_SQL = """
WITH daily AS (SELECT * FROM market_daily WHERE date BETWEEN $first AND $day),
every AS (SELECT * FROM (SELECT DISTINCT oem, market FROM daily), (SELECT DISTINCT date FROM daily)),
served AS (
    SELECT e.date, last_value(CASE WHEN d.accepted THEN d.listed END IGNORE NULLS)
        OVER (PARTITION BY e.oem, e.market ORDER BY e.date) AS served
    FROM every e LEFT JOIN daily d USING (oem, market, date)
)
SELECT date, (SELECT coalesce(sum(served), 0)::BIGINT FROM served s WHERE s.date = daily.date) AS listed,
    coalesce(sum(arrivals) FILTER (accepted), 0)::BIGINT AS arrivals,
    coalesce(sum(departures) FILTER (accepted), 0)::BIGINT AS departures,
    coalesce(sum(price_drops) FILTER (accepted), 0)::BIGINT AS price_drops,
    count(*) AS markets, count(*) FILTER (accepted) AS whole
FROM daily GROUP BY date ORDER BY date
"""


def by_sql(sql: str, table: Callable[[str], pl.DataFrame], day: date) -> list[dict[str, object]]:
    """The rows that a query gives of a day."""
    values = {"day": day, "first": day - timedelta(days=NIGHTS - 1)}
    used = {name: value for name, value in values.items() if f"${name}" in sql}
    with duckdb.connect() as duck:
        for name in ("market_daily", "inventory_events"):
            duck.register(name, table(name).to_arrow())
        return pl.DataFrame(duck.execute(sql, used).arrow()).to_dicts()
