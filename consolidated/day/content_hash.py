"""The hash of a day's rows, by which a rerun that brought the same is known."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import polars as pl

_ROWS_OF_TEXT = 10_000
"""So many rows are text at a time while they are hashed."""


def content_hash(*frames: pl.DataFrame) -> str:
    """SHA-256 of frames, whatever the order of their rows: of their text, which no library's version changes."""
    digest = hashlib.sha256()
    for frame in frames:
        for text in _as_text(frame):
            digest.update(text.encode())
    return digest.hexdigest()


def _as_text(rows: pl.DataFrame) -> Iterator[str]:
    """The rows as CSV, sorted by all columns from the first on; some rows at a time, since the text is large."""
    lists = [name for name, dtype in rows.schema.items() if dtype.is_nested()]
    flat = rows.with_columns(pl.col(lists).list.join("\x1f")) if lists else rows
    # behind a column in which each row has its own value, no column decides the order any more
    keys = next((n for n, one in enumerate(flat, start=1) if one.n_unique() == flat.height), flat.width)
    order = flat.select(pl.arg_sort_by(flat.columns[:keys])).to_series()
    for start in range(0, max(flat.height, 1), _ROWS_OF_TEXT):
        yield flat[order.slice(start, _ROWS_OF_TEXT)].write_csv(include_header=start == 0)
