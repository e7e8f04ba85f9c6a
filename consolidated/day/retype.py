"""`make retype`: type past days again by the code's interpretation, and compute their history anew.

    python -m consolidated.day.retype --oem audi --since 2026-06-01

Ended on the way, it goes on where it was.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date
from functools import partial

from resources.failures import Cause, PlatformError


def main(arguments: list[str] | None = None) -> int:
    """The command. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m consolidated.day.retype", description=__doc__.splitlines()[0])
    parser.add_argument("--oem", required=True, help="the OEM's module name")
    parser.add_argument("--since", help="the first day to type again, 2026-06-01; every archived day by default")
    options = parser.parse_args(arguments)
    try:
        since = _day(options.since)

        from raw.wiring.discovery import discover
        from resources.lake.catalog import load_lake_catalog
        from resources.lake.lake import lake_from_env

        makers = discover()
        lake = lake_from_env()
        progress = partial(print, flush=True)

        from consolidated.day.many import consolidate_many, makers_named
        from consolidated.tables.iceberg import IcebergStore
        from transformed.day.retype import retype_days

        (maker,) = makers_named(options.oem, makers)
        store = IcebergStore(load_lake_catalog(lake), lake)
        store.source()
        retype_days(lake, maker.name, since, progress)
        consolidate_many(lake=lake, store=store, maker=maker, since=since, progress=progress)
    except PlatformError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        detail = f"SINCE={text} is not a date: {error}"
        raise PlatformError(Cause.CONFIGURATION, detail, advice="Write it as 2026-06-21.") from error


if __name__ == "__main__":
    sys.exit(main())
