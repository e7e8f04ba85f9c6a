"""Archived page bodies to a frame of only the fields that are used.

A record's schema is declared once, as a `pl.Struct`; the msgspec structs that decode it are derived from it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain
from operator import attrgetter
from typing import Annotated, Any, cast

import msgspec
import polars as pl
import pyarrow as pa

from resources.failures import Cause, PlatformError
from transformed.contract.drift import Coercion, Drift, UnreadableError, conform, unknown_fields

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
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
        self._identity = identity
        self._ignored = ignored
        self._drift = drift
        self._record_type = _struct_type("record", schema)
        self._pages = msgspec.json.Decoder(_envelope(records_path, list[self._record_type]))  # type: ignore[name-defined]
        self._raw_pages = msgspec.json.Decoder(_envelope(records_path, list[msgspec.Raw]))
        self._depth = records_path.count(".") + 1
        self._one = msgspec.json.Decoder(self._record_type)
        self._filled: Counter[str] = Counter()
        self._rows = 0

    def decode(self, body: bytes, address: str) -> DecodedPage:
        """All records of a page, each read as declared or reported as broken.

        address: of the page, `<part>#<row>`. Raises PlatformError(NOT_JSON), naming the address, for a body that
        is not JSON.
        """
        body = body.removeprefix(_BYTE_ORDER_MARK)
        try:
            records = self._records(self._pages.decode(body))
        except _UNDECODABLE:
            return self._decode_one_by_one(body, address)
        return DecodedPage(records, range(len(records)))

    def look_for_unknown_fields(self, body: bytes, address: str) -> None:
        """Note every field of a page's records that is neither declared nor ignored.

        This decodes everything, at several times the cost of `decode`: for a sample of the pages.
        """
        for index, raw in enumerate(self._raw_records(body.removeprefix(_BYTE_ORDER_MARK), address)):
            try:
                value = msgspec.json.decode(raw)
            except _UNDECODABLE:
                continue  # `decode` reports it
            for path in sorted(set(unknown_fields(value, self._schema, self._ignored))):
                self._drift.note(f"unknown field `{path}`", f"{address}/{index}")

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
            coercions: list[Coercion] = []
            value = conform(msgspec.json.decode(raw), self._schema, "$", coercions)
            if value is None:
                raise UnreadableError(None, "object", "$") from None
            record = msgspec.convert(value, self._record_type)
        for coercion in coercions:
            self._drift.note(
                f"`{coercion.path}` is {coercion.found}, declared and read as {coercion.declared}", address
            )
        return record

    def _identity_of(self, raw: msgspec.Raw) -> str | None:
        try:
            value = msgspec.json.decode(raw)
        except _UNDECODABLE:
            return None
        identity = value.get(self._identity) if isinstance(value, dict) else None
        return str(identity) if isinstance(identity, str | int) else None

    def _records(self, envelope: Any) -> list[Any]:
        for _ in range(self._depth):
            if envelope is None:
                return []
            envelope = envelope.inner
        return envelope or []

    def _raw_records(self, body: bytes, address: str) -> list[msgspec.Raw]:
        try:
            return self._records(self._raw_pages.decode(body))
        except msgspec.ValidationError as error:
            self._drift.note(f"a page without a list of records: {error}", address)
            return []
        except _UNDECODABLE as error:
            raise PlatformError(Cause.NOT_JSON, str(error), page=address) from error

    def _column(self, name: str, values: list[Any], dtype: Any, path: str) -> pl.Series:
        """Values of one field as a column, counting in passing how many records hold it."""
        if isinstance(dtype, pl.Struct):
            nothing = _struct_type("nothing", dtype)()
            objects = [nothing if value is None else value for value in values]
            children = [
                self._column(
                    child.name,
                    list(map(attrgetter(f"field_{index}"), objects)),
                    child.dtype,
                    f"{path}.{child.name}" if path else child.name,
                )
                for index, child in enumerate(dtype.fields)
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
    """A msgspec struct with a field `field_<n>` for the n-th field: JSON keys need not be Python names."""
    keys = [child.name for child in dtype.fields]
    return msgspec.defstruct(
        name,
        [
            (f"field_{index}", _python_type(child.name, child.dtype) | None, None)
            for index, child in enumerate(dtype.fields)
        ],
        rename={f"field_{index}": key for index, key in enumerate(keys)},
        gc=False,
    )


def _python_type(name: str, dtype: Any) -> Any:
    if isinstance(dtype, pl.Struct):
        return _struct_type(name, dtype)
    if isinstance(dtype, pl.List):
        return list[_python_type(name, dtype.inner) | None]  # type: ignore[misc]
    return _SCALARS[dtype if isinstance(dtype, type) else type(dtype)]


def _envelope(records_path: str, records: Any) -> Any:
    """The type of a page body: nested objects along the dotted path, around the records."""
    for key in reversed(records_path.split(".")):
        records = msgspec.defstruct("envelope", [("inner", records | None, None)], rename={"inner": key})
    return records
