"""What the code as it is makes of a maker's archived days, beside what is published, and the events that follow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from consolidated.change.comparison import compare
from consolidated.change.comparison import lines as lines_of
from consolidated.change.trial import TrialStore
from consolidated.day.feeds import feeds_of
from consolidated.day.inventory import INVENTORY
from consolidated.day.many import enter_day, update_history
from consolidated.day.typed import TypedDay, by_market
from consolidated.tables.definitions import INVENTORY_EVENTS
from consolidated.tables.iceberg import IcebergStore
from resources.failures import Cause, PlatformError
from resources.lake.catalog import load_lake_catalog
from transformed.contract.contracts import IDENTITY, PROVENANCE
from transformed.day.output import read_rows
from transformed.day.report import read_report
from transformed.day.retype import archived_days, retyped_rows

if TYPE_CHECKING:
    from datetime import date

    from consolidated.tables.store import Tables
    from raw.endpoint.declaration import Endpoint
    from raw.wiring.discovery import Oem
    from resources.lake.lake import Lake
    from transformed.day.retype import TypedDay as Retyped


@dataclass(frozen=True, slots=True)
class Line:
    """A line for a person. differs: it tells of a difference."""

    text: str
    differs: bool = False


def differences(lake: Lake, maker: Oem, since: date) -> Iterator[Line]:
    """Compare every archived day since a day, endpoint by endpoint; nothing is written.

    Raises PlatformError: NEVER_LANDED where the archive has no such day, and as `transform_day` does.
    """
    store = IcebergStore(load_lake_catalog(lake), lake)
    found = False
    for endpoint in maker.endpoints:
        days = [day for day in archived_days(lake, maker.name, endpoint) if day >= since]
        found |= bool(days)
        typed = {day: again for day in days if (again := retyped_rows(lake, maker.name, endpoint, day))}
        for day, again in typed.items():
            yield from _day(lake, maker.name, endpoint, day, again)
        if typed and endpoint.yields.table == INVENTORY.subject and store.source() is not None:
            yield from _events(lake, store, maker.name, endpoint, typed)
    if not found:
        raise PlatformError(
            Cause.NEVER_LANDED,
            f"the archive has no day of it since {since}",
            oem=maker.name,
            advice="Give another DATE.",
        )


def _day(lake: Lake, oem: str, endpoint: Endpoint, day: date, again: Retyped) -> Iterator[Line]:
    yield Line(f"== {oem} {endpoint.name} {day}")
    try:
        report = read_report(lake, oem, endpoint.yields.name, day)
    except PlatformError as error:
        if error.cause is not Cause.NEVER_LANDED:
            raise
        yield Line(f"not published yet; {again.rows.height:,} rows", differs=True)
        return
    published = read_rows(lake, report).drop(PROVENANCE, strict=False)  # a day without files has no column
    found = compare(published, again.rows.drop(PROVENANCE), ("market", IDENTITY[report.table]))
    for text in lines_of(found):
        yield Line(text, differs=not found.is_same)
    before, after = (sum(one.quarantined for one in each.markets.values()) for each in (report, again.report))
    if before != after:
        yield Line(f"quarantine published {before:,}, now {after:,}", differs=True)


def _events(
    lake: Lake, store: IcebergStore, oem: str, endpoint: Endpoint, typed: dict[date, Retyped]
) -> Iterator[Line]:
    """The events of the maker's markets that publishing would add and take away."""
    (feed,) = feeds_of(lake, oem, [endpoint])
    trial = TrialStore(store)
    markets: dict[str, date] = {}
    source = ""
    for day, again in sorted(typed.items()):
        source = again.report.source
        rows = by_market(again.rows.select(list(INVENTORY.schema)).cast(INVENTORY.schema))
        one = TypedDay(again.report, rows.get, by_market(again.sightings, keep_market=False))
        enter_day(lake, trial, one, day, feed, INVENTORY)
        markets |= dict.fromkeys(one.report.markets, day)
    added: Counter[str] = Counter()
    removed: Counter[str] = Counter()
    update_history(trial, oem, {market: (day, source) for market, day in markets.items()}, feed, INVENTORY)
    for market in sorted(markets):
        before = _ids(store.open(source), oem, market)
        after = _ids(trial.open(source), oem, market)
        added += Counter(after.join(before, on="event_id", how="anti")["kind"])
        removed += Counter(before.join(after, on="event_id", how="anti")["kind"])
    yield Line(f"events    {_counted('added', added)}, {_counted('taken away', removed)}", bool(added or removed))


def _ids(tables: Tables, oem: str, market: str) -> pl.DataFrame:
    here = (pl.col("oem") == oem) & (pl.col("market") == market)
    return tables.read(INVENTORY_EVENTS, here, ["event_id", "kind"])


def _counted(what: str, kinds: Counter[str]) -> str:
    if not kinds:
        return f"none {what}"
    return f"{what}: {', '.join(f'{count:,} {kind}' for kind, count in sorted(kinds.items()))}"
