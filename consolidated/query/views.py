"""The views that `make query` has ready, as SQL of DuckDB over the tables of `consolidated`.

Belongs here: the questions that are asked every day, in the words of docs/history.md. Does not belong here: how the
tables are reached.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class View:
    """A view: what its rows are, in a line, and its query."""

    name: str
    rows: str
    query: str


VIEWS = (
    View(
        "stock",
        "a maker and market: vehicles listed, absent, delisted, the median price",
        """
        SELECT oem, market, count(*) FILTER (status = 'listed') AS listed,
               count(*) FILTER (status = 'absent') AS absent, count(*) FILTER (status = 'delisted') AS delisted,
               median(price_amount) FILTER (status = 'listed') AS median_price,
               mode(price_currency) AS currency, max(last_seen_on) AS last_seen_on
        FROM inventory GROUP BY oem, market ORDER BY oem, market
        """,
    ),
    View(
        "on_sale",
        "a vehicle that can be bought now",
        """
        SELECT * FROM inventory
        WHERE status = 'listed'
          AND (availability IS NULL OR availability IN ('in_stock', 'in_transit', 'in_production'))
        """,
    ),
    View(
        "nights",
        "a maker, market and day: what its night brought, whether it counts, why not",
        """
        SELECT date, oem, market, vehicles, listed AS arrivals, delisted AS departures, relisted AS relistings,
               price_changes, quarantined AS refused, complete, accepted, coalesce(cause, decision_reason) AS why_not
        FROM runs WHERE "table" = 'inventory' ORDER BY date DESC, oem, market
        """,
    ),
    View(
        "arrivals",
        "a vehicle that came on sale, the latest first",
        """
        SELECT known_on, oem, market, vehicle_id, kind, new_price_amount AS price, new_price_currency AS currency
        FROM inventory_events WHERE kind IN ('listed', 'relisted') ORDER BY known_on DESC, oem, market
        """,
    ),
    View(
        "departures",
        "a vehicle that is gone, with its last price, the latest first",
        """
        SELECT event_date AS gone_on, known_on, oem, market, vehicle_id, old_price_amount AS price,
               old_price_currency AS currency
        FROM inventory_events WHERE kind = 'delisted' ORDER BY known_on DESC, oem, market
        """,
    ),
    View(
        "price_drops",
        "a price that fell, the latest night's largest first",
        """
        SELECT known_on, oem, market, vehicle_id, old_price_amount AS old_price, new_price_amount AS new_price,
               new_price_currency AS currency, old_price_amount - new_price_amount AS drop,
               round(100 * (1 - new_price_amount / old_price_amount), 1) AS drop_percent
        FROM inventory_events
        WHERE kind = 'price_changed' AND new_price_currency = old_price_currency
          AND new_price_amount < old_price_amount
        ORDER BY known_on DESC, drop_percent DESC
        """,
    ),
)
