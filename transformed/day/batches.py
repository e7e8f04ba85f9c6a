"""A market's archived pages as batches of decoded records, so that a step's memory does not grow with the market."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from datetime import datetime

    from raw.archive.reader import PageBody
    from transformed.mapping.columns import Columns
    from transformed.mapping.decode import BrokenRecord, DecodedPage, RecordDecoder

BATCH_RECORDS = 25_000
_ONE_IN = 16  # records are searched wholly for unknown fields


@dataclass
class Batch:
    """Records of some pages of one market as columns, and the records of these pages that could not be decoded.

    broken: each with the page's address in the archive.
    """

    columns: Columns
    broken: list[tuple[str, BrokenRecord]] = field(default_factory=list)
    _decoded: int = 0
    _pages: list[tuple[str, datetime, Sequence[int]]] = field(default_factory=list)

    @property
    def received(self) -> int:
        return self._decoded + len(self.broken)

    def add(self, page: PageBody, decoded: DecodedPage) -> None:
        self.columns.add(decoded.records)
        self.broken.extend((page.address, record) for record in decoded.broken)
        self._decoded += len(decoded.records)
        if decoded.records:
            self._pages.append((page.address, page.fetched_at, decoded.indexes))

    def frame(self, decoder: RecordDecoder, oem: str, market: str) -> pl.DataFrame:
        """One row a record: the record's fields, archive_address, fetched_at, oem and market."""
        schema: dict[str, pl.DataType] = {
            "page": pl.String(),
            "fetched_at": pl.Datetime("us", "UTC"),
            "index": pl.List(pl.UInt32),
        }
        pages = [(address, fetched_at, list(indexes)) for address, fetched_at, indexes in self._pages]
        places = pl.DataFrame(pages, schema=schema, orient="row").explode("index")
        return decoder.frame_of(self.columns).with_columns(
            places["fetched_at"],
            places.select(archive_address=pl.format("{}/{}", "page", "index")).to_series(),
            oem=pl.lit(oem),
            market=pl.lit(market),
        )


def batches(pages: Iterable[PageBody], decoder: RecordDecoder) -> Iterator[Batch]:
    """The records of a market's pages, in the pages' order.

    Unknown fields are looked for in all records of the first page of each slice that holds any, and in a sample of the
    other pages' records. Raises PlatformError(NOT_JSON) for a page that is not JSON.
    """
    batch = Batch(decoder.columns())
    slices_seen: set[str] = set()
    for page in pages:
        decoded = decoder.decode(page.body, page.address)
        if decoded.received:
            is_first = page.slice not in slices_seen
            slices_seen.add(page.slice)
            sample = None if is_first else _sample(page, decoded, decoder)
            decoder.look_for_unknown_fields(page.body, page.address, sample)
        batch.add(page, decoded)
        if batch.received >= BATCH_RECORDS:
            yield batch
            batch = Batch(decoder.columns())
    if batch.received:
        yield batch


def _sample(page: PageBody, decoded: DecodedPage, decoder: RecordDecoder) -> set[int]:
    """The places in a page of the records to look at wholly: one in 16 by chance of the identity, and at least one.

    Another day draws other identities; the same day typed again draws the same.
    """
    of_day = zlib.crc32(f"{page.fetched_at.date()}/".encode())
    identities = decoder.identities_of(decoded.records)
    draws = {
        index: zlib.crc32(str(identity).encode(), of_day)
        for index, identity in zip(decoded.indexes, identities, strict=True)
    }
    drawn = {index for index, draw in draws.items() if draw % _ONE_IN == 0}
    return drawn or ({min(draws, key=lambda index: draws[index])} if draws else set())
