"""The closed list of causes for which a night can go wrong, and what follows from each.

Of each cause: whether asking again can help, and the line of the runbook.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    """Why a fetch, a row, a day or a step failed."""

    TIMEOUT = "timeout"
    CONNECTION = "connection"
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    BLOCKED = "blocked"
    CREDENTIAL_MISSING = "credential_missing"
    CREDENTIAL_REJECTED = "credential_rejected"
    BAD_REQUEST = "bad_request"
    BAD_MARKET = "bad_market"
    NOT_JSON = "not_json"
    TRUNCATED = "truncated"
    SCHEMA_DRIFT = "schema_drift"
    TOO_LARGE = "too_large"
    UNREADABLE_ENCODING = "unreadable_encoding"
    REPEATED_PAGE = "repeated_page"
    CONTRADICTION = "contradiction"
    MARKET_MIXUP = "market_mixup"
    BUDGET_SPENT = "budget_spent"
    DEFECT = "defect"
    WINDOW = "window"
    CAPPED = "capped"
    EMPTY_FEED = "empty_feed"
    SHORTFALL = "shortfall"
    VOLUME_DROP = "volume_drop"
    TURNOVER = "turnover"
    CONTRACT_BROKEN = "contract_broken"
    CONSERVATION_BROKEN = "conservation_broken"
    NEVER_LANDED = "never_landed"
    TRANSFORMED_DAMAGED = "transformed_damaged"
    ARCHIVE_DAMAGED = "archive_damaged"
    FORMAT_UNKNOWN = "format_unknown"
    FUTURE_DATE = "future_date"
    LAKE_UNWRITABLE = "lake_unwritable"
    LAKE_DAMAGED = "lake_damaged"
    LAKE_MOVED = "lake_moved"
    CATALOG_LOST = "catalog_lost"
    SOURCE_MIXED = "source_mixed"
    CONFIGURATION = "configuration"
    COMMIT_CONFLICT = "commit_conflict"


@dataclass(frozen=True, slots=True)
class Policy:
    """What follows from a cause: `retry` says whether asking again can help without anybody changing anything."""

    retry: bool
    runbook: str


POLICIES: dict[Cause, Policy] = {
    Cause.TIMEOUT: Policy(True, "The host was too slow; run the day again later."),
    Cause.CONNECTION: Policy(True, "The host could not be reached; check the network, then run the day again."),
    Cause.RATE_LIMITED: Policy(True, "Lower the endpoint's limit, then run the day again."),
    Cause.SERVER_ERROR: Policy(True, "The OEM's server fails; run the day again later."),
    Cause.BLOCKED: Policy(False, "The OEM refuses this client; look at the archived answer before asking again."),
    Cause.CREDENTIAL_MISSING: Policy(False, "Set the named environment variable."),
    Cause.CREDENTIAL_REJECTED: Policy(False, "The credential is wrong or has expired; renew the named variable."),
    Cause.BAD_REQUEST: Policy(False, "The OEM no longer takes this request; compare it with the archived answer."),
    Cause.BAD_MARKET: Policy(False, "The OEM does not know this market; correct the endpoint's `markets`."),
    Cause.NOT_JSON: Policy(True, "Look at the archived body: a challenge page, a maintenance page, or a moved API."),
    Cause.TRUNCATED: Policy(True, "The body ended early; run the day again."),
    Cause.SCHEMA_DRIFT: Policy(
        False,
        "The OEM changed its answer; adapt the endpoint or the transformed module, then re-run from the archive.",
    ),
    Cause.REPEATED_PAGE: Policy(
        False,
        "The OEM ignored the paging; compare the endpoint's `pages` with the archived answers.",
    ),
    Cause.TOO_LARGE: Policy(
        False, "Look at the beginning of the body in the archive; if it is good, raise the endpoint's `budget`."
    ),
    Cause.UNREADABLE_ENCODING: Policy(
        False, "The host encodes what was not asked for, or badly; the bytes lie in the archive as they came."
    ),
    Cause.CONTRADICTION: Policy(
        False, "The OEM's answers contradict each other; look at them in the archive, then run the day again."
    ),
    Cause.MARKET_MIXUP: Policy(
        False,
        "Two markets were answered with the same listings; compare the market codes with the archived answers,"
        " or declare `markets_share_listings` where that is so.",
    ),
    Cause.BUDGET_SPENT: Policy(
        False,
        "The feed did not end within what a market may cost; look at its pages, or raise the endpoint's `budget`.",
    ),
    Cause.DEFECT: Policy(False, "A defect of the platform at the named place: report it; run the day again."),
    Cause.WINDOW: Policy(
        False, "There is more than the OEM lets be paged through; declare a `split` of the endpoint, or a finer one."
    ),
    Cause.CAPPED: Policy(
        False, "The answer holds exactly as much as the OEM serves at most; declare a `split`, or a finer one."
    ),
    Cause.EMPTY_FEED: Policy(
        False,
        "The OEM answered with nothing; check market code and filters against the archived answer.",
    ),
    Cause.SHORTFALL: Policy(False, "Fewer vehicles than the OEM reported; run the day again."),
    Cause.VOLUME_DROP: Policy(False, "Implausibly few vehicles; check the source, then run the day again."),
    Cause.TURNOVER: Policy(
        False,
        "Most vehicles were replaced in a night: new ids, or another feed. Look, then `make cover` or `make refuse`.",
    ),
    Cause.CONTRACT_BROKEN: Policy(False, "Look at the quarantine: rule, archive address, value."),
    Cause.CONSERVATION_BROKEN: Policy(False, "Records were lost on the way: a defect of the platform, report it."),
    Cause.NEVER_LANDED: Policy(
        False,
        "OEMs serve only the present: a past day that never landed cannot be fetched any more.",
    ),
    Cause.TRANSFORMED_DAMAGED: Policy(
        False, "Run the transformed step of the day again: it types the day anew from the archive."
    ),
    Cause.ARCHIVE_DAMAGED: Policy(
        False, "Restore the named file from a backup; if the day is today's, run it again, and it is fetched anew."
    ),
    Cause.FORMAT_UNKNOWN: Policy(False, "A newer version of the platform wrote this file; upgrade this one."),
    Cause.FUTURE_DATE: Policy(False, "Ask for a day that has come."),
    Cause.LAKE_UNWRITABLE: Policy(False, "Check LAKE_URI and its permissions."),
    Cause.LAKE_DAMAGED: Policy(
        False, "A file of the lake cannot be read; restore it, or make the tables again: `make rebuild`."
    ),
    Cause.LAKE_MOVED: Policy(
        False, "The tables name files at the lake's old address; set LAKE_URI to that, or run `make rebuild` here."
    ),
    Cause.CATALOG_LOST: Policy(
        False, "Name the lake's own catalog in PYICEBERG_CATALOG__LAKE__*, or make the tables again: `make rebuild`."
    ),
    Cause.SOURCE_MIXED: Policy(
        False, "Point LAKE_URI (and the catalog) at a lake of this source, or change OEM_APIS back."
    ),
    Cause.CONFIGURATION: Policy(False, "Correct the named setting."),
    Cause.COMMIT_CONFLICT: Policy(True, "Other writers kept winning; run the step again."),
}


_LONGEST_DETAIL = 2000


def printable(text: str) -> str:
    """A text of a host as it may be shown: the ends of its lines stay, and a replacement character stands for all else
    that steers a terminal or turns its text around."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one == "\n" else "\ufffd" for one in text)


@dataclass
class PlatformError(Exception):
    """An error that names OEM, market, endpoint, page and cause, and says what to do.

    `detail` says what was seen; `advice` overrides the runbook's line where the code knows better.
    """

    cause: Cause
    detail: str
    oem: str | None = None
    market: str | None = None
    endpoint: str | None = None
    page: str | None = None
    advice: str | None = None

    def __post_init__(self) -> None:
        # BaseException.__new__ saw the arguments, but pickling and repr go through args
        super().__init__(self.cause, self.detail, self.oem, self.market, self.endpoint, self.page, self.advice)

    @property
    def policy(self) -> Policy:
        return POLICIES[self.cause]

    def __str__(self) -> str:
        place = " ".join(part for part in (self.oem, self.endpoint, self.market) if part)
        if self.page is not None:
            place = f"{place} page {self.page}".strip()
        head = f"{place}: {self.cause.value}" if place else self.cause.value
        # what a host or a storage says may be of any length
        detail = self.detail if len(self.detail) <= _LONGEST_DETAIL else f"{self.detail[:_LONGEST_DETAIL]}..."
        return printable(f"{head}: {detail.rstrip('.')}. {self.advice or self.policy.runbook}")
