"""How many small faults in the code the tests notice: `python -m tests.support.mutations --count 100`.

Each mutation changes one operator, constant, condition or statement of one module, in a copy of the checkout. The
tests that run the changed line (known from one run with coverage) are run against it; where all of them pass, the
mutation has survived and is printed as a diff. A survivor is either a missing test or a change without a meaning.

    python -m tests.support.mutations --coverage           # which tests run which line; kept in build/
    python -m tests.support.mutations --count 100 --seed 7
"""

from __future__ import annotations

import argparse
import ast
import difflib
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
AREAS = {
    "raw": ["tests/raw"],
    "transformed": ["tests/transformed"],
    "consolidated": ["tests/consolidated"],
    "resources/apis": ["tests/raw", "tests/resources"],
    "resources/ecs": ["tests/ecs"],
}
DATA = CHECKOUT / "build" / "mutations.coverage"
TESTS_A_MUTATION = 40  # of those that run a line; the tests that run the fewest lines come first
SECONDS_A_MUTATION = 300

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
        tree = ast.parse((CHECKOUT / self.path).read_text())
        _apply(list(ast.walk(tree))[self.node], self.choice)
        return ast.unparse(ast.fix_missing_locations(tree))

    def diff(self) -> str:
        before = ast.unparse(ast.parse((CHECKOUT / self.path).read_text())).splitlines()
        name = str(self.path)
        return "\n".join(difflib.unified_diff(before, self.source().splitlines(), name, name, n=1, lineterm=""))


def mutations_of(path: Path) -> Iterator[Mutation]:
    """Every mutation of a module, in the order of its nodes; annotations mean nothing at run time and are left out."""
    nodes = list(ast.walk(ast.parse((CHECKOUT / path).read_text())))
    annotations = [getattr(node, name, None) for node in nodes for name in ("annotation", "returns")]
    passed_over = {id(inner) for outer in annotations if outer is not None for inner in ast.walk(outer)}
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


def _apply(node: ast.AST, choice: int) -> None:
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
    elif isinstance(node, ast.Expr):
        node.value = ast.Constant(None)
    elif isinstance(node, ast.If):
        node.test = ast.Constant(choice == 0)
    elif isinstance(node, ast.Raise):
        node.exc, node.cause = None, None
        node.__class__ = ast.Pass  # type: ignore[assignment]


def measure_coverage() -> None:
    """Run the tests of all areas once and keep which test function runs which line."""
    DATA.parent.mkdir(exist_ok=True)
    configuration = DATA.with_suffix(".ini")
    configuration.write_text(f"[run]\ndynamic_context = test_function\ndata_file = {DATA}\ncore = ctrace\n")
    sources = sorted({area.split("/")[0] for area in AREAS})
    folders = sorted({test for area in AREAS.values() for test in area} | {"tests/laws"})
    coverage = [sys.executable, "-m", "coverage", "run", f"--rcfile={configuration}", f"--source={','.join(sources)}"]
    pytest = ["-m", "pytest", "-q", "-p", "no:xdist", "-m", "not slow", *folders]
    subprocess.run([*coverage, *pytest], cwd=CHECKOUT, check=False)


def tests_of_lines() -> dict[tuple[str, int], list[str]]:
    """(path, line) -> the node ids of the test functions that run it, the most specific first."""
    from coverage import CoverageData

    data = CoverageData(str(DATA))
    data.read()
    found: dict[tuple[str, int], list[str]] = {}
    lines_run: dict[str, int] = {}
    for file in data.measured_files():
        relative = str(Path(file).relative_to(CHECKOUT))
        for line, contexts in data.contexts_by_lineno(file).items():
            names = [name for name in contexts if name.startswith("tests.")]
            found[relative, line] = names
            for name in names:
                lines_run[name] = lines_run.get(name, 0) + 1
    return {key: [_node_id(one) for one in sorted(names, key=lines_run.__getitem__)] for key, names in found.items()}


def _node_id(context: str) -> str:
    """`tests.raw.test_fetch.test_x` as `tests/raw/test_fetch.py::test_x`."""
    parts = context.split(".")
    module = next(
        end for end in range(len(parts), 0, -1) if (CHECKOUT / Path(*parts[:end])).with_suffix(".py").exists()
    )
    return "::".join([str(Path(*parts[:module]).with_suffix(".py")), *parts[module:]])


def chosen(count: int, seed: int) -> list[Mutation]:
    """As many mutations from each area, among the lines that any code of ours can reach."""
    rng = random.Random(seed)  # noqa: S311 - chooses faults, guards nothing
    picked: list[Mutation] = []
    for area in AREAS:
        files = [path.relative_to(CHECKOUT) for path in sorted((CHECKOUT / area).rglob("*.py"))]
        candidates = [mutation for path in files for mutation in mutations_of(path)]
        picked += rng.sample(candidates, min(count // len(AREAS), len(candidates)))
    return picked


def survives(copy_of_checkout: Path, mutation: Mutation, tests: list[str]) -> bool:
    target = copy_of_checkout / mutation.path
    original = target.read_text()
    target.write_text(mutation.source())
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "-m", "", *tests],
            cwd=copy_of_checkout,
            env={**os.environ, "PYTHONPATH": str(copy_of_checkout), "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS_A_MUTATION,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    finally:
        target.write_text(original)
    return done.returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--coverage", action="store_true")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.coverage or not DATA.exists():
        measure_coverage()
    if options.coverage:
        return 0
    by_line = tests_of_lines()
    survivors: list[Mutation] = []
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "checkout"
        ignore = shutil.ignore_patterns(".venv", ".bootstrap", ".cache", ".git", "lake", ".dagster", "build")
        shutil.copytree(CHECKOUT, tree, ignore=ignore)
        picked = chosen(options.count, options.seed)
        for number, mutation in enumerate(picked, 1):
            tests = by_line.get((str(mutation.path), mutation.line), [])[:TESTS_A_MUTATION]
            if not tests:
                area = max((one for one in AREAS if str(mutation.path).startswith(one)), key=len)
                tests = ["-m", "not slow", *AREAS[area]]
            survived = survives(tree, mutation, tests)
            state = "SURVIVED" if survived else "killed"
            print(f"{number}/{len(picked)} {mutation.path}:{mutation.line} {mutation.what}: {state}", flush=True)
            if survived:
                survivors.append(mutation)
                print(mutation.diff(), flush=True)
    print(f"{len(survivors)} of {len(picked)} survived")
    return 0


if __name__ == "__main__":
    sys.exit(main())
