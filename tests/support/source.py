"""What the project's own source says, read without running it: imports and texts of each module."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
TIERS = ("resources", "raw", "transformed", "consolidated")


def modules(package: str) -> Iterator[tuple[str, ast.Module]]:
    """The dotted name and the syntax tree of each module of a package."""
    for path in sorted((CHECKOUT / package).rglob("*.py")):
        name = ".".join(path.relative_to(CHECKOUT).with_suffix("").parts)
        yield name.removesuffix(".__init__"), _tree(path)


@cache
def _tree(path: Path) -> ast.Module:
    """Parsed once for all the tests that read it."""
    return ast.parse(path.read_text())


def imported(tree: ast.Module) -> set[str]:
    """The dotted names of the modules that a module imports anywhere, within functions too."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module in TIERS:
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def texts(tree: ast.Module) -> set[str]:
    """The string constants of a module, docstrings among them."""
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
