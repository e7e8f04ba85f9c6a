"""Typing past days again from the archive by the present interpretation: in memory, or in place of what was typed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from raw.archive.seal import read_seal
from raw.wiring.discovery import discover
from resources.failures import Cause, PlatformError
from resources.lake.days import day_of
from transformed.contract.contracts import CONTRACTS
from transformed.day import sightings
from transformed.day.interpretation import interpretation
from transformed.day.output import MemoryOutput
from transformed.day.report import Report, read_report
from transformed.day.transform import transform_day, type_day

if TYPE_CHECKING:
    from raw.endpoint.declaration import Endpoint
    from resources.lake.lake import Lake

CANNOT_BE_USED = (Cause.FORMAT_UNKNOWN, Cause.TRANSFORMED_DAMAGED)
"""Causes of a report that says nothing about its day, although the day was typed once."""


@dataclass(frozen=True, slots=True)
class TypedDay:
    """A day typed in memory. report: without files; its `failed` names the markets that have neither rows nor
    sightings because their records could not be typed. rows: of the contract, as `read_rows` has them. sightings: as
    `read_sightings` has them."""

    report: Report
    rows: pl.DataFrame
    sightings: pl.DataFrame


def retyped_rows(lake: Lake, oem: str, endpoint: Endpoint, day: date) -> TypedDay | None:
    """A day of the archive, typed by the present interpretation; nothing is written.

    None where the archive does not have the day. Raises PlatformError as `transform_day` does.
    """
    try:
        seal = read_seal(lake, oem, endpoint.name, day)
    except PlatformError as error:
        if error.cause is not Cause.NEVER_LANDED:
            raise
        return None
    output = MemoryOutput()
    report = type_day(lake, seal, endpoint, day, output)
    seen = output.beside("sightings")
    return TypedDay(
        report=replace(report, files=[], quarantine_file=None, sightings_file=None),
        rows=output.rows() if report.files else CONTRACTS[report.table].create_empty(),
        sightings=pl.DataFrame(schema=sightings.SCHEMA) if seen is None else seen,
    )


def retype_days(
    lake: Lake, oem: str, since: date | None, progress: Callable[[str], None], *, endpoints: Sequence[Endpoint] = ()
) -> list[date]:
    """Type again, and write, the archived days of a maker that were typed by another interpretation, or not at all.

    since: the first day to look at, None for all. progress: is told a line a day. endpoints: the maker's, where
    `discover` does not know it. A command that was ended on the way goes on where it was. Returns the days that were
    typed now, sorted. Raises PlatformError as `transform_day` does, CONFIGURATION for an unknown maker.
    """
    typed: set[date] = set()
    for endpoint in endpoints or _endpoints_of(oem):
        present = interpretation(oem, endpoint)
        archived = [day for day in archived_days(lake, oem, endpoint) if since is None or day >= since]
        waiting = [day for day in archived if _interpretation_of(lake, oem, endpoint, day) != present]
        progress(f"{oem} {endpoint.name}: {len(waiting)} of {len(archived)} archived days are to be typed again")
        for number, day in enumerate(waiting, start=1):
            try:
                report = transform_day(lake=lake, oem=oem, endpoint=endpoint, day=day)
            except PlatformError as error:
                if error.cause is not Cause.ARCHIVE_DAMAGED:
                    raise
                progress(f"{day} stays as it is: {error}")
                continue
            rows = sum(market.accepted for market in report.markets.values())
            progress(f"{oem} {endpoint.name} {day}: {rows} rows ({number} of {len(waiting)})")
            typed.add(day)
    return sorted(typed)


def _endpoints_of(oem: str) -> tuple[Endpoint, ...]:
    makers = {maker.name: maker for maker in discover()}
    if oem not in makers:
        raise PlatformError(
            Cause.CONFIGURATION, f"there is no maker {oem}", advice=f"Name one of {', '.join(sorted(makers))}."
        )
    return makers[oem].endpoints


def archived_days(lake: Lake, oem: str, endpoint: Endpoint) -> list[date]:
    """The days that the archive has sealed, in order."""
    found = []
    for name in lake.list(f"raw/{oem}/{endpoint.name}"):
        if (day := day_of(name)) is None:
            continue  # a stray folder: maintenance tells it
        try:
            read_seal(lake, oem, endpoint.name, day)
        except PlatformError as error:
            if error.cause is Cause.NEVER_LANDED:
                continue
            if error.cause is not Cause.ARCHIVE_DAMAGED:  # damage is told when the day's turn comes
                raise
        found.append(day)
    return found


def _interpretation_of(lake: Lake, oem: str, endpoint: Endpoint, day: date) -> str:
    """The interpretation by which a day was typed; empty where that is unknown."""
    try:
        return read_report(lake, oem, endpoint.yields.name, day).interpretation
    except PlatformError as error:
        if error.cause not in (Cause.NEVER_LANDED, *CANNOT_BE_USED):
            raise
        return ""
