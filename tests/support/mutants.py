"""One small fault in one module: which there are, and the module's source with one of them."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip


@dataclass(frozen=True)
class Mutation:
    """One change in one module. path: within the checkout; node: its number in the walk over the module's tree."""

    path: Path
    line: int
    what: str
    node: int
    choice: int

    def source(self) -> str:
        """The module's text with the change; all else, comments too, stays as it is."""
        text = (CHECKOUT / self.path).read_text()
        node = list(ast.walk(ast.parse(text)))[self.node]
        place: Any = node
        if isinstance(node, ast.If):
            place, new = node.test, str(self.choice == 0)
        elif isinstance(node, ast.Expr):
            new = "None"
        elif isinstance(node, ast.Raise):
            new = "pass"
        else:
            _apply(node)
            new = f"({ast.unparse(node)})"
        lines = text.encode().splitlines(keepends=True)
        before = b"".join(lines[: place.lineno - 1]) + lines[place.lineno - 1][: place.col_offset]
        after = lines[place.end_lineno - 1][place.end_col_offset :] + b"".join(lines[place.end_lineno :])
        changed: bytes = before + new.encode() + after
        return changed.decode()

    def diff(self) -> str:
        before = (CHECKOUT / self.path).read_text().splitlines()
        name = str(self.path)
        return "\n".join(difflib.unified_diff(before, self.source().splitlines(), name, name, n=1, lineterm=""))


def mutations_of(path: Path) -> Iterator[Mutation]:
    """Every mutation of a module, in the order of its nodes; annotations mean nothing at run time and are left out."""
    nodes = list(ast.walk(ast.parse((CHECKOUT / path).read_text())))
    outside = [getattr(node, name, None) for node in nodes for name in ("annotation", "returns")]
    outside += [node for node in nodes if isinstance(node, ast.JoinedStr)]  # its parts have no places of their own
    # what only a type checker reads
    outside += [node for node in nodes if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    # frozen and slots say nothing of what the code does
    outside += [one for node in nodes if isinstance(node, ast.ClassDef) for one in node.decorator_list]
    passed_over = {id(inner) for outer in outside if outer is not None for inner in ast.walk(outer)}
    for number, node in enumerate(nodes):
        if id(node) not in passed_over:
            for choice, what in enumerate(_changes(node)):
                yield Mutation(path, getattr(node, "lineno", 1), what, number, choice)


def _changes(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _COMPARISONS:
        return ["comparison"]
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        return ["operator"]
    if isinstance(node, ast.BoolOp):
        return ["and/or"]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return ["not"]
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        return ["boolean"]
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return ["number"]
    if isinstance(node, ast.Expr) and isinstance(node.value, (ast.Call, ast.Await)):
        return ["statement left out"]
    if isinstance(node, ast.If):
        return ["condition always true", "condition always false"]
    if isinstance(node, ast.Raise):
        return ["raise left out"]
    return []


def _apply(node: ast.AST) -> None:
    if isinstance(node, ast.Compare):
        node.ops[0] = _COMPARISONS[type(node.ops[0])]()
    elif isinstance(node, ast.BinOp):
        node.op = _ARITHMETIC[type(node.op)]()
    elif isinstance(node, ast.BoolOp):
        node.op = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
    elif isinstance(node, ast.UnaryOp):
        node.op, node.operand = ast.Not(), ast.UnaryOp(ast.Not(), node.operand)
    elif isinstance(node, ast.Constant):
        node.value = (not node.value) if isinstance(node.value, bool) else node.value + 1  # type: ignore[operator]
