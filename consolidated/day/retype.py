"""`make retype`: type past days again by the code's interpretation, and compute their history anew.

    python -m consolidated.day.retype --oem <oem> --since 2026-06-01

Ended on the way, it goes on where it was.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial

from raw.wiring.arguments import day_argument, maker_argument
from resources.commands.frame import command


@command
def main(arguments: list[str] | None = None) -> int:
    """The command. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m consolidated.day.retype", description=__doc__.splitlines()[0])
    parser.add_argument("--oem", required=True, help="the OEM's module name")
    parser.add_argument("--since", help="the first day to type again, 2026-06-01; every archived day by default")
    options = parser.parse_args(arguments)
    since = None if options.since is None else day_argument(options.since, "SINCE")
    maker = maker_argument(options.oem)

    from consolidated.day.many import consolidate_many
    from consolidated.day.market_daily import write_market_daily
    from consolidated.tables.iceberg import IcebergStore
    from resources.lake.catalog import load_lake_catalog
    from resources.lake.lake import lake_from_env
    from transformed.day.retype import retype_days

    lake = lake_from_env()
    progress = partial(print, flush=True)
    store = IcebergStore(load_lake_catalog(lake), lake)
    store.source()
    retype_days(lake, maker.name, since, progress)
    consolidate_many(lake=lake, store=store, maker=maker, since=since, progress=progress)
    write_market_daily(store, maker.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
