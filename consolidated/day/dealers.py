"""An OEM's dealers of a day into `dealers_daily`, `runs` and `dealers`.

Belongs here: the order of reading, computing and committing for dealers. Does not belong here: the rules
(`acceptance.py`, `spells.py`), and from where a history is told again (`market.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl

from consolidated.day.market import Fetched, MarketDay, MarketOutcome, consolidate_markets
from consolidated.history.spells import advance_spells
from consolidated.tables import definitions as tables
from consolidated.tables.columns import DEALER, DEALER_STATE
from consolidated.tables.commit import CONTENT, read_rows

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog

    from resources.lake.lake import Lake

KEY = "dealer_id"


def consolidate_dealers(
    *, lake: Lake, catalog: Catalog, oem: str, sources: Sequence[tuple[str, int]], day: date
) -> list[MarketOutcome]:
    """Merge an OEM's transformed dealers of a day with those known; days and spells as for vehicles.

    Raises PlatformError: NEVER_LANDED, SOURCE_MIXED, COMMIT_CONFLICT, LAKE_UNWRITABLE.
    """
    return consolidate_markets(
        lake=lake,
        catalog=catalog,
        oem=oem,
        sources=sources,
        day=day,
        store=_store,
        retell=retell_dealers,
        columns=list(DEALER),
    )


def _store(work: MarketDay, fetched: Fetched) -> None:
    daily = work.open(tables.DEALERS_DAILY)
    rows = fetched.rows.cast({name: tables.DEALERS.frame_schema[name] for name in DEALER})
    work.enter(fetched, rows, vehicles=rows.height)
    # a partition is a month: its other days go along
    month = work.day.replace(day=1)
    following = (month + timedelta(days=31)).replace(day=1)
    of_month = work.here & (pl.col("date") >= month) & (pl.col("date") < following)
    others = read_rows(daily, of_month).filter(pl.col("date") != work.day)
    dated = rows.with_columns(date=pl.lit(work.day)).select(others.columns)
    work.write(daily, of_month, pl.concat([others, dated]), f"{work.scope}/{month}", CONTENT)


def retell_dealers(work: MarketDay) -> None:
    """Bring `runs` and the present to what the ledger's accepted days say, from where that differs."""
    daily, table = work.open(tables.DEALERS_DAILY), work.open(tables.DEALERS)
    start = work.starting_point(table)
    if start is None:
        work.write_runs()
        return
    present = pl.DataFrame(schema={name: tables.DEALERS.frame_schema[name] for name in DEALER_STATE})
    if start.snapshot_id is not None:
        present = read_rows(table, work.here, list(DEALER_STATE), snapshot_id=start.snapshot_id)
    to_tell = work.ledger.days()[start.days :]
    seen = read_rows(daily, work.here & (pl.col("date") >= start.since))
    for day in to_tell:
        present, counts = advance_spells(present, seen.filter(pl.col("date") == day.date).drop("date"), KEY, day)
        work.ledger.tell(day.date, counts, None)
    work.write_runs()
    work.write(table, work.here, present, work.scope, start.state)
