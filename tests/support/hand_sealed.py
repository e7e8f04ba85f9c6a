"""Seals of a day that was not fetched: what the tests of the archive write in a fetch's place."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from raw.archive.seal import Manifest, MarketSeal

DAY = date(2026, 11, 20)
AT = datetime(2026, 11, 20, 6, tzinfo=UTC)


def market_seal(market: str = "es", attempt: str = "20261120T060000.000000Z", **fields: object) -> MarketSeal:
    seal_of_market = MarketSeal(
        market=market,
        attempt=attempt,
        coverage="c" * 16,
        parts=[],
        responses=1,
        pages=1,
        body_bytes=2,
        collected=1,
        unique=1,
        reported_total=None,
        shortfall=0,
        complete=True,
        cause=None,
        message=None,
        started_at=AT.isoformat(),
        seconds=1.0,
    )
    return replace(seal_of_market, **fields)  # type: ignore[arg-type]


def manifest(*markets: MarketSeal) -> Manifest:
    return Manifest("oem", "search", DAY.isoformat(), "sandbox", {market.market: market for market in markets})


def attempt_at(hour: int, **fields: object) -> MarketSeal:
    return market_seal("es", f"20261120T{hour:02d}0000.000000Z", **fields)
