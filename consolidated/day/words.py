"""An operator's words on days, kept beside the archive, so that tables that are made again know them.

decisions/<oem>/<market>/<inventory or dealers>.json     by day: decision, decision_note, decided_by, decided_at
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from resources.failures import Cause, PlatformError

if TYPE_CHECKING:
    from consolidated.day.ledger import Subject
    from resources.lake.lake import Lake

Word = dict[str, Any]
"""decision, decision_note, decided_by, decided_at, as in `runs`."""


def path_of(oem: str, market: str, subject: Subject) -> str:
    return f"decisions/{oem}/{market}/{subject}.json"


def read_words(lake: Lake, oem: str, market: str, subject: Subject) -> dict[date, Word]:
    """Raises PlatformError(LAKE_DAMAGED) where the file cannot be read."""
    path = path_of(oem, market, subject)
    try:
        return {
            date.fromisoformat(day): word | {"decided_at": datetime.fromisoformat(word["decided_at"])}
            for day, word in lake.read_json(path).items()
        }
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        detail = f"{lake.uri}/{path} cannot be read: {error!r}"
        advice = "Correct the file, or remove it: then `make rebuild` knows none of these words."
        raise PlatformError(Cause.LAKE_DAMAGED, detail, oem=oem, market=market, advice=advice) from error


def keep_words(lake: Lake, oem: str, market: str, subject: Subject, words: dict[date, Word]) -> None:
    """Keep all words on the days of a market, unless they are kept. Raises PlatformError(LAKE_UNWRITABLE)."""
    if read_words(lake, oem, market, subject) != words:
        lake.write_json(
            path_of(oem, market, subject),
            {day.isoformat(): {**word, "decided_at": word["decided_at"].isoformat()} for day, word in words.items()},
        )
