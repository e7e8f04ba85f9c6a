"""Polars expressions that several OEMs' mappings share: cleaning, codes, money, units, times, a market's facts."""

from __future__ import annotations

import re
from collections.abc import Mapping

import polars as pl

from resources.markets import MARKETS

KILOMETRES_PER_MILE = 1.609344
KILOWATTS_PER_HORSEPOWER = 0.745699872  # mechanical horsepower, as quoted in the US
_MONEY = pl.Decimal(14, 2)
_MONEY_LIMIT = 1e12
_EPOCH_MS_RANGE = (-2_208_988_800_000, 7_258_118_400_000)  # 1900 to 2200
_NEAR_THE_EPOCH_MS = 5_000_000_000  # seconds sent for milliseconds fall into these two months, and so does 0
_HALF_A_DAY_MS = 12 * 3600 * 1000


def at(*path: str) -> pl.Expr:
    """The field at a path of nested objects: `at("used", "mileage")`."""
    expression = pl.col(path[0])
    for name in path[1:]:
        expression = expression.struct.field(name)
    return expression


def text(expression: pl.Expr) -> pl.Expr:
    """Text without white space around it; an empty one is no text."""
    stripped = expression.str.strip_chars()
    return pl.when(stripped != "").then(stripped)


def code(expression: pl.Expr, codes: Mapping[str, str]) -> pl.Expr:
    """The source's code as ours; an unknown one is null, and reported as drift by the `_source` twin."""
    return text(expression).replace_strict(dict(codes), default=None, return_dtype=pl.String)


def money(expression: pl.Expr) -> pl.Expr:
    """A Float64 amount as Decimal(14, 2), rounded to the cent; null where it does not fit or is not finite.

    A double holds every amount below 10^12 to better than half a cent, so nothing is lost.
    """
    # Polars raises on a number that does not fit, even where it is told not to
    fits = expression.is_finite() & (expression.abs() < _MONEY_LIMIT)
    return pl.when(fits).then(expression).cast(_MONEY, strict=False)


def time_of_epoch_ms(expression: pl.Expr) -> pl.Expr:
    """Milliseconds since 1970 as Datetime(us, UTC); null outside 1900 to 2200, and within two months of 1970-01-01.

    Seconds that were sent for milliseconds would all lie in January 1970.
    """
    return (pl.when(_is_a_time(expression)).then(expression) * 1000).cast(pl.Datetime("us", "UTC"))


def date_of_epoch_ms(expression: pl.Expr) -> pl.Expr:
    """The Date that milliseconds since 1970 mean; null where `time_of_epoch_ms` is.

    A date is sent as midnight of the OEM's own zone, which lies on the UTC day before anywhere east of
    Greenwich: the nearest UTC midnight is the day that was meant.
    """
    nearest = pl.when(_is_a_time(expression)).then(expression) + _HALF_A_DAY_MS
    return (nearest * 1000).cast(pl.Datetime("us", "UTC")).dt.date()


def _is_a_time(milliseconds: pl.Expr) -> pl.Expr:
    return milliseconds.is_between(*_EPOCH_MS_RANGE) & (milliseconds.abs() > _NEAR_THE_EPOCH_MS)


def date_of_text(expression: pl.Expr) -> pl.Expr:
    """The Date of a text that begins with an ISO 8601 date; null for any other."""
    return expression.str.strip_chars().str.head(10).str.to_date("%Y-%m-%d", strict=False)


def market_currency() -> pl.Expr:
    """The ISO 4217 code of the row's market, from the column `market`; null for a market without facts."""
    return _market_fact({code: market.currency for code, market in MARKETS.items()})


def market_distance_unit() -> pl.Expr:
    """`km` or `mi`: in what a mileage is quoted in the row's market, from the column `market`; null likewise."""
    return _market_fact({code: market.distance_unit for code, market in MARKETS.items()})


def _market_fact(facts: Mapping[str, str]) -> pl.Expr:
    return pl.col("market").replace_strict(dict(facts), default=None, return_dtype=pl.String)


def kilometres(distance: pl.Expr, unit: pl.Expr) -> pl.Expr:
    """A distance in whole kilometres, as Float64; null where the unit is neither kilometres nor miles.

    A unit that is not stated is the market's.
    """
    first_letter = pl.coalesce(text(unit), market_distance_unit()).str.to_lowercase().str.head(1)
    factor = pl.when(first_letter == "k").then(1.0).when(first_letter == "m").then(KILOMETRES_PER_MILE)
    return (distance * factor).round()


def number_of_text(expression: pl.Expr, *, grouping: str | None = None, decimal: str = ".") -> pl.Expr:
    """The number that a text is, as Float64; null for any other text.

    Where the maker's format is known, `grouping` separates thousands and `decimal` begins the decimals. Without
    `grouping` a text is only a number where nobody can misread it: `13.590` and `1,020` are none.
    """
    cleaned = expression.str.strip_chars()
    if grouping is None:
        is_number = cleaned.str.contains(r"^[+-]?(\d+|0\.\d+|\d+\.(\d{1,2}|\d{4,})|\d{4,}\.\d+)$")
        return pl.when(is_number).then(cleaned).cast(pl.Float64, strict=False)
    thousands, point = re.escape(grouping), re.escape(decimal)
    is_number = cleaned.str.contains(rf"^[+-]?(\d+|\d{{1,3}}({thousands}\d{{3}})+)({point}\d+)?$")
    plain = cleaned.str.replace_all(grouping, "", literal=True).str.replace(decimal, ".", literal=True)
    return pl.when(is_number).then(plain).cast(pl.Float64, strict=False)


def number_before(expression: pl.Expr, unit: str, *, grouping: str | None = None, decimal: str = ".") -> pl.Expr:
    """The number that stands before a unit in a text (`70 kW (95 CV)`), read as `number_of_text` does."""
    found = expression.str.extract(rf"(?i)(\d+(?:[.,'’\x{{a0}}\x{{202f}} ]\d+)*)\s*{unit}\b")
    return number_of_text(found, grouping=grouping, decimal=decimal)


def web_address(expression: pl.Expr) -> pl.Expr:
    """A URL with its scheme; https where the source leaves it out."""
    cleaned = text(expression)
    return pl.when(cleaned.str.contains(r"^(?i)https?://")).then(cleaned).otherwise(pl.lit("https://") + cleaned)


def sorted_codes(expression: pl.Expr, codes: Mapping[str, str]) -> pl.Expr:
    """A list of the source's codes as ours, each once, sorted; unknown ones stay as the source has them."""
    return expression.list.eval(pl.element().replace(dict(codes)).drop_nulls().unique().sort())
