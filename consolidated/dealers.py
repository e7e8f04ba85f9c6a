"""An OEM's dealers of a day into `dealers` and `runs`.

Belongs here: the order of reading, computing and committing for dealers. Does not belong here: the rules
(`acceptance.py`, `spells.py`). There is no daily table: days to be computed again are read from the typed Parquet.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from consolidated import tables
from consolidated.columns import DEALER, DEALER_STATE
from consolidated.commit import read_rows, state_of
from consolidated.market import NOTHING_ACCEPTED, MarketDay, MarketOutcome, consolidate_markets, last_step
from consolidated.spells import advance_spells
from transformed.report import read_report

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog

    from resources.lake import Lake

KEY = "dealer_id"


def consolidate_dealers(
    *, lake: Lake, catalog: Catalog, oem: str, sources: Sequence[tuple[str, int]], day: date
) -> list[MarketOutcome]:
    """Merge an OEM's transformed dealers of a day with those known; days and spells as for vehicles.

    Raises PlatformError: NEVER_LANDED, SOURCE_MIXED, COMMIT_CONFLICT, LAKE_UNWRITABLE.
    """
    return consolidate_markets(
        lake=lake, catalog=catalog, oem=oem, sources=sources, day=day, merge=_merge, columns=list(DEALER)
    )


def _merge(work: MarketDay, rows: pl.DataFrame) -> None:
    table = work.open(tables.DEALERS)
    rows = _typed(rows)
    work.enter(rows, vehicles=rows.height)
    states = work.ledger.states()
    step = last_step(state_of(table, work.scope), states)
    if step == "nothing":
        work.write_runs()
        return
    days = work.ledger.days()
    present = pl.DataFrame(schema={name: tables.DEALERS.frame_schema[name] for name in DEALER_STATE})
    if step == "last" and days[-1].date == work.day:
        present = read_rows(table, work.here, list(DEALER_STATE))
        days = days[-1:]
    for day in days:
        seen = rows if day.date == work.day else _rows_of(work, day.date)
        present, counts = advance_spells(present, seen, KEY, day)
        work.ledger.rows[day.date].update(counts)
    work.write_runs()
    work.write(table, work.here, present, work.scope, states[-1] if states else NOTHING_ACCEPTED)


def _rows_of(work: MarketDay, day: date) -> pl.DataFrame:
    report = read_report(work.lake, work.report.oem, work.report.name, day)
    files = [work.lake.url(file) for file in report.files]
    return _typed(pl.read_parquet(files).filter(pl.col("market") == work.market.market).select(list(DEALER)))


def _typed(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.cast({name: tables.DEALERS.frame_schema[name] for name in DEALER})
