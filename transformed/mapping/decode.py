"""Archived page bodies to a frame of only the fields that are used.

A record's schema is declared once, as a `pl.Struct`; the msgspec structs that decode it are derived from it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import msgspec
import polars as pl

from raw.archive.json_fields import repaired, value_at, without_byte_order_mark
from raw.archive.record_list import RecordList
from resources.failures import Cause, PlatformError
from transformed.contract.drift import UNKNOWN_FIELD, Drift, cut
from transformed.mapping.columns import Columns
from transformed.mapping.conform import UnreadableError, conform
from transformed.mapping.shapes import struct_type
from transformed.mapping.unknown import Paths, UnknownFields

_MOST_CHARACTERS = 200  # of a message about a page
_UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True, slots=True)
class BrokenRecord:
    """A record that could not be read as declared. `identity` where that much of it could be read."""

    index: int
    identity: str | None
    message: str


@dataclass(frozen=True, slots=True)
class DecodedPage:
    """A page's records that could be read, with their places in the page, and those that could not."""

    records: list[msgspec.Struct]
    indexes: Sequence[int]
    broken: list[BrokenRecord] = field(default_factory=list)

    @property
    def received(self) -> int:
        return len(self.records) + len(self.broken)


class RecordDecoder:
    """Decodes pages whose records lie at `records_path` (see `RecordList`) and look like `schema`.

    schema: of String, Int64, Float64, Boolean, List, Struct and the shapes of `transformed.mapping.shapes`; every field
    may be missing or null. identities: the dotted paths in a record of what names it in the quarantine; the first that
    holds something counts. ignored: paths known and not used, as `transformed.mapping.unknown.Paths` takes them.
    Drift is noted in `drift`, by the addresses handed to the methods.
    """

    def __init__(
        self,
        schema: pl.Struct,
        records_path: str,
        identities: Sequence[str],
        ignored: frozenset[str],
        drift: Drift,
        *,
        may_lack_records: bool = False,
    ) -> None:
        self._schema = schema
        self._identities = [path.split(".") for path in identities]
        self._unknown = UnknownFields(schema, Paths(ignored))
        self._drift = drift
        self._may_lack_records = may_lack_records
        self._place = RecordList(records_path)
        self._record_type = struct_type("record", schema)
        self._pages = msgspec.json.Decoder(self._place.page(self._record_type))
        self._raw_pages = msgspec.json.Decoder(self._place.page(msgspec.Raw))
        self._one = msgspec.json.Decoder(self._record_type)
        self._filled: Counter[str] = Counter()
        self._rows = 0

    def decode(self, body: bytes, address: str) -> DecodedPage:
        """All records of a page, each read as declared or reported as broken.

        address: of the page, `<part>#<row>`. Raises PlatformError(NOT_JSON), naming the address, for a body that
        is not JSON.
        """
        body = without_byte_order_mark(body)
        try:
            records = self._records(self._pages.decode(body))
        except _UNDECODABLE:
            return self._decode_one_by_one(body, address)
        return DecodedPage(records, range(len(records)))

    def identity_of(self, record: Any) -> str | None:
        """A decoded record's identity as the platform's `text` would read it, None where it has none."""
        for path in self._identities:
            value = value_at(record, path)
            if isinstance(value, list) and len(value) == 1:
                value = value[0]
            if isinstance(value, str | int) and not isinstance(value, bool) and (identity := str(value).strip()):
                return identity
        return None

    def identities_of(self, records: Sequence[Any]) -> list[str | None]:
        """`identity_of` each of a page's records. Most hold a text at the first path, which is quickly told."""
        first = [value_at(record, self._identities[0]) for record in records]
        return [
            value.strip() if type(value) is str and value and not value.isspace() else self.identity_of(record)
            for value, record in zip(first, records, strict=True)
        ]

    def look_for_unknown_fields(self, body: bytes, address: str, indexes: Collection[int] | None = None) -> None:
        """Note every field of a page's records that is neither declared nor ignored.

        indexes: of the records to look at, None for all. This decodes a record wholly, at several times the cost of
        `decode`: for a sample.
        """
        for index, _, paths in self.unknown_fields(body, address, indexes):
            for path in paths:
                self._drift.note(f"{UNKNOWN_FIELD} `{path}`", f"{address}/{index}")

    def unknown_fields(
        self, body: bytes, address: str, indexes: Collection[int] | None = None
    ) -> Iterator[tuple[int, Any, list[str]]]:
        """For each record of a page: its place, its generic JSON, and its fields neither declared nor ignored."""
        for index, raw in enumerate(self._raw_records(without_byte_order_mark(body), address)):
            if indexes is not None and index not in indexes:
                continue
            try:
                value = msgspec.json.decode(raw)
            except _UNDECODABLE:
                continue  # `decode` reports it
            yield index, value, self._unknown.of(value)

    def columns(self) -> Columns:
        """Columns that take this decoder's records, page by page."""
        return Columns(self._schema, self._drift.note)

    def frame_of(self, columns: Columns) -> pl.DataFrame:
        """The frame of the records that `columns` took; what they hold is counted for `note_fields_never_seen`."""
        frame = columns.frame()
        self._rows += len(frame)
        for path, filled in columns.filled().items():
            self._filled[path] += filled
        return frame

    def note_fields_never_seen(self, optional: frozenset[str]) -> None:
        """Note the declared fields that none of the records so far held, but for those at or below `optional` paths."""
        if not self._rows:
            return
        may_lack = Paths(optional)
        for path, filled in sorted(self._filled.items()):
            parents = accumulate(path.split("."), "{}.{}".format)
            if not filled and not any(parent in may_lack for parent in parents):
                self._drift.note(f"no record holds the declared field `{path}`", records=self._rows)

    def _decode_one_by_one(self, body: bytes, address: str) -> DecodedPage:
        records: list[msgspec.Struct] = []
        indexes: list[int] = []
        broken: list[BrokenRecord] = []
        for index, raw in enumerate(self._raw_records(body, address)):
            try:
                records.append(self._read(raw, f"{address}/{index}"))
            except (*_UNDECODABLE, UnreadableError) as error:
                broken.append(BrokenRecord(index, self._identity_of(raw), str(error)))
            else:
                indexes.append(index)
        return DecodedPage(records, indexes, broken)

    def _read(self, raw: msgspec.Raw, address: str) -> msgspec.Struct:
        try:
            return self._one.decode(raw)
        except (msgspec.ValidationError, UnicodeDecodeError):
            sentences: list[str] = []
            value = conform(msgspec.json.decode(raw), self._schema, "$", sentences)
            if value is None:
                raise UnreadableError(None, "object", "$") from None
            record = msgspec.convert(value, self._record_type)
        for sentence in sentences:
            self._drift.note(sentence, address)
        return record

    def _identity_of(self, raw: msgspec.Raw) -> str | None:
        """The identity of a record that could not be decoded as declared."""
        try:
            return self.identity_of(msgspec.json.decode(raw))
        except _UNDECODABLE:
            return None

    def _records(self, page: Any) -> list[Any]:
        return self._place.in_page(page) or []

    def _raw_records(self, body: bytes, address: str) -> list[msgspec.Raw]:
        """A page's records, each as its bytes; of a page that strict JSON refuses, as those of the repaired page."""
        try:
            try:
                return self._records(self._raw_pages.decode(body))
            except msgspec.ValidationError as error:
                # beside the records, or around them, something is of another kind
                records = self._place.in_page(msgspec.json.decode(body))
                if records is None and not self._may_lack_records:
                    self._drift.note(f"a page without a list of records: {error}", address)
                return [msgspec.Raw(msgspec.json.encode(record)) for record in records or ()]
            except msgspec.DecodeError:
                records = self._records(self._raw_pages.decode(repaired(body)))
                self._drift.note("a page is no strict JSON (NaN, half a surrogate pair, ...) and was repaired", address)
                return records
        except (*_UNDECODABLE, ValueError) as error:
            raise PlatformError(Cause.NOT_JSON, cut(str(error), _MOST_CHARACTERS), page=address) from error
