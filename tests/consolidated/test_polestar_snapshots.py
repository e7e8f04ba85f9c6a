"""Eighteen real looks at Polestar's stock, of which most asked one market only: the others are retired by none.

They are told in tables in memory, and in Iceberg tables under `make soak`.

The collector carries a market that it did not ask over from before and says `stale`. Each look is given to the
consolidated functions as a day; a stale market is one whose fetch was not whole.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from tests.support.acceptance_model import Row
from tests.support.consolidated_support import History, MemoryHistory
from tests.support.counts import IS_SOAK, count
from tests.support.nights import captures
from tests.support.typed_days import day_number, market_report, vehicle

pytestmark = pytest.mark.slow

MARKETS = count(2, 7)  # Spain, which every look asked, and others, which few did
DEBOUNCE_DAYS = 3


@dataclass(frozen=True)
class Look:
    """rows: by market, of those that were asked too; asked: the markets that this look asked itself."""

    day: date
    rows: dict[str, list[Row]]
    asked: set[str]

    def ids(self, market: str) -> set[str]:
        return {row["listing_id"] for row in self.rows[market]}


def looks(folder: Path) -> list[Look]:
    found = []
    for number, path in enumerate(sorted((folder / "polestar" / "inventory_normalized").glob("*.json.gz"))):
        snapshot = json.loads(gzip.decompress(path.read_bytes()))
        names = list(snapshot["markets"])[:MARKETS]
        rows: dict[str, list[Row]] = {name: [] for name in names}
        for one in snapshot["vehicles"]:
            if one["country"] in rows:
                rows[one["country"]].append(_row(one, day_number(number)))
        asked = {
            name for name in names if (one := snapshot["markets"][name])["status"] == "ok" and not one.get("stale")
        }
        found.append(Look(day_number(number), rows, asked))
    return found


def _row(one: Row, day: date) -> Row:
    price = one["price"]
    row = vehicle(
        f"{one['source']}/{one['id']}",
        day,
        vin=one.get("vin"),
        price_amount=None if price is None else Decimal(str(price)),
        price_currency=None if price is None else one["currency"],
    )
    return row | {"market": one["country"]}


def test_law_5_a_market_that_was_not_asked_retires_nothing(tmp_path: Path) -> None:
    all_looks = looks(captures())
    kept = History(tmp_path, DEBOUNCE_DAYS) if IS_SOAK else MemoryHistory(debounce_days=DEBOUNCE_DAYS)
    for look in all_looks:
        rows = [row for market in look.rows.values() for row in market]
        reports = [
            market_report(len(of_market), market=name)
            if name in look.asked
            else market_report(
                len(of_market), market=name, complete=False, cause="timeout", message="not asked: carried over"
            )
            for name, of_market in look.rows.items()
        ]
        kept.land_markets(look.day, rows, reports)
        outcomes = kept.consolidate_markets(look.day)
        assert {one.market for one in outcomes if one.accepted} == look.asked

    events, present = kept.table("inventory_events"), kept.table("inventory")
    markets = list(all_looks[0].rows)
    assert any(len(look.asked) < len(markets) for look in all_looks), "there have to be stale markets"
    for market in markets:
        asked = [look for look in all_looks if market in look.asked]
        of_market = events.filter(pl.col("market") == market)
        assert set(of_market["known_on"]) <= {look.day for look in asked}, "news only from a look that asked"

        # gone is who was missing from three looks on end that asked this market, and nobody else
        gone: set[str] = set()
        away: set[str] = set()
        for listing in set().union(*(look.ids(market) for look in asked)):
            there = [listing in look.ids(market) for look in asked]
            last = max(number for number, one in enumerate(there) if one)
            missing = len(asked) - 1 - last
            if missing:
                (gone if missing >= DEBOUNCE_DAYS else away).add(listing)
        status = dict(present.filter(pl.col("market") == market).select("listing_id", "status").iter_rows())
        assert {one for one, is_now in status.items() if is_now == "delisted"} == gone
        assert {one for one, is_now in status.items() if is_now == "absent"} == away
        assert {one for one, is_now in status.items() if is_now == "listed"} == asked[-1].ids(market)

        if len(asked) < len(all_looks):
            # taken at its word, a carried-over market tells changes that nobody saw
            believed = sum(len(one.ids(market) - two.ids(market)) for one, two in pairwise(all_looks))
            delisted = of_market.filter(pl.col("kind") == "delisted").height
            assert delisted < believed
