"""Which tests execute which line of the code: made by `python -m tests.support.line_map`, read by the mutations.

    python -m tests.support.line_map                             # anew, from every test
    python -m tests.support.line_map tests/raw/test_evidence.py  # what new tests execute is added

Coverage watches the tests that are not of the soak, in the processes that they start and fork too, and writes with
each line the test that ran when the line was executed. What a test with a cache or a shared fixture finds there already
counts for the test that came first. The map is kept in `.cache/lines/`, which git ignores, with the modules' texts.
A module that has changed since keeps the tests of the lines that have moved; a line that has changed or come counts
as executed by the tests of the lines that it replaces, or of the line before it.

Beside the lines it keeps the seconds that each test took while it was watched, about twice what it takes otherwise.
"""

from __future__ import annotations

import difflib
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import coverage
import coverage.exceptions
import pytest

from tests.support.processes import Zygote
from tests.support.source import CHECKOUT

FOLDER = CHECKOUT / ".cache" / "lines"
MAP = FOLDER / "map.json"
MEASURED = ("raw", "transformed", "consolidated", "resources")
_SETTINGS = """
[run]
parallel = true
data_file = {folder}/data/lines
source = {source}
patch = subprocess, fork, execv, _exit
plugins = tests.support.line_contexts
disable_warnings = no-data-collected, module-not-measured, module-not-imported, couldnt-parse, already-imported
[tests.support.line_contexts]
current = {current}
"""


@dataclass(frozen=True)
class LineMap:
    """lines: module -> line -> tests, "" among them where an import executes it; seconds: test -> what it took."""

    lines: dict[str, dict[int, frozenset[str]]]
    seconds: dict[str, float]

    @classmethod
    def read(cls) -> LineMap:
        """The map of the modules as they are today. Raises FileNotFoundError where none was made."""
        kept = json.loads(MAP.read_text())
        names = kept["tests"]
        lines = {}
        for path, of_path in kept["lines"].items():
            tests = {int(line): frozenset(names[number] for number in numbers) for line, numbers in of_path.items()}
            if (CHECKOUT / path).exists():
                lines[path] = moved(tests, kept["texts"][path], (CHECKOUT / path).read_text())
        return cls(lines, kept["seconds"])


def moved(tests: Mapping[int, frozenset[str]], before: str, after: str) -> dict[int, frozenset[str]]:
    """The tests of each line of a module's text after a change. tests: of each line before it, counted from 1."""
    if before == after:
        return dict(tests)
    found: dict[int, frozenset[str]] = {}
    changes = difflib.SequenceMatcher(None, before.splitlines(), after.splitlines(), autojunk=False).get_opcodes()
    for what, begin, end, begin_after, end_after in changes:
        if what == "equal":
            of_line = {line - begin + begin_after: tests[line] for line in range(begin + 1, end + 1) if line in tests}
        else:
            replaced = range(begin + 1, end + 1) or range(begin, begin + 1)
            of_all = frozenset().union(*(tests.get(line, frozenset()) for line in replaced))
            of_line = dict.fromkeys(range(begin_after + 1, end_after + 1), of_all)
        found |= of_line
    return found


class _Watch:
    """The plugin of pytest: begins to measure in a process of pytest and says which test runs."""

    def __init__(self) -> None:
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        self._current = FOLDER / f"current.{worker}"
        self._durations = FOLDER / f"durations.{worker}"
        self._current.unlink(missing_ok=True)  # of an earlier run: this process has no test yet
        settings = FOLDER / f"settings.{worker}"
        source = "".join(f"\n    {CHECKOUT / name}" for name in MEASURED)
        settings.write_text(_SETTINGS.format(folder=FOLDER, source=source, current=self._current))
        os.environ["PYTHONPATH"] = str(CHECKOUT)  # coverage looks for its plugin before a program's own path is known
        self._coverage = coverage.Coverage(config_file=str(settings))
        self._coverage.start()
        self._pass_on_to_children()

    @staticmethod
    def _pass_on_to_children() -> None:
        """A child with an environment of its own is measured like those that inherit pytest's."""
        passed_on = {name: os.environ[name] for name in ("COVERAGE_PROCESS_CONFIG", "PYTHONPATH")}
        start: Any = subprocess.Popen.__init__
        send = Zygote._send

        def measured_start(self: Any, *arguments: Any, env: dict[str, str] | None = None, **others: Any) -> None:
            start(self, *arguments, env=env if env is None else {**passed_on, **env}, **others)

        def measured_send(self: Zygote, order: Any, ended: Any) -> int:
            return send(self, {**order, "environment": {**passed_on, **order["environment"]}}, ended)

        mock.patch.object(subprocess.Popen, "__init__", measured_start).start()
        mock.patch.object(Zygote, "_send", measured_send).start()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._current.write_text(item.nodeid)
        self._coverage.switch_context(item.nodeid)
        began, used = time.monotonic(), _cpu_seconds()
        try:
            return (yield)
        finally:
            took = {"test": item.nodeid, "seconds": time.monotonic() - began, "cpu_seconds": _cpu_seconds() - used}
            with self._durations.open("a") as file:
                file.write(json.dumps(took) + "\n")
            self._coverage.switch_context("")

    def pytest_unconfigure(self) -> None:
        self._coverage.stop()
        self._coverage.save()


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Of `-p tests.support.line_map`: begin before the tests' imports, so that what an import executes is known."""
    is_distributing = "PYTEST_XDIST_WORKER" not in os.environ and early_config.known_args_namespace.numprocesses
    if not is_distributing:
        early_config.pluginmanager.register(_Watch())


def _cpu_seconds() -> float:
    """Of this process and the children that it waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def make(processes: int, *modules: str) -> None:
    """Run the tests and write the map; a test that fails has executed its lines too.

    modules: test modules that are new or changed; what they execute is added to the map, and nothing else runs.
    """
    kept = LineMap.read() if modules else LineMap({}, {})
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "data").mkdir(parents=True)
    chosen = ["-n", str(processes), "--dist", "loadscope", "--no-loadscope-reorder", "-m", "not soak", "-q"]
    command = [sys.executable, "-m", "pytest", "-p", "tests.support.line_map", *chosen, *modules]
    keeping_bytecode = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}  # or every process compiles the tests again
    subprocess.run(command, cwd=CHECKOUT, env=keeping_bytecode, check=False)
    write(kept)


def write(kept: LineMap) -> None:
    """The map of what the processes left in the folder, and of what was known before."""
    numbers: dict[str, int] = {"": 0}
    lines: dict[str, dict[int, set[int]]] = {}
    for path, of_lines in kept.lines.items():
        as_numbers = {line: {numbers.setdefault(one, len(numbers)) for one in of_lines[line]} for line in of_lines}
        lines[path] = as_numbers
    for file in sorted((FOLDER / "data").iterdir()):
        data = coverage.CoverageData(basename=str(file))
        try:
            data.read()
        except coverage.exceptions.DataError:
            continue  # of a process that a test killed while it wrote
        for measured in data.measured_files():
            of_path = lines.setdefault(str(Path(measured).relative_to(CHECKOUT)), {})
            for line, contexts in data.contexts_by_lineno(measured).items():
                tests = {numbers.setdefault(context, len(numbers)) for context in contexts}
                of_path.setdefault(line, set()).update(tests)
        data.close()
    as_lists = {path: {line: sorted(tests) for line, tests in one.items()} for path, one in lines.items()}
    texts = {path: (CHECKOUT / path).read_text() for path in lines}
    seconds = kept.seconds | _seconds()
    MAP.write_text(json.dumps({"tests": list(numbers), "lines": as_lists, "texts": texts, "seconds": seconds}))


def _seconds() -> dict[str, float]:
    """Test -> the greater of its seconds and its CPU seconds, of the tests that have ended."""
    told = [json.loads(line) for file in FOLDER.glob("durations.*") for line in file.read_text().splitlines()]
    return {one["test"]: max(one["seconds"], one["cpu_seconds"]) for one in told}


if __name__ == "__main__":
    make(2, *sys.argv[1:])
