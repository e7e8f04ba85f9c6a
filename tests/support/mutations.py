"""How many small faults in the code the tests notice: `python -m tests.support.mutations --count 100`.

Each mutation changes one operator, constant, condition or statement of one module (`tests.support.mutants`), in a copy
of the checkout. The tests that execute the changed line are run against it, the cheapest first
(`tests.support.mutation_tests`), until one fails, or all have passed, or their CPU time is used up. Where none fails,
the mutation has survived and is printed as a diff: a test is missing, the change has no meaning
(`tests.support.explained` lists such, with the reason), or the test that notices it came too late. Which test executes
which line is found once, in a quarter of an hour on two cores, and anew with `--map`.

Each mutation has a process of its own, forked from one that has imported the libraries and nothing of ours, so that a
mutation costs about as much CPU time as its first failing test.

    python -m tests.support.mutations --count 100 --seed 7 --map    # the map first
    python -m tests.support.mutations --count 100 --seed 7
    python -m tests.support.mutations --count 100 --seed 7 --only 12,57    # these again, by their numbers
    python -m tests.support.mutations --within raw/fetch/evidence.py    # every mutation of a module or a folder
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from pathlib import Path

import pytest

from tests.support import line_map
from tests.support.explained import reason
from tests.support.mutants import CHECKOUT, Mutation, mutations_of, text_of
from tests.support.mutation_tests import AREAS, ROOTS, Proofs

LIBRARIES = (
    "aiohttp", "botocore.session", "dagster", "dataframely", "hypothesis", "msgspec", "polars", "pyarrow.parquet",
    "pyiceberg.catalog.sql", "pyiceberg.table",
)  # fmt: skip
CPU_SECONDS_AT_MOST = 300  # a test that computes for ever has noticed, like one that waits for ever
SECONDS_A_MUTATION = 240
BYTES_A_MUTATION = 6 * 1024**3  # a loop that collects for ever ends, and takes no other process along
WITHOUT_END = (signal.SIGXCPU, signal.SIGKILL, signal.SIGALRM)
PORTIONS = (0, 40, 600, 1_000_000)  # tests: collecting the modules of a few costs less than those of many


def all_within(name: str) -> list[Mutation]:
    """Every mutation of a module or a folder."""
    place = CHECKOUT / name
    paths = [place] if place.is_file() else sorted(place.rglob("*.py"))
    return [mutation for path in paths for mutation in mutations_of(path.relative_to(CHECKOUT))]


def chosen(count: int, seed: int) -> list[Mutation]:
    """As many mutations from each area, one of each area after the other, without those that are explained."""
    rng = random.Random(seed)  # noqa: S311 - chooses faults, guards nothing
    picked: list[list[Mutation]] = []
    for area in AREAS:
        candidates = [one for one in all_within(area) if reason(one) is None]
        picked.append(rng.sample(candidates, min(count // len(AREAS), len(candidates))))
    return [one for turn in zip_longest(*picked) for one in turn if one is not None]


@dataclass(frozen=True)
class Course:
    """How the tests run. tree: the copy of the checkout in which a mutation is made. cpu_seconds: after which no test
    begins. seconds: what each test took in the map."""

    tree: Path
    cpu_seconds: float
    seconds: Mapping[str, float]


def proven(course: Course, mutation: Mutation, tests: list[str], standing: dict[str, bool]) -> tuple[str, str | None]:
    """`survived`, `killed`, or `without end`, and the test that failed; none where the modules could not be imported.

    A test that failed proves the fault if it fails again alone, and passes alone without the mutation: others fail now
    and then, or because of a test before them. standing: whether a test passes alone, as far as that is known.
    """
    left = [test for test in tests if standing.get(test, True)]
    while True:
        state, failed = outcome(course, mutation, left)
        if state != "killed" or failed is None:
            return state, failed
        if failed not in standing:
            standing[failed] = outcome(course, None, [failed])[0] == "survived"
        if standing[failed] and outcome(course, mutation, [failed])[0] != "survived":
            return state, failed
        left.remove(failed)


def outcome(course: Course, mutation: Mutation | None, tests: list[str]) -> tuple[str, str | None]:
    """The same of one run of tests. mutation: None for none."""
    tree = course.tree
    failed = tree.parent / "failed"
    failed.unlink(missing_ok=True)
    target = tree / mutation.path if mutation else None
    if mutation and target:
        target.write_text(mutation.source())
        _forget_bytecode(target)
    pid = os.fork()
    if pid == 0:
        _run_tests(course, tests)
    state = "without end"
    try:
        deadline = time.monotonic() + SECONDS_A_MUTATION
        while time.monotonic() < deadline:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                if os.WIFSIGNALED(status):
                    state = "without end" if os.WTERMSIG(status) in WITHOUT_END else "killed"
                else:
                    state = "survived" if os.WEXITSTATUS(status) == 0 else "killed"
                break
            if failed.exists():  # its fixtures may take long to end
                state = "killed"
                break
            time.sleep(0.05)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)
        if mutation and target:
            target.write_text(text_of(mutation.path))
            _forget_bytecode(target)
    return state, failed.read_text() if failed.exists() else None


def _copy(tree: Path) -> None:
    """The checkout without what is set up or made in it."""
    of_the_top = {
        ".venv",
        ".bootstrap",
        ".cache",
        ".git",
        ".dagster",
        ".docs",
        ".bench",
        ".mypy_cache",
        "lake",
        "build",
    }

    def left_out(folder: str, names: list[str]) -> set[str]:
        return {"__pycache__", *(of_the_top if Path(folder) == CHECKOUT else ())}

    shutil.copytree(CHECKOUT, tree, ignore=left_out)
    if (shared := CHECKOUT.parent / "shared").exists():  # captures, which some tests replay
        (tree.parent / "shared").symlink_to(shared.resolve())


def _forget_bytecode(module: Path) -> None:
    """A change within a second that leaves the size as it is would not be seen."""
    for compiled in (module.parent / "__pycache__").glob(f"{module.stem}.*.pyc"):
        compiled.unlink()


class _Choice:
    """A plugin of pytest: of the tests of the modules these alone, in this order, while time is left."""

    def __init__(self, course: Course, tests: list[str]) -> None:
        self._course = course
        self._failed = course.tree.parent / "failed"
        self._places = {test: place for place, test in enumerate(tests)}
        self.is_spent = False

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted(
            (item for item in items if item.nodeid in self._places), key=lambda item: self._places[item.nodeid]
        )

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """A test that takes ten times as long as it took in the map has no end; SIGALRM ends it, and the process."""
        signal.alarm(30 + int(10 * self._course.seconds.get(nodeid, 20)))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed.with_suffix(".part").write_text(report.nodeid)
            self._failed.with_suffix(".part").rename(self._failed)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logfinish(self) -> None:
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        self.is_spent = sum(one.ru_utime + one.ru_stime for one in used) > self._course.cpu_seconds
        if self.is_spent:
            raise pytest.exit.Exception("enough", returncode=0)


def _run_tests(course: Course, tests: list[str]) -> None:
    """Become the process of one mutation's tests. Never returns."""
    tree, code = course.tree, 1
    try:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_DATA, (BYTES_A_MUTATION, BYTES_A_MUTATION))
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS_AT_MOST, CPU_SECONDS_AT_MOST + 5))
        with (tree.parent / "last.log").open("w") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        for name in [name for name in sys.modules if name.split(".")[0] in ROOTS]:
            del sys.modules[name]
        sys.path[:] = [str(tree), *(entry for entry in sys.path if Path(entry or ".").resolve() != CHECKOUT)]
        os.chdir(tree)
        os.environ |= {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": ""}
        sys.dont_write_bytecode = False  # or every mutation compiles the tests again
        options = ["-x", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "-m", "not soak"]
        for part in (tests[begin:end] for begin, end in pairwise(PORTIONS)):
            choice = _Choice(course, part)
            modules = list(dict.fromkeys(test.partition("::")[0] for test in part))
            code = int(pytest.main([*options, *modules], plugins=[choice])) if part else 0
            code = 0 if code == pytest.ExitCode.NO_TESTS_COLLECTED else code
            if code or choice.is_spent:
                break
    finally:
        sys.stdout.flush()
        os._exit(code)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--within", help="a module or a folder, whose mutations are made all")
    parser.add_argument("--only", default="", help="numbers of the mutations to make, with commas")
    parser.add_argument("--seconds", type=float, default=60, help="CPU seconds after which no further test begins")
    parser.add_argument("--map", action="store_true", help="find anew which test executes which line")
    options = parser.parse_args()
    if options.map or not line_map.MAP.exists():
        line_map.make(processes=2)
    known = line_map.LineMap.read()
    proofs = Proofs(known)
    for name in LIBRARIES:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # the tests under way end too
    only = {int(one) for one in options.only.split(",") if one}
    survivors = explained = made = 0
    standing: dict[str, bool] = {}
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "checkout"
        _copy(tree)
        course = Course(tree, options.seconds, known.seconds)
        picked = all_within(options.within) if options.within else chosen(options.count, options.seed)
        for number, mutation in enumerate(picked, 1):
            if only and number not in only:
                continue
            began = time.monotonic()
            state, failed = proven(course, mutation, proofs.of(mutation), standing)
            told = failed or (tree.parent / "last.log").read_text()[-200:].splitlines()[-1:]
            made += 1
            place = f"{number}/{len(picked)} {mutation.path}:{mutation.line} {mutation.what}"
            print(f"{place}: {state} ({time.monotonic() - began:.0f} s; {told})", flush=True)
            if state == "survived":
                survivors += 1
                why = reason(mutation)
                explained += why is not None
                print(mutation.diff(), f"explained: {why}" if why else "not explained", sep="\n", flush=True)
    print(f"{survivors} of {made} survived, {explained} of them explained")
    everything = [one for area in AREAS for one in all_within(area)]
    left_out = sum(reason(one) is not None for one in everything)
    print(f"of {len(everything):,} mutations in all {left_out:,} are explained; a sample has none of them")
    return 0


if __name__ == "__main__":
    sys.exit(main())
