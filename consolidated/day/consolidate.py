"""Every market of an OEM's day, one after another: read the typed day once, compute, commit, try again if beaten."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from consolidated.day.ledger import Subject
from consolidated.day.market import Fetched, MarketDay, MarketOutcome
from consolidated.day.typed import Feed, TypedDay, read_typed_day
from consolidated.day.words import keep_words
from consolidated.tables.contention import with_retries
from resources.failures import Cause, PlatformError

if TYPE_CHECKING:
    from consolidated.tables.store import Store
    from resources.lake.lake import Lake

NO_SIGHTINGS = pl.DataFrame(schema={"identity": pl.String, "vin": pl.String, "outcome": pl.String})


@dataclass(frozen=True, slots=True)
class Procedure:
    """How the rows of a subject get into its tables. schema: of the rows as they are read from the typed day.
    store: enters a complete day into the ledger, and notes the rows of the daily tables.
    update: judges the ledger's days and notes the rows of the other tables, as they follow from them."""

    subject: Subject
    schema: pl.Schema
    store: Callable[[MarketDay, Fetched], None]
    update: Callable[[MarketDay], None]


def consolidate_feeds(
    *, lake: Lake, store: Store, oem: str, feeds: Sequence[Feed], day: date, procedure: Procedure
) -> list[MarketOutcome]:
    """Consolidate every market of an OEM's transformed tables for a day.

    A feed that was not typed that day, as one of several, leaves its markets as they are: each is incomplete, and
    `runs` has no row of it. One that cannot be read ends no other.
    Raises PlatformError: NEVER_LANDED where no feed was typed, SOURCE_MIXED, COMMIT_CONFLICT, LAKE_UNWRITABLE,
    TRANSFORMED_DAMAGED.
    """
    outcomes: list[MarketOutcome] = []
    failures: list[PlatformError] = []
    absent: list[tuple[Feed, PlatformError]] = []
    for feed in feeds:
        try:
            typed = read_typed_day(lake, oem, feed, day, procedure.schema)
        except PlatformError as error:
            if error.policy.retry:
                raise
            if error.cause is Cause.NEVER_LANDED:
                absent.append((feed, error))
            else:
                failures.append(error)
            continue
        found = lake.source()
        if found not in (None, typed.report.source):
            raise PlatformError(
                Cause.SOURCE_MIXED, f"the report is of {typed.report.source} and the lake of {found}", oem=oem
            )
        of_feed = consolidate_typed_day(store, typed, day, feed, procedure)
        for one in of_feed:
            if one.words:  # also those of a time in which `runs` alone kept them
                keep_words(lake, oem, one.market, procedure.subject, one.words)
        outcomes += of_feed
    if not outcomes:
        failures += [error for _, error in absent]
    if failures:
        raise _first_of(failures)
    return outcomes + [outcome for feed, error in absent for outcome in _never_typed(feed, error)]


def _never_typed(feed: Feed, error: PlatformError) -> list[MarketOutcome]:
    return [MarketOutcome(market, False, False, str(error), 0, False) for market in sorted(feed.markets)]


def consolidate_typed_day(
    store: Store, typed: TypedDay, day: date, feed: Feed, procedure: Procedure
) -> list[MarketOutcome]:
    """Consolidate every market of a typed day.

    A market that fails ends no other: the failure is raised when all have had their turn, the first one with the
    others' causes. Where storage or catalog do not answer, it is raised at once.
    Raises PlatformError: SOURCE_MIXED, COMMIT_CONFLICT, LAKE_UNWRITABLE, LAKE_DAMAGED; DEFECT for what nobody foresaw.
    """
    report = typed.report
    store.prepare(report.source)
    outcomes = []
    failures: list[PlatformError] = []
    for _, market in sorted(report.markets.items()):
        rows = typed.rows.get(market.market, pl.DataFrame(schema=procedure.schema))
        sightings = typed.sightings.get(market.market, NO_SIGHTINGS)
        fetched = Fetched(report, market, rows, sightings)

        def one_try(fetched: Fetched = fetched) -> MarketOutcome:
            work = MarketDay.open(
                store.open(report.source),
                report.oem,
                fetched.market.market,
                procedure.subject,
                day,
                feed.debounce_of(fetched.market.market),
            )
            work.retype = feed.retype
            return _consolidate(work, fetched, procedure)

        try:
            outcomes.append(with_retries(one_try, oem=report.oem, market=market.market))
        except PlatformError as error:
            if error.policy.retry and error.cause is not Cause.COMMIT_CONFLICT:
                raise
            failures.append(_of_market(error, report.oem, market.market))
        except Exception as error:
            failure = PlatformError(Cause.DEFECT, _place_of(error), oem=report.oem, market=market.market)
            failure.__cause__ = error
            failures.append(failure)
    if failures:
        raise _first_of(failures)
    return outcomes


def _of_market(error: PlatformError, oem: str, market: str) -> PlatformError:
    error.oem, error.market = error.oem or oem, error.market or market
    return error


def _first_of(failures: list[PlatformError]) -> PlatformError:
    """The first failure, which names the markets of the others."""
    first, *others = failures
    if others:
        first.detail += f" (and {', '.join(f'{one.market or one.endpoint}: {one.cause.value}' for one in others)})"
    return first


def _place_of(error: Exception) -> str:
    """The kind of an unforeseen error, and the last line of this tier that it passed. Its text may quote a record."""
    lines = [one for one in traceback.extract_tb(error.__traceback__) if "/consolidated/" in one.filename]
    place = f" at {lines[-1].filename.rpartition('/')[2]}:{lines[-1].lineno}" if lines else ""
    return f"{type(error).__name__}{place}"


def _consolidate(work: MarketDay, fetched: Fetched, procedure: Procedure) -> MarketOutcome:
    standing = work.ledger.rows.get(work.day)
    if fetched.market.complete:
        procedure.store(work, fetched)
    elif standing is None or not standing["complete"]:
        work.enter(fetched, None)
    # a sealed day that comes again incomplete stays as it is; the debounce may be another one all the same
    procedure.update(work)
    return work.commit()
