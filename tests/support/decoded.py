"""Decoded records as the frame that a batch makes of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from transformed.mapping.decode import RecordDecoder


def frame_of(decoder: RecordDecoder, records: Iterable[Any]) -> pl.DataFrame:
    """One row a record of a page that `decoder` decoded."""
    columns = decoder.columns()
    columns.add(records)
    return decoder.frame_of(columns)
