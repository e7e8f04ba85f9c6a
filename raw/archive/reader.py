"""Reading the page bodies that a seal names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from raw.archive.seal import MarketSeal
from resources.failures import Cause, PlatformError
from resources.lake.storage_failures import storage_errors

if TYPE_CHECKING:
    import pyarrow.parquet as pq

    from resources.lake.lake import Lake


_COLUMNS = ["market", "kind", "fetched_at", "sha256", "body", "slice"]


@dataclass(frozen=True, slots=True)
class PageBody:
    """One page of records as archived. `address` is `<part's path in the lake>#<row in the part>`; `slice` names the
    slice's parameters (`class=E`), empty where the endpoint has none."""

    market: str
    address: str
    fetched_at: datetime
    body: bytes
    slice: str = ""


def read_pages(lake: Lake, market_seal: MarketSeal) -> Iterator[PageBody]:
    """A market's pages in the order in which they were written, one row group in memory at a time.

    Every body is verified against its sha256. Raises PlatformError(ARCHIVE_DAMAGED) with the part and, where one row
    is to blame, the row.
    """
    for part in market_seal.parts:
        for row, (market, kind, fetched_at, sha256, body, slice_name) in _rows(lake, part, market_seal.market):
            if market == market_seal.market and kind == "page":
                if hashlib.sha256(body).hexdigest() != sha256:
                    raise _damaged(market_seal.market, f"{part}#{row}", "the body is not what was written")
                yield PageBody(market, f"{part}#{row}", fetched_at, body, slice_name)


def _rows(lake: Lake, part: str, market: str) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """The rows of a part's row groups that may hold a market, each with its number in the part."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with storage_errors(lake.place), lake.open_read(part) as file:
            parquet = pq.ParquetFile(file, page_checksum_verification=True)
            first_row = 0
            for index in range(parquet.num_row_groups):
                if _may_hold(parquet.metadata.row_group(index), market):
                    group = parquet.read_row_group(index, columns=_COLUMNS)
                    rows = zip(*(group.column(name).to_pylist() for name in _COLUMNS), strict=True)
                    yield from enumerate(rows, first_row)
                first_row += parquet.metadata.row_group(index).num_rows
    except FileNotFoundError as error:
        raise _damaged(market, part, "the part is missing") from error
    except (pa.ArrowException, OSError, ValueError, KeyError, OverflowError) as error:
        raise _damaged(market, part, f"the part cannot be read: {type(error).__name__}") from error


def _damaged(market: str, place: str, what: str) -> PlatformError:
    _, oem, endpoint, *_ = place.split("/")
    return PlatformError(Cause.ARCHIVE_DAMAGED, f"{place}: {what}", oem=oem, market=market, endpoint=endpoint)


def _may_hold(row_group: pq.RowGroupMetaData, market: str) -> bool:
    """Whether a row group's statistics leave room for a market; it is the first column."""
    statistics = row_group.column(0).statistics
    return statistics is None or not statistics.has_min_max or statistics.min <= market <= statistics.max
