"""An operator's word on one sealed day: enter it into `runs`, judge, and bring the other tables after it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from consolidated.day.dealers import DEALERS
from consolidated.day.inventory import INVENTORY
from consolidated.day.ledger import Subject
from consolidated.day.market import MarketDay, MarketOutcome
from consolidated.day.words import keep_words
from consolidated.tables.contention import with_retries
from consolidated.tables.definitions import RUNS
from resources.failures import Cause, PlatformError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from consolidated.day.typed import Feed
    from consolidated.history.acceptance import Decision
    from consolidated.tables.store import Store
    from resources.lake.lake import Lake

_PROCEDURES = {procedure.subject: procedure for procedure in (INVENTORY, DEALERS)}
_NEAREST_DAYS = 5


def decide_day(
    *,
    store: Store,
    oem: str,
    market: str,
    day: date,
    decision: Decision | None,
    note: str | None,
    by: str | None,
    subject: Subject = "inventory",
    feeds: Mapping[str, Feed],
    lake: Lake | None = None,
) -> MarketOutcome:
    """Accept, refuse or cover a sealed day of a market by name, or (None) leave it to the rule again.

    A covered day is accepted, and its new vehicles may have been listed before: the market is looked at in another way.

    The decision is kept in `runs` with its note, the person who made it and the time; events and the present follow
    before this returns, from the first day that the decision changes. The same decision again commits nothing. It
    stays with the day when the day is fetched again. feeds: by endpoint; they type days again that become neighbours of
    a day of another interpretation. lake: where the word is kept beside the archive, too.

    Raises PlatformError: CONFIGURATION where nothing is known of the OEM, the market or the day, or the day is not
    sealed; COMMIT_CONFLICT, LAKE_UNWRITABLE.
    """
    source = store.source()
    if source is None:
        raise _unknown("nothing is consolidated in this lake yet", oem, market, "Run a night first.")
    known = store.open(source).read(RUNS, pl.col("table") == subject, ["oem", "market", "date", "complete"])
    _require_sealed(known, oem, market, subject, day)
    word: dict[str, Any] = dict.fromkeys(("decision", "decision_note", "decided_by"))
    if decision is not None:
        word = {"decision": decision, "decision_note": note, "decided_by": by}
    now = datetime.now(UTC) if decision else None

    def one_try() -> MarketOutcome:
        work = MarketDay.open(store.open(source), oem, market, subject, day)
        row = work.ledger.rows[day]
        work.retype = feeds[row["endpoint"]].retype if row["endpoint"] in feeds else None
        if any(row[name] != value for name, value in word.items()):
            row |= word | {"decided_at": now}
        _PROCEDURES[subject].update(work)
        outcome = work.stage()
        # after all that can fail but the commit itself: a word that was refused must not come back with a rebuild
        if lake is not None:
            keep_words(lake, oem, market, subject, work.ledger.words())
        work.tables.commit()
        return outcome

    return with_retries(one_try, oem=oem, market=market)


def _require_sealed(known: pl.DataFrame, oem: str, market: str, subject: Subject, day: date) -> None:
    of_oem = known.filter(pl.col("oem") == oem)
    if of_oem.is_empty():
        raise _unknown(f"`runs` has no {subject} of that OEM", oem, market, _instead("OEMs", known["oem"]))
    of_market = of_oem.filter(pl.col("market") == market)
    if of_market.is_empty():
        raise _unknown(f"`runs` has no {subject} of that market", oem, market, _instead("markets", of_oem["market"]))
    sealed = of_market.filter("complete")["date"]
    if day in sealed:
        return
    seen = "was fetched, but not whole, so it is not sealed" if day in of_market["date"] else "was never consolidated"
    nearest = sorted(sealed, key=lambda one: abs(one - day))[:_NEAREST_DAYS]
    advice = _instead("sealed days nearest to it", pl.Series(nearest).cast(pl.String)) if nearest else "No day is."
    raise _unknown(f"{day.isoformat()} {seen}", oem, market, advice)


def _instead(what: str, names: pl.Series) -> str:
    return f"The {what}: {', '.join(names.unique().sort()) or 'none'}."


def _unknown(detail: str, oem: str, market: str, advice: str) -> PlatformError:
    return PlatformError(Cause.CONFIGURATION, detail, oem=oem, market=market, advice=advice)
