"""An OEM's day: its markets are computed one after another and committed together, again where a rival was faster."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from consolidated.day.ledger import Subject
from consolidated.day.market import Fetched, MarketDay, MarketOutcome, read_runs
from consolidated.day.typed import Feed, TypedDay, read_typed_day
from consolidated.day.words import keep_words
from consolidated.tables.contention import with_retries
from consolidated.tables.store import RowsChanged
from resources.failures import Cause, PlatformError

if TYPE_CHECKING:
    from consolidated.tables.store import Store, Tables
    from resources.lake.lake import Lake
    from transformed.day.report import MarketReport

_NO_SIGHTINGS = pl.DataFrame(schema={"identity": pl.String, "vin": pl.String, "outcome": pl.String})


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
    """Consolidate every market of an OEM's transformed tables for a day, with one commit a table.

    A feed that was not typed that day, as one of several, leaves its markets as they are: each is incomplete, and
    `runs` has no row of it. One that cannot be read ends no other.
    Raises PlatformError: NEVER_LANDED where no feed was typed, SOURCE_MIXED, COMMIT_CONFLICT, LAKE_UNWRITABLE,
    TRANSFORMED_DAMAGED.
    """

    def read(feed: Feed) -> TypedDay:
        typed = read_typed_day(lake, oem, feed, day, procedure.schema)
        found = lake.source()
        if found not in (None, typed.report.source):
            raise PlatformError(
                Cause.SOURCE_MIXED, f"the report is of {typed.report.source} and the lake of {found}", oem=oem
            )
        return typed

    done = _consolidate_feeds(store, oem, [(feed, partial(read, feed)) for feed in feeds], day, procedure)
    for one in done.outcomes:
        if one.words:  # also those of a time in which `runs` alone kept them
            keep_words(lake, oem, one.market, procedure.subject, one.words)
    done.raise_failures()
    return done.outcomes + [
        outcome for feed, error in done.absent for outcome in _never_typed(feed, error, done.served)
    ]


def _never_typed(feed: Feed, error: PlatformError, served: Mapping[str, date]) -> list[MarketOutcome]:
    return [
        MarketOutcome(market, False, False, str(error), 0, False, served=served.get(market))
        for market in sorted(feed.markets)
    ]


def consolidate_typed_day(
    store: Store, typed: TypedDay, day: date, feed: Feed, procedure: Procedure
) -> list[MarketOutcome]:
    """Consolidate every market of a typed day.

    A market that fails ends no other: the failure is raised when all others are committed, the first one with the
    others' causes. Where storage or catalog do not answer, it is raised at once.
    Raises PlatformError: SOURCE_MIXED, COMMIT_CONFLICT, LAKE_UNWRITABLE, LAKE_DAMAGED; DEFECT for what nobody foresaw.
    """
    done = _consolidate_feeds(store, typed.report.oem, [(feed, lambda: typed)], day, procedure)
    done.raise_failures()
    return done.outcomes


@dataclass
class _Done:
    """What came of a day's feeds. absent: those that were not typed that day. served: the last accepted day of each
    market as it was before."""

    outcomes: list[MarketOutcome] = field(default_factory=list)
    failures: list[PlatformError] = field(default_factory=list)
    absent: list[tuple[Feed, PlatformError]] = field(default_factory=list)
    served: dict[str, date] = field(default_factory=dict)

    def raise_failures(self) -> None:
        """Where nothing came of any feed, those that were not typed are failures too."""
        failures = self.failures + ([] if self.outcomes else [error for _, error in self.absent])
        if failures:
            raise _first_of(failures)


def _consolidate_feeds(
    store: Store,
    oem: str,
    feeds: Sequence[tuple[Feed, Callable[[], TypedDay]]],
    day: date,
    procedure: Procedure,
) -> _Done:
    """Each market computed after the other, and all committed at the end; again where another writer was faster."""

    def one_try() -> _Done:
        done = _Done()
        tables: Tables | None = None
        runs = pl.DataFrame()
        for feed, read in feeds:
            try:
                typed = read()
            except PlatformError as error:
                if error.policy.retry:
                    raise
                if error.cause is Cause.NEVER_LANDED:
                    done.absent.append((feed, error))
                else:
                    done.failures.append(error)
                continue
            store.prepare(typed.report.source)
            if tables is None:
                tables = store.open(typed.report.source)
                runs = read_runs(tables, oem, procedure.subject)
                accepted = runs.filter(pl.col("accepted")).group_by("market").agg(pl.col("date").max())
                done.served = dict(accepted.iter_rows())
            for _, market in sorted(typed.report.markets.items()):
                with _kept_to_a_market(done.failures, oem, market.market):
                    done.outcomes.append(_one_market(tables, runs, typed, market, day, feed, procedure))
        if tables is not None:
            tables.commit()
        return done

    return with_retries(one_try, oem=oem)


def _one_market(
    tables: Tables,
    runs: pl.DataFrame,
    typed: TypedDay,
    market: MarketReport,
    day: date,
    feed: Feed,
    procedure: Procedure,
) -> MarketOutcome:
    name = market.market
    debounce_days = feed.debounce_of(name)
    work = MarketDay.open(tables, typed.report.oem, name, procedure.subject, day, debounce_days, runs=runs)
    work.retype = feed.retype
    fetched = fetched_of(typed, market, procedure.schema)
    standing = work.ledger.rows.get(work.day)
    if market.complete:
        procedure.store(work, fetched)
    elif standing is None or not standing["complete"]:
        work.enter(fetched, None)
    # a sealed day that comes again incomplete stays as it is; the debounce may be another one all the same
    procedure.update(work)
    return work.stage()


def fetched_of(typed: TypedDay, market: MarketReport, schema: pl.Schema) -> Fetched:
    """What a typed day holds of a market."""
    rows = typed.rows_of(market.market)
    if rows is None:
        rows = pl.DataFrame(schema=schema)
    return Fetched(typed.report, market, rows, typed.sightings.get(market.market, _NO_SIGHTINGS))


@contextmanager
def _kept_to_a_market(failures: list[PlatformError], oem: str, market: str) -> Iterator[None]:
    """Note the failure of a market's work, unless storage or catalog do not answer."""
    try:
        yield
    except PlatformError as error:
        if error.policy.retry and error.cause is not Cause.COMMIT_CONFLICT:
            raise
        failures.append(_of_market(error, oem, market))
    except RowsChanged:
        raise
    except Exception as error:
        failure = PlatformError(Cause.DEFECT, _place_of(error), oem=oem, market=market)
        failure.__cause__ = error
        failures.append(failure)


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
