"""`make report`: the morning report of a night in the browser, or its path where there is none.

    python -m consolidated.night.report --date 2026-11-23

The page of the day as it was written; where that day has none yet, it is written from the tables.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import webbrowser
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from raw.wiring.arguments import day_argument
from resources.commands.frame import command
from resources.failures import Cause, PlatformError
from resources.lake.lake import lake_from_env

if TYPE_CHECKING:
    from resources.lake.lake import Lake


@command
def main(arguments: list[str] | None = None) -> int:
    """The command. Returns the exit code: 0, or 2 where there is no report to open."""
    parser = argparse.ArgumentParser(prog="make report", description=__doc__.splitlines()[0])
    parser.add_argument("--date", help="the night, 2026-11-23; by default the last one that has a report")
    options = parser.parse_args(arguments)
    wanted = day_argument(options.date) if options.date else None
    page = _page(lake_from_env(), wanted)
    print(page)
    if _has_browser():
        webbrowser.open(page.as_uri())
    return 0


def _page(lake: Lake, wanted: date | None) -> Path:
    """A file of this machine with the page. Raises PlatformError(CONFIGURATION) where there is none, and where
    nothing is known of the night that is wanted."""
    from consolidated.night.report.write import path_of, reported_days, write_report

    days = reported_days(lake)
    if wanted is None and not days:
        raise PlatformError(
            Cause.CONFIGURATION, f"the lake at {lake.uri} has no report yet", advice="Run `make nightly` first."
        )
    day = wanted or days[-1]
    if day not in days:
        from resources.graph import checkout_instance
        from resources.lake.catalog import load_lake_catalog

        lake.source()
        with checkout_instance() as instance:
            write_report(lake, load_lake_catalog(lake), instance, day, of_any_day=False)
    if lake.is_local:
        return Path(lake.storage_path(path_of(day)))
    copy = Path(tempfile.gettempdir()) / f"oem-stock-report-{day}.html"
    copy.write_bytes(lake.read_bytes(path_of(day)))
    return copy


def _has_browser() -> bool:
    """Whether there is a screen: a text browser in the terminal would show no chart."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


if __name__ == "__main__":
    sys.exit(main())
