"""One small fault in one module: which there are, and the module's source with one of them.

No faults, and left out:

* annotations, what only a type checker reads, the decorators of classes (`frozen`, `slots`): they say nothing of what
  the code does;
* the texts of f-strings, whose parts have no places in the source;
* an `assert`, and `strict` of a `zip`: they guard what the lines before them make certain;
* a line of the log, and calls of the garbage collector: no figure, file or message that a user relies on hangs on them.

A number up to 10 grows by one, a larger one is doubled: that a bound of 20,000 is 20,001 nobody notices, nor needs to.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeGuard

CHECKOUT = Path(__file__).resolve().parents[2]

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_OF_NO_ACCOUNT = re.compile(r"gc\.\w+|.*\blog(ger|ging\.getLogger\(.*\))?\.(debug|info|warning|error|exception)")


@dataclass(frozen=True)
class Mutation:
    """One change in one module.

    path: within the checkout; node: its number in the walk over the module's tree; statement_lines: of the statement
    that is changed, none where an import executes it and no function does.
    """

    path: Path
    line: int
    what: str
    node: int
    choice: int
    statement_lines: tuple[int, ...] = ()

    def source(self) -> str:
        """The module's text with the change; all else, comments too, stays as it is."""
        text = text_of(self.path)
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

    def changed(self) -> str:
        """The source of the expression, condition or statement that is changed."""
        text = text_of(self.path)
        node: Any = list(ast.walk(ast.parse(text)))[self.node]
        return ast.get_source_segment(text, node.test if isinstance(node, ast.If) else node) or ""

    def diff(self) -> str:
        before = text_of(self.path).splitlines()
        name = str(self.path)
        return "\n".join(difflib.unified_diff(before, self.source().splitlines(), name, name, n=1, lineterm=""))


@cache
def text_of(path: Path) -> str:
    """A module as it was when the mutations began, whoever mends it meanwhile."""
    return (CHECKOUT / path).read_text()


def mutations_of(path: Path) -> Iterator[Mutation]:
    """Every mutation of a module, in the order of its nodes, without those that are no faults."""
    tree = ast.parse(text_of(path))
    nodes = list(ast.walk(tree))
    outside = [getattr(node, name, None) for node in nodes for name in ("annotation", "returns")]
    outside += [node for node in nodes if isinstance(node, (ast.JoinedStr, ast.Assert))]
    outside += [node for node in nodes if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    outside += [one for node in nodes if isinstance(node, ast.ClassDef) for one in node.decorator_list]
    outside += [one.value for node in nodes if _calls(node, "zip") for one in node.keywords if one.arg == "strict"]
    outside += [node for node in nodes if isinstance(node, ast.Expr) and _is_of_no_account(node.value)]
    passed_over = {id(inner) for outer in outside if outer is not None for inner in ast.walk(outer)}
    lines = _statement_lines(tree)
    for number, node in enumerate(nodes):
        if id(node) not in passed_over:
            for choice, what in enumerate(_changes(node)):
                yield Mutation(path, getattr(node, "lineno", 1), what, number, choice, lines.get(id(node), ()))


def _calls(node: ast.AST, name: str) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def _is_of_no_account(value: ast.expr) -> bool:
    """Whether a statement only writes to the log or asks the garbage collector."""
    return isinstance(value, ast.Call) and _OF_NO_ACCOUNT.fullmatch(ast.unparse(value.func)) is not None


def _statement_lines(tree: ast.Module) -> dict[int, tuple[int, ...]]:
    """The id of each node within a function -> the lines of the innermost statement around it, a block's head alone.

    What stands under `if __name__ == "__main__"` counts as a function: only who begins the module as a program executes
    it. For the condition itself the lines under it count.
    """
    found: dict[int, tuple[int, ...]] = {}

    def visit(node: ast.AST, lines: tuple[int, ...], is_within: bool) -> None:
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            end = max(node.lineno, body[0].lineno - 1) if body else node.end_lineno or node.lineno
            lines = tuple(range(node.lineno, end + 1))
        if is_within:
            found[id(node)] = lines
        if isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'":
            lines, is_within = tuple(one.lineno for one in node.body), True
            found[id(node)] = lines
        inner = node.body if isinstance(node, _FUNCTIONS) else []
        of_the_function = {id(one) for one in (inner if isinstance(inner, list) else [inner])}
        for child in ast.iter_child_nodes(node):
            visit(child, lines, is_within or id(child) in of_the_function)

    visit(tree, (), False)
    return found


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
        node.value = (not node.value) if isinstance(node.value, bool) else _another(node.value)  # type: ignore[arg-type]


def _another(number: float) -> float:
    return number + 1 if abs(number) <= 10 else number * 2
