"""What of a night needs a person: what happened, what stays served, and the line of the runbook. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from resources.failures import POLICIES, Cause
from resources.shown.checks import RUNBOOK

_CAUSE = re.compile(rf"\b({'|'.join(cause.value for cause in Cause)})\b")
# checks that say of a whole step what the rows of `runs` say of its markets
_TOLD_BY_MARKET = ("complete", "plausible")


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing for one person to look at. kind: FAILED, NOT WHOLE or DOUBTFUL. advice: what to do, empty where the
    words say so already."""

    kind: str
    place: str
    words: str
    advice: str


def matters(markets: Iterable[Mapping[str, Any]], failures: Mapping[str, str]) -> list[Matter]:
    """The matters of a night: its failed steps, then its markets that are not whole or not accepted, then its checks.

    markets: rows of `runs`, of vehicles and of dealers. failures: words by step, or by `<asset> <check>`.
    """
    found = [Matter("FAILED", place, words, advice_for(words)) for place, words in failures.items() if " " not in place]
    # what failed at its step is told once, for all its markets
    failed = {(place.split("/")[0], place.split("/")[2]) for place in failures if " " not in place}
    for market in markets:
        place = f"{market['oem']} {market['market']} {market['table']}"
        if not market["complete"]:
            if (market["oem"], market["endpoint"]) not in failed:
                words = f"{market['message'] or market['cause']}".rstrip(".")
                served = f"{words}. Its last good state stays served"
                found.append(Matter("NOT WHOLE", place, served, advice_for(market["cause"] or "")))
        elif not market["accepted"] and not str(market["decision_reason"]).startswith("operator"):
            words = f"{market['decision_reason']}. Its last good state stays served"
            found.append(Matter("DOUBTFUL", place, words, advice_for(words)))
    for place, words in failures.items():
        check = place.partition(" ")[2]
        if check and check not in _TOLD_BY_MARKET:
            found.append(Matter("FAILED", place, "; ".join(words.splitlines()), advice_for(words)))
    return found


def advice_for(words: str) -> str:
    """The runbook's line of the cause that the words name first, unless they hold it already; and where it stands."""
    named = _CAUSE.search(words)
    if named is None:
        return RUNBOOK
    line = POLICIES[Cause(named[1])].runbook
    where = f"{RUNBOOK}#{named[1]}"
    return where if line in words else f"{line} {where}"
