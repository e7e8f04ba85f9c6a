"""The facts of a night that alerts follow from: rows of `runs` and the Dagster instance's own record of its runs.

Heavy where there are tables: imported by the step.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from consolidated.night.alerts.messages import ALL_MAKERS, Night, Served, unfinished
from consolidated.night.attention import matters
from consolidated.night.failures import failures_of_night
from consolidated.night.runs import runs_of_night
from consolidated.tables import definitions as tables

if TYPE_CHECKING:
    from dagster import DagsterInstance

    from consolidated.tables.store import Store

_COLUMNS = [
    "oem", "market", "table", "date", "endpoint", "complete", "accepted", "cause", "message", "decision",
    "decision_reason", "vehicles",
]  # fmt: skip


def read_night(store: Store, instance: DagsterInstance, day: date, oems: Collection[str]) -> Night:
    """The night of a day as the tables and the instance know it now. oems: every maker that there is.

    Raises PlatformError where the storage or the catalog cannot be reached.
    """
    source = store.source()
    schema = {name: dtype for name, dtype in tables.RUNS.frame_schema.items() if name in _COLUMNS}
    runs = pl.DataFrame(schema=schema)
    if source is not None:
        runs = store.open(source).read(tables.RUNS, pl.col("date") <= day, _COLUMNS)
    of_night = runs_of_night(instance, day, oems)
    rows = runs.filter(pl.col("date") == day).sort("oem", "market", "table").to_dicts()
    failures = list(failures_of_night(instance, day).values())
    found = matters(rows, failures)
    seen = {row["oem"] for row in rows} | {failure.asset.split("/")[0] for failure in failures}
    ran = {oem: run for oem, run in of_night.ran.items() if oem in seen or oem in of_night.whole}
    if ran and seen.isdisjoint(ran):  # it ended before any maker's turn: one message, not one a maker
        ran = {ALL_MAKERS: next(iter(ran.values()))}
    missing = [unfinished(oem, run.run_id, run.status.value) for oem, run in sorted(ran.items()) if oem not in seen]
    last = runs.filter(pl.col("date") < day)["date"].max()
    return Night(
        day,
        {oem: run.run_id for oem, run in ran.items()},
        (*found, *missing),
        tuple(served(runs, day)),
        last if isinstance(last, date) else None,
        of_night.is_running,
    )


def served(runs: pl.DataFrame, day: date) -> list[Served]:
    """Of each market that was ever looked at and does not count on the day: the last day on which it did.

    runs: oem, market, table, date, accepted, vehicles; no day after `day`.
    """
    keys = ["oem", "market", "table"]
    last = runs.filter("accepted").sort("date").group_by(keys).last().select(*keys, last="date", vehicles="vehicles")
    every = runs.select(keys).unique().join(last, on=keys, how="left")
    behind = every.filter(pl.col("last").is_null() | (pl.col("last") < day)).sort(keys)
    return [Served(*row) for row in behind.select(*keys, "last", "vehicles").iter_rows()]
