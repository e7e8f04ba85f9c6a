"""The feeds of an OEM's consolidated table, from what its endpoints declare."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING

from consolidated.day.typed import Feed
from raw.wiring.discovery import discover
from resources.failures import Cause, PlatformError
from transformed.day.interpretation import interpretation
from transformed.day.report import read_report
from transformed.day.retype import retyped_rows
from transformed.day.transform import transform_day

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import polars as pl

    from raw.endpoint.declaration import Endpoint
    from resources.lake.lake import Lake


def feeds_of(lake: Lake, oem: str, endpoints: Sequence[Endpoint]) -> list[Feed]:
    """A feed for each endpoint; the endpoints yield rows of one consolidated table."""
    return [
        Feed(
            endpoint.yields.name,
            endpoint.yields.debounce_days,
            # the tables ask a market at a time, and the day is typed whole: once for all of them
            lru_cache(maxsize=1)(partial(_retype, lake, oem, endpoint)),
            partial(_refresh, lake, oem, endpoint),
            endpoint.yields.debounce_days_in,
            frozenset(endpoint.markets),
        )
        for endpoint in endpoints
    ]


def feeds_of_maker(lake: Lake, oem: str) -> dict[str, Feed]:
    """The feeds of all its endpoints, by the endpoint's name; none for a maker that is not there."""
    makers = {maker.name: maker for maker in discover()}
    if oem not in makers:
        return {}
    endpoints = makers[oem].endpoints
    return {endpoint.name: feed for endpoint, feed in zip(endpoints, feeds_of(lake, oem, endpoints), strict=True)}


def _retype(lake: Lake, oem: str, endpoint: Endpoint, day: date, wanted: str) -> pl.DataFrame | None:
    """As `typed.Retype` has it."""
    if wanted != interpretation(oem, endpoint):
        return None
    typed = retyped_rows(lake, oem, endpoint, day)
    return None if typed is None else typed.rows


def _refresh(lake: Lake, oem: str, endpoint: Endpoint, day: date) -> None:
    """Raises PlatformError: NEVER_LANDED where the day was never typed, CONFIGURATION where it cannot be again."""
    standing = read_report(lake, oem, endpoint.yields.name, day).interpretation
    present = interpretation(oem, endpoint)
    if standing == present:
        return
    try:
        transform_day(lake=lake, oem=oem, endpoint=endpoint, day=day)
    except PlatformError as error:
        if error.cause is not Cause.NEVER_LANDED:
            raise
        raise PlatformError(
            Cause.CONFIGURATION,
            f"{day.isoformat()} was typed by the interpretation {standing or 'of an older version'}, the code's is"
            f" {present}, and the archive no longer has the day",
            oem=oem,
            endpoint=endpoint.name,
            advice="Put the day back into the archive, or consolidate it with the code that typed it.",
        ) from error
