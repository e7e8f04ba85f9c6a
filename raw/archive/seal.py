"""The response archive: every HTTP response as it came, and the manifest that seals a day.

Belongs here: the archive's layout, its writer, its reader, its seal. Does not belong here: fetching, and what
the bodies mean.

    raw/<oem>/<endpoint>/<date>/<attempt>/part-00000.parquet    one row a response, columns as in `archive_schema`
    raw/<oem>/<endpoint>/<date>/<attempt>/manifest.json         what that attempt saw, kept for ever
    raw/<oem>/<endpoint>/<date>/manifest.json                   the seal: for each market the attempt that counts

Readers go through the seal, so a killed step leaves nothing visible. A rerun replaces the seal, never the
evidence; a market that once landed whole is not replaced by a later attempt that did not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from typing import IO, TYPE_CHECKING, Any, Literal

from resources.failures import Cause, PlatformError

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from resources.lake.lake import Lake

FORMAT_VERSION = 1
_FLUSH_BYTES = 8 * 1024 * 1024  # bodies held in memory before they go out as one row group
_PART_BYTES = 64 * 1024 * 1024  # bodies in one part; a killed step loses the part that is open, no other
_ROW_BYTES = 1024  # about what a row holds besides its body, so that many empty bodies are flushed too

Kind = Literal["page", "market_list", "end", "refused"]
"""page: holds records that count. market_list: the list of markets. end: the OEM's way of saying that there is
no more. refused: anything else that came back, retried attempts included."""


@dataclass(frozen=True, slots=True)
class ArchivedResponse:
    """One response. `slice` names the slice's parameters (`class=E`), `page` counts from 0 within it;
    `headers` are those worth keeping; credentials in the request are replaced by their variable's name."""

    market: str
    slice: str
    page: int
    kind: Kind
    cause: str | None
    attempt_number: int
    method: str
    url: str
    request_headers: str
    request_body: bytes | None
    status: int | None
    headers: str
    fetched_at: datetime
    body: bytes


@dataclass(frozen=True, slots=True)
class MarketSeal:
    """What one attempt saw of one market. `attempt` and `parts` say where its responses lie.

    collected: records in the pages; unique: distinct identities among them (records without one count each);
    reported_total: what the OEM said there is, None where it does not say; shortfall: reported_total - unique,
    never below 0. complete: whether absence from this day means absence from the market.
    """

    market: str
    attempt: str
    coverage: str
    parts: list[str]
    responses: int
    pages: int
    body_bytes: int
    collected: int
    unique: int
    reported_total: int | None
    shortfall: int
    complete: bool
    cause: str | None
    message: str | None
    started_at: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Manifest:
    """The seal of one (oem, endpoint, date): one entry a market. `drift` says in words what was unexpected
    but not fatal."""

    oem: str
    endpoint: str
    date: str
    source: str
    markets: dict[str, MarketSeal]
    drift: list[str] = field(default_factory=list)
    version: int = FORMAT_VERSION

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Manifest:
        markets = {name: MarketSeal(**seal) for name, seal in value["markets"].items()}
        return cls(**{**value, "markets": markets})


@dataclass(frozen=True, slots=True)
class PageBody:
    """One page of records as archived. `address` is `<part's path in the lake>#<row in the part>`."""

    market: str
    address: str
    fetched_at: datetime
    body: bytes


def day_folder(oem: str, endpoint: str, day: date) -> str:
    return f"raw/{oem}/{endpoint}/{day.isoformat()}"


def archive_schema() -> pa.Schema:
    """The columns of a part, one row a response."""
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("market", pa.string(), nullable=False),
            pa.field("slice", pa.string(), nullable=False),
            pa.field("page", pa.int32(), nullable=False),
            pa.field("kind", pa.string(), nullable=False),
            pa.field("cause", pa.string()),
            pa.field("attempt_number", pa.int32(), nullable=False),
            pa.field("method", pa.string(), nullable=False),
            pa.field("url", pa.string(), nullable=False),
            pa.field("request_headers", pa.string(), nullable=False),
            pa.field("request_body", pa.binary()),
            pa.field("status", pa.int32()),
            pa.field("headers", pa.string(), nullable=False),
            pa.field("fetched_at", pa.timestamp("us", tz="UTC"), nullable=False),
            pa.field("sha256", pa.string(), nullable=False),
            pa.field("body", pa.binary(), nullable=False),
        ]
    )


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
        self._rows: dict[str, list[dict[str, Any]]] = {}
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

    def write(self, response: ArchivedResponse) -> None:
        row = asdict(response)
        row["sha256"] = hashlib.sha256(response.body).hexdigest()
        self._rows.setdefault(response.market, []).append(row)
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
        import pyarrow as pa

        rows, self._rows = self._rows, {}
        flushed_bytes, self._buffered_bytes = self._buffered_bytes, 0
        with self._unwritable_on_failure():
            part, _, writer = self._open = self._open or self._open_part()
            for market, market_rows in rows.items():
                writer.write_table(pa.Table.from_pylist(market_rows, schema=self._schema))
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


def new_attempt(now: datetime | None = None) -> str:
    """A name for an attempt that sorts by its start: `20261123T060000.123456Z`."""
    return (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%S.%fZ")


def seal(lake: Lake, manifest: Manifest, day: date) -> Manifest:
    """Seal a day with an attempt's manifest; returns the seal as it now stands.

    A market that an earlier attempt landed whole stays with that attempt where this one did not land it whole,
    unless the market is asked differently since (coverage).
    """
    folder = day_folder(manifest.oem, manifest.endpoint, day)
    for attempt in {market.attempt for market in manifest.markets.values()}:
        lake.write_json(f"{folder}/{attempt}/manifest.json", manifest.to_json())
    try:
        standing = read_seal(lake, manifest.oem, manifest.endpoint, day)
    except PlatformError as error:
        if error.cause is not Cause.NEVER_LANDED:
            raise
        standing = None
    markets = dict(manifest.markets)
    for name, earlier in (standing.markets if standing else {}).items():
        later = markets.get(name)
        if later is None or (earlier.complete and not later.complete and earlier.coverage == later.coverage):
            markets[name] = earlier
    sealed = replace(manifest, markets=markets)
    lake.write_json(f"{folder}/manifest.json", sealed.to_json())
    return sealed


def read_seal(lake: Lake, oem: str, endpoint: str, day: date) -> Manifest:
    """The seal of a day. Raises PlatformError(NEVER_LANDED)."""
    try:
        return Manifest.from_json(lake.read_json(f"{day_folder(oem, endpoint, day)}/manifest.json"))
    except FileNotFoundError as error:
        raise PlatformError(
            Cause.NEVER_LANDED,
            f"nothing is sealed in the archive for {day.isoformat()}",
            oem=oem,
            endpoint=endpoint,
        ) from error


def read_pages(lake: Lake, market_seal: MarketSeal) -> Iterator[PageBody]:
    """The pages of a market in the order in which they were written, one row group in memory at a time."""
    import pyarrow.parquet as pq

    for part in market_seal.parts:
        with lake.open_read(part) as file:
            parquet = pq.ParquetFile(file)
            first_row = 0
            for index in range(parquet.num_row_groups):
                if _may_hold(parquet.metadata.row_group(index), market_seal.market):
                    group = parquet.read_row_group(index, columns=["market", "kind", "fetched_at", "body"])
                    columns = (group.column(name) for name in ("market", "kind", "fetched_at", "body"))
                    for row, (market, kind, fetched_at, body) in enumerate(zip(*columns, strict=True), start=first_row):
                        if market.as_py() == market_seal.market and kind.as_py() == "page":
                            yield PageBody(market_seal.market, f"{part}#{row}", fetched_at.as_py(), body.as_py())
                first_row += parquet.metadata.row_group(index).num_rows


def _may_hold(row_group: pq.RowGroupMetaData, market: str) -> bool:
    """Whether a row group's statistics leave room for a market; it is the first column."""
    statistics = row_group.column(0).statistics
    return statistics is None or not statistics.has_min_max or statistics.min <= market <= statistics.max
