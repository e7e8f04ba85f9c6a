"""`make maker` writes three modules and a test that pass everything as they are, with names that agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.checkout_copy import CheckoutCopy
from tests.support.counts import IS_SOAK
from tests.support.new_maker import main, renamed

pytestmark = pytest.mark.slow

NAME = "borealis_motor_works"


def test_a_new_maker_passes_its_test_the_linter_and_the_sweeps(tmp_path: Path) -> None:
    copy = CheckoutCopy(tmp_path / "copy")
    written = copy.python("-m", "tests.support.new_maker", NAME)
    assert written.returncode == 0, written.stdout
    files = re.findall(r"^wrote (.*)$", written.stdout, re.MULTILINE)
    assert files == [
        f"raw/{NAME}.py", f"transformed/{NAME}.py", f"resources/sandbox/{NAME}.py", f"tests/makers/test_{NAME}.py",
    ]  # fmt: skip
    for file in files:
        assert "nordlys" not in (copy.folder / file).read_text().lower()
    for command in (["check"], ["format", "--check"]):
        linted = copy.run("ruff", *command, *files)
        assert linted.returncode == 0, linted.stdout
    sweeps = ["tests/sandbox/test_makers.py", "tests/resources/test_architecture.py"]
    # the night and the faults of the same declarations are swept in test_made_up_maker.py; here too under `make soak`
    chosen = ["-k", f"{NAME} or architecture", *([] if IS_SOAK else ["-m", "not slow"])]
    tested = copy.python("-m", "pytest", "-q", "-p", "no:cacheprovider", *chosen, files[-1], *sweeps)
    assert tested.returncode == 0, tested.stdout[-6000:]
    probed = copy.python("-m", "transformed.probe", "--oem", NAME, "--market", "se")
    assert probed.returncode == 0, probed.stdout
    assert "unknown      no field" in probed.stdout
    again = copy.python("-m", "tests.support.new_maker", NAME)
    assert (again.returncode, again.stdout) == (
        2, f"NAME={NAME} cannot be used: there is raw/{NAME}.py already.\n",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["", "Nissan", "1a", "a-b", "class", "archive", "parts", "audi", "mapping"])
def test_a_name_that_cannot_be_used_is_told_and_nothing_is_written(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([name]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert f"NAME={name} cannot be used: " in told.err


def test_a_host_has_no_underscore() -> None:
    source = '"""Nordlys."""\nhost = "api.nordlys.example"\nkey = "NORDLYS_API_KEY"\n'
    assert (
        renamed(source, "two_words") == '"""Two Words."""\nhost = "api.two-words.example"\nkey = "TWO_WORDS_API_KEY"\n'
    )
