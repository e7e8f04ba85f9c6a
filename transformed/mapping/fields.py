"""The used fields of a record, written as paths: one text for each kind of value."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from transformed.mapping.shapes import ByKey, Entries, Json, OneOrList

_SEGMENT = re.compile(r"(?P<name>[^\[\]{}]+)(?P<mark>\[\]|\{\}|\[0\]|\[(?P<key>[^\[\]:]+)(:(?P<value>[^\[\]:]+))?\])?")


@dataclass
class _Node:
    """What stands below a name: named nodes, or a kind of scalar."""

    mark: str = ""
    key: str | None = None
    value: str | None = None
    scalar: pl.DataType | None = None
    below: dict[str, _Node] = field(default_factory=dict)


def fields(*, text: str = "", number: str = "", whole: str = "", flag: str = "", json: str = "") -> pl.Struct:
    """The schema of a record as `TableMapping.record` takes it.

    Each argument names paths, separated by white space: of texts (String), numbers (Float64), whole numbers (Int64),
    true or false (Boolean), and opaque JSON that lands as text. A path is dotted; a name in it may carry a mark:

    `prices[].amount`   a list of objects, `tags[]` of scalars
    `prices{}.gross`    an object whose keys are data, as a list of entries with the field `key`; of scalars
                        (`prices{}`) each entry has `key` and `value`
    `specs[name:value].POWER`   a list of keys with values, as an object: `specs.POWER`
    `items[key].mileage.unit`   the same, where the whole entry is the value
    `fuel[0]`           a value that may come as a list of one

    Raises ValueError for a path that is none, and for two that contradict each other.
    """
    root = _Node()
    for dtype, paths in (
        (pl.String(), text), (pl.Float64(), number), (pl.Int64(), whole), (pl.Boolean(), flag), (Json(), json),
    ):  # fmt: skip
        for path in paths.split():
            _add(root, path, dtype)
    return _struct(root)


def _add(root: _Node, path: str, dtype: pl.DataType) -> None:
    node = root
    for segment in re.split(r"\.(?![^\[]*\])", path):
        match = _SEGMENT.fullmatch(segment)
        if match is None:
            raise ValueError(f"`{path}` is no path of a field: `{segment}` is neither a name nor a name with a mark")
        mark = match["mark"] or ""
        child = node.below.get(match["name"])
        if child is None:
            child = node.below[match["name"]] = _Node(mark, match["key"], match["value"])
        if child.mark != mark or node.scalar is not None:
            raise ValueError(f"`{path}` contradicts another path: `{match['name']}` stands there otherwise")
        node = child
    if node.below or (node.scalar is not None and node.scalar != dtype):
        raise ValueError(f"`{path}` contradicts another path: it is declared otherwise, or with fields below it")
    if node.key is not None:
        raise ValueError(f"`{path}` names a list of keys and none of the keys: write `{path}.<key>`")
    node.scalar = dtype


def _struct(node: _Node) -> pl.Struct:
    return pl.Struct({name: _dtype(child) for name, child in node.below.items()})


def _dtype(node: _Node) -> Any:
    inner = node.scalar or _struct(node)
    match node.mark:
        case "":
            return inner
        case "[]":
            return pl.List(inner)
        case "{}":
            return Entries(inner)
        case "[0]":
            return OneOrList(inner)
    assert isinstance(inner, pl.Struct) and node.key is not None  # noqa: PT018 - one condition of the mark
    return ByKey(inner, node.key, node.value)
