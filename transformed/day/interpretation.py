"""The fingerprint of how an endpoint's records become rows, by which days that were typed differently are told apart.

It is made of the contract as declared and of the source code that the maker's mapping reaches, not of anything that a
library computes, so that a new version of a library does not move it. Comments, docstrings, formatting, annotations,
the order of a record's `fields`, and what only serves drift (`ignored`, `optional`, `parsed`) are left out: they change
no row.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from resources.markets import MARKETS
from resources.source.named import defined_names, source_of
from transformed.contract.contracts import CONTRACTS, IDENTITY

if TYPE_CHECKING:
    import dataframely as dy

    from raw.endpoint.declaration import Endpoint

_TIER = "transformed"
_SHARED = (
    # what every maker's records go through beside the maker's own expressions
    ("transformed.mapping.conform", "conform"),
    ("transformed.contract.plausible", "plausible"),
    ("transformed.contract.one_vehicle", "one_row_of_each"),
    ("transformed.day.duplicates", "shared_vins"),
    ("transformed.day.duplicates", "seen_twice"),
)
_SERVE_ONLY_DRIFT = {"ignored", "optional", "parsed"}
_COLUMN_ATTRIBUTES = (
    "nullable", "min", "max", "min_exclusive", "max_exclusive", "min_length", "max_length", "regex", "precision",
    "scale", "time_unit", "time_zone",
)  # fmt: skip
_LEFT_OUT = {"ctx", "type_comment", "type_params", "kind", "annotation", "returns"}


def interpretation(oem: str, endpoint: Endpoint) -> str:
    """16 hexadecimal digits that change when, and only when, the meaning of contract or mapping does.

    The contract: names, types, bounds, codes and rules. The mapping: the record's schema, the expressions with the
    code maps and functions that they use, the exclusions, and the facts of the endpoint's markets.
    """
    contract = CONTRACTS[endpoint.yields.table]
    meant = {
        "identity": [endpoint.identity, IDENTITY[endpoint.yields.table]],
        "columns": _columns(contract),
        "rules": _rules(contract),
        "mapping": _reached([(f"{_TIER}.{oem}", endpoint.yields.name.upper())]),
        "shared": _reached(_SHARED),
        "markets": {code: asdict(MARKETS[code]) for code in sorted(endpoint.markets) if code in MARKETS},
    }
    return hashlib.sha256(json.dumps(meant, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _columns(contract: type[dy.Schema]) -> dict[str, Any]:
    """Of each column of a contract its type, its bounds and what else the metadata declares but the prose."""
    return {
        name: {
            "dtype": str(column.dtype),
            "metadata": {key: value for key, value in (column.metadata or {}).items() if key != "doc"},
            **{key: getattr(column, key) for key in _COLUMN_ATTRIBUTES if getattr(column, key, None) is not None},
        }
        for name, column in contract.columns().items()
    }


def _rules(contract: type[dy.Schema]) -> list[Any]:
    """The rules over several columns, as code."""
    statement = _definitions(contract.__module__).get(contract.__name__, [])
    return [
        _meaning(part)
        for one in statement
        if isinstance(one, ast.ClassDef)
        for part in one.body
        if isinstance(part, ast.FunctionDef)
    ]


def _reached(roots: list[tuple[str, str]] | tuple[tuple[str, str], ...]) -> list[str]:
    """The meaning of every definition of this tier that the roots (module, name) use, directly or not, sorted."""
    found: dict[tuple[str, str], str] = {}
    waiting = list(roots)
    while waiting:
        module, name = waiting.pop()
        if (module, name) in found:
            continue
        found[module, name], names = _meaning_and_names(_source(module) or "", name)
        imports = _imports(module)
        for used, attribute in names:
            if used in _definitions(module):
                waiting.append((module, used))
            elif used in imports:
                waiting.extend(_target(*imports[used], attribute))
    return sorted(meaning for meaning in found.values() if meaning != "[]")


def _target(module: str, name: str, attribute: str | None) -> Iterator[tuple[str, str]]:
    """Where an imported name is defined: in the module, or, where the name is a module, its attribute's definition."""
    if not module.startswith(_TIER):
        return
    if name in _definitions(module):
        yield module, name
    elif name in _imports(module):  # handed on by a package's __init__
        yield from _target(*_imports(module)[name], attribute)
    elif attribute is not None:
        yield f"{module}.{name}", attribute


@lru_cache(maxsize=4096)
def _meaning_and_names(source: str, name: str) -> tuple[str, list[tuple[str, str | None]]]:
    """What a name of a module means, as JSON, and the names that its definition reads, each once. Kept: the steps of a
    night share most definitions, and a walk through their syntax trees was a fifth of a small night's CPU time."""
    statements = _parsed(source).definitions.get(name, [])
    names = dict.fromkeys(found for statement in statements for found in _names(statement))
    return json.dumps([_meaning(one) for one in statements]), list(names)


def _names(statement: ast.AST) -> Iterator[tuple[str, str | None]]:
    """The names that a statement reads, each with the attribute that is asked of it, for what counts of it."""
    for node in _counting_nodes(statement):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield node.value.id, node.attr
        elif isinstance(node, ast.Name):
            yield node.id, None


def _counting_nodes(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for _, child in _fields(node):
        for one in child if isinstance(child, list) else [child]:
            if isinstance(one, ast.AST):
                yield from _counting_nodes(one)


def _meaning(node: Any) -> Any:
    """A syntax tree as plain lists, without what does not count; the same in every version of Python."""
    if isinstance(node, list):
        return [_meaning(one) for one in node]
    if isinstance(node, ast.Constant):
        return ["Constant", type(node.value).__name__, repr(node.value)]
    if not isinstance(node, ast.AST):
        return repr(node)
    if isinstance(node, ast.Call) and _calls(node, "fields"):
        return ["fields", *sorted([keyword.arg, sorted(_words(keyword.value))] for keyword in node.keywords)]
    kind = "Assign" if isinstance(node, ast.AnnAssign) else type(node).__name__
    return [kind, *([name, _meaning(child)] for name, child in _fields(node))]


def _fields(node: ast.AST) -> Iterator[tuple[str, Any]]:
    """The fields of a syntax tree's node that count."""
    for name, child in ast.iter_fields(node):
        if name in _LEFT_OUT or (isinstance(node, ast.AnnAssign) and name == "simple") or child in (None, []):
            continue
        if name == "target" and isinstance(node, ast.AnnAssign):
            yield "targets", [child]
        elif name == "keywords" and isinstance(node, ast.Call) and _calls(node, "TableMapping"):
            yield name, [keyword for keyword in child if keyword.arg not in _SERVE_ONLY_DRIFT]
        elif name == "body" and isinstance(child, list):
            yield name, [one for one in child if not _is_text(one)]
        else:
            yield name, child


def _calls(call: ast.Call, name: str) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == name


def _words(value: ast.expr) -> list[str]:
    """The words of a text, or the expression as it stands where it is none."""
    is_text = isinstance(value, ast.Constant) and isinstance(value.value, str)
    return value.value.split() if is_text else [json.dumps(_meaning(value))]  # type: ignore[attr-defined]


def _is_text(statement: ast.AST) -> bool:
    """Whether a statement is nothing but a text: a docstring."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


@dataclass(frozen=True, slots=True)
class _Module:
    """definitions: name -> the statements at the module's top that define it. imports: name in the module -> the module
    and the name that it was imported from."""

    definitions: dict[str, list[ast.stmt]]
    imports: dict[str, tuple[str, str]]


def _definitions(module: str) -> dict[str, list[ast.stmt]]:
    return _parsed(_source(module) or "").definitions


def _imports(module: str) -> dict[str, tuple[str, str]]:
    return _parsed(_source(module) or "").imports


@lru_cache(maxsize=256)
def _parsed(source: str) -> _Module:
    definitions: dict[str, list[ast.stmt]] = {}
    imports: dict[str, tuple[str, str]] = {}
    for statement in ast.parse(source).body:
        for name in defined_names(statement):
            definitions.setdefault(name, []).append(statement)
        if isinstance(statement, ast.ImportFrom) and statement.module:
            imports |= {alias.asname or alias.name: (statement.module, alias.name) for alias in statement.names}
    return _Module(definitions, imports)


@lru_cache(maxsize=256)
def _source(module: str) -> str | None:
    """The source text of a module when it was first asked for, as it was imported; None where there is none."""
    return source_of(module)
