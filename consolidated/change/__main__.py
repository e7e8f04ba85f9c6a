"""`make diff` and `make publish`: type archived days again by the code as it is, and see or publish what differs.

    python -m consolidated.change diff --oem <oem> --date 2026-11-25
    python -m consolidated.change publish --oem <oem> --date 2026-11-25

From the given day to the last that the archive has; without one, the last alone. `diff` writes nothing.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from raw.wiring.arguments import day_argument, maker_argument
from resources.commands.frame import command
from resources.failures import Cause, PlatformError, printable

if TYPE_CHECKING:
    from datetime import date

    from raw.wiring.discovery import Oem


@command
def main(arguments: list[str] | None = None) -> int:
    """The command. Returns the exit code: of diff 0 where nothing differs, 1 where something does."""
    parser = argparse.ArgumentParser(prog="python -m consolidated.change", description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["diff", "publish"])
    parser.add_argument("--oem", required=True, help="the maker's module name")
    parser.add_argument("--date", help="the first day, 2026-11-25; the last archived one by default")
    options = parser.parse_args(arguments)
    since = day_argument(options.date) if options.date else None
    maker = maker_argument(options.oem)
    return _diff(maker, since) if options.what == "diff" else _publish(maker, since)


def _diff(maker: Oem, since: date | None) -> int:
    from consolidated.change.reading import differences
    from resources.lake.lake import lake_from_env

    lake = lake_from_env()
    since = since or _last_day(maker)
    differs = False
    for line in differences(lake, maker, since):
        differs |= line.differs
        print(printable(line.text), flush=True)
    if differs:
        print(f"\nto publish it: make publish OEM={maker.name} DATE={since}")
    return 1 if differs else 0


def _publish(maker: Oem, since: date | None) -> int:
    from consolidated.day.retype import main as retype

    return retype(["--oem", maker.name, "--since", (since or _last_day(maker)).isoformat()])


def _last_day(maker: Oem) -> date:
    from resources.lake.lake import lake_from_env
    from transformed.day.retype import archived_days

    lake = lake_from_env()
    days = [day for endpoint in maker.endpoints for day in archived_days(lake, maker.name, endpoint)]
    if not days:
        raise PlatformError(
            Cause.NEVER_LANDED,
            f"the archive of {lake.uri} has no day of it",
            oem=maker.name,
            advice=f"Run `make nightly OEM={maker.name}` first.",
        )
    return max(days)


if __name__ == "__main__":
    sys.exit(main())
