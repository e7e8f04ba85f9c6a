"""An operator's word on a day of a market: accept it, refuse it, or leave it to the rules again.

Belongs here: `make accept`, `make refuse`, `make undecide`, and the check of what they name. Does not belong here:
the rules (`acceptance.py`), and what follows from them (`inventory.py`, `dealers.py`).
"""

from __future__ import annotations

import argparse
import getpass
import sys
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING, Literal, cast

import polars as pl
from pyiceberg.exceptions import NoSuchNamespaceError, NoSuchTableError

from consolidated import tables
from consolidated.acceptance import Decision
from consolidated.commit import read_rows, with_retries
from consolidated.dealers import retell_dealers
from consolidated.inventory import retell_inventory
from consolidated.market import MarketDay, MarketOutcome
from consolidated.tables import SOURCE_PROPERTY, ensure_tables
from resources.catalog import load_lake_catalog
from resources.failures import Cause, PlatformError

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog

Table = Literal["inventory", "dealers"]

_RETELL = {"inventory": retell_inventory, "dealers": retell_dealers}


def decide_day(
    *,
    catalog: Catalog,
    oem: str,
    market: str,
    day: date,
    decision: Decision | None,
    note: str | None,
    by: str | None,
    table: Table = "inventory",
) -> MarketOutcome:
    """Write an operator's word on a sealed day into `runs`, and tell the history again from where that changes it.

    decision: None takes an earlier word back. note, by: kept with it. The same word again commits nothing.
    Raises PlatformError: CONFIGURATION where `runs` has no such sealed day, COMMIT_CONFLICT, LAKE_UNWRITABLE.
    """
    source = _source(catalog)
    ensure_tables(catalog, source)
    action = partial(_decide, catalog, source, oem, market, table, day, decision, note, by)
    return with_retries(action, oem=oem, market=market)


def _decide(
    catalog: Catalog,
    source: str,
    oem: str,
    market: str,
    table: Table,
    day: date,
    decision: Decision | None,
    note: str | None,
    by: str | None,
) -> MarketOutcome:
    days = _days(catalog, oem, market, table)
    row = days.filter(pl.col("date") == day)
    if row.is_empty() or not row["complete"].item():
        raise PlatformError(
            Cause.CONFIGURATION,
            f"{day} is no sealed day of the market's {table}",
            oem=oem,
            market=market,
            advice=_advice(catalog, oem, days),
        )
    # the debounce with which the market was last consolidated
    debounce_days = days.sort("date")["debounce_days"][-1]
    work = MarketDay(catalog, source, oem, market, table, debounce_days, day)
    standing = work.ledger.rows[day]
    if (standing["decision"], standing["decision_note"]) == (decision, note if decision else None):
        by, at = standing["decided_by"], standing["decided_at"]
    else:
        at = datetime.now(UTC)
    work.ledger.decide(day, decision, note, by, at)
    _RETELL[table](work)
    return work.outcome()


def _source(catalog: Catalog) -> str:
    try:
        return str(catalog.load_table(tables.RUNS.identifier).properties[SOURCE_PROPERTY])
    except (NoSuchTableError, NoSuchNamespaceError) as error:
        raise PlatformError(
            Cause.CONFIGURATION, "the lake has no tables yet", advice="Run a night first, or name its lake by LAKE_URI."
        ) from error


def _days(catalog: Catalog, oem: str, market: str, table: Table) -> pl.DataFrame:
    where = (pl.col("oem") == oem) & (pl.col("market") == market) & (pl.col("table") == table)
    runs = catalog.load_table(tables.RUNS.identifier)
    return read_rows(runs, where, ["date", "complete", "debounce_days"])


def _advice(catalog: Catalog, oem: str, days: pl.DataFrame) -> str:
    sealed = days.filter("complete")["date"].sort()
    if not sealed.is_empty():
        return f"Its {sealed.len()} sealed days are from {sealed[0]} to {sealed[-1]}."
    runs = catalog.load_table(tables.RUNS.identifier)
    known = read_rows(runs, pl.col("complete"), ["oem", "market", "table"]).unique().sort("oem", "market", "table")
    names = ", ".join("/".join(row) for row in known.iter_rows())
    return f"There are sealed days of {names}." if names else "No day of any market was sealed yet."


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code: 0, or 2 for a day that there is not."""
    parser = argparse.ArgumentParser(prog="make", description=__doc__)
    parser.add_argument("word", choices=["accept", "refuse", "undecide"])
    parser.add_argument("--oem", required=True, help="the OEM's module name")
    parser.add_argument("--market", required=True, help="our market code")
    parser.add_argument("--date", required=True, help="the day, 2026-11-23", type=date.fromisoformat)
    parser.add_argument("--table", default="inventory", choices=list(_RETELL))
    parser.add_argument("--reason", help="kept with the decision")
    options = parser.parse_args(arguments)
    decision = None if options.word == "undecide" else cast("Decision", options.word)
    try:
        outcome = decide_day(
            catalog=load_lake_catalog(),
            oem=options.oem,
            market=options.market,
            day=options.date,
            decision=decision,
            note=options.reason,
            by=getpass.getuser(),
            table=options.table,
        )
    except PlatformError as error:
        print(error, file=sys.stderr)
        return 2
    verdict = "accepted" if outcome.accepted else "not accepted"
    reason = f" ({outcome.reason})" if outcome.reason else ""
    changed = "told again" if outcome.committed else "nothing changed"
    print(f"{options.oem} {outcome.market} {options.date}: {verdict}{reason}, {changed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
