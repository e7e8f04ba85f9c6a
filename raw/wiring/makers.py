"""`make makers`: which makers there are, and what they need.

python -m raw.wiring.makers
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

from raw.endpoint.declaration import credentials_of
from raw.endpoint.hosts import hosts_of
from raw.wiring.discovery import Oem, discover
from resources.commands.frame import command


def lines(oems: list[Oem]) -> Iterator[str]:
    """For each maker: markets with vehicles and with dealers, hosts, credentials, what its module says of itself."""
    for oem in oems:
        vehicles, dealers = (
            sorted({market for one in oem.endpoints if one.yields.table == table for market in one.markets})
            for table in ("inventory", "dealers")
        )
        credentials = sorted({variable for endpoint in oem.endpoints for variable in credentials_of(endpoint)})
        yield oem.name
        yield f"  vehicles: {' '.join(vehicles) or '-'}; dealers: {' '.join(dealers) or '-'}"
        hosts = {host for endpoint in oem.endpoints for host in hosts_of(endpoint)}
        hosts |= {
            "one that a first answer names"
            for endpoint in oem.endpoints
            if endpoint.firsts and not urlsplit(endpoint.request.url).netloc
        }
        yield f"  hosts: {', '.join(sorted(hosts))}"
        yield f"  credentials: {', '.join(credentials) or '-'}"
        yield f"  {' '.join((inspect.getdoc(importlib.import_module(f'raw.{oem.name}')) or '').split())}"
    markets = {(oem.name, market) for oem in oems for endpoint in oem.endpoints for market in endpoint.markets}
    yield f"{len(oems)} makers, {len(markets)} markets"


@command
def main(arguments: list[str] | None = None) -> int:
    """The command. Returns the exit code."""
    argparse.ArgumentParser(prog="make makers", description=__doc__.splitlines()[0]).parse_args(arguments)
    for line in lines(discover()):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
