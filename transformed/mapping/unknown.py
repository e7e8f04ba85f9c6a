"""Fields of a record that a mapping neither declares nor ignores: finding them, and writing them down for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import polars as pl

from transformed.mapping.shapes import ByKey, Entries, Json, OneOrList, instance

_WIDTH = 110  # of a line ready to paste
_FEWEST_UNDER_ONE = 4  # paths that are worth a text of their own


class Paths:
    """A set of dotted paths, some of which hold wildcards: `*` is any part of one name, `**` any number of names.

    `used.*` are all fields of `used`, `*Images` all whose name ends so, `**.code` every `code` at any depth.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        paths = frozenset(paths)
        self._exact = frozenset(path for path in paths if "*" not in path)
        patterns = [_pattern(path) for path in sorted(paths - self._exact)]
        self._pattern = re.compile("|".join(patterns)) if patterns else None

    def __contains__(self, path: str) -> bool:
        return path in self._exact or (self._pattern is not None and self._pattern.fullmatch(path) is not None)


def _pattern(path: str) -> str:
    names = [
        r"[^.]+(?:\.[^.]+)*" if name == "**" else re.escape(name).replace(r"\*", "[^.]*") for name in path.split(".")
    ]
    # `**` may stand for no name at all, with the dot beside it
    return r"\.".join(names).replace(r"[^.]+(?:\.[^.]+)*\.", r"(?:[^.]+\.)*")


def unknown_fields(value: Any, dtype: pl.DataType, ignored: Paths, prefix: str = "") -> Iterator[str]:
    """Dotted paths of the fields of a decoded value which `dtype` does not declare and `ignored` does not name.

    Entries of a list, and of an object whose keys are data, share its path. The undeclared keys of a key/value list are
    fields of its path. Nothing below an ignored path is looked at, and nothing below a field that is undeclared.
    """
    if isinstance(dtype, Json):
        return
    if isinstance(dtype, OneOrList):
        for entry in value if isinstance(value, list) else [value]:
            yield from unknown_fields(entry, dtype.inner, ignored, prefix)
    elif isinstance(dtype, Entries) and isinstance(value, dict):
        for entry in value.values():
            yield from unknown_fields(entry, dtype.value, ignored, prefix)
    elif isinstance(dtype, ByKey) and isinstance(value, list):
        yield from _unknown_keys(value, dtype, ignored, prefix)
    elif isinstance(dtype, pl.List) and isinstance(value, list):
        for entry in value:
            yield from unknown_fields(entry, instance(dtype.inner), ignored, prefix)
    elif isinstance(dtype, pl.Struct) and isinstance(value, dict):
        declared = {field.name: instance(field.dtype) for field in dtype.fields}
        for name, child in value.items():
            path = f"{prefix}.{name}" if prefix else name
            if name in declared:
                yield from unknown_fields(child, declared[name], ignored, path)
            elif path not in ignored:
                yield path


def _unknown_keys(entries: list[Any], dtype: ByKey, ignored: Paths, prefix: str) -> Iterator[str]:
    declared = {field.name: instance(field.dtype) for field in dtype.names.fields}
    for name, value in dtype.pairs(entries):
        path = f"{prefix}.{name}"
        if name not in declared:
            if path not in ignored:
                yield path
            continue
        if dtype.value is None and isinstance(value, dict):
            value = {member: one for member, one in value.items() if member != dtype.key}
        yield from unknown_fields(value, declared[name], ignored, path)
    if dtype.value is not None:
        known = (dtype.key, dtype.value)
        for entry in entries:
            members = (
                [f"{prefix}.{member}" for member in entry if member not in known] if isinstance(entry, dict) else []
            )
            yield from (path for path in members if path not in ignored)


def to_paste(paths: Iterable[str]) -> str:
    """Paths as the Python text of a mapping's `ignored`, those below one parent together; empty for none."""
    below: dict[str, list[str]] = {}
    for path in sorted(set(paths)):
        below.setdefault(path.rpartition(".")[0], []).append(path)
    texts = {parent: names for parent, names in below.items() if parent and len(names) >= _FEWEST_UNDER_ONE}
    rest = sorted(path for parent, names in below.items() if parent not in texts for path in names)
    calls = [_call(rest, "")] if rest else []
    calls += [_call([name.removeprefix(f"{parent}.") for name in names], parent) for parent, names in texts.items()]
    return "\n| ".join(calls)


def words(names: Iterable[str]) -> str:
    """Names as a Python text with white space between them, in lines where they are many."""
    lines, line = [], ""
    for name in names:
        if line and len(line) + len(name) >= _WIDTH:
            lines.append(line)
            line = ""
        line = f"{line} {name}".strip()
    lines.append(line)
    return f'"{line}"' if len(lines) == 1 else "\n".join(['"""', *(f"    {one}" for one in lines), '"""'])


def _call(names: list[str], under: str) -> str:
    text, end = words(names), f', under="{under}"' if under else ""
    if "\n" not in text:
        return f"paths({text}{end})"
    return "paths(\n    {}{},\n)".format(text.replace("\n", "\n    "), end)
