"""What a try reads of a market: the table's sightings, with those that the try brings in the place of their day's."""

from __future__ import annotations

from datetime import date
from typing import Any, cast

import polars as pl
import pytest

from consolidated.day.evidence import Evidence
from consolidated.day.market import MarketDay

FIRST, SECOND = date(2026, 11, 1), date(2026, 11, 2)
KEPT = pl.DataFrame(
    {
        "date": [FIRST, SECOND],
        "listing_id": ["old", "stale"],
        "vin": [None, None],
        "outcome": ["quarantined", "quarantined"],
    },
    schema_overrides={"vin": pl.String},
)
OURS = pl.DataFrame(
    {"listing_id": ["new", "other"], "vin": ["V1", "V2"], "outcome": ["quarantined", "merged"]},
)


class Work:
    """A market's day without a table: reads from KEPT."""

    day = SECOND

    def __init__(self, sightings: pl.DataFrame | None) -> None:
        self.sightings = sightings

    def read(self, _: Any, where: pl.Expr, names: list[str]) -> pl.DataFrame:
        return KEPT.filter(where).select(names)


@pytest.mark.parametrize(
    ("brought", "where", "found"),
    [
        (None, pl.lit(value=True), [(FIRST, "old", None), (SECOND, "stale", None)]),
        (OURS, pl.lit(value=True), [(FIRST, "old", None), (SECOND, "new", "V1"), (SECOND, "other", "V2")]),
        (OURS, pl.col("vin") == "V2", [(SECOND, "other", "V2")]),
        (OURS, pl.col("date") == FIRST, [(FIRST, "old", None)]),
        (OURS.clear(), pl.lit(value=True), [(FIRST, "old", None)]),
    ],
    ids=["of the table", "of the try", "of a vehicle", "of another day", "none any more"],
)
def test_sightings_that_the_try_brings_stand_for_those_of_their_day(
    brought: pl.DataFrame | None, where: pl.Expr, found: list[tuple[Any, ...]]
) -> None:
    evidence = Evidence(cast("MarketDay", Work(brought)))
    assert evidence.sightings(where).rows() == found
