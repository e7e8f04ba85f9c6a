"""docs/add-a-maker.md: every file that it shows is written, and every command gives the output that it shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.checkout_copy import CheckoutCopy
from tests.support.counts import IS_SOAK
from tests.support.source import CHECKOUT
from tests.support.walk import commands, matches

pytestmark = pytest.mark.slow

PAGE = CHECKOUT / "docs" / "add-a-maker.md"
_BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# what `make setup` has made in a real checkout
_READY = ["-o", ".venv/.ready"]


def blocks() -> list[tuple[str, str | None, str]]:
    """(language, file or None, text) of each block of code of the page."""
    return [(match[1], match[2], match[3]) for match in _BLOCK.finditer(PAGE.read_text())]


def test_the_walk_through(tmp_path: Path) -> None:
    copy = CheckoutCopy(tmp_path / "copy")
    written, run = [], []
    for language, file, text in blocks():
        if file is not None:
            (copy.folder / file).write_text(text)
            written.append(file)
        elif language == "console":
            for command, shown in commands(text):
                options = _READY if command[0] == "make" else []
                done = copy.run(command[0], *options, *command[1:], SANDBOX_VEHICLES="200")
                run.append(command[:2])
                assert matches(done.stdout, shown), f"{' '.join(command)} gives\n{done.stdout}"
                assert done.returncode == 0, done.stdout
    python = [file for file in written if file.endswith(".py")]
    assert len(python) == 4
    assert ["make", "maker"] in run
    assert ["make", "nightly"] in run
    for check in (["check"], ["format", "--check"]):
        linted = copy.run("ruff", *check, *python)
        assert linted.returncode == 0, linted.stdout
    if IS_SOAK:  # mypy reads Dagster and all of the project for it: 30 CPU seconds
        checked = copy.run("mypy", *python)
        assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize(
    ("output", "shown", "expected"),
    [
        ("a\nb\nc\n", "a\n...\nc\n", True), ("a\nc\n", "a\n...\nc\n", True), ("a b\n", "a ...\n", True),
        ("a\nb\n", "a\n", False), ("a.b\n", "aXb\n", False), ("", "...\n", True), ("b\n", "a\n...\n", False),
    ],
)  # fmt: skip
def test_dots_stand_for_any_lines(output: str, shown: str, expected: bool) -> None:
    assert matches(output, shown) is expected
