"""`make probe`: the first pages of a maker, or a capture, and what its modules make of them. Nothing is kept.

    python -m transformed.probe --oem audi --market es
    python -m transformed.probe --oem audi --capture page.json.gz

The pages come from where OEM_APIS says: the sandbox, a replay, or the real hosts, whose robots.txt is shown.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from resources.failures import Cause, PlatformError

if TYPE_CHECKING:
    from raw.endpoint.declaration import Endpoint
    from raw.wiring.discovery import Oem

_PAGES = 3


def main(arguments: list[str] | None = None) -> int:
    """The command. Returns the exit code: 0 where records were found, 1 where there were none, 2 for a wrong option."""
    parser = argparse.ArgumentParser(prog="python -m transformed.probe", description=__doc__.splitlines()[0])
    parser.add_argument("--oem", required=True, help="the maker's module name")
    parser.add_argument("--market", help="one of its markets; the first by default")
    parser.add_argument("--endpoint", help="one of its endpoints; every one by default")
    parser.add_argument(
        "--capture", type=Path, help="a file to read in place of asking: json, parquet or csv, also .gz"
    )
    parser.add_argument("--pages", type=int, default=_PAGES, help=f"requests to send for pages, {_PAGES} by default")
    options = parser.parse_args(arguments)
    try:
        return _probe(options.oem, options.market, options.endpoint, options.capture, options.pages)
    except PlatformError as error:
        print(error, file=sys.stderr)
        return 2


def _probe(oem: str, market: str | None, endpoint: str | None, capture: Path | None, pages: int) -> int:
    from raw.wiring.discovery import discover

    makers = {maker.name: maker for maker in discover()}
    maker = makers[_one_of("OEM", oem, list(makers))]
    worked = [_show(maker, one, market, capture, pages) for one in _endpoints(maker, endpoint, market, capture)]
    return 0 if all(worked) else 1


def _endpoints(maker: Oem, named: str | None, market: str | None, capture: Path | None) -> list[Endpoint]:
    """The endpoint that is named; else those that have the market; of a capture the first that reads it."""
    if named is not None:
        return [maker.endpoint(_one_of("ENDPOINT", named, [one.name for one in maker.endpoints]))]
    having = [one for one in maker.endpoints if market is None or market in one.markets]
    if not having:
        _one_of("MARKET", str(market), sorted({name for one in maker.endpoints for name in one.markets}))
    if capture is None:
        return having
    from transformed.probe.capture import read_capture

    for one in having:
        try:
            read_capture(capture, one.records)
        except PlatformError:
            continue
        return [one]
    return having[:1]


def _one_of(what: str, value: str, known: list[str]) -> str:
    if value not in known:
        detail = f"{what}={value} is none of {', '.join(known)}"
        raise PlatformError(Cause.CONFIGURATION, detail, advice="Name one of these.")
    return value


def _show(maker: Oem, endpoint: Endpoint, market: str | None, capture: Path | None, pages: int) -> bool:
    """Print what was found of an endpoint; whether there were records."""
    from resources.apis.apis import apis_from_env
    from resources.lake.days import today
    from resources.lake.lake import Lake
    from transformed.probe.capture import read_capture
    from transformed.probe.landing import land_capture, land_first_pages, robots_txt
    from transformed.probe.looking import look
    from transformed.probe.printing import text_of

    oem, market = maker.name, market or next(iter(endpoint.markets))
    _one_of("MARKET", market, list(endpoint.markets))
    with tempfile.TemporaryDirectory(prefix="probe-") as folder:
        lake, day = Lake(Path(folder).as_uri()), today()
        if capture is not None:
            print(f"== {oem} {endpoint.name} {market}, from {capture}", flush=True)
            seal = land_capture(lake, oem, endpoint, market, read_capture(capture, endpoint.records), day)
        else:
            apis = apis_from_env()
            print(f"== {oem} {endpoint.name} {market}, from {apis.source}", flush=True)
            if apis.source == "live":
                print(robots_txt(_asked(maker, endpoint).request_in(market).url), flush=True)
            seal = land_first_pages(lake, maker, endpoint, market, pages=pages, apis=apis, day=day)
        found = look(lake, seal, endpoint, day)
        place = f"{endpoint.yields.name.upper()} in transformed/{oem}.py"
        print(text_of(found, seal, place=place, identity=" or ".join(endpoint.identities)), end="\n\n", flush=True)
    return found.records > 0


def _asked(maker: Oem, endpoint: Endpoint) -> Endpoint:
    """The endpoint whose host is asked: itself, or the one whose answers it reads."""
    return maker.endpoint(endpoint.answers_of) if endpoint.answers_of else endpoint


if __name__ == "__main__":
    sys.exit(main())
