"""What a module's source names, read without importing it, since a maker's modules are heavy to import."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path


def parsed(module: str) -> ast.Module | None:
    """The source of a module by its dotted name; None where there is no such module."""
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        return None
    return ast.parse(Path(spec.origin).read_text(encoding="utf-8"))


def top_level_names(source: ast.Module) -> set[str]:
    """The names that a module defines or imports at its top level."""
    names: set[str] = set()
    for statement in source.body:
        if isinstance(statement, ast.Assign):
            targets = [node for target in statement.targets for node in ast.walk(target)]
            names |= {node.id for node in targets if isinstance(node, ast.Name)}
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            names.add(statement.target.id)
        elif isinstance(statement, (ast.Import, ast.ImportFrom)):
            names |= {alias.asname or alias.name for alias in statement.names}
        elif isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            names.add(statement.name)
    return names


def literal_arguments(source: ast.Module, name: str) -> set[str] | None:
    """The texts that are passed as the argument `name` anywhere in a module; None where one is computed, or none is
    passed, so that the source does not tell."""
    values = [
        keyword.value
        for node in ast.walk(source)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == name
    ]
    texts = {value.value for value in values if isinstance(value, ast.Constant) and isinstance(value.value, str)}
    is_told = bool(values) and all(isinstance(value, ast.Constant) for value in values)
    return texts if is_told else None
