"""`make alerts`: look at a night and send what it asks a person for; for cron, where Dagster's daemon may be down.

    python -m consolidated.night.alerts --date 2026-11-23

Where no night ran on the day, that is told. What was told before is not told again.
"""

from __future__ import annotations

import argparse
import os
import sys

from consolidated.night.alerts.channels import channels_from
from raw.wiring.arguments import day_argument
from resources.commands.frame import command
from resources.lake.days import today
from resources.lake.lake import lake_from_env


@command
def main(arguments: list[str] | None = None) -> int:
    """The command. Returns the exit code: 0, or 2 where a message did not go out or a setting is wrong."""
    parser = argparse.ArgumentParser(prog="make alerts", description=__doc__.splitlines()[0])
    parser.add_argument("--date", help="the night, 2026-11-23; today (UTC) by default")
    options = parser.parse_args(arguments)
    day = day_argument(options.date) if options.date else today()
    if not channels_from(os.environ):
        print("no channel is configured, nothing is sent: docs/alerts.md has the settings")
        return 0
    from consolidated.night.alerts.sending import alert
    from raw.wiring.discovery import discover
    from resources.graph import checkout_instance
    from resources.lake.catalog import load_lake_catalog

    lake = lake_from_env()
    lake.source()
    with checkout_instance() as instance:
        sent = alert(lake, load_lake_catalog(lake), instance, day, [oem.name for oem in discover()])
    for message in sent:
        print(message.subject)
    if not sent:
        print(f"nothing new to tell of {day}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
