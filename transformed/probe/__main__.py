"""`make probe`: the first pages of a maker, or a capture, and what its modules make of them. Nothing is kept.

    python -m transformed.probe --oem <oem> --market es
    python -m transformed.probe --oem <oem> --capture page.json.gz
    python -m transformed.probe --oem <oem> --date 2026-11-25

The pages come from where OEM_APIS says (the sandbox, a replay, or the real hosts, whose robots.txt is shown), from a
file, or from the lake's archive.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from raw.wiring.arguments import day_argument, maker_argument, number_argument, one_of
from resources.commands.frame import command
from resources.failures import PlatformError, printable

if TYPE_CHECKING:
    from datetime import date

    from raw.archive.seal import Manifest
    from raw.endpoint.declaration import Endpoint
    from raw.wiring.discovery import Oem
    from resources.lake.lake import Lake

_PAGES = 3


@command
def main(arguments: list[str] | None = None) -> int:
    """The command. Returns the exit code: 0 where records were found, 1 where there were none, 2 for a wrong option."""
    parser = argparse.ArgumentParser(prog="python -m transformed.probe", description=__doc__.splitlines()[0])
    parser.add_argument("--oem", required=True, help="the maker's module name")
    parser.add_argument("--market", help="one of its markets; the first by default")
    parser.add_argument("--endpoint", help="one of its endpoints; every one by default")
    parser.add_argument(
        "--capture", type=Path, help="a file to read in place of asking: json, parquet or csv, also .gz"
    )
    parser.add_argument("--date", help="a day of the archive to read instead, 2026-11-25, with all of its markets")
    parser.add_argument("--pages", default=str(_PAGES), help=f"requests to send for pages, {_PAGES} by default")
    options = parser.parse_args(arguments)
    return _probe(options)


def _probe(options: argparse.Namespace) -> int:
    options.date = day_argument(options.date) if options.date else None
    options.pages = number_argument(options.pages, "PAGES")
    maker = maker_argument(options.oem)
    endpoints = _endpoints(maker, options.endpoint, options.market, options.capture)
    worked = [_show(maker, endpoint, options) for endpoint in endpoints]
    return 0 if all(worked) else 1


def _endpoints(maker: Oem, named: str | None, market: str | None, capture: Path | None) -> list[Endpoint]:
    """The endpoint that is named; else those that have the market; of a capture the first that reads it."""
    if named is not None:
        return [maker.endpoint(one_of("ENDPOINT", named, [one.name for one in maker.endpoints]))]
    having = [one for one in maker.endpoints if market is None or market in one.markets]
    if not having:
        one_of("MARKET", str(market), sorted({name for one in maker.endpoints for name in one.markets}))
    if capture is None:
        return having
    from transformed.probe.capture import read_capture

    for one in having:
        try:
            read_capture(capture, one.records)
        except PlatformError:
            continue
        return [one]
    return having  # the first says why it cannot be read


def _show(maker: Oem, endpoint: Endpoint, options: argparse.Namespace) -> bool:
    """Print what was found of an endpoint; whether there were records."""
    from resources.lake.days import today
    from resources.lake.lake import Lake, lake_from_env
    from transformed.probe.looking import look
    from transformed.probe.printing import text_of

    with tempfile.TemporaryDirectory(prefix="probe-") as folder:
        if options.date:
            lake, day = lake_from_env(), options.date
            seal = _archived(lake, maker, endpoint, options.market, day)
        else:
            lake, day = Lake(Path(folder).as_uri()), today()
            seal = _landed(lake, maker, endpoint, options, day)
        found = look(lake, seal, endpoint, day)
        place = f"{endpoint.yields.name.upper()} in transformed/{maker.name}.py"
        text = text_of(found, seal, place=place, identity=" or ".join(endpoint.identities))
        print(printable(text), end="\n\n", flush=True)
    return found.records > 0


def _archived(lake: Lake, maker: Oem, endpoint: Endpoint, market: str | None, day: date) -> Manifest:
    """The seal of an archived day, of one market where that is named."""
    from raw.archive.seal import read_seal

    seal = read_seal(lake, maker.name, endpoint.name, day)
    markets = {market: seal.markets[one_of("MARKET", market, sorted(seal.markets))]} if market else seal.markets
    print(f"== {maker.name} {endpoint.name} {', '.join(markets)}, from the archive of {day}", flush=True)
    return replace(seal, markets=markets)


def _landed(lake: Lake, maker: Oem, endpoint: Endpoint, options: argparse.Namespace, day: date) -> Manifest:
    """The seal of what was fetched, or read from a capture, into a lake that nobody keeps."""
    from resources.apis.apis import apis_from_env
    from transformed.probe.capture import read_capture
    from transformed.probe.landing import land_capture, land_first_pages, robots_txt

    market = one_of("MARKET", options.market or next(iter(endpoint.markets)), list(endpoint.markets))
    if options.capture is not None:
        print(f"== {maker.name} {endpoint.name} {market}, from {options.capture}", flush=True)
        capture = read_capture(options.capture, endpoint.records)
        return land_capture(lake, maker.name, endpoint, market, capture, day)
    apis = apis_from_env()
    print(f"== {maker.name} {endpoint.name} {market}, from {apis.source}", flush=True)
    if apis.source == "live":
        print(printable(robots_txt(_asked(maker, endpoint).request_in(market).url)), flush=True)
    return land_first_pages(lake, maker, endpoint, market, pages=options.pages, apis=apis, day=day)


def _asked(maker: Oem, endpoint: Endpoint) -> Endpoint:
    """The endpoint whose host is asked: itself, or the one whose answers it reads."""
    return maker.endpoint(endpoint.answers_of) if endpoint.answers_of else endpoint


if __name__ == "__main__":
    sys.exit(main())
