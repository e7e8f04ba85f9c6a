"""Reading a decoded value as its declared type, where the source sends another type and nothing is lost by it."""

from __future__ import annotations

import re
from math import inf, isfinite
from typing import Any

import polars as pl

from transformed.mapping.shapes import ByKey, Entries, Json, Note, OneOrList, instance

_WHOLE_NUMBER = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
# one dot before exactly three digits is a decimal point here and a thousands separator there
_AMBIGUOUS_NUMBER = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}")
_GROUPED_NUMBER = re.compile(r"[+-]?\d[\d.,'’\s]*\d")


class UnreadableError(Exception):
    """A value that cannot be read as its declared type without loss."""

    def __init__(self, value: object, declared: str, path: str) -> None:
        super().__init__(f"Expected {declared}, got {_kind(value)} - at `{path}`")


def conform(value: Any, dtype: pl.DataType, path: str, drift: list[str]) -> Any:
    """A decoded JSON value as its declared type, where that loses nothing; only the declared fields remain.

    Each value that had to be read as another type adds a sentence to `drift`, and so does a text for a number that has
    separators: whether `13.590` is 13590 or 13.59 nobody can tell, so it is null. Null is allowed everywhere.
    A shape's value stays as the source shapes it. Raises UnreadableError, with the path as msgspec writes it
    (`$.used.mileage`).
    """
    if value is None or isinstance(dtype, Json):
        return value
    if isinstance(dtype, Entries):
        # servers written in PHP send an empty list for an object without members
        if not isinstance(value, dict) and value != []:
            raise UnreadableError(value, "object", path)
        entries = dict(value)
        return {key: conform(entry, dtype.value, f"{path}[...]", drift) for key, entry in entries.items()}
    if isinstance(dtype, ByKey):
        if not isinstance(value, list):
            raise UnreadableError(value, "array", path)
        return value
    if isinstance(dtype, OneOrList):
        if isinstance(value, list):
            return [conform(entry, dtype.inner, path, drift) for entry in value]
        return conform(value, dtype.inner, path, drift)
    if isinstance(dtype, pl.Struct):
        if not isinstance(value, dict):
            raise UnreadableError(value, "object", path)
        return {
            field.name: conform(value[field.name], instance(field.dtype), f"{path}.{field.name}", drift)
            for field in dtype.fields
            if field.name in value
        }
    if isinstance(dtype, pl.List):
        if not isinstance(value, list):
            raise UnreadableError(value, "array", path)
        inner = instance(dtype.inner)
        return [conform(entry, inner, f"{path}[...]", drift) for entry in value]
    declared = _DECLARED[type(dtype)]
    if declared in ("number", "whole number") and isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        if has_ambiguous_separator(text):
            drift.append(f"`{path}` is a number with separators that can be read in two ways: it is unknown")
            return None
        value = text
    result = _scalar(value, declared)
    if result is None:
        raise UnreadableError(value, declared, path)
    # a whole number is written with or without its .0 by many servers: no drift
    if _kind(value) != declared and {_kind(value), declared} != {"whole number", "number"}:
        drift.append(f"`{path}` is {_kind(value)}, declared and read as {declared}")
    return result


def read_as(value: Any, dtype: pl.DataType, path: str, note: Note) -> Any:
    """The same for a value within a record that was read: what cannot be read is None, and noted like the rest."""
    sentences: list[str] = []
    try:
        value = conform(value, dtype, path, sentences)
    except UnreadableError as error:
        sentences, value = [f"{error}: it is unknown"], None
    for sentence in sentences:
        note(sentence)
    return value


def has_ambiguous_separator(text: str) -> bool:
    """Whether a text is a number whose separators may group its thousands or begin its decimals."""
    if _NUMBER.fullmatch(text):
        return _AMBIGUOUS_NUMBER.fullmatch(text) is not None
    return _GROUPED_NUMBER.fullmatch(text) is not None


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
                if is_text and _WHOLE_NUMBER.fullmatch(value):
                    whole: int | None = int(value)
                else:
                    number = float(value) if is_number or (is_text and _NUMBER.fullmatch(value)) else inf
                    whole = int(value if is_number else number) if number.is_integer() else None
                return whole if whole is not None and -(2**63) <= whole < 2**63 else None
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
