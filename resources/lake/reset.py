"""`make reset`: start over. Removes a lake in a folder and the runs that this machine's Dagster instance remembers.

    python -m resources.lake.reset

It says what would go and asks; YES=1 answers for you. A lake of live data is the truth that no host serves again, so
its source has to be given by name: YES=live. A lake or a catalog elsewhere is never removed by it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

from resources.commands.frame import command
from resources.failures import Cause, PlatformError
from resources.lake.lake import CHECKOUT, lake_from_env

_CATALOG_VARIABLE = "PYICEBERG_CATALOG__LAKE__URI"


@command
def main(arguments: list[str] | None = None) -> int:
    """The command. Returns the exit code: 0 where it was removed or was not there, 1 where it stays."""
    parser = argparse.ArgumentParser(prog="make reset", description=__doc__.splitlines()[0])
    parser.add_argument("--yes", default="", help="1 to be asked nothing; the source's name for a lake of live data")
    options = parser.parse_args(arguments)
    return _reset(options.yes)


def _reset(yes: str) -> int:
    lake = lake_from_env()
    if not lake.is_local:
        raise PlatformError(
            Cause.CONFIGURATION,
            f"the lake at {lake.uri} is not in a folder, and reset removes nothing elsewhere",
            advice="Unset LAKE_URI, or remove that lake and its catalog with their own tools.",
        )
    if os.environ.get(_CATALOG_VARIABLE):
        raise PlatformError(
            Cause.CONFIGURATION,
            f"{_CATALOG_VARIABLE} names a catalog elsewhere, which would go on naming the removed tables",
            advice="Unset it, or drop the tables there and remove the folder yourself.",
        )
    folder = Path(lake.storage_path("").rstrip("/"))
    home = Path(os.environ.get("DAGSTER_HOME") or CHECKOUT / ".dagster")
    there = [place for place in (folder, home) if place.is_dir()]
    if not there:
        print(f"neither {folder} nor {home} is there: nothing to remove")
        return 0
    source = lake.stamped_source()
    if folder.is_dir() and source is None and any(folder.iterdir()):
        raise PlatformError(
            Cause.CONFIGURATION,
            f"{folder} has no stamp of a lake, so it may be anything",
            advice="Set LAKE_URI to the lake that is meant.",
        )
    for place in there:
        what = f"the lake, {source or 'empty'}" if place == folder else "the runs"
        print(f"{place}: {what}, {_megabytes(place):,.1f} MB")
    if not _is_meant(yes, source):
        print("nothing was removed")
        return 1
    for place in there:
        _empty(place)
    print("removed; `make nightly` begins anew")
    return 0


def _is_meant(yes: str, source: str | None) -> bool:
    wanted = source if source == "live" else "yes"
    if yes:
        if source == "live" and yes != source:
            raise PlatformError(
                Cause.CONFIGURATION,
                "the lake holds live data, which no host serves again",
                advice="Give YES=live if it is to go.",
            )
        if yes not in ("1", source):
            raise PlatformError(
                Cause.CONFIGURATION, f"YES={yes} is no answer", advice="Give YES=1, or none to be asked."
            )
        return True
    if not sys.stdin.isatty():
        raise PlatformError(
            Cause.CONFIGURATION, "there is nobody to ask", advice=f"Give YES={source if source == 'live' else 1}."
        )
    try:
        return input(f"Remove this for good? Type {wanted}: ").strip().lower() == wanted
    except (EOFError, KeyboardInterrupt):
        print()
        return False


def _empty(folder: Path) -> None:
    """Remove what is in a folder, and the folder where it is not a mount or a link that somebody made."""
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    if not folder.is_symlink() and not folder.is_mount():
        folder.rmdir()


def _megabytes(folder: Path) -> float:
    return sum(file.lstat().st_size for file in folder.rglob("*") if not file.is_dir()) / 1e6


if __name__ == "__main__":
    sys.exit(main())
