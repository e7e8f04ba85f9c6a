"""Which tests are run against a mutation, and in which order.

A line within a function: the tests that execute it (`tests.support.line_map`). A line that an import executes, such as
a module's constants and a maker's declarations, is executed for every test, so the map says nothing: those of the test
modules that hold a rare word of the line, that have the name of the mutated module, or that import it, directly or
through another module; for a maker's module also each test with the maker's name in its own. What a test module imports
through `tests/support` counts as its own import.

The cheapest tests come first. A test counts with the seconds of the cheaper tests of the same test function, so that a
function with a thousand parameters does not come before all others, and the tests of near modules count a fifth.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from tests.support.line_map import LineMap
from tests.support.mutants import CHECKOUT, Mutation, text_of

# area -> the folders whose tests prove it
AREAS = {
    "raw": ["tests/raw", "tests/makers", "tests/resources", "tests/consolidated", "tests/laws"],
    "transformed": ["tests/transformed", "tests/makers", "tests/resources", "tests/laws"],
    "consolidated": ["tests/consolidated", "tests/laws", "tests/resources"],
    "resources/apis": ["tests/raw", "tests/resources", "tests/sandbox"],
    "resources/ecs": ["tests/ecs", "tests/resources"],
}
ROOTS = ("raw", "transformed", "consolidated", "resources", "definitions", "tests")
_DOTTED = re.compile(rf"\b(?:{'|'.join(ROOTS)})(?:\.\w+)+")
_WORD = re.compile(r"\w{5,}")
_RARE = 5  # test modules of the area that hold a word
_FARTHEST = 3  # imports from a test module to what it proves
_NEAR_MODULES = 18
_NEAR_COUNTS = 0.2
_PAGES = "tests/resources/test_pages.py"  # the data dictionary and the settings are made of the code


class Proofs:
    """The tests that prove a mutation."""

    def __init__(self, line_map: LineMap) -> None:
        self._map = line_map
        roots = [*sorted({area.split("/")[0] for area in AREAS}), "tests"]
        files = [path for root in roots for path in sorted((CHECKOUT / root).rglob("*.py"))]
        self._imports = {str(path.relative_to(CHECKOUT)): imports_of(path) for path in files}
        tests = {name: CHECKOUT / name for name in self._imports if Path(name).name.startswith("test_")}
        self._words = {name: frozenset(_WORD.findall(path.read_text())) for name, path in tests.items()}
        self._tests_of: dict[str, list[str]] = defaultdict(list)
        for test in line_map.seconds:
            self._tests_of[_module(test)].append(test)

    def of(self, mutation: Mutation) -> list[str]:
        """The names of the tests, the first to run first."""
        near = self._near_modules(mutation)
        executing = self._executing(mutation)  # by no test: it may run in a process that a test kills
        maker = mutation.path.stem if len(mutation.path.parts) == 2 and mutation.path.parts[0] != "resources" else None
        tests = set(executing) - {""}
        if not executing or "" in executing:
            tests |= {test for module in near for test in self._tests_of[module]}
            tests |= {test for test in self._map.seconds if maker and maker in test}
        tests |= set(self._tests_of[_PAGES])
        return self._in_order(tests, {*near, _PAGES})

    def _in_order(self, tests: Iterable[str], near: set[str]) -> list[str]:
        seconds_of_function: dict[str, float] = defaultdict(float)
        place: dict[str, float] = {}
        for test in sorted(tests, key=lambda test: (self._seconds(test), test)):
            function = test.partition("[")[0]
            seconds_of_function[function] += self._seconds(test)
            place[test] = seconds_of_function[function] * (_NEAR_COUNTS if _module(test) in near else 1)
        return sorted(place, key=lambda test: (place[test], test))

    def _seconds(self, test: str) -> float:
        """A test that ended its process, and so has told nothing, comes late."""
        return self._map.seconds.get(test, 60)

    def _executing(self, mutation: Mutation) -> set[str]:
        """The tests that execute a line within a function, "" among them where an import does."""
        lines = self._map.lines.get(str(mutation.path), {})
        return {test for line in mutation.statement_lines for test in lines.get(line, ())}

    def _near_modules(self, mutation: Mutation) -> list[str]:
        """The nearest test modules first, all of the area's where none is near."""
        path = str(mutation.path)
        folders = AREAS[max((one for one in AREAS if path.startswith(f"{one}/")), key=len)]
        tests = [name for name in self._imports if name.startswith(tuple(f"{folder}/test_" for folder in folders))]
        subject = (mutation.path.parent if mutation.path.stem.startswith("__") else mutation.path).stem

        line = text_of(mutation.path).splitlines()[mutation.line - 1]
        rare = {word for word in _WORD.findall(line) if sum(word in self._words[name] for name in tests) <= _RARE}

        def order(name: str) -> tuple[bool, bool, int, int, int]:
            folder = next(place for place, one in enumerate(folders) if name.startswith(f"{one}/"))
            holds = not rare.isdisjoint(self._words[name])
            return not holds, subject not in name, self._distance(name, path), folder, -len(self._imports[name])

        ordered = sorted(tests, key=order)
        near = [
            name
            for name in ordered
            if subject in name or not rare.isdisjoint(self._words[name]) or self._distance(name, path) <= _FARTHEST
        ]
        return (near or ordered)[:_NEAR_MODULES]

    @cache  # noqa: B019 - one object a run
    def _distance(self, name: str, path: str) -> int:
        """How many imports lead from a test module to a module; those within `tests` are not counted."""
        seen = {name}
        reached = {name}
        for distance in range(1, _FARTHEST + 1):
            inner = list(reached)
            while inner:
                inner = [one for one in self._next(inner) if one.startswith("tests/") and one not in seen]
                seen |= set(inner)
                reached |= set(inner)
            reached = set(self._next(reached)) - seen
            seen |= reached
            if path in reached:
                return distance
        return _FARTHEST + 1

    def _next(self, names: Iterable[str]) -> list[str]:
        return sorted({one for name in names for one in self._imports.get(name, ())})


def _module(test: str) -> str:
    return test.partition("::")[0]


def imports_of(path: Path) -> frozenset[str]:
    """The files of ours that a file imports, within functions too, or names in a text."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= set(_DOTTED.findall(node.value))  # `python -m consolidated.query`, say
    files = [f"{name.replace('.', '/')}{end}" for name in found for end in (".py", "/__init__.py", "/__main__.py")]
    return frozenset(file for file in files if (CHECKOUT / file).exists())
