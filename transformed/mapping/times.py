"""Polars expressions for dates and times as sources write them: milliseconds, ISO 8601, other formats."""

from __future__ import annotations

import polars as pl

from transformed.mapping.expressions import Source, at, text

_EPOCH_MS_RANGE = (-2_208_988_800_000, 7_258_118_400_000)  # 1900 to 2200
_NEAR_THE_EPOCH_MS = 5_000_000_000  # seconds sent for milliseconds fall into these two months, and so does 0
_HALF_A_DAY_MS = 12 * 3600 * 1000
# midnight in Europe, in Korea and in Australia, as UTC has it on the day before
_MIDNIGHT_IN_UTC = r"^\d{4}-\d\d-\d\d[T ](1[345]|2[123]):00(:00(\.0+)?)?(Z|[+]00:?00)$"


def time_of_epoch_ms(source: Source) -> pl.Expr:
    """Milliseconds since 1970 as Datetime(us, UTC); null outside 1900 to 2200, and within two months of 1970-01-01.

    Seconds that were sent for milliseconds would all lie in January 1970.
    """
    milliseconds = at(source)
    return (pl.when(_is_a_time(milliseconds)).then(milliseconds) * 1000).cast(pl.Datetime("us", "UTC"))


def date_of_epoch_ms(source: Source) -> pl.Expr:
    """The Date that milliseconds since 1970 mean; null where `time_of_epoch_ms` is.

    A date is sent as midnight of the OEM's own zone, which lies on the UTC day before anywhere east of
    Greenwich: the nearest UTC midnight is the day that was meant.
    """
    milliseconds = at(source)
    nearest = pl.when(_is_a_time(milliseconds)).then(milliseconds) + _HALF_A_DAY_MS
    return (nearest * 1000).cast(pl.Datetime("us", "UTC")).dt.date()


def _is_a_time(milliseconds: pl.Expr) -> pl.Expr:
    return milliseconds.is_between(*_EPOCH_MS_RANGE) & (milliseconds.abs() > _NEAR_THE_EPOCH_MS)


def date_of_text(source: Source, *formats: str) -> pl.Expr:
    """The Date of a text; null for any other text.

    Without formats of a text that begins with an ISO 8601 date; a date that is sent as midnight of the OEM's own zone
    is the day that was meant there, 2026-09-30 for `2026-09-29T22:00:00Z`. formats: tried in their order, each as
    strftime writes it and for the whole text (`%d/%m/%Y`); of one without a day (`%m/%Y`) the first day of the month.
    Raises ValueError for one without a month.
    """
    stripped = at(source).str.strip_chars()
    if not formats:
        written = stripped.str.head(10).str.to_date("%Y-%m-%d", strict=False)
        is_of_next_day = stripped.str.contains(_MIDNIGHT_IN_UTC)
        return pl.when(is_of_next_day).then(written.dt.offset_by("1d")).otherwise(written)
    return pl.coalesce([_date(stripped, one) for one in formats])


def _date(stripped: pl.Expr, form: str) -> pl.Expr:
    if not any(mark in form for mark in ("%m", "%b", "%B", "%j", "%F", "%D")):
        raise ValueError(f"`{form}` names no month, so a text of it is no date")
    has_day = any(mark in form for mark in ("%d", "%e", "%j", "%F", "%D"))
    whole, form = (stripped, form) if has_day else (pl.lit("01 ") + stripped, f"%d {form}")
    return whole.str.to_date(form, strict=False, exact=True)


def time_of_text(source: Source) -> pl.Expr:
    """An ISO 8601 text with date and time as Datetime(us, UTC); UTC where it names no zone, null for any other text."""
    written = text(source).str.replace(" ", "T", literal=True).str.replace(r"(?i)Z$", "+00:00")
    has_zone = written.str.contains(r"[+-]\d{2}:?\d{2}$")
    zoned = pl.when(has_zone).then(written).otherwise(written + "+00:00")
    with_seconds = zoned.str.replace(r"(T\d{2}:\d{2})([+-])", "${1}:00${2}")
    return with_seconds.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%z", time_unit="us", time_zone="UTC", strict=False)
