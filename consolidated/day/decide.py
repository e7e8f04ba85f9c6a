"""`make accept`, `make refuse`, `make cover`, `make undecide`: an operator's word on one sealed day, followed at once.

    python -m consolidated.day.decide accept --oem <oem> --market us --date 2026-06-21 --reason "the feed was whole"

Wrong arguments are refused before anything heavy is loaded; `decision.py` enters the word.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from typing import TYPE_CHECKING

from raw.wiring.arguments import day_argument
from resources.commands.frame import command
from resources.failures import Cause, PlatformError

if TYPE_CHECKING:
    from consolidated.day.market import MarketOutcome
    from consolidated.history.acceptance import Decision


@command
def main(arguments: list[str] | None = None) -> int:
    """The command. Returns the exit code: 0 where the decision stands."""
    parser = argparse.ArgumentParser(prog="python -m consolidated.day.decide", description=__doc__.splitlines()[0])
    parser.add_argument("decision", choices=["accept", "refuse", "cover", "undecide"])
    parser.add_argument("--oem", required=True, help="the OEM's module name")
    parser.add_argument("--market", required=True, help="our market code: us")
    parser.add_argument("--date", required=True, help="the day: 2026-06-21")
    parser.add_argument("--table", default="inventory", choices=["dealers", "inventory"])
    parser.add_argument("--reason", help="why, in your own words; not for undecide")
    parser.add_argument("--by", help="who decides; you by default")
    options = parser.parse_args(arguments)
    decision: Decision | None = None if options.decision == "undecide" else options.decision
    day = day_argument(options.date)
    note, by = _reason(options.reason, needed=decision is not None), options.by or _user()

    from consolidated.day.decision import decide_day
    from consolidated.day.feeds import feeds_of_maker
    from consolidated.day.market_daily import write_market_daily
    from consolidated.tables.iceberg import IcebergStore
    from resources.lake.catalog import load_lake_catalog
    from resources.lake.lake import lake_from_env

    lake = lake_from_env()
    store = IcebergStore(load_lake_catalog(lake), lake)
    outcome = decide_day(
        store=store,
        lake=lake,
        oem=options.oem,
        market=options.market,
        day=day,
        decision=decision,
        note=note,
        by=by,
        subject=options.table,
        feeds=feeds_of_maker(lake, options.oem),
    )
    write_market_daily(store, options.oem)
    print(_summary(outcome, options.oem, options.date, options.table))
    return 0


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


def _summary(outcome: MarketOutcome, oem: str, day: str, table: str) -> str:
    judgement = "accepted" if outcome.accepted else "not accepted"
    reason = f" ({outcome.reason})" if outcome.reason else ""
    counts = ", ".join(f"{count} {name}" for name, count in outcome.counts.items() if count)
    changed = "the tables follow" if outcome.committed else "nothing changed"
    return f"{oem} {outcome.market} {day} {table}: {judgement}{reason}; {changed}{': ' + counts if counts else ''}"


if __name__ == "__main__":
    sys.exit(main())
