"""What a module's source names, read without importing it, since a maker's modules are heavy to import."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path


def source_of(module: str) -> str | None:
    """The source of a module by its dotted name; None where there is no such module."""
    try:
        spec = find_spec(module)
    except ModuleNotFoundError:
        return None
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).read_text(encoding="utf-8")


def defined_names(statement: ast.stmt) -> list[str]:
    """The names that a statement at a module's top defines; none for an import."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign):
        targets = [statement.target]
    else:
        return []
    return [node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)]


def defines(source: str, name: str) -> bool:
    """Whether a module defines or imports a name at its top level. A parse costs more than the definition of an asset,
    so a line that begins with `name =` or `name:` is enough."""
    return re.search(rf"^{re.escape(name)}\s*[:=]", source, re.MULTILINE) is not None or name in top_level_names(source)


def passes(source: str, name: str, text: str) -> bool:
    """Whether a module passes a text as the argument `name` somewhere, as far as its plain words tell: without a parse.
    Where it is not told so plainly, `literal_arguments` says more."""
    return re.search(rf'\b{re.escape(name)}\s*=\s*"{re.escape(text)}"', source) is not None


@lru_cache(maxsize=256)
def top_level_names(source: str) -> frozenset[str]:
    """The names that a module defines or imports at its top level."""
    names: set[str] = set()
    for statement in ast.parse(source).body:
        names.update(defined_names(statement))
        if isinstance(statement, ast.Import | ast.ImportFrom):
            names.update(alias.asname or alias.name for alias in statement.names)
    return frozenset(names)


@lru_cache(maxsize=256)
def literal_arguments(source: str, name: str) -> frozenset[str] | None:
    """The texts that are passed as the argument `name` anywhere in a module; None where one is computed, or none is
    passed, so that the source does not tell."""
    values = [
        keyword.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == name
    ]
    texts = {value.value for value in values if isinstance(value, ast.Constant) and isinstance(value.value, str)}
    is_told = bool(values) and all(isinstance(value, ast.Constant) for value in values)
    return frozenset(texts) if is_told else None
