"""What an attempt at a market is sealed as: its counts, and whether it is whole."""

from __future__ import annotations

from datetime import datetime

from raw.archive.seal import MarketSeal
from raw.fetch.evidence import Evidence
from resources.failures import PlatformError


def market_seal(
    evidence: Evidence,
    *,
    market: str,
    attempt: str,
    coverage: str,
    parts: list[str],
    failure: PlatformError | None,
    started_at: datetime,
    seconds: float,
) -> MarketSeal:
    """The seal of one market. failure: why absence from it does not mean absence from the market."""
    return MarketSeal(
        market=market,
        attempt=attempt,
        coverage=coverage,
        parts=parts,
        responses=evidence.responses,
        pages=evidence.pages,
        body_bytes=evidence.body_bytes,
        collected=evidence.collected,
        unique=evidence.unique,
        reported_total=evidence.reported_total,
        shortfall=evidence.shortfall,
        complete=failure is None,
        cause=failure.cause.value if failure else None,
        message=str(failure) if failure else None,
        started_at=started_at.isoformat(),
        seconds=round(seconds, 3),
        without_identity=evidence.without_identity,
        exact_duplicates=evidence.exact_duplicates,
        slices=evidence.records_by_slice(),
        content_digest=evidence.content_digest(),
    )
