"""What came of a day, as the lake has it: the rows of `runs`, and which records in quarantine are so by design.

Heavy: imported when the night is over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from resources.failures import PlatformError

if TYPE_CHECKING:
    from resources.lake.lake import Lake


def runs_of(lake: Lake, day: date, oem: str | None) -> list[dict[str, Any]]:
    """The day's rows of `runs`, by OEM and market, each with `excluded`, the records that are not what the table is
    about, and `refused`, the others in quarantine; none where nothing was ever merged."""
    import polars as pl

    from consolidated.tables.definitions import RUNS
    from consolidated.tables.iceberg import IcebergStore
    from resources.lake.catalog import load_lake_catalog

    store = IcebergStore(load_lake_catalog(lake), lake)
    source = store.source()
    if source is None:
        return []
    of_day = pl.col("date") == day
    rows = store.open(source).read(RUNS, of_day if oem is None else of_day & (pl.col("oem") == oem))
    found = rows.sort("oem", "market", "table").to_dicts()
    excluded = _excluded(lake, day, found)
    for run in found:
        run["excluded"] = excluded.get((run["oem"], run["endpoint"], run["market"]), 0)
        run["refused"] = run["quarantined"] - run["excluded"]
    return found


def _excluded(lake: Lake, day: date, runs: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str, str], int]:
    """Records that are left out by design, by OEM, endpoint and market."""
    import polars as pl

    from raw.wiring.discovery import discover
    from transformed.day.output import read_quarantine
    from transformed.day.quarantine import EXCLUDED_MESSAGE
    from transformed.day.report import read_report

    names = {(maker.name, one.name): one.yields.name for maker in discover() for one in maker.endpoints}
    found: dict[tuple[str, str, str], int] = {}
    for oem, endpoint in sorted({(run["oem"], run["endpoint"]) for run in runs if run["quarantined"]}):
        if (oem, endpoint) not in names:
            continue
        try:
            quarantine = read_quarantine(lake, read_report(lake, oem, names[oem, endpoint], day))
        except PlatformError:  # `runs` has the day, and its typed files are gone: nothing is known to be designed
            continue
        excluded = quarantine.filter(pl.col("message") == EXCLUDED_MESSAGE).group_by("market").len()
        found |= {(oem, endpoint, market): count for market, count in excluded.iter_rows()}
    return found
