"""How a source shapes a value that is a list, an object or a scalar in the frame: the words between JSON and Polars.

A record's schema is a `pl.Struct` of String, Int64, Float64, Boolean, List and Struct, and of the shapes below. Each
shape says which plain dtype it becomes (`inner`, which may hold shapes again), and makes values of `inner` out of what
was decoded. Makers write shapes as marks of a path, with `transformed.mapping.fields.fields`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, cast

import msgspec
import polars as pl

from raw.archive.json_fields import attribute, struct_of
from raw.archive.record_list import KEY

Note = Callable[[str], None]
"""Takes a sentence about a value that was not as declared."""
Read = Callable[[Any, pl.DataType, str, Note], Any]
"""Reads a value of generic JSON as a dtype: (value, dtype, path, note) -> the value, None where it is unreadable."""
VALUE = "value"
# without bounds a longer number would only fail in Polars, and take its whole batch along
_INT64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_SCALARS: dict[type[pl.DataType], Any] = {pl.String: str, pl.Int64: _INT64, pl.Float64: float, pl.Boolean: bool}


def instance(dtype: Any) -> pl.DataType:
    """Polars lets a nested type be written as class or as instance."""
    found: pl.DataType = dtype() if isinstance(dtype, type) else dtype
    return found


class Shape(pl.DataType):
    """A value that the source shapes otherwise than the frame holds it."""

    inner: pl.DataType

    def settled(self, values: list[Any], path: str, read: Read, note: Note) -> list[Any]:
        """Decoded values, one a record, as values of `inner`."""
        raise NotImplementedError


class Entries(Shape):
    """An object whose keys are data: `{"24513": {"gross": 9}}` is the list `[{"key": "24513", "gross": 9}]`.

    entry: the dtype of the object's values; of scalars each entry has the fields `key` and `value`.
    """

    def __init__(self, entry: pl.DataType) -> None:
        self.is_struct = isinstance(entry, pl.Struct)
        fields = {field.name: field.dtype for field in entry.fields} if isinstance(entry, pl.Struct) else {VALUE: entry}
        self.entry = pl.Struct({KEY: pl.String, **fields})
        self.value = self.entry if self.is_struct else entry
        self.inner = pl.List(self.entry)
        self._made = struct_of("entry", {KEY: Any, VALUE: Any} if not self.is_struct else _any_of(self.entry))

    def settled(self, values: list[Any], path: str, read: Read, note: Note) -> list[Any]:
        return [
            None if entries is None else [self._entry(key, entry) for key, entry in entries.items()]
            for entries in values
        ]

    def _entry(self, key: str, entry: Any) -> Any:
        if not self.is_struct:
            return self._made(**{attribute(KEY): key, attribute(VALUE): entry})
        entry = self._made() if entry is None else entry
        setattr(entry, attribute(KEY), key)
        return entry


class ByKey(Shape):
    """A list of keys with values, as an object of the declared keys: `[{"name": "POWER", "value": "9 kW"}]`.

    names: the declared keys and the dtype of each one's value. value: the member of an entry that holds its value; None
    where the whole entry is the value. Of entries with one key the first that has a value counts. A value that cannot
    be read as declared is unknown, and noted.
    """

    def __init__(self, names: pl.Struct, key: str, value: str | None = None) -> None:
        self.names, self.key, self.value = names, key, value
        self.inner = names
        self._made = struct_of("by_key", _any_of(names))
        self._dtypes = {field.name: instance(field.dtype) for field in names.fields}
        self._types = {name: decoded_type(name, dtype) for name, dtype in self._dtypes.items()}

    def settled(self, values: list[Any], path: str, read: Read, note: Note) -> list[Any]:
        dtypes, types = self._dtypes, self._types
        settled = []
        for entries in values:
            found = self._made()
            for name, value in self.pairs(entries):
                if name not in dtypes or getattr(found, attribute(name)) is not None:
                    continue
                readable = read(value, dtypes[name], f"{path}.{name}", note)
                if readable is not None:
                    setattr(found, attribute(name), msgspec.convert(readable, types[name]))
            settled.append(found)
        return settled

    def pairs(self, entries: Any) -> list[tuple[str, Any]]:
        """(key, value) of each entry that has a key."""
        return [
            (str(entry[self.key]), entry if self.value is None else entry.get(self.value))
            for entry in entries or ()
            if isinstance(entry, dict) and entry.get(self.key) is not None
        ]


class OneOrList(Shape):
    """A value that may come as a list of one: `"ELEC"` and `["ELEC"]` are the same.

    An empty list holds nothing; of a longer one the value is unknown, and noted.
    """

    def __init__(self, inner: pl.DataType) -> None:
        self.inner = inner

    def settled(self, values: list[Any], path: str, read: Read, note: Note) -> list[Any]:
        settled = []
        for value in values:
            if isinstance(value, list):
                if len(value) > 1:
                    note(f"`{path}` is a list of several values, declared as one: it is unknown")
                value = value[0] if len(value) == 1 else None
            settled.append(value)
        return settled


class Json(Shape):
    """Any JSON, opaque, as its text; without white space and with sorted keys, so that equal contents are equal."""

    inner = pl.String()

    def settled(self, values: list[Any], path: str, read: Read, note: Note) -> list[Any]:
        return [None if value is None else msgspec.json.encode(value, order="sorted").decode() for value in values]


def plain(dtype: Any) -> pl.DataType:
    """The dtype with every shape replaced by what it becomes in the frame."""
    dtype = instance(dtype)
    if isinstance(dtype, Shape):
        return plain(dtype.inner)
    if isinstance(dtype, pl.Struct):
        return pl.Struct({field.name: plain(field.dtype) for field in dtype.fields})
    return pl.List(plain(dtype.inner)) if isinstance(dtype, pl.List) else dtype


def decoded_type(name: str, dtype: Any) -> Any:
    """The type by which msgspec decodes a value of a schema's dtype, None aside."""
    dtype = instance(dtype)
    match dtype:
        case Entries():
            return dict[str, decoded_type(name, dtype.value) | None]  # type: ignore[misc]
        case OneOrList():
            inner = decoded_type(name, dtype.inner)
            return list[inner | None] | inner  # type: ignore[valid-type]
        case ByKey():
            return list[Any]
        case Json():
            return Any
        case pl.Struct():
            return struct_type(name, dtype)
        case pl.List():
            return list[decoded_type(name, dtype.inner) | None]  # type: ignore[misc]
    return _SCALARS[type(dtype)]


def struct_type(name: str, dtype: pl.Struct) -> type[msgspec.Struct]:
    """A msgspec struct of the fields of a schema, each optional."""
    kinds = {child.name: decoded_type(child.name, child.dtype) for child in dtype.fields}
    return cast("type[msgspec.Struct]", struct_of(name, kinds))


def _any_of(dtype: pl.Struct) -> dict[str, Any]:
    return {field.name: Any for field in dtype.fields}
