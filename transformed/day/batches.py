"""A market's archived pages as batches of decoded records, so that a step's memory does not grow with the market."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from transformed.mapping.decode import BrokenRecord, DecodedPage

if TYPE_CHECKING:
    from datetime import datetime

    import msgspec

    from raw.archive.reader import PageBody
    from transformed.mapping.decode import RecordDecoder

BATCH_RECORDS = 25_000
_ONE_IN = 16  # records are searched wholly for unknown fields


@dataclass
class Batch:
    """Decoded records of some pages of one market, and the records of these pages that could not be decoded.

    broken: each with the page's address in the archive.
    """

    records: list[msgspec.Struct] = field(default_factory=list)
    broken: list[tuple[str, BrokenRecord]] = field(default_factory=list)
    _addresses: list[str] = field(default_factory=list)
    _pages: list[tuple[datetime, int]] = field(default_factory=list)

    @property
    def received(self) -> int:
        return len(self.records) + len(self.broken)

    def add(self, page: PageBody, records: Sequence[msgspec.Struct], indexes: Sequence[int]) -> None:
        self.records.extend(records)
        self._addresses.extend(f"{page.address}/{index}" for index in indexes)
        self._pages.append((page.fetched_at, len(records)))

    def frame(self, decoder: RecordDecoder, oem: str, market: str) -> pl.DataFrame:
        """One row a decoded record: the record's fields, archive_address, fetched_at, oem and market."""
        schema: dict[str, Any] = {"fetched_at": pl.Datetime("us", "UTC"), "records": pl.UInt32}
        pages = pl.DataFrame(self._pages, schema=schema, orient="row").filter(pl.col("records") > 0)
        fetched_at = pages.select(pl.col("fetched_at").repeat_by("records").list.explode()).to_series()
        return decoder.to_frame(self.records).with_columns(
            fetched_at, pl.Series("archive_address", self._addresses), oem=pl.lit(oem), market=pl.lit(market)
        )


def batches(pages: Iterable[PageBody], decoder: RecordDecoder) -> Iterator[Batch]:
    """The records of a market's pages, in the pages' order.

    Unknown fields are looked for in all records of the first page of each slice that holds any, and in a sample of the
    other pages' records. Raises PlatformError(NOT_JSON) for a page that is not JSON.
    """
    batch = Batch()
    slices_seen: set[str] = set()
    for page in pages:
        decoded = decoder.decode(page.body, page.address)
        if decoded.received:
            is_first = page.slice not in slices_seen
            slices_seen.add(page.slice)
            sample = None if is_first else _sample(page, decoded, decoder)
            decoder.look_for_unknown_fields(page.body, page.address, sample)
        batch.add(page, decoded.records, decoded.indexes)
        batch.broken.extend((page.address, record) for record in decoded.broken)
        if batch.received >= BATCH_RECORDS:
            yield batch
            batch = Batch()
    if batch.received:
        yield batch


def _sample(page: PageBody, decoded: DecodedPage, decoder: RecordDecoder) -> set[int]:
    """The places in a page of the records to look at wholly: one in 16 by chance of the identity, and at least one.

    Another day draws other identities; the same day typed again draws the same.
    """
    of_day = zlib.crc32(f"{page.fetched_at.date()}/".encode())
    draws = {
        index: zlib.crc32(f"{decoder.identity_of(record)}".encode(), of_day)
        for index, record in zip(decoded.indexes, decoded.records, strict=True)
    }
    drawn = {index for index, draw in draws.items() if draw % _ONE_IN == 0}
    return drawn or ({min(draws, key=lambda index: draws[index])} if draws else set())
