"""Writing responses into the archive as they come: parts of zstd Parquet, in bounded memory."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from itertools import accumulate
from operator import attrgetter
from typing import IO, TYPE_CHECKING

from raw.archive.responses import ArchivedResponse, archive_schema, day_folder
from resources.failures import Cause, PlatformError

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from resources.lake.lake import Lake

_FLUSH_BYTES = 8 * 1024 * 1024  # bodies held in memory before they go out as one row group
_PART_BYTES = 64 * 1024 * 1024  # bodies in one part; a killed step loses the part that is open, no other
_ROW_BYTES = 1024  # about what a row holds besides its body, so that many empty bodies are flushed too


class ArchiveWriter:
    """Writes one attempt's responses as they come; memory is bounded by `_FLUSH_BYTES`, not by the feed.

    Use as a context manager: the open part is closed, and so readable, also when the fetch fails. A row group
    holds one market only, so that a market's reader skips the others. Every method raises
    PlatformError(LAKE_UNWRITABLE) where the storage refuses a write.
    """

    def __init__(self, lake: Lake, oem: str, endpoint: str, day: date, attempt: str) -> None:
        self._lake = lake
        self._oem = oem
        self._endpoint = endpoint
        self._folder = f"{day_folder(oem, endpoint, day)}/{attempt}"
        self._schema = archive_schema()
        self._rows: dict[str, list[ArchivedResponse]] = {}
        self._buffered_bytes = 0
        self._part_bytes = 0
        self._parts = 0
        self._open: tuple[str, IO[bytes], pq.ParquetWriter] | None = None
        self._parts_of_market: dict[str, set[str]] = {}

    def __enter__(self) -> ArchiveWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # a failure that is already under way says more than the close which fails after it
        with suppress(PlatformError) if kind else nullcontext():
            self.close()

    @property
    def folder(self) -> str:
        """The attempt's folder in the lake."""
        return self._folder

    def write(self, response: ArchivedResponse) -> None:
        self._rows.setdefault(response.market, []).append(response)
        self._buffered_bytes += len(response.body) + _ROW_BYTES
        if self._buffered_bytes >= _FLUSH_BYTES:
            self._flush()

    def close(self) -> None:
        """Write what is buffered and close the open part; nothing may be written afterwards."""
        try:
            self._flush()
        finally:
            self._close_part()

    def parts_of(self, market: str) -> list[str]:
        """Paths in the lake of the parts that hold responses of a market, in the order written. Flushes first."""
        self._flush()
        return sorted(self._parts_of_market.get(market, ()))

    def _flush(self) -> None:
        if not self._rows:
            return
        rows, self._rows = self._rows, {}
        flushed_bytes, self._buffered_bytes = self._buffered_bytes, 0
        with self._unwritable_on_failure():
            part, _, writer = self._open = self._open or self._open_part()
            for market, market_rows in rows.items():
                writer.write_table(_table(market_rows, self._schema))
                self._parts_of_market.setdefault(market, set()).add(part)
        self._part_bytes += flushed_bytes
        if self._part_bytes >= _PART_BYTES:
            self._close_part()

    def _open_part(self) -> tuple[str, IO[bytes], pq.ParquetWriter]:
        import pyarrow.parquet as pq

        part = f"{self._folder}/part-{self._parts:05d}.parquet"
        file = self._lake.open_write(part)
        self._parts += 1
        writer = pq.ParquetWriter(
            file,
            self._schema,
            compression="zstd",
            use_dictionary=["market", "slice", "kind"],
            write_statistics=["market"],
        )
        return part, file, writer

    def _close_part(self) -> None:
        if self._open is None:
            return
        _, file, writer = self._open
        self._open = None
        self._part_bytes = 0
        # the writer was given an open file, so it does not close it; on S3 the close is what makes the object
        with self._unwritable_on_failure():
            try:
                writer.close()
            finally:
                file.close()

    @contextmanager
    def _unwritable_on_failure(self) -> Iterator[None]:
        try:
            yield
        except PlatformError as error:
            raise replace(error, oem=self._oem, endpoint=self._endpoint) from error
        except OSError as error:
            detail = f"cannot write to the lake at {self._lake.uri}: {error}"
            raise PlatformError(Cause.LAKE_UNWRITABLE, detail, self._oem, endpoint=self._endpoint) from error


def _table(rows: Sequence[ArchivedResponse], schema: pa.Schema) -> pa.Table:
    """Rows of the archive. The bodies, nearly all of the bytes, are copied once: a builder that grows copies them again
    and again."""
    import pyarrow as pa

    bodies = [one.body for one in rows]
    offsets = array("i", accumulate(map(len, bodies), initial=0))
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(b"".join(bodies))]
    of_column = {
        "sha256": [hashlib.sha256(body).hexdigest() for body in bodies],
        **{one.name: list(map(attrgetter(one.name), rows)) for one in fields(ArchivedResponse) if one.name != "body"},
    }
    return pa.Table.from_arrays(
        [
            pa.Array.from_buffers(pa.binary(), len(rows), buffers)
            if name == "body"
            else pa.array(of_column[name], schema.field(name).type)
            for name in schema.names
        ],
        schema=schema,
    )


def new_attempt(now: datetime | None = None) -> str:
    """A name for an attempt that sorts by its start: `20261123T060000.123456Z`."""
    return (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%S.%fZ")
