"""`make accept`, `make refuse`, `make undecide`: an operator's word on one sealed day, followed at once.

Belongs here: the command, finding the day, entering the decision. Does not belong here: what a decision means
(`acceptance.py`), and telling history again (`inventory.py`, `dealers.py`).

    python -m consolidated.day.decide accept --oem mercedes --market us --date 2026-06-21 --reason "the feed was whole"
"""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl
from pyiceberg.exceptions import NoSuchTableError

from consolidated.day.dealers import retell_dealers
from consolidated.day.inventory import retell_inventory
from consolidated.day.market import MarketDay, MarketOutcome
from consolidated.history.acceptance import Decision
from consolidated.tables import definitions as tables
from consolidated.tables.commit import read_rows
from consolidated.tables.contention import with_retries
from resources.failures import Cause, PlatformError
from resources.lake.catalog import load_lake_catalog
from resources.lake.lake import lake_from_env

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog

_RETELL: dict[str, Callable[[MarketDay], None]] = {"inventory": retell_inventory, "dealers": retell_dealers}
_NEAREST_DAYS = 5


def decide_day(
    *,
    catalog: Catalog,
    oem: str,
    market: str,
    day: date,
    decision: Decision | None,
    note: str | None,
    by: str | None,
    table: str = "inventory",
) -> MarketOutcome:
    """Accept or refuse a sealed day of a market by name, or (None) leave it to the rule again.

    table: inventory or dealers. The decision is kept in `runs` with its note, who made it and when;
    events and the present follow before this returns, from the first day that the decision changes. The same
    decision again commits nothing. It stays with the day when the day is fetched again.

    Raises PlatformError: CONFIGURATION where nothing is known of the OEM, the market or the day, or the day is not
    sealed; COMMIT_CONFLICT, LAKE_UNWRITABLE.
    """
    try:
        runs = tables.load_table(catalog, tables.RUNS.identifier)
    except NoSuchTableError as error:
        raise _unknown("nothing is consolidated in this lake yet", oem, market, "Run a night first.") from error
    known = read_rows(runs, pl.col("table") == table, ["oem", "market", "date", "complete"])
    _require_sealed(known, oem, market, table, day)
    said: dict[str, Any] = dict.fromkeys(("decision", "decision_note", "decided_by"))
    if decision is not None:
        said = {"decision": decision, "decision_note": note, "decided_by": by}
    source = runs.properties[tables.SOURCE_PROPERTY]
    opened = partial(MarketDay, catalog, source, oem, market, table, day)
    return with_retries(lambda: _enter(opened(), said), oem=oem, market=market)


def _enter(work: MarketDay, said: dict[str, Any]) -> MarketOutcome:
    """One try, from tables opened anew."""
    row = work.ledger.rows[work.day]
    if any(row[name] != value for name, value in said.items()):
        row |= said | {"decided_at": datetime.now(UTC) if said["decision"] else None}
    work.ledger.judge()
    _RETELL[work.table](work)
    return work.outcome()


def _require_sealed(known: pl.DataFrame, oem: str, market: str, table: str, day: date) -> None:
    of_oem = known.filter(pl.col("oem") == oem)
    if of_oem.is_empty():
        raise _unknown(f"`runs` has no {table} of that OEM", oem, market, _instead("OEMs", known["oem"]))
    of_market = of_oem.filter(pl.col("market") == market)
    if of_market.is_empty():
        raise _unknown(f"`runs` has no {table} of that market", oem, market, _instead("markets", of_oem["market"]))
    sealed = of_market.filter("complete")["date"]
    if day in sealed:
        return
    seen = "was fetched, but not whole, so it is not sealed" if day in of_market["date"] else "was never consolidated"
    nearest = sorted(sealed, key=lambda one: abs(one - day))[:_NEAREST_DAYS]
    advice = _instead("sealed days nearest to it", pl.Series(nearest).cast(pl.String)) if nearest else "No day is."
    raise _unknown(f"{day.isoformat()} {seen}", oem, market, advice)


def _instead(what: str, names: pl.Series) -> str:
    return f"The {what}: {', '.join(names.unique().sort()) or 'none'}."


def _unknown(detail: str, oem: str, market: str, advice: str) -> PlatformError:
    return PlatformError(Cause.CONFIGURATION, detail, oem=oem, market=market, advice=advice)


def main(arguments: list[str] | None = None) -> int:
    """The command. Returns the exit code: 0 where the decision stands."""
    parser = argparse.ArgumentParser(prog="python -m consolidated.day.decide", description=__doc__.splitlines()[0])
    parser.add_argument("decision", choices=["accept", "refuse", "undecide"])
    parser.add_argument("--oem", required=True, help="the OEM's module name: mercedes")
    parser.add_argument("--market", required=True, help="our market code: us")
    parser.add_argument("--date", required=True, help="the day: 2026-06-21")
    parser.add_argument("--table", default="inventory", choices=sorted(_RETELL))
    parser.add_argument("--reason", help="why, in your own words; not for undecide")
    parser.add_argument("--by", help="who decides; you by default")
    options = parser.parse_args(arguments)
    decision: Decision | None = None if options.decision == "undecide" else options.decision
    try:
        outcome = decide_day(
            catalog=load_lake_catalog(lake_from_env()),
            oem=options.oem,
            market=options.market,
            day=_day(options.date),
            decision=decision,
            note=_reason(options.reason, needed=decision is not None),
            by=options.by or _user(),
            table=options.table,
        )
    except PlatformError as error:
        print(error, file=sys.stderr)
        return 2
    print(_told(outcome, options.oem, options.date, options.table))
    return 0


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        detail = f"DATE={text} is not a date: {error}"
        raise PlatformError(Cause.CONFIGURATION, detail, advice="Write it as 2026-06-21.") from error


def _reason(text: str | None, *, needed: bool) -> str | None:
    if needed and not (text and text.strip()):
        raise PlatformError(
            Cause.CONFIGURATION, "a decision needs a reason", advice='Give it as REASON="what you found out".'
        )
    return text.strip() if text and needed else None


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:  # a container's user need not have a name
        raise PlatformError(
            Cause.CONFIGURATION, "the system does not know who you are", advice="Give your name as BY=name."
        ) from error


def _told(outcome: MarketOutcome, oem: str, day: str, table: str) -> str:
    verdict = "accepted" if outcome.accepted else "not accepted"
    reason = f" ({outcome.reason})" if outcome.reason else ""
    counts = ", ".join(f"{count} {name}" for name, count in outcome.counts.items() if count)
    changed = "the tables follow" if outcome.committed else "nothing changed"
    return f"{oem} {outcome.market} {day} {table}: {verdict}{reason}; {changed}{': ' + counts if counts else ''}"


if __name__ == "__main__":
    sys.exit(main())
