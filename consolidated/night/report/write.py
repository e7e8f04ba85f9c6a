"""Writing the report of a day beside the lake, `reports/<date>.html`, and finding it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consolidated.night.failures import failures_of_night
from resources.failures import Cause, PlatformError
from resources.lake.days import day_of
from resources.sizing.uses import uses_of_night

if TYPE_CHECKING:
    from datetime import date

    from dagster import DagsterInstance
    from pyiceberg.catalog import Catalog

    from consolidated.night.report.figures import Figures
    from resources.lake.lake import Lake

FOLDER = "reports"


def path_of(day: date) -> str:
    return f"{FOLDER}/{day.isoformat()}.html"


def write_report(
    lake: Lake, catalog: Catalog, instance: DagsterInstance, day: date, *, of_any_day: bool = True
) -> Figures:
    """Write the page of a day as the tables and the instance have it now, whole or not at all.

    Raises PlatformError where storage or catalog cannot be reached or refuse; CONFIGURATION where nothing is known of
    the day, unless of_any_day.
    """
    from consolidated.night.report.figures import read_figures
    from consolidated.night.report.page import html_of
    from consolidated.tables.iceberg import IcebergStore

    failures = failures_of_night(instance, day).values()
    figures = read_figures(IcebergStore(catalog, lake), lake.uri, day, failures, uses_of_night(instance, day))
    if not (of_any_day or figures.runs or figures.steps or figures.matters):
        nearest = ", ".join(map(str, reported_days(lake)[-3:]))
        advice = f"The last days with a report: {nearest}." if nearest else "Run `make nightly` first."
        raise PlatformError(Cause.CONFIGURATION, f"nothing is known of a night of {day}", advice=advice)
    lake.write_atomic(path_of(day), html_of(figures).encode())
    return figures


def reported_days(lake: Lake) -> list[date]:
    """The days that have a report, in order."""
    # what has another name is somebody else's file
    return sorted(day for name in lake.list(FOLDER) if name.endswith(".html") and (day := day_of(name[:-5])))
