"""From which fields of a maker's record each column is made, read off the mapping's expressions."""

from __future__ import annotations

import re

import polars as pl

from transformed.mapping.declaration import PROVIDED_COLUMNS, TableMapping

_STEP = re.compile(r"\.struct\.field_by_name\(([^()]*)\)\(\)")
_FIELD = re.compile(rf'col\("((?:[^"\\]|\\.)*)"\)((?:{_STEP.pattern})*)')


def fields_of_columns(mapping: TableMapping) -> dict[str, list[str]]:
    """Column -> the dotted paths of the record's fields that its expression reads, sorted: `price.amount`.

    Of a list it is the list's path, whatever is read of its entries. A column without a field (a constant, a fact of
    the market, what the platform fills) has no entry.
    """
    found = {name: sorted(field_paths(expression)) for name, expression in mapping.expressions().items()}
    return {name: paths for name, paths in found.items() if paths}


def field_paths(expression: pl.Expr) -> frozenset[str]:
    """The paths of the fields that an expression reads.

    They are read off the text in which Polars writes an expression: its other form, JSON, refuses an expression that
    calls Python.
    """
    found = set()
    for match in _FIELD.finditer(str(expression)):
        if match[1] not in PROVIDED_COLUMNS:
            found.add(".".join([match[1], *_STEP.findall(match[2])]))
    return frozenset(found)
