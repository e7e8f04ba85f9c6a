"""Archived page bodies to a frame of only the fields that are used.

A record's schema is declared once, as a `pl.Struct`; the msgspec structs that decode it are derived from it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain
from operator import attrgetter
from typing import Annotated, Any, cast

import msgspec
import polars as pl
import pyarrow as pa

from raw.archive.json_fields import attribute, repaired, struct_at_paths, struct_of, value_at, without_byte_order_mark
from resources.failures import Cause, PlatformError
from transformed.contract.conform import UnreadableError, conform
from transformed.contract.drift import UNKNOWN_FIELD, Drift, cut, unknown_fields

_MOST_CHARACTERS = 200  # of a message about a page
_UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

# without bounds a longer number would only fail in Polars, and take its whole batch along
_INT64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_SCALARS: dict[type[pl.DataType], Any] = {pl.String: str, pl.Int64: _INT64, pl.Float64: float, pl.Boolean: bool}


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
    """Decodes pages whose records lie at the dotted path `records_path` and look like `schema`.

    schema: of String, Int64, Float64, Boolean, List and Struct; every field may be missing or null.
    identity: the key of a record that names it in the quarantine. ignored: dotted paths known and not used.
    Drift is noted in `drift`, by the addresses handed to the methods.
    """

    def __init__(
        self, schema: pl.Struct, records_path: str, identity: str, ignored: frozenset[str], drift: Drift
    ) -> None:
        self._schema = schema
        self._identity = identity.split(".")
        self._ignored = ignored
        self._drift = drift
        self._records_path = records_path.split(".")
        self._record_type = _struct_type("record", schema)
        self._pages = msgspec.json.Decoder(struct_at_paths("page", {records_path: list[self._record_type]}))  # type: ignore[name-defined]
        self._raw_pages = msgspec.json.Decoder(struct_at_paths("page", {records_path: list[msgspec.Raw]}))
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

    def identity_of(self, record: msgspec.Struct) -> object:
        """What a decoded record holds as its identity, None where it has none."""
        return value_at(record, self._identity)

    def look_for_unknown_fields(self, body: bytes, address: str, indexes: Collection[int] | None = None) -> None:
        """Note every field of a page's records that is neither declared nor ignored.

        indexes: of the records to look at, None for all. This decodes a record wholly, at several times the cost of
        `decode`: for a sample.
        """
        for index, raw in enumerate(self._raw_records(without_byte_order_mark(body), address)):
            if indexes is not None and index not in indexes:
                continue
            try:
                value = msgspec.json.decode(raw)
            except _UNDECODABLE:
                continue  # `decode` reports it
            for path in sorted(set(unknown_fields(value, self._schema, self._ignored))):
                self._drift.note(f"{UNKNOWN_FIELD} `{path}`", f"{address}/{index}")

    def to_frame(self, records: list[msgspec.Struct]) -> pl.DataFrame:
        """One row a record, one column a field of the schema, in its order and with its types.

        A missing or null object becomes a struct of nulls, a missing or null list stays null.
        """
        self._rows += len(records)
        return self._column("", records, self._schema, "").struct.unnest()

    def note_fields_never_seen(self, optional: frozenset[str]) -> None:
        """Note the declared fields that none of the records so far held, but for the `optional` ones."""
        if not self._rows:
            return
        for path, filled in sorted(self._filled.items()):
            parents = accumulate(path.split("."), "{}.{}".format)
            if not filled and optional.isdisjoint(parents):
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
        """The identity of a record that could not be decoded as declared, as the platform's `text` would read it."""
        try:
            value = msgspec.json.decode(raw)
        except _UNDECODABLE:
            return None
        identity = value_at(value, self._identity)
        if isinstance(identity, bool) or not isinstance(identity, str | int):
            return None
        return str(identity).strip() or None

    def _records(self, page: Any) -> list[Any]:
        return value_at(page, self._records_path) or []

    def _raw_records(self, body: bytes, address: str) -> list[msgspec.Raw]:
        """A page's records, each as its bytes; of a page that strict JSON refuses, as those of the repaired page."""
        try:
            try:
                return self._records(self._raw_pages.decode(body))
            except msgspec.ValidationError as error:
                self._drift.note(f"a page without a list of records: {error}", address)
                return []
            except msgspec.DecodeError:
                records = self._records(self._raw_pages.decode(repaired(body)))
                self._drift.note("a page is no strict JSON (NaN, half a surrogate pair, ...) and was repaired", address)
                return records
        except (*_UNDECODABLE, ValueError) as error:
            raise PlatformError(Cause.NOT_JSON, cut(str(error), _MOST_CHARACTERS), page=address) from error

    def _column(self, name: str, values: list[Any], dtype: Any, path: str) -> pl.Series:
        """Values of one field as a column, counting in passing how many records hold it."""
        if isinstance(dtype, pl.Struct):
            nothing = _struct_type("nothing", dtype)()
            objects = [nothing if value is None else value for value in values]
            children = [
                self._column(
                    child.name,
                    list(map(attrgetter(attribute(child.name)), objects)),
                    child.dtype,
                    f"{path}.{child.name}" if path else child.name,
                )
                for child in dtype.fields
            ]
            return pl.DataFrame(children).to_struct(name)
        if isinstance(dtype, pl.List):
            self._count(path, sum(bool(value) for value in values))
            offsets = [0]
            for value in values:
                offsets.append(offsets[-1] + len(value or ()))
            entries = self._column("", list(chain.from_iterable(filter(None, values))), dtype.inner, path + "[]")
            lists = pa.LargeListArray.from_arrays(
                pa.array(offsets, pa.int64()),
                entries.to_arrow(),
                mask=pa.array([value is None for value in values], pa.bool_()),
            )
            return cast("pl.Series", pl.from_arrow(lists)).alias(name)
        column = pl.Series(name, values, dtype=dtype, strict=True)
        self._count(path, len(column) - column.null_count())
        return column

    def _count(self, path: str, filled: int) -> None:
        # entries of a list are counted under the list: an empty one says nothing about its fields
        if path and "[]" not in path:
            self._filled[path] += filled


def _struct_type(name: str, dtype: pl.Struct) -> type[msgspec.Struct]:
    """A msgspec struct of the fields of a schema."""
    kinds = {child.name: _python_type(child.name, child.dtype) for child in dtype.fields}
    return cast("type[msgspec.Struct]", struct_of(name, kinds))


def _python_type(name: str, dtype: Any) -> Any:
    if isinstance(dtype, pl.Struct):
        return _struct_type(name, dtype)
    if isinstance(dtype, pl.List):
        return list[_python_type(name, dtype.inner) | None]  # type: ignore[misc]
    return _SCALARS[dtype if isinstance(dtype, type) else type(dtype)]
