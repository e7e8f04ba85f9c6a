"""Reading the page bodies that a seal names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from raw.archive.seal import MarketSeal

if TYPE_CHECKING:
    import pyarrow.parquet as pq

    from resources.lake.lake import Lake


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
    """The pages of a market in the order in which they were written, one row group in memory at a time."""
    import pyarrow.parquet as pq

    for part in market_seal.parts:
        with lake.open_read(part) as file:
            parquet = pq.ParquetFile(file)
            first_row = 0
            for index in range(parquet.num_row_groups):
                if _may_hold(parquet.metadata.row_group(index), market_seal.market):
                    names = ["market", "kind", "fetched_at", "body", "slice"]
                    group = parquet.read_row_group(index, columns=names)
                    columns = (group.column(name) for name in names)
                    for row, (market, kind, *page) in enumerate(zip(*columns, strict=True), start=first_row):
                        if market.as_py() == market_seal.market and kind.as_py() == "page":
                            yield PageBody(market_seal.market, f"{part}#{row}", *(value.as_py() for value in page))
                first_row += parquet.metadata.row_group(index).num_rows


def _may_hold(row_group: pq.RowGroupMetaData, market: str) -> bool:
    """Whether a row group's statistics leave room for a market; it is the first column."""
    statistics = row_group.column(0).statistics
    return statistics is None or not statistics.has_min_max or statistics.min <= market <= statistics.max
