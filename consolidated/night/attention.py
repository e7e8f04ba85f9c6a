"""What of a night needs a person: what happened, what stays served, and the line of the runbook. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from consolidated.history.acceptance import cause_of_decision
from resources.failures import POLICIES, Cause
from resources.shown.checks import FRESH, RUNBOOK

if TYPE_CHECKING:
    from consolidated.night.failures import Failure

# checks that say of a whole step what the rows of `runs` say of its markets
_TOLD_BY_MARKET = ("complete", "plausible", FRESH.name)
_OF_CREDENTIALS = (Cause.CREDENTIAL_MISSING.value, Cause.CREDENTIAL_REJECTED.value)
SERVED = "Its last good state stays served"


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing for one person to look at. kind: FAILED, NOT WHOLE or DOUBTFUL. oem: the maker. cause: None where
    nothing named one. advice: what to do, and where the runbook has it. run_id: of the run that told it, empty where it
    is a row of `runs`."""

    kind: str
    oem: str
    place: str
    words: str
    cause: Cause | None
    advice: str
    run_id: str = ""


def matters(markets: Iterable[Mapping[str, Any]], failures: Iterable[Failure]) -> list[Matter]:
    """The matters of a night: its failed steps, then its markets that are not whole or not accepted, then its checks.

    A credential that is missing or rejected is one matter of its endpoint, for all its markets.
    markets: rows of `runs`, of vehicles and of dealers.
    """
    failures = list(failures)
    steps = [_of_failure(one) for one in failures if one.check is None]
    # what failed at its step is told once, for all its markets
    failed = {tuple(one.asset.split("/")[::2]) for one in failures if one.check is None}
    of_markets = []
    markets = list(markets)
    credentials = Counter(_credential_of(market) for market in markets)
    told: set[tuple[str, str, str]] = set()
    for market in markets:
        place = f"{market['oem']} {market['market']} {market['table']}"
        if not market["complete"]:
            if (market["oem"], market["endpoint"]) not in failed:
                cause = Cause(market["cause"]) if market["cause"] in list(Cause) else None
                words = f"{market['message'] or market['cause']}".rstrip(".")
                credential = _credential_of(market)
                if credential in told:
                    continue
                if credential is not None:
                    told.add(credential)
                    place = f"{market['oem']}/raw/{market['endpoint']}"
                    others = credentials[credential] - 1
                    words += f" (and {others} more market{'s' if others > 1 else ''})" if others else ""
                of_markets.append(_matter("NOT WHOLE", market["oem"], place, f"{words}. {SERVED}", cause))
        elif not market["accepted"] and market["decision"] is None:
            cause = cause_of_decision(market["decision_reason"])
            words = f"{market['decision_reason']}. {SERVED}"
            of_markets.append(_matter("DOUBTFUL", market["oem"], place, words, cause))
    checks = [_of_failure(one) for one in failures if one.check and one.check not in _TOLD_BY_MARKET]
    return [*steps, *of_markets, *checks]


def _credential_of(market: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """OEM, endpoint and cause of a market that failed for want of a credential, which its endpoint's markets share."""
    if market["complete"] or market["cause"] not in _OF_CREDENTIALS:
        return None
    return market["oem"], market["endpoint"], market["cause"]


def _of_failure(failure: Failure) -> Matter:
    cause = failure.causes[0] if failure.causes else None
    oem = failure.asset.split("/")[0]
    return _matter("FAILED", oem, failure.place, "; ".join(failure.words.splitlines()), cause, failure.run_id)


def _matter(kind: str, oem: str, place: str, words: str, cause: Cause | None, run_id: str = "") -> Matter:
    return Matter(kind, oem, place, words, cause, advice_for(cause, words), run_id)


def advice_for(cause: Cause | None, words: str = "") -> str:
    """The runbook's line of a cause, unless the words hold it already; and where it stands."""
    if cause is None:
        return RUNBOOK
    line = POLICIES[cause].runbook
    where = f"{RUNBOOK}#{cause.value}"
    return where if line in words else f"{line} {where}"
