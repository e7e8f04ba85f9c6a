"""Fields of a record that a mapping neither declares nor ignores: finding them, and writing them down for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
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

    def named_below(self, begin: str) -> frozenset[str]:
        """The names that are spelled out after `begin`, which is empty or ends with a dot."""
        below = (path.removeprefix(begin) for path in self._exact if path.startswith(begin))
        return frozenset(name for name in below if "." not in name)

    def __contains__(self, path: str) -> bool:
        return path in self._exact or (self._pattern is not None and self._pattern.fullmatch(path) is not None)


def _pattern(path: str) -> str:
    names = [
        r"[^.]+(?:\.[^.]+)*" if name == "**" else re.escape(name).replace(r"\*", "[^.]*") for name in path.split(".")
    ]
    # `**` may stand for no name at all, with the dot beside it
    return r"\.".join(names).replace(r"[^.]+(?:\.[^.]+)*\.", r"(?:[^.]+\.)*")


def declared_paths(schema: Any, path: str = "") -> Iterator[str]:
    """The dotted paths of all that a schema declares, objects and lists too; entries of a list share its path."""
    dtype = instance(schema)
    if path:
        yield path
    begin = f"{path}." if path else ""
    match dtype:
        case OneOrList() | pl.List():
            yield from list(declared_paths(dtype.inner, path))[1:]
        case Entries():
            yield from list(declared_paths(dtype.value, path))[1:]
        case ByKey():
            for field in dtype.names.fields:
                yield from declared_paths(field.dtype, f"{begin}{field.name}")
        case pl.Struct():
            for field in dtype.fields:
                yield from declared_paths(field.dtype, f"{begin}{field.name}")


Search = Callable[[Any, set[str]], None]
"""Looks through a decoded value and adds the dotted paths of its unknown fields to a set."""


class UnknownFields:
    """Finds the fields of decoded records which a schema does not declare and `ignored` does not name.

    The schema is walked once; of a record only the objects that may hold something unknown are looked at.
    """

    def __init__(self, schema: pl.Struct, ignored: Paths) -> None:
        self._search = _in_object(schema, ignored, "")

    def of(self, value: Any) -> list[str]:
        """The dotted paths of a record's unknown fields, sorted.

        Entries of a list, and of an object whose keys are data, share its path. The undeclared keys of a key/value list
        are fields of its path. Nothing below an ignored path is looked at, and nothing below a field that is
        undeclared.
        """
        found: set[str] = set()
        self._search(value, found)
        return sorted(found)


def _search(dtype: Any, ignored: Paths, path: str) -> Search | None:
    """The search through values of a dtype at a path; None where they can hold nothing unknown."""
    dtype = instance(dtype)
    match dtype:
        case Json():
            return None
        case OneOrList():
            return _in_each(_search(dtype.inner, ignored, path), lambda one: one if isinstance(one, list) else [one])
        case Entries():
            search = _search(dtype.value, ignored, path)
            return _in_each(search, lambda one: one.values() if isinstance(one, dict) else ())
        case ByKey():
            return _in_pairs(dtype, ignored, path)
        case pl.List():
            search = _search(dtype.inner, ignored, path)
            return _in_each(search, lambda one: one if isinstance(one, list) else ())
        case pl.Struct():
            return _in_object(dtype, ignored, path)
    return None


def _in_each(search: Search | None, entries: Callable[[Any], Iterable[Any]]) -> Search | None:
    if search is None:
        return None

    def look(value: Any, found: set[str]) -> None:
        for entry in entries(value):
            search(entry, found)

    return look


def _in_object(dtype: pl.Struct, ignored: Paths, path: str) -> Search:
    begin = f"{path}." if path else ""
    searches = {field.name: _search(field.dtype, ignored, f"{begin}{field.name}") for field in dtype.fields}
    within = [(name, search) for name, search in searches.items() if search]
    known = searches.keys() | ignored.named_below(begin)

    def look(value: Any, found: set[str]) -> None:
        if not isinstance(value, dict):
            return
        # mostly every name is known, which a set tells without a look at each
        if not value.keys() <= known:
            found.update(name for name in map(begin.__add__, value.keys() - known) if name not in ignored)
        for name, search in within:
            child = value.get(name)
            if child is not None:
                search(child, found)

    return look


def _in_pairs(dtype: ByKey, ignored: Paths, path: str) -> Search:
    searches = {field.name: _search(field.dtype, ignored, f"{path}.{field.name}") for field in dtype.names.fields}
    known = (dtype.key, dtype.value)

    def look(value: Any, found: set[str]) -> None:
        if not isinstance(value, list):
            return
        for name, member in dtype.pairs(value):
            if name not in searches:
                if f"{path}.{name}" not in ignored:
                    found.add(f"{path}.{name}")
            elif search := searches[name]:
                if dtype.value is None:  # the whole entry, of which the key is known
                    member = {key: one for key, one in member.items() if key != dtype.key}
                search(member, found)
        if dtype.value is not None:
            members = {f"{path}.{member}" for one in value if isinstance(one, dict) for member in one} if value else ()
            found.update(one for one in members if one.removeprefix(f"{path}.") not in known and one not in ignored)

    return look


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
