"""How many small faults in the code the tests notice: `python -m tests.support.mutations --count 100`.

Each mutation changes one operator, constant, condition or statement of one module, in a copy of the checkout. The test
modules that import the module, or that hold a rare word of the changed line, are run against it, the nearest first and
slow tests last, until one test fails or their CPU time is used up. Where none fails, the mutation has survived and is
printed as a diff: a test is missing, the change has no meaning, or the test that notices it came too late.

Mutations that were looked at and left:

* in `raw/gm.py` the latitude of Alaska's search: a degree more reaches the same dealers;
* in `transformed/volvo.py` the ignored fields: the sweep of a maker's night notices an unknown field, and the mutations
  run no nights;
* bounds and defaults that one more leaves as good: the size of a page in `raw/stellantis.py`, `Patience.attempts`, the
  refusals of a budget, the largest answer in bytes, the longest line of drift, the seconds that a call of AWS may take,
  the calls of RunTask at once, the days that `make report` names, the days that reach into the next month,
  `>` or `>=` at the launch timeout, a total of 0 or 1 in the plan of pages;
* in `raw/bmw.py` whether dealers of two countries may share a number: a fact of an API of which Spain has no capture;
* in `ask_again` of the ECS attempts how fast the wait grows, and in the probe a `zip` whose lists are of one length;
* in `seconds_until_next_try` the largest number of doublings: 60 seconds bound the wait already;
* in `MarketDay.open` the debounce of a market without a day in `runs`: no day is judged by it;
* in `Evidence.end_slice` whether the identities of a slice that has ended are let go: memory alone;
* in the ECS handler the 15 seconds in which a launch is waited for at the end, the weight of the one capacity provider,
  the status of an answer without one, and how fast the waits grow.

Some are noticed by a test that the mutations do not reach: how an older lake gets its new partitions
(`test_growing_up.py`), what is known of a vehicle without a row (`test_absence_needs_proof.py`), a VIN that identifies
nothing (`test_sightings.py`), the SQL of `make query` (`test_commands.py`).

Each mutation has a process of its own, forked from one that has imported the libraries and nothing of ours, so that a
mutation costs about as much CPU time as its first failing test.

    python -m tests.support.mutations --count 100 --seed 7
    python -m tests.support.mutations --count 100 --seed 7 --only 12,57    # these again, by their numbers
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import gc
import importlib
import os
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterable
from functools import cache
from itertools import zip_longest
from pathlib import Path

import pytest

from tests.conftest import LONGEST
from tests.support.mutants import CHECKOUT, Mutation, mutations_of

# area -> the folders whose tests prove it
AREAS = {
    "raw": ["tests/raw", "tests/makers", "tests/resources", "tests/consolidated", "tests/laws"],
    "transformed": ["tests/transformed", "tests/makers", "tests/resources", "tests/laws"],
    "consolidated": ["tests/consolidated", "tests/laws", "tests/resources"],
    "resources/apis": ["tests/raw", "tests/resources", "tests/sandbox"],
    "resources/ecs": ["tests/ecs", "tests/resources"],
}
LIBRARIES = (
    "aiohttp", "botocore.session", "dagster", "dataframely", "hypothesis", "msgspec", "polars", "pyarrow.parquet",
    "pyiceberg.catalog.sql", "pyiceberg.table",
)  # fmt: skip
OURS = ("raw", "transformed", "consolidated", "resources", "definitions", "tests")
_DOTTED = re.compile(rf"\b(?:{'|'.join(OURS)})(?:\.\w+)+")
_WORD = re.compile(r"\w{5,}")
PAGES = "tests/resources/test_pages.py"  # the data dictionary and the settings are made of the code
RARE = 5  # test modules of the area that hold a word
IN_MEMORY = "laws/test_04_order.py"  # it is long and starts no process
FARTHEST = 3  # imports from a test module to what it proves
MODULES_A_MUTATION = 18
CPU_SECONDS_A_MUTATION = 90  # after which no further test begins
SECONDS_A_MUTATION = 900  # a test that waits for ever has noticed


class Proofs:
    """Which test modules prove which line: first those that hold a rare word of it, then those that import its module,
    then those that import what imports it.

    What a test imports through `tests/support` counts as its own import.
    """

    def __init__(self) -> None:
        roots = [*sorted({area.split("/")[0] for area in AREAS}), "tests"]
        files = [path for root in roots for path in sorted((CHECKOUT / root).rglob("*.py"))]
        self._imports = {str(path.relative_to(CHECKOUT)): imports_of(path) for path in files}
        tests = {name: CHECKOUT / name for name in self._imports if Path(name).name.startswith("test_")}
        self._words = {name: frozenset(_WORD.findall(path.read_text())) for name, path in tests.items()}

    def of(self, mutation: Mutation) -> list[str]:
        """The test modules that prove a mutation, the nearest first, all of the area's where none is near."""
        path = str(mutation.path)
        folders = AREAS[max((one for one in AREAS if path.startswith(f"{one}/")), key=len)]
        tests = [name for name in self._imports if name.startswith(tuple(f"{folder}/test_" for folder in folders))]
        subject = (mutation.path.parent if mutation.path.stem.startswith("__") else mutation.path).stem

        line = (CHECKOUT / mutation.path).read_text().splitlines()[mutation.line - 1]
        rare = {word for word in _WORD.findall(line) if sum(word in self._words[name] for name in tests) <= RARE}

        def order(name: str) -> tuple[bool, bool, int, int, int]:
            folder = next(place for place, one in enumerate(folders) if name.startswith(f"{one}/"))
            holds = not rare.isdisjoint(self._words[name])
            return not holds, subject not in name, self._distance(name, path), folder, -len(self._imports[name])

        ordered = sorted(tests, key=order)
        near = [
            name
            for name in ordered
            if subject in name or not rare.isdisjoint(self._words[name]) or self._distance(name, path) <= FARTHEST
        ]
        return [*(near or ordered)[:MODULES_A_MUTATION], PAGES]

    @cache  # noqa: B019 - one object a run
    def _distance(self, name: str, path: str) -> int:
        """How many imports lead from a test module to a module; those within `tests` are not counted."""
        seen = {name}
        reached = {name}
        for distance in range(1, FARTHEST + 1):
            inner = list(reached)
            while inner:
                inner = [one for one in self._next(inner) if one.startswith("tests/") and one not in seen]
                seen |= set(inner)
                reached |= set(inner)
            reached = set(self._next(reached)) - seen
            seen |= reached
            if path in reached:
                return distance
        return FARTHEST + 1

    def _next(self, names: Iterable[str]) -> list[str]:
        return sorted({one for name in names for one in self._imports.get(name, ())})


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


def chosen(count: int, seed: int) -> list[Mutation]:
    """As many mutations from each area, one of each area after the other."""
    rng = random.Random(seed)  # noqa: S311 - chooses faults, guards nothing
    picked: list[list[Mutation]] = []
    for area in AREAS:
        files = [path.relative_to(CHECKOUT) for path in sorted((CHECKOUT / area).rglob("*.py"))]
        candidates = [mutation for path in files for mutation in mutations_of(path)]
        picked.append(rng.sample(candidates, min(count // len(AREAS), len(candidates))))
    return [one for turn in zip_longest(*picked) for one in turn if one is not None]


def outcome(tree: Path, mutation: Mutation, tests: list[str]) -> str:
    """`survived`, `killed`, or `without end`. tree: the copy of the checkout in which the mutation is made."""
    target = tree / mutation.path
    original = target.read_text()
    target.write_text(mutation.source())
    _forget_bytecode(target)
    pid = os.fork()
    if pid == 0:
        _run_tests(tree, tests)
    try:
        deadline = time.monotonic() + SECONDS_A_MUTATION
        while time.monotonic() < deadline:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                if os.WIFSIGNALED(status):
                    return "without end" if os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL) else "killed"
                return "survived" if os.WEXITSTATUS(status) == 0 else "killed"
            time.sleep(0.05)
        return "without end"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        target.write_text(original)
        _forget_bytecode(target)


def _forget_bytecode(module: Path) -> None:
    """A change within a second that leaves the size as it is would not be seen."""
    for compiled in (module.parent / "__pycache__").glob(f"{module.stem}.*.pyc"):
        compiled.unlink()


class _Order:
    """A plugin of pytest: quick tests first, then the slow ones, last those among the longest, while time is left."""

    def __init__(self) -> None:
        self.is_spent = False
        self.ran = 0

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        modules = [argument for argument in config.args if argument.endswith(".py")]
        place = {(config.rootpath / name): number for number, name in enumerate(modules)}
        longest = {config.rootpath / "tests" / name for name in LONGEST if name != IN_MEMORY}

        def is_slow(item: pytest.Item) -> bool:
            return item.get_closest_marker("slow") is not None

        def order(item: pytest.Item) -> tuple[bool, bool, int]:
            return is_slow(item), is_slow(item) and item.path in longest, place.get(item.path, len(place))

        items.sort(key=order)

    def pytest_runtest_logstart(self) -> None:
        self.ran += 1

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logfinish(self) -> None:
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        self.is_spent = sum(one.ru_utime + one.ru_stime for one in used) > CPU_SECONDS_A_MUTATION
        if self.is_spent:
            raise pytest.exit.Exception("enough", returncode=0)


def _run_tests(tree: Path, tests: list[str]) -> None:
    """Become the process of one mutation's tests. Never returns."""
    code = 1
    try:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, (4 * CPU_SECONDS_A_MUTATION, 4 * CPU_SECONDS_A_MUTATION + 5))
        with (tree.parent / "last.log").open("w") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        for name in [name for name in sys.modules if name.split(".")[0] in OURS]:
            del sys.modules[name]
        sys.path[:] = [str(tree), *(entry for entry in sys.path if Path(entry or ".").resolve() != CHECKOUT)]
        os.chdir(tree)
        os.environ |= {"PYTHONPATH": str(tree)}
        options = ["-x", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "-m", "not soak"]
        code = int(pytest.main([*options, *tests], plugins=[_Order()]))
        code = 0 if code == pytest.ExitCode.NO_TESTS_COLLECTED else code
    finally:
        sys.stdout.flush()
        os._exit(code)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="numbers of the mutations to make, with commas")
    options = parser.parse_args()
    proofs = Proofs()
    for name in LIBRARIES:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    only = {int(one) for one in options.only.split(",") if one}
    survivors = made = 0
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "checkout"
        left_out = (".venv", ".bootstrap", ".cache", ".git", "lake", ".dagster", "build", ".docs", "__pycache__")
        shutil.copytree(CHECKOUT, tree, ignore=shutil.ignore_patterns(*left_out))
        if (shared := CHECKOUT.parent / "shared").exists():  # captures, which some tests replay
            (tree.parent / "shared").symlink_to(shared.resolve())
        picked = chosen(options.count, options.seed)
        for number, mutation in enumerate(picked, 1):
            if only and number not in only:
                continue
            tests = proofs.of(mutation)
            began = time.monotonic()
            state = outcome(tree, mutation, tests)
            last = (tree.parent / "last.log").read_text().splitlines()[-3:]
            made += 1
            print(
                f"{number}/{len(picked)} {mutation.path}:{mutation.line} {mutation.what}: {state} "
                f"({time.monotonic() - began:.0f} s; {' | '.join(last)[-200:]})",
                flush=True,
            )
            if state == "survived":
                survivors += 1
                print(mutation.diff(), flush=True)
    print(f"{survivors} of {made} survived")
    return 0


if __name__ == "__main__":
    sys.exit(main())
