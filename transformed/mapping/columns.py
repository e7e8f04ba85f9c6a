"""Decoded records as columns, page by page: a page's objects are let go as soon as their values are taken.

Objects that are kept until a batch is full lie scattered in memory, and reading them then costs several times what
reading them at once does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import accumulate, chain
from typing import Any, Protocol, cast

import polars as pl
import pyarrow as pa
from msgspec.structs import astuple

from transformed.mapping.conform import read_as
from transformed.mapping.shapes import Note, Shape, instance, struct_type

_VALUES_AT_ONCE = 1024  # of a column, as Python objects


class Columns:
    """Takes decoded records of a schema, and gives them as a frame: one row a record, one column a field.

    The frame has the schema's fields in its order and with its types. A missing or null object becomes a struct of
    nulls, a missing or null list stays null. `note` takes the sentences about values that were not as declared.
    """

    def __init__(self, schema: pl.Struct, note: Note) -> None:
        self._record = _Objects("", schema, "", note)

    def add(self, records: Iterable[Any]) -> None:
        """Take the values out of records; the records are not kept."""
        self._record.add(records)

    def frame(self) -> pl.DataFrame:
        """The records so far."""
        return self._record.frame()

    def filled(self) -> Counter[str]:
        """How many of the records hold each declared field that lies in no list, by its path. Of a list: any entry."""
        counts: Counter[str] = Counter()
        self._record.count(counts)
        return counts


class _Column(Protocol):
    def add(self, values: Iterable[Any]) -> None: ...
    def series(self) -> pl.Series: ...
    def count(self, counts: Counter[str]) -> None: ...


def _column(name: str, dtype: Any, path: str, note: Note) -> _Column:
    dtype = instance(dtype)
    if isinstance(dtype, Shape):
        return _Shaped(name, dtype, path, note)
    if isinstance(dtype, pl.Struct):
        return _Objects(name, dtype, path, note)
    return _Lists(name, dtype, path, note) if isinstance(dtype, pl.List) else _Scalars(name, dtype, path)


class _Scalars:
    def __init__(self, name: str, dtype: pl.DataType, path: str) -> None:
        self._name, self._dtype, self._path = name, dtype, path
        self._values: list[Any] = []
        self._parts: list[pl.Series] = []

    def add(self, values: Iterable[Any]) -> None:
        self._values.extend(values)
        if len(self._values) >= _VALUES_AT_ONCE:
            self._convert()

    def _convert(self) -> None:
        self._parts.append(pl.Series(self._name, self._values, dtype=self._dtype, strict=True))
        self._values = []

    def series(self) -> pl.Series:
        if self._values or len(self._parts) != 1:
            self._convert()
            self._parts = [pl.concat(self._parts, rechunk=True)]
        return self._parts[0]

    def count(self, counts: Counter[str]) -> None:
        if _is_counted(self._path):
            counts[self._path] = self.series().len() - self.series().null_count()


class _Objects:
    def __init__(self, name: str, dtype: pl.Struct, path: str, note: Note) -> None:
        self._name, begin = name, f"{path}." if path else ""
        self._nothing = struct_type("nothing", dtype)()
        self._fields = [_column(field.name, field.dtype, f"{begin}{field.name}", note) for field in dtype.fields]

    def add(self, values: Iterable[Any]) -> None:
        # a struct's members lie in the order of the schema's fields; this takes a third of the time of asking for each
        members = [astuple(self._nothing if value is None else value) for value in values]
        for column, of_field in zip(self._fields, zip(*members, strict=True), strict=bool(members)):
            column.add(of_field)

    def frame(self) -> pl.DataFrame:
        return pl.DataFrame([column.series() for column in self._fields])

    def series(self) -> pl.Series:
        return self.frame().to_struct(self._name)

    def count(self, counts: Counter[str]) -> None:
        for column in self._fields:
            column.count(counts)


class _Lists:
    def __init__(self, name: str, dtype: pl.List, path: str, note: Note) -> None:
        self._name, self._path = name, path
        self._lengths: list[int] = []
        self._is_null: list[bool] = []
        self._entries = _column("", dtype.inner, f"{path}[]", note)

    def add(self, values: Iterable[Any]) -> None:
        lists = list(values)
        self._lengths.extend(0 if entries is None else len(entries) for entries in lists)
        self._is_null.extend(entries is None for entries in lists)
        self._entries.add(chain.from_iterable(filter(None, lists)))

    def series(self) -> pl.Series:
        lists = pa.LargeListArray.from_arrays(
            pa.array(accumulate(self._lengths, initial=0), pa.int64()),
            self._entries.series().to_arrow(),
            mask=pa.array(self._is_null, pa.bool_()),
        )
        return cast("pl.Series", pl.from_arrow(lists)).alias(self._name)

    def count(self, counts: Counter[str]) -> None:
        if _is_counted(self._path):
            counts[self._path] = sum(map(bool, self._lengths))


class _Shaped:
    def __init__(self, name: str, dtype: Shape, path: str, note: Note) -> None:
        self._shape, self._path, self._note = dtype, path, note
        self._inner = _column(name, dtype.inner, path, note)

    def add(self, values: Iterable[Any]) -> None:
        self._inner.add(self._shape.settled(list(values), self._path, read_as, self._note))

    def series(self) -> pl.Series:
        return self._inner.series()

    def count(self, counts: Counter[str]) -> None:
        self._inner.count(counts)


def _is_counted(path: str) -> bool:
    # entries of a list are counted under the list: an empty one says nothing about its fields
    return bool(path) and "[]" not in path
