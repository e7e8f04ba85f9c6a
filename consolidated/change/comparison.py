"""Two readings of the same records, compared: rows by identity, then columns and values. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap

import polars as pl

_EXAMPLES = 3
_LONGEST_VALUE = 24
_COLUMNS = 80


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """A column that reads otherwise. rows: how many. examples: identity, old and new value as text, the most frequent
    pairs of values first."""

    column: str
    rows: int
    examples: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """published, now: rows of each reading. only_published, only_now: identities that only one of them has."""

    published: int
    now: int
    only_published: tuple[str, ...]
    only_now: tuple[str, ...]
    columns: tuple[ColumnChange, ...]

    @property
    def is_same(self) -> bool:
        return not (self.only_published or self.only_now or self.columns)


def compare(published: pl.DataFrame, now: pl.DataFrame, keys: Sequence[str]) -> Comparison:
    """Compare two readings. Both have one row a key, and may have other columns: one that a reading lacks is null.

    keys: the columns that identify a row; the last of them is shown. Lists and nested values are compared as text.
    """
    names = list(dict.fromkeys([*keys, *now.columns, *published.columns]))
    old, new = _texts(published, names), _texts(now, names)
    columns = [name for name in names if name not in keys]
    both = new.join(old, on=list(keys), how="inner", suffix=" before", nulls_equal=True)
    changes = [_change(both, name, keys[-1]) for name in columns]
    return Comparison(
        published=published.height,
        now=now.height,
        only_published=_ids(old.join(new, on=list(keys), how="anti", nulls_equal=True), keys[-1]),
        only_now=_ids(new.join(old, on=list(keys), how="anti", nulls_equal=True), keys[-1]),
        columns=tuple(change for change in changes if change.rows),
    )


def _texts(rows: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """The columns as text, so that one that changed its type is compared too; one that is not there is null."""
    there = pl.DataFrame(_text(rows[name]) for name in names if name in rows.columns)
    missing = {name: pl.Series([], dtype=pl.String).extend_constant(None, rows.height) for name in names}
    return there.with_columns(series.alias(name) for name, series in missing.items() if name not in there.columns)


def _text(values: pl.Series) -> pl.Series:
    if values.dtype.is_nested():
        texts = [None if value is None else str(value) for value in values.to_list()]
        return pl.Series(values.name, texts, dtype=pl.String)
    return values.cast(pl.String)


def _change(both: pl.DataFrame, name: str, identity: str) -> ColumnChange:
    before = f"{name} before"
    changed = both.filter(pl.col(name).ne_missing(pl.col(before)))
    pairs = (
        changed.group_by(before, name)
        .agg(pl.col(identity).min(), pl.len())
        .sort("len", identity, descending=[True, False])
    )
    examples = tuple((row[identity], _cut(row[before]), _cut(row[name])) for row in pairs.head(_EXAMPLES).to_dicts())
    return ColumnChange(name, changed.height, examples)


def _ids(rows: pl.DataFrame, identity: str) -> tuple[str, ...]:
    return tuple(sorted(rows[identity]))


def _cut(value: str | None) -> str:
    if value is None:
        return "null"
    return value if len(value) <= _LONGEST_VALUE else f"{value[: _LONGEST_VALUE - 3]}..."


def lines(found: Comparison) -> Iterator[str]:
    """The comparison within 80 columns: rows, then a line for each column and each example."""
    yield f"rows      published {found.published:,}, now {found.now:,}"
    for what, ids in (("gone", found.only_published), ("new", found.only_now)):
        if ids:
            more = f" and {len(ids) - _EXAMPLES:,} more" if len(ids) > _EXAMPLES else ""
            told = f"{len(ids):,} {what}: {', '.join(_cut(one) for one in ids[:_EXAMPLES])}{more}"
            yield from wrap(told, _COLUMNS, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
    if found.is_same:
        yield "values    the same"
    for change in found.columns:
        yield f"{change.column}: {change.rows:,} rows read otherwise"
        for identity, before, after in change.examples:
            yield f"  {_cut(identity):{_LONGEST_VALUE}} {before} -> {after}"
