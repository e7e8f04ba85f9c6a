"""Values that are no values: a price, a year or a power of 0, a VIN of one repeated character, an empty text.

Such a value is unknown, so it becomes null and is reported as drift. The record is a good row otherwise: it is never
refused for it.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from transformed.contract.drift import Drift

FIRST_REGISTRATION = date(1950, 1, 1)
FIGURES: dict[str, tuple[Any, Any]] = {
    "battery_capacity_kwh": (0.1, 1000.0),
    "electric_range_km": (1, 3000),
    "co2_g_per_km": (0, 2000),
    "doors": (1, 9),
    "seats": (1, 30),
}
"""Of each the least and the largest value. A maker's mapping makes a 0 that says `none` null: see `positive`."""
_DEGREES = {"latitude": (-90.0, 90.0), "longitude": (-180.0, 180.0)}
_PRICE_LIMIT = 1e12  # no column of money holds more
_VIN_FORM = r"^[A-HJ-NPR-Z0-9]{17}$"  # ISO 3779: no I, O or Q
_VIN_FILLERS = ("12345678901234567", "01234567890123456", "ABCDEFGHJKLMNPRST", "ABCDEFGH123456789")
_SAME_AT_THE_END = 8  # the part of a VIN that tells one car from another


def plausible(rows: pl.DataFrame, drift: Drift) -> pl.DataFrame:
    """The same rows with null for every value that cannot be one; each is noted in `drift`.

    rows: columns of a contract as a mapping made them, among them archive_address and fetched_at. Looked at are vin
    (null unless real: not temporary, of a VIN's form, no filler), the prices (above 0 and below 10^12),
    first_registration_on (from 1950 to the day after the fetch), a model year or a power of 0, the figures of the
    technical data (the contract's bounds), and of a dealer its country's code and its place on the globe. An empty
    text, and one that is missing in a list, say nothing either, and nobody is told.
    """
    rows = _without_empty_texts(rows)
    for column, what, is_implausible in _rules():
        if column in rows.columns:
            found = pl.col(column).is_not_null() & is_implausible
            drift.note_texts(column, what, rows.filter(found).select(column, "archive_address"))
            rows = rows.with_columns(pl.when(~found).then(pl.col(column)).alias(column))
    return rows


def _rules() -> list[tuple[str, str, pl.Expr]]:
    """(column, what is wrong with a value, predicate over the rows)."""
    vin, registration = pl.col("vin"), pl.col("first_registration_on")
    tomorrow = pl.col("fetched_at").dt.date().dt.offset_by("1d")
    is_filler = vin.is_in(_VIN_FILLERS) | (
        # the regular expressions of Polars know no repetition of what was found before
        vin.str.strip_chars_end(vin.str.tail(1)).str.len_chars() <= 17 - _SAME_AT_THE_END
    )
    return [
        ("vin", "temporary and identifies nothing:", pl.col("vin_is_temporary")),
        ("vin", "no VIN's form:", ~vin.str.contains(_VIN_FORM)),
        ("vin", "a filler that identifies nothing:", is_filler),
        *((name, "no price:", _is_no_price(pl.col(name))) for name in ("price_amount", "list_price_amount")),
        *((name, "says that it is not known:", pl.col(name) == 0) for name in ("model_year", "power_kw")),
        (
            "first_registration_on",
            "outside 1950 and tomorrow:",
            ~registration.is_between(pl.lit(FIRST_REGISTRATION), tomorrow),
        ),
        *(
            (name, f"outside {low:g} and {high:g}:", ~pl.col(name).is_between(low, high))
            for name, (low, high) in {**FIGURES, **_DEGREES}.items()
        ),
        ("country_code", "no country's code:", ~pl.col("country_code").str.contains(r"^[A-Z]{2}$")),
    ]


def _without_empty_texts(rows: pl.DataFrame) -> pl.DataFrame:
    """The same rows with null for each empty text, and without those and the nulls in lists of texts."""
    texts, lists = pl.col(pl.String), pl.col(pl.List(pl.String))
    found = rows.select((texts == "").any(), lists.list.eval(pl.element().fill_null("") == "").list.any().any())
    wrong = [column.name for column in found.iter_columns() if column.item()]
    says_something = pl.element().filter(pl.element() != "")
    return rows.with_columns(
        pl.when(pl.col(name) != "").then(name).alias(name)
        if rows.schema[name] == pl.String
        else pl.col(name).list.eval(says_something)
        for name in wrong
    )


def _is_no_price(amount: pl.Expr) -> pl.Expr:
    number = amount.cast(pl.Float64, strict=False)
    return ~(number.is_finite() & (number > 0) & (number < _PRICE_LIMIT)).fill_null(False)
