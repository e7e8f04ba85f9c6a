"""What an OEM's answer holds that was not declared, in words.

A record whose types have changed is read here, fields that the mapping does not declare are found here, and the
words are collected. Drift is reported and never fatal by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any, NamedTuple

import polars as pl

_WHOLE_NUMBER = re.compile(r"-?\d+")
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_MOST_LINES = 50  # a report is read by a person
_MOST_OBSERVATIONS = 1000  # kept apart in memory; a source can send a new field name in every record
_MOST_CHARACTERS = 200  # of an observation
_MOST_QUOTED_CHARACTERS = 80  # of a source's value
_TEXTS_OF_A_COLUMN = 3  # named in drift, a call


@dataclass(slots=True)
class _Observation:
    records: int
    first_address: str | None


class Drift:
    """Collects what was unexpected: each observation once, with the number of records and the first address."""

    def __init__(self) -> None:
        self._observations: dict[str, _Observation] = {}
        self._not_kept = 0

    def note(self, what: str, address: str | None = None, records: int = 1) -> None:
        """`what` names the field and no value that could hold personal data; `address` is one such record's."""
        what = cut(what, _MOST_CHARACTERS)
        known = self._observations.get(what)
        if known is not None:
            known.records += records
        elif len(self._observations) < _MOST_OBSERVATIONS:
            self._observations[what] = _Observation(records, address)
        else:
            self._not_kept += 1

    def note_texts(self, column: str, what: str, found: pl.DataFrame) -> None:
        """Note `<column>: <what> <text>` for the most frequent texts of a source, with their numbers of records.

        found: one row a record; its first column holds the text or value, `archive_address` the record's address.
        """
        if found.is_empty():
            return
        text = found.columns[0]
        counted = found.group_by(pl.col(text).cast(pl.String)).agg(pl.len(), pl.col("archive_address").min())
        for value, count, address in counted.sort("len", text, descending=[True, False]).rows()[:_TEXTS_OF_A_COLUMN]:
            self.note(f"{column}: {what} {quoted(value)}", address, count)

    def lines(self) -> list[str]:
        """One line an observation, sorted; a last line counts those past the first 50."""
        lines = [_line(what, seen) for what, seen in sorted(self._observations.items())]
        more = max(len(lines) - _MOST_LINES, 0) + self._not_kept
        return [*lines[:_MOST_LINES], f"and {more} more"] if more else lines


def _line(what: str, seen: _Observation) -> str:
    first = f", first {seen.first_address}" if seen.first_address else ""
    return f"{what} ({seen.records} record{'s' if seen.records > 1 else ''}{first})"


def quoted(text: str) -> str:
    """A source's value as it is named in a line of drift."""
    return f"`{cut(text, _MOST_QUOTED_CHARACTERS)}`"


def cut(text: str, most_characters: int) -> str:
    """The text, with its end replaced by an ellipsis where it is longer."""
    return text if len(text) <= most_characters else text[: most_characters - 1] + "…"


class Coercion(NamedTuple):
    """One value of a record that had to be read as another type: its path and the two types in words."""

    path: str
    found: str
    declared: str


class UnreadableError(Exception):
    """A value that cannot be read as its declared type without loss."""

    def __init__(self, value: object, declared: str, path: str) -> None:
        super().__init__(f"Expected {declared}, got {_kind(value)} - at `{path}`")


def conform(value: Any, dtype: pl.DataType, path: str, coercions: list[Coercion]) -> Any:
    """A decoded JSON value as its declared type, where that loses nothing; only the declared fields remain.

    Every value that had to be read as another type is added to `coercions`. Null is allowed everywhere.
    Raises UnreadableError, with the path as msgspec writes it (`$.used.mileage`).
    """
    if value is None:
        return None
    if isinstance(dtype, pl.Struct):
        if not isinstance(value, dict):
            raise UnreadableError(value, "object", path)
        return {
            field.name: conform(value[field.name], _instance(field.dtype), f"{path}.{field.name}", coercions)
            for field in dtype.fields
            if field.name in value
        }
    if isinstance(dtype, pl.List):
        if not isinstance(value, list):
            raise UnreadableError(value, "array", path)
        inner = _instance(dtype.inner)
        return [conform(entry, inner, f"{path}[...]", coercions) for entry in value]
    declared = _DECLARED[type(dtype)]
    result = _scalar(value, declared)
    if result is None:
        raise UnreadableError(value, declared, path)
    # a whole number is written with or without its .0 by many servers: no drift
    if _kind(value) != declared and {_kind(value), declared} != {"whole number", "number"}:
        coercions.append(Coercion(path, _kind(value), declared))
    return result


def unknown_fields(value: Any, dtype: pl.DataType, ignored: frozenset[str], prefix: str = "") -> Iterator[str]:
    """Dotted paths of the fields which `dtype` does not declare and `ignored` does not name.

    Entries of a list share their list's path. Nothing below an ignored path is looked at.
    """
    if isinstance(dtype, pl.List) and isinstance(value, list):
        for entry in value:
            yield from unknown_fields(entry, _instance(dtype.inner), ignored, prefix)
    elif isinstance(dtype, pl.Struct) and isinstance(value, dict):
        declared = {field.name: _instance(field.dtype) for field in dtype.fields}
        for name, child in value.items():
            path = f"{prefix}.{name}" if prefix else name
            if name in declared:
                yield from unknown_fields(child, declared[name], ignored, path)
            elif path not in ignored:
                yield path


_DECLARED: dict[type[pl.DataType], str] = {
    pl.String: "text",
    pl.Int64: "whole number",
    pl.Float64: "number",
    pl.Boolean: "true or false",
}


def _scalar(value: Any, declared: str) -> str | int | float | bool | None:
    """The value as the declared scalar, None where that would lose something."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    is_text = isinstance(value, str)
    try:
        match declared:
            case "text":
                return str(value) if is_text or is_number else None
            case "whole number":
                is_whole = (is_number and value == int(value)) or (is_text and _WHOLE_NUMBER.fullmatch(value))
                return int(value) if is_whole else None
            case "number":
                number = float(value) if is_number or (is_text and _NUMBER.fullmatch(value)) else inf
                return number if isfinite(number) else None
            case _:
                # asked one by one: 1 == True
                return value if isinstance(value, bool) else {"true": True, "false": False}[value] if is_text else None
    except (OverflowError, ValueError, KeyError):
        return None


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int():
            return "whole number"
        case float():
            return "number"
        case str():
            return "text"
        case list():
            return "array"
        case _:
            return "object"


def _instance(dtype: Any) -> pl.DataType:
    """Polars lets a nested type be written as class or as instance."""
    instance: pl.DataType = dtype() if isinstance(dtype, type) else dtype
    return instance
